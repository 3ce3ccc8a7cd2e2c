"""Roles on governed items: what they let somebody do, and who has which."""
