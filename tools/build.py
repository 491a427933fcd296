"""Build the website with its notebooks (`build.py html`), or the PDF (`build.py pdf`).

Nothing is done when nothing changed. Otherwise the output is made from scratch, from cached chapter
outputs, so that a build after an edit gives the same bytes as a first one.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from check_latex_log import faults
from execute import ENVIRONMENT, digest, execute

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
PDF = "optimizers-by-hand.pdf"
SOURCES = [
    *("chapters", "d2lmini", "tools", "_config.yml", "_toc.yml"),
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
    # The notebooks can be handed out: what they need to run lies beside them.
    command = [sys.executable, "-m", "pip", "wheel", "-qq", "--no-deps", "--no-build-isolation"]
    subprocess.run(
        [*command, "--wheel-dir", str(notebooks), "."], cwd=ROOT, env=ENVIRONMENT, check=True
    )
    (wheel,) = notebooks.glob("*.whl")
    pins = (ROOT / "requirements.txt").read_text("utf-8").replace("\n-e .\n", f"\n./{wheel.name}\n")
    (notebooks / "requirements.txt").write_text(pins, "utf-8")


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
