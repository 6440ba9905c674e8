"""Data access: the rows."""
