"""Money: where it comes from, what it is promised for, what it was spent on."""
