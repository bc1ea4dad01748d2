"""The read engine: declared entities, an authorised selection, one SQL statement, bytes."""
