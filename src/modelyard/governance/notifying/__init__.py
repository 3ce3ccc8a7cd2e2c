"""Notifications: who is told what of governed items, in the header, by mail and by webhook."""
