"""The error of a description that cannot be read. A notebook shows its message alone.

A traceback leads through the reader of descriptions. Whoever wrote the description looks for a line of their own text,
and that is in the message.

>>> DescriptionError("line 2, 'part web': a name is missing")._render_traceback_()
["DescriptionError: line 2, 'part web': a name is missing"]
"""


class DescriptionError(ValueError):
    """A description cannot be read: the message names the line and what is allowed."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of a traceback."""
        return [f"{type(self).__name__}: {self}"]
