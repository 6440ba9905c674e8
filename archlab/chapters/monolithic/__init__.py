"""Chapter 01, monolithic: a module a section, `rules` that gathers their rules, `explorers`, and the `lab`."""
