"""Commands print names and texts that other people typed; not every terminal has a letter for all of it.

>>> import io
>>> old = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
>>> show_what_it_can(old)
>>> print("λ", end="", file=old, flush=True), old.buffer.getvalue()
(None, b'?')
"""

import io
from typing import TextIO


def show_what_it_can(*streams: TextIO) -> None:
    """Let a stream print ? for a letter that it does not have, instead of raising `UnicodeEncodeError`."""
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
