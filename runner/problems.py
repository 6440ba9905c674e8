"""What goes wrong in set-up and is told in words."""


class SetupProblem(Exception):
    """The environment cannot be made. The message says why and what to do, in plain words."""
