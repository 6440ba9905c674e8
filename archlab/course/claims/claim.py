"""Claims: the statements about patterns that the course puts to the test.

The table `data/claims.csv` holds their words. An id is unique in the course; inside its chapter the pattern
is left out.

>>> [claim.text for claim in claims_of("cqrs").values()][0]
'Separate read and write models'
>>> list(claims_of("cqrs"))[0]
'definition.separate-read-and-write-models'
"""

from dataclasses import dataclass

from archlab.data import load


@dataclass(frozen=True)
class Claim:
    """One statement: its id in the course, the pattern it is about, the section it is from, its words."""

    id: str
    pattern: str
    section: str
    text: str

    @property
    def short_id(self) -> str:
        """The id inside the chapter of its pattern: "pros.easy-deployment"."""
        return self.id.removeprefix(f"{self.pattern}.")


def all_claims() -> tuple[Claim, ...]:
    """Return all claims of the course, in the order of the table."""
    return tuple(Claim(*row) for row in load("claims").itertuples(index=False, name=None))


def claims_of(pattern: str) -> dict[str, Claim]:
    """Return the claims of one pattern by short id.

    Raises:
        ValueError: when the pattern has no claims; the message lists those that have.
    """
    found = {claim.short_id: claim for claim in all_claims() if claim.pattern == pattern}
    if not found:
        known = ", ".join(sorted({claim.pattern for claim in all_claims()}))
        raise ValueError(f"pattern is {pattern!r}; it must be one of {known}")
    return found
