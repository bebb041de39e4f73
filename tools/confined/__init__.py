"""Processes for code that is not trusted: their limits, and what the kernel keeps from them."""
