"""Progress: which tasks of the labs the saved notebooks say are passed, as a line to hand in, and the room's lines.

A learner runs `python run.py progress`, or in a cell

    from archlab.course.progress import progress
    progress()

and pastes the line where the teacher asks for it. The teacher runs `python run.py progress lines.txt`. No server is
needed. It is a view for the room and no grading: `python run.py check` and `grade` judge, and run the answers anew.
"""

from archlab.course.progress.line import line, named, words_under
from archlab.course.progress.room import Room, collect
from archlab.course.progress.saved import saved


def progress(name: str = "") -> None:
    """Print the line to hand in, with a name before it if there is one, and what it says. Save the lab first.

    Raises:
        ValueError: when the name cannot stand in a line.
    """
    labs = saved().labs
    print(named(name, line(labs)), words_under(labs), sep="\n")


__all__ = ["Room", "collect", "line", "named", "progress", "saved"]
