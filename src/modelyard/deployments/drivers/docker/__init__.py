"""The driver `docker`: API nodes in containers, by the user's own docker."""
