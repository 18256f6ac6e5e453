"""Packages of other systems: read, brought in as courses, and courses written out for them."""
