"""One adapter for each kind of tool."""
