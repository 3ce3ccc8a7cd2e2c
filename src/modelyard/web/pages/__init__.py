"""The web pages: each one a few commands and a template, in one frame."""
