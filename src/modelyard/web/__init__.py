"""The management server: a JSON API read off the verbs."""
