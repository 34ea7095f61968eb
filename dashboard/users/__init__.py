"""Who may do what: accounts, roles, sessions, tokens, and the look at every request before it is answered."""
