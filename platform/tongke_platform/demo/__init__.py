"""The demo: its people, its lesson."""
