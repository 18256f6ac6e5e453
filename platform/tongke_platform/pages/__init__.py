"""Everything between a view's values and the page a browser gets."""
