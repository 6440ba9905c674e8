"""What the notebooks show: figures, claims, and the care of the notebooks themselves. It holds no model."""
