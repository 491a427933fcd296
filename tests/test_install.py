"""From zero to running: what readers are told to type, typed in a new environment.

These tests ask the package index, and are skipped where it cannot be reached.
"""

import functools
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import nbformat
import pytest
from book_files import SERVED, WHEEL, ZIP

pytestmark = pytest.mark.slow
# Three that are quick: a page, a chapter, and one with TensorFlow under the names of D2L.
CHAPTERS = ("how_to_use", "notation", "coming_from_d2l")
ENVIRONMENT = {
    **{k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")},
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "MPLBACKEND": "agg",
}


def sh(script: str, folder: Path) -> subprocess.CompletedProcess:
    """Run lines of a shell, all of which must succeed."""
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
    )


def commands(file: Path, word: str) -> list[str]:
    """Return the lines of the block for a shell that contains a word."""
    blocks = re.findall(r"```bash\n(.*?)```", file.read_text("utf-8"), re.DOTALL)
    (block,) = (block for block in blocks if word in block)
    return [line.partition("#")[0].strip() for line in block.splitlines()]


@pytest.fixture(scope="module")
def index(tmp_path_factory) -> None:
    """Skip what needs the package index, unless it answers."""
    folder = tmp_path_factory.mktemp("probe")
    probe = f"{sys.executable} -m pip download --quiet --no-deps --timeout 10 --retries 0 tqdm"
    if sh(probe, folder).returncode:
        pytest.skip("The package index cannot be reached, so nothing can be installed.")


@pytest.fixture(scope="module")
def folder(index, project, website, tmp_path_factory) -> Iterator[Path]:
    """Unpack all notebooks of the website, and install what they need, as the book says."""
    place = tmp_path_factory.mktemp("reader")
    with zipfile.ZipFile(website / ZIP) as packed:
        packed.extractall(place)
    unpacked = place / ZIP.removesuffix(".zip")
    make, install, _ = commands(project / "chapters/start/how_to_use.md", "jupyter lab")
    # `python` is the one that runs the tests: the machine may have an older one.
    python = f'python() {{ "{sys.executable}" "$@"; }}'
    done = sh(f"{python}\n{make}\nunset -f python\n{install}", unpacked)
    assert done.returncode == 0, done.stdout + done.stderr
    yield unpacked
    shutil.rmtree(unpacked / "optimizers")  # 3 GB, which pytest would keep for a while


def within(folder: Path, script: str) -> str:
    """Run lines in the reader's environment; return what they print."""
    done = sh(f"source optimizers/bin/activate\n{script}", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_readme_says_the_same_commands(project):
    book = commands(project / "chapters/start/how_to_use.md", "jupyter lab")
    assert commands(project / "README.md", "jupyter lab") == book


def test_nothing_is_installed_that_only_the_build_needs(folder):
    listed = within(folder, "pip list --format freeze").lower()
    names = {line.partition("==")[0] for line in listed.splitlines()}
    assert {"d2lmini", "numpy", "tensorflow", "jupyterlab"} <= names
    build = {"sphinx", "jupyter-book", "playwright", "ruff", "pytest", "hypothesis", "uv", "zizmor"}
    assert names & build == set()


def test_jupyterlab_opens(folder, project):
    *_, start = commands(project / "chapters/start/how_to_use.md", "jupyter lab")
    # Without a browser of its own, for whoever is at the machine, and on any port that is free.
    line = f"{start} --no-browser --port 0 --allow-root --ServerApp.root_dir='{folder}'"
    said = folder / "lab.log"
    with (
        said.open("w") as log,
        subprocess.Popen(
            ["bash", "-c", f"source optimizers/bin/activate\nexec {line}"],
            cwd=folder,
            env=ENVIRONMENT | {"JUPYTER_CONFIG_DIR": str(folder / "settings")},
            stdout=log,
            stderr=log,
        ) as lab,
    ):
        try:
            address = address_in(said, lab)
            with urllib.request.urlopen(address, timeout=60) as answer:
                assert answer.status == 200
                assert "JupyterLab" in answer.read().decode()
            contents = address.replace("/lab?", "/api/contents?")
            with urllib.request.urlopen(contents, timeout=60) as answer:
                assert "rmsprop.ipynb" in answer.read().decode()
        finally:
            lab.terminate()


def address_in(log: Path, program: subprocess.Popen) -> str:
    """Wait until a program has written its address."""
    for _ in range(600):
        if found := re.search(r"http://127\.0\.0\.1:\d+/lab\?token=\w+", log.read_text("utf-8")):
            return found[0]
        assert program.poll() is None, log.read_text("utf-8")
        time.sleep(0.2)
    raise AssertionError(f"JupyterLab wrote no address:\n{log.read_text('utf-8')}")


def run_notebook(folder: Path, name: str) -> nbformat.NotebookNode:
    """Run a notebook with the reader's Jupyter; return it with its outputs."""
    options = "--to notebook --execute --ExecutePreprocessor.timeout=600 --log-level=ERROR"
    within(folder, f"jupyter nbconvert {options} --output run_{name} {name}.ipynb")
    return nbformat.read(folder / f"run_{name}.ipynb", as_version=4)


def errors(notebook: nbformat.NotebookNode) -> list[str]:
    """Return the errors among the outputs that the notebook does not announce."""
    return [
        output.evalue
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", [])
    ]


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_runs(folder, name):
    notebook = run_notebook(folder, name)
    assert errors(notebook) == []
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    assert first.outputs == []  # nothing was missing


@pytest.fixture
def served(website) -> Iterator[str]:
    """Serve the website; return its address."""
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(website))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("source", ["the website", "the file beside it", "nowhere"])
def test_a_notebook_alone_installs_what_is_missing_or_says_what_to_do(
    folder, served, tmp_path, source
):
    within(folder, "pip uninstall --quiet --yes d2lmini")
    (tmp_path / "optimizers").symlink_to(folder / "optimizers")
    text = (folder / "how_to_use.ipynb").read_text("utf-8")
    # The address that is configured, if any, is not asked here.
    address = f"{served}/{SERVED}" if source == "the website" else ""
    known = rf'(wheel, website = \\"{re.escape(WHEEL)}\\", \\")[^"\\]*'
    text, times = re.subn(known, lambda found: found[1] + address, text)
    assert times == 1
    if source == "the file beside it":
        shutil.copy(folder / WHEEL, tmp_path)
    (tmp_path / "how_to_use.ipynb").write_text(text, "utf-8")
    try:
        if source == "nowhere":
            done = sh(
                "source optimizers/bin/activate\n"
                "jupyter nbconvert --to notebook --execute --output run how_to_use.ipynb",
                tmp_path,
            )
            assert done.returncode != 0
            assert f"d2lmini is not installed. Put the file {WHEEL} beside" in done.stderr
            return
        notebook = run_notebook(tmp_path, "how_to_use")
        assert errors(notebook) == []
        first = next(cell for cell in notebook.cells if cell.cell_type == "code")
        said = "".join(output.text for output in first.outputs if "text" in output)
        assert f"/{WHEEL}; if TensorFlow is missing" in said
        assert ("http:" in said) == (source == "the website")
        assert "d2lmini is installed." in said
    finally:
        within(folder, f"pip install --quiet --no-deps --force-reinstall ./{WHEEL}")


def test_the_package_is_installed_as_the_readme_says_and_runs_its_sample(folder, project, tmp_path):
    alone, _ = commands(project / "README.md", "pip install .")
    copy = tmp_path / "sources"
    ignored = shutil.ignore_patterns("_build", "node_modules", ".*", "*.egg-info", "__pycache__")
    shutil.copytree(project, copy, ignore=ignored)
    environment = tmp_path / "alone"
    done = sh(
        f'"{sys.executable}" -m venv "{environment}"\nsource "{environment}/bin/activate"\n'
        f'cd "{copy}"\n{alone} --quiet\ncd ..\npip list --format freeze\n'
        "python -c 'import d2lmini as d2l; print(d2l.minimize(d2l.bowl, d2l.SGD(0.1)))'",
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "SGD(learning_rate=0.1) on bowl" in done.stdout
    names = {line.partition("==")[0].lower() for line in done.stdout.splitlines()}
    assert {"numpy", "scikit-learn", "matplotlib", "tqdm"} <= names
    assert "tensorflow" not in names
    readme = (project / "README.md").read_text("utf-8")
    samples = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    for number, sample in enumerate(samples):
        (folder / f"sample_{number}.py").write_text(sample, "utf-8")
        within(folder, f"python sample_{number}.py")  # where TensorFlow is
