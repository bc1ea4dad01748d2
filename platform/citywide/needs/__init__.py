"""Needs: questions carried to a department, and the answers brought back to the door."""
