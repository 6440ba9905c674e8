"""Chapter 04, layered: what layers keep apart, and what they cost in one program and on machines of their own."""
