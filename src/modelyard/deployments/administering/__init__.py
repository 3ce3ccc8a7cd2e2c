"""What is on an API node, asked and changed from here: a node's own commands, with its name."""
