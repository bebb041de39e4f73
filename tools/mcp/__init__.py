"""Servers of the Model Context Protocol: reaching them, what they offer, and what they answer."""
