"""Effects of the rack: side-chain, saturation, room, delay and chorus."""
