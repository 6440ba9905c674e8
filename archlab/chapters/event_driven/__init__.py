"""Chapter 03, event-driven: a module a section, `rules` that gathers their rules, `explorers`, and the `lab`."""
