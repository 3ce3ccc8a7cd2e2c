"""What leaves the server by itself: mail, signed webhooks, calls of what people named."""
