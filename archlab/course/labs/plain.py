"""Names and messages that others wrote, made fit for a screen and a table.

What comes from a file's name or from an exception may clear a screen, turn a line round, be no text at all, or be a
formula for a spreadsheet. `plain` is for people and loses what cannot be shown. `name_in_table` loses nothing: two
names never become one.

>>> plain("\\x1b[2Jno\\r\\nchance" + chr(7))
'no chance'
>>> for_table("=HYPERLINK('x')\\n" + "a" * 9, longest=20)
"'=HYPERLINK('x') aaa"
>>> name_in_table("M\\udcfcller\\n.ipynb"), name_in_table("=1.ipynb"), name_in_table("5%25.ipynb")
('M%FCller%0A.ipynb', '%3D1.ipynb', '5%2525.ipynb')
"""

from __future__ import annotations

import re
import unicodedata

LONGEST_TEXT = 300
TERMINAL_CODES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\^_])")
BEGINS_FORMULA = tuple("'=+-@＝＋－＠")  # noqa: RUF001 - a spreadsheet takes the wide signs for the narrow ones
LOOKS_ESCAPED = re.compile(r"%(?=[0-9A-Fa-f]{2})")


def plain(text: str) -> str:
    """The text on one line, without what steers a terminal or turns the direction of writing."""
    text = unicodedata.normalize("NFC", as_text(TERMINAL_CODES.sub("", text)))
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def as_text(text: str) -> str:
    """The text with the bytes of a name that is no UTF-8 read as Windows in Western Europe writes them."""
    return re.sub("[\udc80-\udcff]+", lambda found: of_windows(found[0]), text)


def of_windows(surrogates: str) -> str:
    """The letters that stand for some bytes of a file's name."""
    return surrogates.encode("utf-8", "surrogateescape").decode("cp1252", "replace")


def for_table(text: str, longest: int = LONGEST_TEXT) -> str:
    """The text on one line, cut, and such that no spreadsheet takes it for a formula."""
    line = plain(text)
    return ("'" + line if line.startswith(BEGINS_FORMULA) else line)[:longest]


def name_in_table(name: str) -> str:
    """A file's name with %XX, as in addresses, for each byte that cannot stand in a table. Names stay different."""
    name = LOOKS_ESCAPED.sub("%25", name)
    shown = [char if char.isprintable() else escaped(char) for char in name]
    if name.startswith(BEGINS_FORMULA):
        shown[0] = escaped(name[0])
    return "".join(shown)


def escaped(char: str) -> str:
    """The bytes of a character, each as %XX."""
    errors = "surrogateescape" if "\udc80" <= char <= "\udcff" else "surrogatepass"
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", errors))
