"""Delivered services."""
