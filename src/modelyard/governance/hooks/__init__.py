"""Hooks of templates: Python that is asked before items change, in processes of its own."""
