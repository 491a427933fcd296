"""Fail if the log of a LaTeX run speaks of something that a reader of the PDF would stumble over.

Usage: ``python tools/check_latex_log.py _build/latex/optimizers-by-hand.log``
"""

import re
import sys
from pathlib import Path

TOLERANCE = 1.0  # points that a line may stick out of its column, and a page run over its end
FAULTS = [
    (r"^LaTeX Warning: ((?:Hyper r|R)eference .*? undefined)", "a reference that leads nowhere"),
    (r"^LaTeX Warning: (Citation .*? undefined)", "a citation that leads nowhere"),
    (r"^LaTeX Warning: (Label .*? multiply defined)", "two places of the same name"),
    (r"^(Missing character: .*)", "a character that the font does not have"),
    (r"^! (.*)", "an error"),
]


def faults(log: str) -> list[str]:
    """Return what is wrong, each fault once, in sentences.

    Parameters
    ----------
    log : str
        The text of the log, whose lines TeX breaks after 79 characters.

    Returns
    -------
    list of str
        The faults, in the order of `FAULTS`, then the lines that are too wide and the pages that
        are too long.
    """
    log = re.sub(r"(?<=^.{79})\n", "", log, flags=re.MULTILINE)
    found = [
        f"{what}: {' '.join(match[1].split())}"
        for pattern, what in FAULTS
        for match in re.finditer(pattern, log, re.MULTILINE)
    ]
    for match in re.finditer(r"^Overfull \\hbox \(([\d.]+)pt too wide\) (.*)", log, re.MULTILINE):
        if float(match[1]) > TOLERANCE:
            found.append(f"a line sticks out by {match[1]} points: {match[2]}")
    for match in re.finditer(
        r"^Overfull \\vbox \(([\d.]+)pt too high\).*\\output", log, re.MULTILINE
    ):
        if float(match[1]) > TOLERANCE:
            found.append(f"a page runs over its end by {match[1]} points")
    return list(dict.fromkeys(found))


if __name__ == "__main__":
    path = Path(sys.argv[1])
    lines = faults(path.read_text("utf-8", errors="replace"))
    sys.exit("\n".join([f"{path.name}:", *lines]) if lines else 0)
