"""Oversight: where the money goes, what it does, and what somebody should look at."""
