"""Application: use cases."""
