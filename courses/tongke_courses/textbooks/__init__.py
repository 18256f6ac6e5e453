"""The textbook tree: stage, system, subject, edition, grade, volume, unit, period."""
