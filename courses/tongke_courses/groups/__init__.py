"""Groups of teachers across schools: who belongs to them, and what they do together."""
