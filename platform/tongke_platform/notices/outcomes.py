"""What can become of a message that was handed to somebody else's server."""


class NotSent(Exception):
    """It certainly did not go out; trying again may help."""


class Refused(NotSent):
    """It did not go out and never will."""


class Unsure(Exception):
    """Nobody knows: the line broke after everything was said and before it was answered."""
