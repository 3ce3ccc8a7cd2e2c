"""Files of projects: what callers over HTTP read from and write to."""
