"""Acts of administrators that can be taken back for some minutes."""
