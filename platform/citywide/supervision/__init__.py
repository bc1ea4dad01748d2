"""Supervision across agencies, salons with a rotating host, and the library of cases."""
