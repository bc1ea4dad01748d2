"""What agreements pay for."""
