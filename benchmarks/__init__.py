"""Speed and memory, measured by scripts and never in a test."""
