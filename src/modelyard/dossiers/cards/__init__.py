"""Model cards: what they tell, and how they are written."""
