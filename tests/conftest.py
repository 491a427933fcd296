"""What several test files need: the folders of the project and of the built book, and a browser."""

import io
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

# The same examples in every run, on however busy a machine.
settings.register_profile("book", derandomize=True, deadline=None)
settings.load_profile("book")

ROOT = Path(__file__).resolve().parent.parent
BUILT = {"website": "html", "notebooks": "notebooks", "pdf": "pdf/optimizers-by-hand.pdf"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that look at built pages, so that `make check` can leave them out."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if fixtures & set(BUILT):
            item.add_marker(pytest.mark.book)
        if "browser" in fixtures:
            item.add_marker(pytest.mark.browser)
    # The file that takes longest comes first, while another process takes the other files.
    items.sort(key=lambda item: item.path.name != "test_reproducible.py")


@pytest.fixture(scope="session")
def project() -> Path:
    """Return the folder of the project."""
    return ROOT


@pytest.fixture
def airfoil_folder(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Name the folder with the airfoil data, which is not part of the project, in D2LMINI_DATA."""
    folder = Path(os.environ.get("D2LMINI_DATA") or ROOT.parent / "shared" / "data")
    if not (folder / "airfoil_self_noise.dat").is_file():
        pytest.skip(
            "The airfoil data is not here. To run this test, name the folder with the file "
            "airfoil_self_noise.dat in the environment variable D2LMINI_DATA."
        )
    monkeypatch.setenv("D2LMINI_DATA", str(folder))
    return folder


def _built(kind: str) -> Path:
    path = ROOT / "_build" / BUILT[kind]
    if not path.exists():
        pytest.fail(f"_build/{BUILT[kind]} is missing: run `make book` first.")
    return path


@pytest.fixture(scope="session")
def website() -> Path:
    """Return the folder of the built website."""
    return _built("website")


@pytest.fixture(scope="session")
def notebooks() -> Path:
    """Return the folder of the exported notebooks."""
    return _built("notebooks")


@pytest.fixture(scope="session")
def pdf() -> Path:
    """Return the file of the built PDF."""
    return _built("pdf")


@pytest.fixture
def build_page(tmp_path: Path) -> Callable[..., tuple[str, str]]:
    """Return a function that builds one page with some extensions: its output, and the warnings."""

    def run(builder: str, source: str, *extensions: str) -> tuple[str, str]:
        (tmp_path / "index.md").write_text(source, "utf-8")
        warnings = io.StringIO()
        settings = {
            "extensions": [*extensions],
            "myst_enable_extensions": ["attrs_block", "dollarmath", "tasklist"],
            "project": "page",
            # A dict of our own: extensions would write into Sphinx's, for all later builds.
            "source_suffix": {".rst": "restructuredtext"},
        }
        if "myst_nb" in extensions:
            settings |= {"nb_execution_mode": "off", "suppress_warnings": ["myst-nb.lexer"]}
        out = tmp_path / builder
        paths = [tmp_path, None, out, tmp_path / "doctrees"]
        with docutils_namespace():
            Sphinx(*paths, builder, settings, status=None, warning=warnings).build()
        name = {"html": "index.html", "latex": "page.tex"}[builder]
        return (out / name).read_text("utf-8"), warnings.getvalue()

    return run


@pytest.fixture(scope="session")
def browser() -> Iterator:
    """Start Chromium: the system's, else Playwright's own, else Google Chrome."""
    sync_api = pytest.importorskip("playwright.sync_api")
    system = next(filter(None, map(shutil.which, ["chromium", "chromium-browser"])), None)
    choices = [{"executable_path": system}] if system else []
    choices += [{}, {"channel": "chrome"}]
    arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_api.sync_playwright() as playwright:
        for choice in choices:
            try:
                chromium = playwright.chromium.launch(args=arguments, **choice)
            except sync_api.Error:
                continue
            yield chromium
            chromium.close()
            return
    sentence = (
        "There is no Chromium to look at the pages with: install the Debian package chromium, "
        "or run `.venv/bin/playwright install chromium`."
    )
    (pytest.fail if os.environ.get("CI") else pytest.skip)(sentence)
