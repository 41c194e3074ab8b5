"""Convert the table of readings to HTML, CSV and XLSX."""

from __future__ import annotations

import io
from collections.abc import Sequence
from html import escape
from typing import Any

import pandas as pd

from digit_recognition.recognition.reading_tables import READING_COLUMNS

from .markup import data_url

Row = dict[str, Any]
"""A row of the table of readings. It maps each of READING_COLUMNS to a value."""

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def to_csv(rows: Sequence[Row]) -> bytes:
    """Return the table as CSV with commas and decimal points, as in readings.csv."""
    return _frame(rows).to_csv(index=False, lineterminator="\n").encode()


def to_csv_with_decimal_commas(rows: Sequence[Row]) -> bytes:
    """Return the table as CSV with semicolons and decimal commas, as in Germany.

    The file starts with a byte order mark, by which Excel recognizes UTF-8.
    """
    table = _frame(rows).to_csv(index=False, sep=";", decimal=",", lineterminator="\n")
    return table.encode("utf-8-sig")


def to_xlsx(rows: Sequence[Row]) -> bytes:
    """Return the table as an XLSX file.

    The column ``number`` holds text, which keeps leading zeros. The column
    ``confidence`` holds numbers, which a spreadsheet shows with the decimal separator
    of its user's language.
    """
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils.exceptions import IllegalCharacterError

    book = Workbook()
    sheet = book.active
    sheet.title = "readings"
    sheet.append(READING_COLUMNS)
    for row in rows:
        values = [row[name] for name in READING_COLUMNS]
        try:
            sheet.append(values)
        except IllegalCharacterError:
            sheet.append([_printable(value) for value in values])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for column, width in zip("ABCDEF", (30, 6, 16, 12, 10, 50), strict=True):
        sheet.column_dimensions[column].width = width
    for cells in sheet.iter_rows(min_row=2):
        for cell in cells:
            if isinstance(cell.value, str):
                cell.data_type, cell.number_format = "s", "@"
    sheet.freeze_panes = "A2"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def downloads(rows: Sequence[Row], name: str) -> str:
    """Return HTML links that download the table as CSV and XLSX.

    The names of the downloaded files start with ``name``.
    """
    links = "".join(
        f'<a download="{name}{suffix}" href="{data_url(data, kind)}">{label}</a>'
        for label, suffix, kind, data in (
            ("CSV", ".csv", "text/csv", to_csv(rows)),
            (
                *("CSV with decimal commas", "_decimal_comma.csv", "text/csv"),
                to_csv_with_decimal_commas(rows),
            ),
            ("Excel (XLSX)", ".xlsx", XLSX_TYPE, to_xlsx(rows)),
        )
    )
    return (
        f'<p class="downloads" role="group" aria-label="Download the table">'
        f"Download the table: {links}</p>"
    )


def table(rows: Sequence[Row], anchors: Sequence[str] = ()) -> str:
    """Return the table as HTML.

    ``anchors`` holds one HTML id for each row. The row links to the picture with this
    id on the page. If ``anchors`` is empty, the rows have no links.
    """
    head = "".join(f'<th scope="col">{name}</th>' for name in READING_COLUMNS)
    body = "".join(
        _table_row(row, anchors[place] if anchors else "")
        for place, row in enumerate(rows)
    )
    return (
        f'<table class="readings"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def _table_row(row: Row, anchor: str) -> str:
    values = [escape(str(row[name])) for name in READING_COLUMNS]
    if anchor:
        values[0] = f'<a href="#{anchor}">{values[0]}</a>'
    kind = "accepted" if row["accepted"] == "true" else "review"
    cells = "".join(
        f'<td class="{name}" data-label="{name}">{value}</td>'
        for name, value in zip(READING_COLUMNS, values, strict=True)
    )
    return f'<tr class="{kind}">{cells}</tr>'


def _frame(rows: Sequence[Row]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(READING_COLUMNS))


def _printable(value: Any) -> Any:
    """Return text with spaces in place of unprintable characters.

    XLSX allows no control characters. Other values are returned unchanged.
    """
    if not isinstance(value, str):
        return value
    return "".join(letter if letter.isprintable() else " " for letter in value)
