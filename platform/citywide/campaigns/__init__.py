"""Festival campaigns: who is due a visit, and who had it."""
