"""Agreements between schools: who helps whom, in what, from when to when, and what was promised."""
