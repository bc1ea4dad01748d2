"""What happened, told to whoever may know: the outbox and those who read it."""
