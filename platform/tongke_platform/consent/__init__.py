"""What guardians agreed to, per pupil and purpose: a ledger of consent given and withdrawn."""
