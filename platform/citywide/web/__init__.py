"""HTTP: bytes in, bytes out, and a bound on everything between."""
