"""The database: tables, the two walls' second half, and the only function that opens transactions."""
