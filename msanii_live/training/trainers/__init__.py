"""One trainer a network, over one training loop."""
