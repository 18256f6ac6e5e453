"""One linear history for both databases. New ones: ``tongke migrate --new "what it does"``."""
