"""Published models on this machine: what is known of them, where they lie, how they are fetched."""
