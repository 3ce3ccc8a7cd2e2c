"""Jobs: commands that run later, in a process of their own, and scenarios that start them."""
