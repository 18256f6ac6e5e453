"""Classroom PCs: paired with a room by a code, and known by the room's address from then on."""
