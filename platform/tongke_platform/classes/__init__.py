"""Classes through the years, and the lists of who is in them."""
