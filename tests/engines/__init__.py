"""PostgreSQL and Redis of a test session's own: Debian's programs, else those of the wheels."""
