"""The monitor page, OSCQuery and WebSocket, over HTTP."""
