"""Say whether this machine made the same bytes as the one that wrote checksums.txt.

`verify.py` compares what `make book` has made with the list; `verify.py --write` writes the list.
The list begins with a digest of the sources, so that a list of another edition is not mistaken for
a machine that rounds otherwise.
"""

import hashlib
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from build import BUILD, PDF, ROOT, SOURCES
from sphinx_external_toc.parsing import parse_toc_yaml

LIST = ROOT / "checksums.txt"


def digest(file: Path) -> str:
    """Return the checksum of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:32]


def digest_of_sources() -> str:
    """Return one checksum for everything that the outputs are made from."""
    total = hashlib.sha256()
    for source in map(ROOT.joinpath, SOURCES):
        files = [source] if source.is_file() else source.rglob("*")
        for file in sorted(f for f in files if f.is_file() and "__pycache__" not in f.parts):
            total.update(f"{file.relative_to(ROOT).as_posix()} {digest(file)}\n".encode())
    return total.hexdigest()[:32]


def outputs() -> Iterator[Path]:
    """Yield what was made, chapter by chapter, then the rest, then the PDF."""
    files = {f for kind in ("html", "notebooks") for f in (BUILD / kind).rglob("*") if f.is_file()}
    files -= {BUILD / "html" / PDF}  # the same file again
    for page in parse_toc_yaml(ROOT / "_toc.yml"):
        for file in (
            BUILD / "notebooks" / f"{Path(page).name}.ipynb",
            BUILD / "html" / f"{page}.html",
        ):
            if file in files:
                files.remove(file)
                yield file
    yield from sorted(files)
    if (pdf := BUILD / "pdf" / PDF).exists():
        yield pdf


def machine() -> str:
    """Return what the bytes may depend on, in a line."""
    tex = "no XeLaTeX"
    if shutil.which("xelatex"):
        command = ["xelatex", "--version"]
        tex = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()[0]
    return (
        f"{platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}, {tex}"
    )


def write() -> None:
    """Write the list."""
    lines = [
        "# Checksums of what `make book` makes; `make verify` compares.",
        f"# sources {digest_of_sources()}",
        f"# made on {machine()}",
        *(f"{digest(file)}  {file.relative_to(BUILD).as_posix()}" for file in outputs()),
    ]
    LIST.write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{len(lines) - 3} checksums written to {LIST.name}.")


def compare(listed: dict[str, str], made: dict[str, str]) -> list[str]:
    """Return what differs, in sentences, the first page of the book first."""
    missing = [name for name in listed if name not in made]
    new = [name for name in made if name not in listed]
    differ = [name for name in made if name in listed and made[name] != listed[name]]
    found = []
    if differ:
        first = differ[0]
        found.append(f"{len(differ)} of {len(made)} files differ; the first in the book: {first}.")
        if first.endswith(".ipynb"):
            found.append("A notebook holds what its cells print: a number came out differently.")
        elif not any(name.endswith(".ipynb") for name in differ):
            found.append("All notebooks are the same: what differs is how they are set.")
    found += [f"{len(missing)} files are missing, the first: {missing[0]}."] if missing else []
    found += [f"{len(new)} files are not in the list, the first: {new[0]}."] if new else []
    return found


def verify() -> int:
    """Compare, and say what came out; 0 if all is the same."""
    lines = LIST.read_text("utf-8").splitlines()
    sources, maker = (line.split(" ", 2)[2] for line in lines[1:3])
    if sources != digest_of_sources():
        print("checksums.txt is of other sources: yours were edited, or the list is out of date.")
        return 1
    listed = dict(reversed(line.split("  ", 1)) for line in lines[3:])
    made = {file.relative_to(BUILD).as_posix(): digest(file) for file in outputs()}
    found = compare(listed, made)
    if not found:
        print(f"The same bytes: all {len(made)} files of website, notebooks and PDF.")
        return 0
    print("\n".join([*found, f"The list: {maker}.", f"Here: {machine()}."]))
    return 1


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        write()
    else:
        sys.exit(verify())
