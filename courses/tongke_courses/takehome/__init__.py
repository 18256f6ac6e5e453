"""Lessons, units and courses to take home: one archive that can be gone on with at any byte."""
