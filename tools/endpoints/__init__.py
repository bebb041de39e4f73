"""Model endpoints: what they are, how they fare, and which replica takes a call."""
