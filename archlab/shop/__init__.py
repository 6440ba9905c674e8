"""One shop, its rules and its data, and the architectures it is built in. It knows no notebook."""
