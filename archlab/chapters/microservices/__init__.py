"""Chapter 02, microservices: a module a section, `rules` that gathers their rules, `explorers`, and the `lab`."""
