"""The command line, read off the verbs."""
