"""The audit trail: what was written and what was read about persons, chained per tenant."""
