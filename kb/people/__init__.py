"""People: accounts, roles, sessions, tokens, and the log of what they did."""
