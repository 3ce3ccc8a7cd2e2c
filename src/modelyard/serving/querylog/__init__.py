"""The query log: what was asked and answered, in JSON lines, one family of files per endpoint."""
