"""Generations: packages on a node, from their import to their last answer."""
