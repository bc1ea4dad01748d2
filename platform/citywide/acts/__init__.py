"""An act: one use case in one transaction, with its audit entry and its events."""
