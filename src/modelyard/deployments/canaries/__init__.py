"""Canaries: new packages that get more queries step by step, as long as they do no worse."""
