"""Who may do what: Casbin's answers, kept as grants."""
