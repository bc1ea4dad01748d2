"""Data that comes from files and goes to files."""
