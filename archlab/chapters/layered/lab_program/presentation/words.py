"""Figures as words."""


def money(cents: int) -> str:
    """Return an amount as customers read it."""
    return f"{cents // 100}.{cents % 100:02d}"
