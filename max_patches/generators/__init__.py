"""Write the patches of every program from the protocol's table."""
