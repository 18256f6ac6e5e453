"""A person's own data: given out, erased, and not kept longer than needed."""
