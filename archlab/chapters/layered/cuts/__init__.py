"""One shop, cut in two ways: into layers, and into modules. Both are put together here, and changed by patches."""
