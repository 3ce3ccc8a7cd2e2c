"""A room with one command, to try the bus on."""
