"""Regions, the organisations in them, and their classrooms."""
