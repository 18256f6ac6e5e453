"""Benchmarks: each module with a ``main`` measures one thing and prints a table with a ratio."""
