"""Connections and datasets: tables in files and databases, read and written as streams."""
