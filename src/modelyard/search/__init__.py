"""Search: things of every room by what they are called, as far as one may see them."""
