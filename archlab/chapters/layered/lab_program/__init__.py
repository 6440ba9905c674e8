"""A small program in four layers that has grown for two years. Lab 04 repairs it."""
