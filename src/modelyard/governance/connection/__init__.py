"""The connection to a govern node, where the things of this workspace are governed."""
