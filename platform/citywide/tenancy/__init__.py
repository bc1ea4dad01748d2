"""Tenants, and the manifests that declare them."""
