"""OSC over UDP and TCP: packets in, decoded messages out, and replies back to their senders."""
