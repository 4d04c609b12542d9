"""How much memory processes hold, by Linux's own figures."""

import os
from pathlib import Path


def resident(process):
    """MB that a process has in memory; 0 if it has ended."""
    try:
        text = Path(f"/proc/{process}/statm").read_text()
    except OSError:
        return 0.0
    return int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def family(process):
    """A process and its descendants."""
    found = [process]
    for one in found:
        try:
            text = Path(f"/proc/{one}/task/{one}/children").read_text()
        except OSError:
            continue
        found += map(int, text.split())
    return found
