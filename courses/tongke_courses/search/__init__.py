"""One search over objects of every kind."""
