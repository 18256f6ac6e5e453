"""Courses, classes that follow them, approvals, and links for home."""
