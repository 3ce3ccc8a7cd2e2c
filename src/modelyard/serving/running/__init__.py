"""A running node: what it has loaded, how it switches, how it is told to."""
