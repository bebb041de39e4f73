"""The HTTP edge: routes parse, make one call, and render."""
