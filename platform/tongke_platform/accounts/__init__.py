"""How people prove who they are: sign-in names, passwords, sessions, API tokens."""
