"""Musical time: transport and external clocks."""
