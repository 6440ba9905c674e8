"""What stands behind `run.py`. It uses the standard library alone, because it makes the environment."""
