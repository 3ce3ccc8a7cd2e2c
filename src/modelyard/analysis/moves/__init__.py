"""How far answers to the same rows moved from one model to another."""
