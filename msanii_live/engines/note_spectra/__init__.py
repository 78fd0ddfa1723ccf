"""The player of measured notes: what single notes sound like, added up to a score."""
