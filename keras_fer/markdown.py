"""Text and tables as Markdown shows them."""

import re


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
