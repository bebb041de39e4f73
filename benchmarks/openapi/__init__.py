"""Imports of OpenAPI documents beside other implementations, and how long they take."""
