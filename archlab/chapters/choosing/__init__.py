"""Chapter 07, choosing: six architectures, one workload and one budget, and how to decide for a system of your own."""
