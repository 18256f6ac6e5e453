"""Courses: what a school offers to others, unit by unit, and the classes that follow."""
