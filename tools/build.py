"""Build the website with its notebooks (`build.py html`), or the PDF (`build.py pdf`).

Nothing is done when nothing changed. Otherwise the output is made from scratch, from cached chapter
outputs, so that a build after an edit gives the same bytes as a first one.
"""

import shutil
import subprocess
import sys
import time
import tomllib
import zipfile
from pathlib import Path

import yaml
from book_files import PDF, SERVED, WHEEL, ZIP
from check_latex_log import faults
from execute import ENVIRONMENT, digest, execute

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
SOURCES = [
    *("chapters", "d2lmini", "tools", "_config.yml", "_toc.yml", "LICENSE"),
    *("pyproject.toml", "requirements.txt", "package-lock.json"),
]


def jupyter_book(builder: str) -> None:
    """Run Jupyter Book from a clean slate; its warnings are errors."""
    shutil.rmtree(BUILD / ".doctrees", ignore_errors=True)
    shutil.rmtree(BUILD / builder, ignore_errors=True)
    command = ["jupyter-book", "build", "chapters", "--path-output", ".", "--builder", builder]
    command += ["--config", "_config.yml", "--toc", str(ROOT / "_toc.yml")]
    command += ["-W", "--keep-going", "-q"]
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE)
    if done.returncode:
        sys.exit("The book has warnings, which count as errors: see above.")


def build_website() -> None:
    """Make _build/html and, by way of the extension book_notebooks, _build/notebooks."""
    notebooks = BUILD / "notebooks"
    shutil.rmtree(notebooks, ignore_errors=True)
    jupyter_book("html")
    (BUILD / "html" / ".buildinfo").unlink()  # for incremental builds, which ours are not
    fill(notebooks)
    serve(notebooks, BUILD / "html")


def fill(notebooks: Path) -> None:
    """Put beside the notebooks what they need, so that the folder can be handed out."""
    command = [sys.executable, "-m", "pip", "wheel", "-qq", "--no-deps", "--no-build-isolation"]
    subprocess.run(
        [*command, "--wheel-dir", str(notebooks), "."], cwd=ROOT, env=ENVIRONMENT, check=True
    )
    (notebooks / "requirements.txt").write_text(requirements(f"./{WHEEL}"), "utf-8")
    shutil.copy(ROOT / "LICENSE", notebooks)


def requirements(wheel: str) -> str:
    """Return what the notebooks need, in ranges that leave alone what a reader has already."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    ranges = project["dependencies"] + [
        x for e in ("keras", "airfoil", "notebooks") for x in extras[e]
    ]
    return "\n".join(
        [
            "# What the notebooks of Optimizers by Hand need. In this folder:",
            "#     pip install -r requirements.txt",
            wheel,
            *sorted(ranges),
            "",
        ]
    )


def serve(notebooks: Path, website: Path) -> None:
    """Put on the website what a downloaded notebook needs, and all notebooks in one file."""
    served = website / SERVED
    served.mkdir()
    shutil.copy(notebooks / WHEEL, served)
    address = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["html"]["baseurl"]
    # With an address, pip can be given that of this file alone.
    place = f"{address.rstrip('/')}/{SERVED}" if address else "."
    (served / "requirements.txt").write_text(requirements(f"{place}/{WHEEL}"), "utf-8")
    pack(notebooks, website / ZIP)
    # GitHub Pages would leave out every folder whose name begins with an underscore.
    (website / ".nojekyll").touch()


def pack(folder: Path, archive: Path) -> None:
    """Pack the files of a folder; the same files give the same bytes.

    They are not compressed: pictures are already, and zlib's bytes depend on its edition.
    """
    day = time.gmtime(int(ENVIRONMENT["SOURCE_DATE_EPOCH"]))[:6]
    with zipfile.ZipFile(archive, "w") as packed:
        for file in sorted(folder.iterdir()):
            entry = zipfile.ZipInfo(f"{archive.stem}/{file.name}", day)
            entry.create_system, entry.external_attr = 3, 0o100644 << 16  # as on Linux, everywhere
            packed.writestr(entry, file.read_bytes())


def build_pdf() -> None:
    """Make _build/pdf/optimizers-by-hand.pdf."""
    jupyter_book("latex")
    # The Makefile is Sphinx's; it calls latexmk.
    command = ["make", "all-pdf", "LATEXMKOPTS=-silent"]
    made = subprocess.run(
        command, cwd=BUILD / "latex", env=ENVIRONMENT, capture_output=True, text=True
    )
    log = BUILD / "latex" / Path(PDF).with_suffix(".log")
    report = log.read_text("utf-8", errors="replace") if log.exists() else made.stderr
    found = faults(report)
    if made.returncode:
        sys.exit("\n".join(["XeLaTeX failed: see _build/latex.", *(found or [report[-2000:]])]))
    (BUILD / "pdf").mkdir(exist_ok=True)
    shutil.copy(BUILD / "latex" / PDF, BUILD / "pdf")
    # Another TeX Live may break a line elsewhere: that is no reason to withhold the book. The tests
    # are less kind.
    if found:
        print("\n".join(["The PDF has blemishes:", *found]), file=sys.stderr)


def build(kind: str) -> None:
    """Build one kind of output, unless it is there and up to date, and say where it is."""
    makers = {"html": build_website, "pdf": build_pdf}
    results = {"html": BUILD / "html" / "index.html", "pdf": BUILD / "pdf" / PDF}
    inputs = digest([ROOT / source for source in SOURCES])

    def is_current(kind: str) -> bool:
        stamp = BUILD / f".{kind}-made-from"
        return results[kind].exists() and stamp.exists() and stamp.read_text() == inputs

    if not is_current(kind):
        BUILD.mkdir(exist_ok=True)
        (BUILD / f".{kind}-made-from").unlink(missing_ok=True)
        if not execute():
            sys.exit(1)
        print({"html": "Building the website and the notebooks.", "pdf": "Building the PDF."}[kind])
        makers[kind]()
        (BUILD / f".{kind}-made-from").write_text(inputs)
    # The website links to the PDF.
    if is_current("pdf") and results["html"].exists():
        shutil.copy(results["pdf"], BUILD / "html")


if __name__ == "__main__":
    build(sys.argv[1])
