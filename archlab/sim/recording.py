"""The record of a run: one row a request, kept in columns of plain numbers, 18 bytes a request.

>>> recorder = Recorder()
>>> row = recorder.arrive(0.5, "browse")
>>> recorder.answer(row, 0.75, "ok")
>>> recorder.rows, recorder.inside
(1, 0)

A request may be answered before its work is over, such as an order that is accepted now and confirmed by somebody else
later. `goes_on` and `done` note that. It costs a dictionary entry a request, and nothing where nobody does it.

>>> recorder.done(row, 2.5)
>>> recorder.done_s
{0: 2.5}
"""

from __future__ import annotations

from array import array

import numpy as np
import numpy.typing as npt

BLOCK = 4096
UNFINISHED, OK = "unfinished", "ok"
UNFINISHED_CODE, OK_CODE = 0, 1


class Recorder:
    """Columns `arrived_s`, `finished_s`, `outcome` and `kind`. Names are kept once and stand in a row as numbers."""

    def __init__(self) -> None:
        self.rows = 0
        self.kinds: list[str] = []
        self.outcomes: list[str] = [UNFINISHED, OK]
        self._kind_codes: dict[str, int] = {}
        self._outcome_codes = {OK: OK_CODE}  # nobody may answer "unfinished"
        self._room = 0
        self._arrived = array("d")
        self._finished = array("d")
        self._outcome = bytearray()
        self._kind = bytearray()
        self.late: dict[int, float] | None = None
        """When the requests that came later than intended should have come, by their rows. None: nobody had a plan."""
        self.done_s: dict[int, float] | None = None
        """When the work of requests that are answered before it is over was done, by their rows; NaN: not yet.
        None: every answer so far was the end of the work."""

    def intend(self, row: int, time_s: float) -> None:
        """Note that the request of this row, which has arrived, was intended for `time_s`."""
        if self.late is None:
            self.late = {}
        if time_s < self._arrived[row]:
            self.late[row] = time_s

    def arrive(self, now_s: float, kind: str) -> int:
        """Open a row for a request that arrives now, and return its number."""
        row = self.rows
        if row == self._room:
            self._grow()
        self.rows = row + 1
        self._arrived[row] = now_s
        try:
            code = self._kind_codes[kind]
        except KeyError:
            code = self._code(kind, self._kind_codes, self.kinds)
        if code:
            self._kind[row] = code
        return row

    def answer(self, row: int, now_s: float, outcome: str) -> None:
        """Close a row, once: the customer has the answer, good or bad."""
        self._finished[row] = now_s
        if outcome != OK:
            try:
                self._outcome[row] = self._outcome_codes[outcome]
            except KeyError:
                self._outcome[row] = self._code(outcome, self._outcome_codes, self.outcomes)

    def goes_on(self, row: int) -> None:
        """Note that the work of this row's request goes on after its answer. A row that nobody opened is left out."""
        if 0 <= row < self.rows:
            if self.done_s is None:
                self.done_s = {}
            self.done_s.setdefault(row, float("nan"))

    def done(self, row: int, now_s: float) -> None:
        """Note that work of this row's request is done: of several such moments the last one counts."""
        self.goes_on(row)
        if self.done_s is not None and row in self.done_s:
            self.done_s[row] = now_s

    @property
    def inside(self) -> int:
        """How many requests have no answer yet."""
        return int(np.isnan(self.column("finished_s")).sum())

    @property
    def nbytes(self) -> int:
        """Bytes held by the columns, the room for the next rows included."""
        return 16 * self._room + len(self._outcome) + len(self._kind)

    def column(self, name: str) -> npt.NDArray[np.float64] | npt.NDArray[np.uint8]:
        """A copy of a column, shape (rows,): "arrived_s", "finished_s" (NaN while inside), "outcome" or "kind"."""
        if name in ("arrived_s", "finished_s"):
            values = self._arrived if name == "arrived_s" else self._finished
            return np.frombuffer(values, dtype=np.float64)[: self.rows].copy()
        codes = {"outcome": self._outcome, "kind": self._kind}[name]
        column = np.frombuffer(codes, dtype=np.uint8)[: self.rows].copy()
        if name == "outcome":
            column[np.isnan(self.column("finished_s"))] = UNFINISHED_CODE
        return column

    def _grow(self) -> None:
        """Make room: a quarter more, so that growing costs little in time and in memory."""
        more = max(BLOCK, self._room // 4)
        self._arrived.frombytes(bytes(8 * more))
        self._finished.extend(array("d", [float("nan")]) * more)
        self._outcome.extend(bytes([OK_CODE]) * more)  # it is nearly always ok, and need not be written then
        self._kind.extend(bytes(more))
        self._room += more

    @staticmethod
    def _code(name: str, codes: dict[str, int], names: list[str]) -> int:
        """A new number for a name. Raises `ValueError` when it is not allowed, or all 256 are taken."""
        if len(names) == 256:
            raise ValueError(f"{name!r} is one name too many: a run records at most 256 different ones")
        if not isinstance(name, str) or not name:
            raise ValueError(f"{name!r} cannot be recorded; an outcome or kind is a text")
        if name in names:
            raise ValueError(
                f"{name!r} is the record's word for requests without an answer; choose another outcome"
            )
        codes[name] = len(names)
        names.append(name)
        return codes[name]
