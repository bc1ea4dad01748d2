"""citywide: one GraphQL schema over a city's contracted social-work agencies, each a tenant."""
