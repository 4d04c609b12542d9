"""Text and tables as Markdown shows them."""

import re

UNDEFINED = "—"
_LISTED = 5  # longer lists are left to report.json


def table(header, rows, numbers=True):
    """A table, its first column to the left.

    Args:
        header: the columns' titles.
        rows: sequences of strings, as long as the header.
        numbers: whether the other columns stand to the right.

    Returns:
        The lines as one string.
    """
    align = ["---", *(["---:" if numbers else "---"] * (len(header) - 1))]
    lines = [[escape(cell) for cell in row] for row in [header, *rows]]
    lines.insert(1, align)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def escape(text):
    """Text that Markdown shows as it is, on one line."""
    return re.sub(r"([\\`*<>\[\]|#])", r"\\\1", " ".join(text.split()))


def describe(value) -> str:
    """A plain value in one line, for a report; not escaped.

    Args:
        value: of report.json: None, a number, text, a list or a dict.

    Returns:
        The text. Of long lists the first members, or how many there are.
    """
    if value is None or value == "":
        return UNDEFINED
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, dict):
        parts = [
            f"{name.replace('_', ' ')}: "
            + (
                f"({describe(part)})"
                if isinstance(part, dict)
                else describe(part)
            )
            for name, part in value.items()
        ]
        return ", ".join(parts) or UNDEFINED
    if isinstance(value, list):
        if any(isinstance(part, (dict, list)) for part in value):
            return f"{len(value)} (listed in report.json)"
        text = ", ".join(describe(part) for part in value[:_LISTED])
        rest = len(value) - _LISTED
        return f"{text} and {rest} more" if rest > 0 else text or UNDEFINED
    return str(value)
