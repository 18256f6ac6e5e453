"""What groups keep: their files."""
