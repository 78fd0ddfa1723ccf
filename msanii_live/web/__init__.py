"""The HTTP server: the monitor page, OSCQuery, and OSC over WebSocket."""
