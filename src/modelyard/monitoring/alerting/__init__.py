"""Who is told when a status changes: alerts, what they send, and how that arrives once."""
