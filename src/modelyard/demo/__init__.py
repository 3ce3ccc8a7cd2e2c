"""The demo: a project in which everything is alive, loaded in one go."""
