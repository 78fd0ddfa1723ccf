"""Messages become commands, commands become answers."""
