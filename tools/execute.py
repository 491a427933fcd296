"""Run the chapters that changed, side by side, and keep their outputs in the book's cache.

Jupyter Book would run them one after the other, and its cache does not notice a change of the
package or of a library: it looks at a chapter's code only. Here a chapter is run again when a
module that it reaches has changed, and all of them when a library has.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import yaml
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn, JupyterCacheAbstract
from jupyter_cache.executors.utils import ExecutionResult, single_nb_execution
from myst_nb.core.read import is_myst_markdown_notebook, read_myst_markdown_notebook
from nbformat import NotebookNode
from reach import Package
from sphinx_external_toc.parsing import parse_toc_yaml

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = ROOT / "chapters"
CACHE = ROOT / "_build" / ".jupyter_cache"  # where Jupyter Book looks
STAMPS = "made-from.json"
WAY_OF_RUNNING = ("execute.py", "reach.py")
DATA = {".csv", ".json", ".npz"}  # what a chapter may read from its folder
MAGIC = re.compile(r"^\s*[%!].*$", re.MULTILINE)  # lines for IPython, not for Python
ANSI_COLOR = re.compile(r"\x1b\[[0-9;]*m")

# The number and the kind of processors: newer ones have instructions that round the last digit of
# an exponential or of a matrix product otherwise. With these settings all give the same bytes; the
# claims of the book hold without them too (`make unpinned`).
PINS = {
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Nehalem",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_ENABLE_ONEDNN_OPTS": "0",  # no kernels that add up in another order
}

# What else the book must not depend on, settled for all that makes it: kernels, Sphinx, TeX.
ENVIRONMENT = os.environ | {
    # Dates: the day that the files claim to have been made.
    "SOURCE_DATE_EPOCH": "1767225600",
    "FORCE_SOURCE_DATE": "1",  # the same for TeX
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    # TensorFlow: no graphics card, no messages.
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TQDM_DISABLE": "1",  # a bar would put times into the outputs
    # The reader's own settings of IPython, Jupyter and matplotlib.
    "IPYTHONDIR": str(ROOT / "_build" / ".ipython"),
    "JUPYTER_CONFIG_DIR": str(ROOT / "_build" / ".jupyter"),
    "JUPYTER_DATA_DIR": str(ROOT / "_build" / ".jupyter"),
    "MPLCONFIGDIR": str(ROOT / "_build" / ".matplotlib"),
    **PINS,
}


def digest(paths: list[Path]) -> str:
    """Return a hash of the names and the contents of all files in `paths`."""
    files = {file for path in paths for file in ([path] if path.is_file() else path.rglob("*"))}
    total = hashlib.sha256(sys.version.encode())
    for file in sorted(files):
        if file.is_file() and "__pycache__" not in file.parts:
            total.update(f"{file.relative_to(ROOT).as_posix()}\0".encode())
            total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def open_cache() -> JupyterCacheAbstract:
    """Open the cache, emptied if the pins or the way of running have changed."""
    key = digest([ROOT / "requirements.txt", *(ROOT / "tools" / name for name in WAY_OF_RUNNING)])
    key_file = CACHE / "made-from"
    if not key_file.exists() or key_file.read_text() != key:
        shutil.rmtree(CACHE, ignore_errors=True)
        CACHE.mkdir(parents=True)
        key_file.write_text(key)
    return get_cache(str(CACHE))


def made_from(path: Path, notebook: NotebookNode, package: Package) -> str:
    """Return a hash of all that a chapter's outputs come from, but for its own code.

    Not of the JavaScript of the package: of the playground the pages take the picture only.
    """
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    code = MAGIC.sub("", code)
    names = package.reached(code)
    modules = [package.files[name] for name in names]
    modules += [file for name in names for file in (ROOT / "d2lmini").glob(f"{name}_*.json")]
    beside = [file for file in path.parent.iterdir() if file.suffix in DATA]
    return digest([*modules, *beside]) + hashlib.sha256(package.rest_of_init.encode()).hexdigest()


def stamps() -> dict[str, str]:
    """Return what the outputs in the cache were made from, chapter by chapter."""
    file = CACHE / STAMPS
    return json.loads(file.read_text("utf-8")) if file.exists() else {}


def all_chapters() -> dict[Path, NotebookNode]:
    """Return the chapters of the table of contents that have cells."""
    found = {}
    for name in parse_toc_yaml(ROOT / "_toc.yml"):
        path = CHAPTERS / f"{name}.md"
        text = path.read_text("utf-8") if path.exists() else ""
        if is_myst_markdown_notebook(text):
            found[path] = read_myst_markdown_notebook(text, path=str(path))
    return found


def changed_chapters(cache: JupyterCacheAbstract) -> dict[Path, tuple[NotebookNode, str]]:
    """Return the chapters whose outputs are not in the cache, and what they are made from."""
    found, package, known = {}, Package(ROOT / "d2lmini"), stamps()
    for path, notebook in all_chapters().items():
        stamp = made_from(path, notebook, package)
        try:
            cache.match_cache_notebook(notebook)
        except KeyError:
            found[path] = notebook, stamp
            continue
        if known.get(str(path.relative_to(CHAPTERS))) != stamp:
            found[path] = notebook, stamp
    return found


def run(path: Path, notebook: NotebookNode, timeout: int, pinned: bool) -> ExecutionResult:
    """Run one chapter in a kernel of its own, which inherits the environment of this process."""
    os.environ.update(ENVIRONMENT)
    if not pinned:
        for name in PINS:
            del os.environ[name]
    return single_nb_execution(
        notebook,
        cwd=str(path.parent),
        timeout=timeout,
        allow_errors=False,
        coalesce_streams=True,  # else it depends on the moment whether two prints are one output
        # Otherwise every kernel remarks on the terminal that it can be overheard on this machine.
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )


def run_all(
    chapters: dict[Path, NotebookNode], pinned: bool = True
) -> Iterator[tuple[Path, ExecutionResult]]:
    """Run chapters side by side; yield those that came to their end, and report the others."""
    # The first import of matplotlib on a machine looks for fonts, which it reports on stderr.
    subprocess.run([sys.executable, "-c", "import matplotlib.font_manager"], env=ENVIRONMENT)
    timeout = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["execute"]["timeout"]
    # The longest first, by the only measure at hand, so that none is left alone at the end.
    order = sorted(chapters, key=lambda path: -path.stat().st_size)
    with ProcessPoolExecutor(min(8, max(2, os.cpu_count() or 2))) as pool:
        jobs = {pool.submit(run, path, chapters[path], timeout, pinned): path for path in order}
        for job in as_completed(jobs):
            path = jobs[job]
            name = path.relative_to(CHAPTERS)
            if error := job.exception() or job.result().err:
                print(f"  {name} failed:\n{ANSI_COLOR.sub('', str(error))}", file=sys.stderr)
                continue
            print(f"  {name}: {job.result().time:.0f} s", flush=True)
            yield path, job.result()


def execute() -> bool:
    """Run what must be run, and keep it; return whether every chapter ran to its end."""
    cache = open_cache()
    chapters = changed_chapters(cache)
    if not chapters:
        return True
    print(f"Running {len(chapters)} chapter(s) that changed.", flush=True)
    done = 0
    notebooks = {path: notebook for path, (notebook, _) in chapters.items()}
    for path, result in run_all(notebooks):
        done += 1
        record = cache.add_nb_to_project(
            str(path), read_data={"name": "myst_nb_md", "type": "plugin"}
        )
        bundle = CacheBundleIn(result.nb, record.uri, data={"execution_seconds": result.time})
        cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
        known = stamps() | {str(path.relative_to(CHAPTERS)): chapters[path][1]}
        (CACHE / STAMPS).write_text(json.dumps(known, indent=1), "utf-8")
    return report(len(chapters) - done)


def execute_unpinned() -> bool:
    """Run every chapter as this machine computes by itself, and keep nothing."""
    chapters = all_chapters()
    print(f"Running {len(chapters)} chapters with this machine's own settings.", flush=True)
    done = len(list(run_all(chapters, pinned=False)))
    if done == len(chapters):
        print("Every check of the book holds on this machine.")
    return report(len(chapters) - done)


def report(failed: int) -> bool:
    """Say how many chapters failed; return whether none did."""
    if failed:
        print(f"{failed} chapter(s) failed: see above.", file=sys.stderr)
    return not failed


if __name__ == "__main__":
    sys.exit(not (execute_unpinned() if "--unpinned" in sys.argv[1:] else execute()))
