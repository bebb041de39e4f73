"""What people do with runs and plans: submit, follow, stop, retry, answer, compare."""
