"""Build the website with its notebooks (`build.py html`), or the PDF (`build.py pdf`).

Nothing is done when nothing changed. Otherwise the output is made from scratch, from cached chapter
outputs, so that a build after an edit gives the same bytes as a first one.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
PDF = "optimizers-by-hand.pdf"
SOURCES = [
    *("chapters", "d2lmini", "tools", "Makefile"),
    *("_config.yml", "_toc.yml", "requirements.txt", "package-lock.json"),
]

# What the bytes of the book must not depend on. Set for all that runs below, kernels included.
os.environ |= {
    # Dates: the day that the files claim to have been made.
    "SOURCE_DATE_EPOCH": "1767225600",
    "FORCE_SOURCE_DATE": "1",  # the same for TeX
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    # Chance, and the number of processors.
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    # TensorFlow: no graphics card, no kernels that add up in another order, no messages.
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # The reader's own settings of IPython, Jupyter and matplotlib.
    "IPYTHONDIR": str(BUILD / ".ipython"),
    "JUPYTER_CONFIG_DIR": str(BUILD / ".jupyter"),
    "JUPYTER_DATA_DIR": str(BUILD / ".jupyter"),
    "MPLCONFIGDIR": str(BUILD / ".matplotlib"),
}

from check_latex_log import faults  # noqa: E402
from execute import digest, execute  # noqa: E402  (which reads the environment)


def jupyter_book(builder: str) -> None:
    """Run Jupyter Book from a clean slate; its warnings are errors."""
    shutil.rmtree(BUILD / ".doctrees", ignore_errors=True)
    shutil.rmtree(BUILD / builder, ignore_errors=True)
    command = ["jupyter-book", "build", "chapters", "--path-output", ".", "--builder", builder]
    command += ["--config", "_config.yml", "--toc", str(ROOT / "_toc.yml")]
    command += ["-W", "--keep-going", "-q"]
    result = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if result.returncode:
        sys.exit("The book has warnings, which count as errors: see above.")


def build_website() -> None:
    """Make _build/html and, by way of the extension book_notebooks, _build/notebooks."""
    notebooks = BUILD / "notebooks"
    shutil.rmtree(notebooks, ignore_errors=True)
    jupyter_book("html")
    (BUILD / "html" / ".buildinfo").unlink()  # for incremental builds, which ours are not
    # The notebooks can be handed out: what they need to run lies beside them.
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(notebooks), str(ROOT)], check=True)
    (wheel,) = notebooks.glob("*.whl")
    pins = (ROOT / "requirements.txt").read_text("utf-8").replace("\n-e .\n", f"\n./{wheel.name}\n")
    (notebooks / "requirements.txt").write_text(pins, "utf-8")


def build_pdf() -> None:
    """Make _build/pdf/optimizers-by-hand.pdf."""
    jupyter_book("latex")
    # The Makefile is Sphinx's; it calls latexmk.
    command = ["make", "all-pdf", "LATEXMKOPTS=-silent"]
    made = subprocess.run(command, cwd=BUILD / "latex", capture_output=True, text=True)
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
