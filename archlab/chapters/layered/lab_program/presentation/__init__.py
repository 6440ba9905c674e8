"""Presentation: pages."""
