"""Who is at the door: schools, accounts, logins. A seam: memberships and scopes replace the role."""
