"""The shop cut into modules. Each has its rows, rules, use cases and answers; the kernel has what is about none."""
