"""OpenAPI and Swagger documents become tools, one an operation; a calculation, run where it can be ended."""
