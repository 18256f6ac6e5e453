"""The rights walk: every address × role × relation, against ``table.txt``."""
