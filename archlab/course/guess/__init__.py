"""Guesses: what a reader expects before an experiment, kept, shown beside the figure, and handed in.

>>> guess("load.growth", "How many times as long does p99 become?", unit="times").name
'load.growth'
>>> reveal("load.growth", measured=6.41, unit="times")
measured: 6.41 times
"""

from archlab.course.guess.hand_in import Collected, collect
from archlab.course.guess.question import Guess, guess
from archlab.course.guess.reveal import Reveal, reveal
from archlab.course.guess.store import Guesses
from archlab.course.guess.together import together

guesses = Guesses()
"""The reader's guesses, read anew at every look: `guesses["load.growth"]`, `guesses.line()`."""

__all__ = ["Collected", "Guess", "Guesses", "Reveal", "collect", "guess", "guesses", "reveal", "together"]
