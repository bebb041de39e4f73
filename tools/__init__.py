"""How to call things: what a tool is, and the adapters that call one."""
