"""Standards: what has to hold of projects that are deployed, and how bad it is if not."""
