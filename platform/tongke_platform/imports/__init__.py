"""Bringing people in from spreadsheets, and whole rosters in and out."""
