"""Live lessons: planned, live, ended; the rooms they are delivered to."""
