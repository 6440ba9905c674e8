"""The application layer: use cases."""

from archlab.shop.layered.application.use_cases import Application

__all__ = ["Application"]
