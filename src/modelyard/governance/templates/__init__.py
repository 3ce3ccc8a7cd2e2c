"""Templates: what is asked of a governed item, and in which steps."""
