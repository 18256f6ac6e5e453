"""What a room would get: viewers without a screen."""
