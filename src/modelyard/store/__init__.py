"""Rows and bytes: the metadata database and the artifact store."""
