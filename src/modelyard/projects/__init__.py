"""Projects: what keeps one team's models apart from another's."""
