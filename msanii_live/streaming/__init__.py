"""The endless stream: state in, chunk and state out."""
