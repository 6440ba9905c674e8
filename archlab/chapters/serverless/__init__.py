"""Chapter 05, serverless: a module an experiment, `rules` that gathers their rules, explorers, and the `lab`."""
