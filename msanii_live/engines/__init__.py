"""What the server can make: one file an engine."""
