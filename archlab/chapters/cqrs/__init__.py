"""The experiments of chapter 06, CQRS."""
