"""Business: the rules."""
