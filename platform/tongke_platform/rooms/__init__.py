"""Classrooms as their administrators see them."""
