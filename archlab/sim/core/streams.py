"""Random streams: one seed, and an independent stream of random numbers for every named purpose.

Two designs under the same seed see the same arrivals, because both ask for the stream "arrivals". A new part
with a stream of its own changes none of the others. This is the method of common random numbers
(A. M. Law, *Simulation Modeling and Analysis*, the chapter on variance reduction).

>>> streams = Streams(seed=7)
>>> streams.stream("arrivals") is streams.stream("arrivals")
True
>>> bool(Streams(seed=7).stream("arrivals").random() == streams.stream("arrivals").random())
True
"""

import hashlib

import numpy as np

from archlab.sim.validation import require_whole


class Streams:
    """The random streams of one run, each made from the run's seed and the stream's name.

    The seed and the name are hashed together by SHA-256 and the 256 bits feed NumPy's `SeedSequence`. So a
    stream depends on nothing else: not on the order of creation, the process or the machine.

    Raises:
        ValueError: when the seed is not a whole number, 0 or more.
    """

    def __init__(self, seed: int) -> None:
        require_whole("seed", seed, at_least=0)
        self.seed = int(seed)
        self._generators: dict[str, np.random.Generator] = {}

    def stream(self, name: str) -> np.random.Generator:
        """Return the stream called `name`: always the same object, which goes on where it was.

        Use one stream for one purpose. Two users of one stream disturb each other.

        Raises:
            ValueError: when the name is not a text of at least one character.
        """
        if not isinstance(name, str) or not name:
            raise ValueError(f"name is {name!r}; it must be a text of at least one character")
        if name not in self._generators:
            self._generators[name] = _generator(self.seed, name)
        return self._generators[name]

    def __repr__(self) -> str:
        return f"Streams(seed={self.seed})"


def _generator(seed: int, name: str) -> np.random.Generator:
    """Return a fresh generator for (seed, name)."""
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    words = np.frombuffer(digest, dtype="<u4").astype(np.uint32)  # NumPy is slower with a list
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(words)))
