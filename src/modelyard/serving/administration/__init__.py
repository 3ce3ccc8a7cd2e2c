"""Administering a node: the same commands here, in Python, over HTTP and in its inbox."""
