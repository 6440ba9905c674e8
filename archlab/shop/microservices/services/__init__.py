"""The shop's services: five programs with a database each, and the gateway before them.

A service knows another by its name and the names of its operations, never by its code or its tables.
"""
