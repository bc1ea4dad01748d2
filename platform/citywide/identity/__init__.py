"""Tokens: who somebody is."""
