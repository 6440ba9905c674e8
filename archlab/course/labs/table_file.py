"""A table in a CSV file that has been through a spreadsheet, read as far as it can be read.

A spreadsheet may change the encoding, the separator and the sign for decimals, add columns, and fill lines with
separators. A file may also be cut, or hold what no program should have written.

>>> table = read_table("student;points;remark\\r\\nJörg;0,5;ill\\r\\n;;\\r\\n".encode("cp1252"), ["student", "points"])
>>> table.lines[0].fields, table.delimiter, number(table.lines[0].fields["points"])
({'student': 'Jörg', 'points': '0,5', 'remark': 'ill'}, ';', 0.5)
"""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

DELIMITERS = (",", ";", "\t")
EXCEL_HINT = re.compile(r"\Asep=.*")
Row = tuple[int, list[str]]


class NoTable(Exception):
    """The content of a file is no table with the columns that are needed."""


@dataclass(frozen=True)
class Line:
    """A line of a table: its number in the file, and its fields by column. `is_short`: it ends too early."""

    number: int
    fields: Mapping[str, str]
    is_short: bool = False


@dataclass(frozen=True)
class Table:
    """The columns in order, the lines that are not empty, and the separator of the file."""

    columns: list[str]
    lines: list[Line]
    delimiter: str


def read_table(content: bytes, needed: Sequence[str], known: Sequence[str] = ()) -> Table:
    """The table in a file. A column without a name, or with one that is taken, is called "column 7" by its place.

    A line is short when it ends before a column that is needed, or `known` and in the first line. Raises `NoTable` when
    the first line does not name all that are needed.
    """
    text = EXCEL_HINT.sub("", decoded(content).replace("\0", ""))
    for delimiter in DELIMITERS:
        found = [row for row in rows(text, delimiter) if any(field.strip() for field in row[1])]
        names = [name.strip() for name in found[0][1]] if found else []
        if set(needed) <= set(names):
            width = 1 + max(names.index(name) for name in (*needed, *known) if name in names)
            return table_of(names, found[1:], width, delimiter)
    raise NoTable(f"The first line does not name the columns {', '.join(needed)}.")


def table_of(names: Sequence[str], found: Sequence[Row], width: int, delimiter: str) -> Table:
    """The table with these columns and rows; a line with fewer than `width` fields is short."""
    columns = column_names(names, max((len(fields) for _, fields in found), default=0))
    lines = [Line(at, dict(zip(columns, fields, strict=False)), len(fields) < width) for at, fields in found]
    return Table(used(columns, len(names), lines), lines, delimiter)


def decoded(content: bytes) -> str:
    """The text of a file in an encoding that spreadsheets use."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.removeprefix(codecs.BOM_UTF8).decode("cp1252", "replace")


def rows(text: str, delimiter: str) -> Iterator[Row]:
    """The fields of each line, with its number. A line that a spreadsheet took for a single field is taken apart."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error:  # a field without end
            yield reader.line_num, ["?"]
            continue
        if len(fields) == 1 and delimiter in fields[0]:
            fields = next(csv.reader(fields, delimiter=delimiter))
        yield reader.line_num, fields


def column_names(names: Sequence[str], width: int) -> list[str]:
    """A name for each of `width` columns or more, no two the same."""
    names = [*names, *[""] * (width - len(names))]
    return [name if name and name not in names[:at] else f"column {at + 1}" for at, name in enumerate(names)]


def used(columns: list[str], named: int, lines: Sequence[Line]) -> list[str]:
    """The columns with a name of their own, and those in which something stands."""
    return [
        name
        for at, name in enumerate(columns)
        if (at < named and name != f"column {at + 1}") or any(line.fields.get(name) for line in lines)
    ]


def written(columns: Sequence[str], lines: Sequence[Mapping[str, str]], delimiter: str) -> bytes:
    """The content of a file with a table. It begins with the mark by which spreadsheets know UTF-8."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n", delimiter=delimiter)
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue().encode("utf-8-sig", "replace")


def number(text: str) -> float:
    """A number, with a point or a comma for decimals. Raises `ValueError` for anything else, infinity too."""
    value = float(text.strip().replace(",", "."))
    if not math.isfinite(value):
        raise ValueError(f"{text} is no number")
    return value


def number_text(value: float, delimiter: str) -> str:
    """A number as spreadsheets expect it where that separator is in use."""
    return f"{value:g}".replace(".", "," if delimiter == ";" else ".")
