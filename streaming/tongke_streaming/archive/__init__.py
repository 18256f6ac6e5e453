"""What is kept of a lesson: a spool folder appended to as parts come, then an object store."""
