"""The experiments of chapter 02: the same shop as microservices, run, broken and measured."""
