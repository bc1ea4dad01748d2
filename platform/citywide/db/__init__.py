"""The database: tables, the walls' second half, the only function that opens transactions."""
