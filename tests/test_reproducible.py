"""Another build, in another folder and under other settings, gives the same bytes.

The book that `make book` made in the project is the one; the other happens in a copy that shares
only the installed packages.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

NOT_COPIED = shutil.ignore_patterns(".*_cache", ".git", ".hypothesis", "__pycache__", "*.egg-info")
SHARED = [".venv", "node_modules"]


def make(folder: Path, target: str) -> str:
    """Run make as somebody else would, far away; return what it printed."""
    settings = {
        "PYTHONHASHSEED": "12345",
        "TZ": "Asia/Tokyo",
        "LC_ALL": "C",
        "OMP_NUM_THREADS": "2",
    }
    # The shared .venv knows the package of the project; the copy must use its own.
    settings |= {"HOME": str(folder.parent / "home"), "PYTHONPATH": str(folder)}
    done = subprocess.run(
        ["make", target], cwd=folder, env=os.environ | settings, capture_output=True, text=True
    )
    assert done.returncode == 0, f"make {target}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file below `folder`, or of the one file that it is."""
    files = [folder] if folder.is_file() else folder.rglob("*")
    return {str(f.relative_to(folder)): f.read_bytes() for f in files if f.is_file()}


def assert_same(one: Path, other: Path) -> None:
    """Compare two folders byte for byte, and name the files that differ."""
    first, second = contents(one), contents(other)
    assert sorted(first) == sorted(second)
    assert [name for name in sorted(first) if first[name] != second[name]] == []


@pytest.fixture(scope="module")
def copy(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the book in a copy of the project."""
    folder = tmp_path_factory.mktemp("elsewhere") / "a copy"
    shutil.copytree(
        project,
        folder,
        ignore=lambda path, names: (
            {*NOT_COPIED(path, names), *({"_build", *SHARED} if Path(path) == project else ())}
        ),
    )
    (folder.parent / "home").mkdir()
    for name in SHARED:
        (folder / name).symlink_to(project / name)
    printed = make(folder, "book")
    assert "Running" in printed, "a clean build runs the chapters"
    return folder / "_build"


def test_website(copy: Path, website: Path) -> None:
    assert_same(website, copy / "html")


def test_notebooks(copy: Path, notebooks: Path) -> None:
    assert_same(notebooks, copy / "notebooks")


def test_pdf(copy: Path, pdf: Path) -> None:
    assert_same(pdf, copy / "pdf" / pdf.name)


def test_nothing_is_done_twice(copy: Path) -> None:
    printed = make(copy.parent, "book")
    assert "Running" not in printed
    assert "Building" not in printed


def test_an_edit_of_prose_runs_nothing_and_leaves_no_trace(copy: Path, website: Path) -> None:
    chapter = copy.parent / "chapters" / "update_rules" / "rmsprop.md"
    text = chapter.read_text("utf-8")
    for edited in (f"{text}\nOne more sentence.\n", text):
        chapter.write_text(edited, "utf-8")
        printed = make(copy.parent, "html")
        assert "Building" in printed
        assert "Running" not in printed
        page = (copy / "html" / "update_rules" / "rmsprop.html").read_text("utf-8")
        assert ("One more sentence." in page) == (edited != text)
    assert_same(website, copy / "html")


@pytest.mark.parametrize("changed", ["d2lmini/optimizers.py", "requirements.txt"])
def test_a_change_of_a_rule_or_of_a_pin_runs_chapters_again(copy: Path, changed: str) -> None:
    file = copy.parent / changed
    original = file.read_bytes()
    count = "import execute; print(len(execute.changed_chapters(execute.open_cache())))"
    try:
        file.write_bytes(original + b"\n# changed\n")
        done = subprocess.run(
            [str(copy.parent / ".venv" / "bin" / "python"), "-c", count],
            cwd=copy.parent / "tools",
            check=True,
            capture_output=True,
            text=True,
        )
    finally:
        file.write_bytes(original)
    assert int(done.stdout) >= 2
