"""The use cases, and the only place with transactions."""
