"""What to call, in what order, and what happened."""
