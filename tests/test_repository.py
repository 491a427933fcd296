"""What surrounds the book: README, how to contribute, forms and workflows, versions, addresses."""

import email
import io
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import picture
import pytest
import yaml
from book_files import WHEEL
from book_notebooks import Chapter
from PIL import Image
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

import d2lmini as d2l

BIN = Path(sys.executable).parent
ADDRESSES = {
    "none": ("", ""),
    "both": ("https://github.com/example/sources", "https://example.org/book"),
}


# --- What README and CONTRIBUTING say -----------------------------------------------------------

PAGES = ("README.md", "CONTRIBUTING.md")


def sample(project: Path, word: str) -> str:
    """Return the block of Python in the README that contains a word."""
    blocks = re.findall(r"```python\n(.*?)```", (project / "README.md").read_text("utf-8"), re.S)
    (block,) = (block for block in blocks if word in block)
    return block


@pytest.mark.filterwarnings("ignore:.*non-interactive.*")
@pytest.mark.parametrize("word", ["d2l.recipe", "Signum"])
def test_what_the_readme_shows_runs_as_it_stands(project, tmp_path, word):
    (tmp_path / "sample.py").write_text(sample(project, word), "utf-8")
    environment = os.environ | {"PYTHONPATH": str(project), "MPLBACKEND": "agg"}
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "sample.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    if word == "d2l.recipe":
        assert "equal bit for bit over 200 steps in float32" in done.stdout
        assert "optax." in done.stdout
        assert (tmp_path / "rmsprop.png").is_file()


def test_the_rule_of_the_readme_is_a_full_rule(project, tmp_path, monkeypatch):
    import matplotlib.pyplot as plt

    code = sample(project, "Signum")
    namespace = {}
    exec(code, namespace)
    plt.close("all")
    signum = namespace["Signum"]
    assert repr(signum(0.1)) == "Signum(learning_rate=0.1)"
    assert namespace["trace"].value[-1] < namespace["trace"].value[0] / 10
    assert namespace["history"].loss[-1] < namespace["history"].loss[0]
    with pytest.raises(ValueError, match="must be in"):
        signum(momentum=1.0)
    # Its check at the end can fail.
    wrong = code.replace("np.sign(m), {", "np.sign(m) * 1.5, {")
    with pytest.raises(AssertionError):
        exec(wrong, {})
    plt.close("all")
    for framework in ("keras", "torch", "optax"):
        with pytest.raises(TypeError, match="Signum has equations of its own"):
            d2l.recipe(signum(0.1), framework)
    runs = d2l.minimize(d2l.bowl, signum(np.array([[0.1], [0.2]])), steps=5)
    assert runs.x.shape == (6, 2, 2)


def make_targets(project: Path) -> set[str]:
    """Return what the Makefile makes."""
    return set(re.findall(r"^([a-z]+):", (project / "Makefile").read_text("utf-8"), re.MULTILINE))


@pytest.mark.parametrize(
    "page", [*PAGES, ".github/workflows/book.yml", ".github/workflows/release.yml"]
)
def test_what_is_to_be_made_can_be_made(project, page):
    named = re.findall(
        r"(?:`|&& |run: |^)make ([a-z ]+?)(?=[`&\n]|  )", (project / page).read_text("utf-8"), re.M
    )
    names = {name for group in named for name in group.split()}
    assert names or page.endswith("book.yml")
    assert names - make_targets(project) == set()


@pytest.mark.parametrize("page", PAGES)
def test_the_files_that_are_named_are_there(project, page):
    text = (project / page).read_text("utf-8")
    named = re.findall(r"`((?:chapters|d2lmini|tests|tools|benchmarks|\.github)/[\w./-]+)`", text)
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", text)
    assert named
    assert [name for name in [*named, *links] if not (project / name).exists()] == []


def test_how_to_add_a_rule_names_what_there_is(project):
    text = (project / "CONTRIBUTING.md").read_text("utf-8")
    inside = text[text.index("## How to add a rule") : text.index("## How to release")]
    pairs = re.findall(
        r"`([A-Z]{3,})`(?:,? and in `([A-Z]+)`)?(?:,\s+and in\s+)?\s+\(`([\w/.]+)`\)", inside
    )
    assert len(pairs) >= 5
    for *names, file in pairs:
        code = (project / file).read_text("utf-8")
        assert [name for name in names if name and not re.search(rf"^{name}\b", code, re.M)] == []
    comparison = (project / "tests" / "comparison.py").read_text("utf-8")
    assert all(re.search(rf"^{name} = ", comparison, re.M) for name in ("SETTINGS", "DEFAULTS"))


@pytest.mark.filterwarnings("ignore")
def test_the_question_that_shows_how_to_ask_one_is_a_question(project, build_page):
    text = (project / "CONTRIBUTING.md").read_text("utf-8")
    sample = textwrap.dedent(re.search(r"^ +```\{question\}.*?^ +```$", text, re.M | re.S)[0])
    page, warnings = build_page("html", f"# Title\n\n{sample}\n", "myst_parser", "book_question")
    assert page.count('type="radio"') == 2
    assert warnings == ""


def test_the_picture_of_the_readme_is_the_one_that_is_drawn_now_and_light(project):
    kept = (project / ".github" / "playground.png").read_bytes()
    assert len(kept) < 60_000
    old, new = (
        np.asarray(Image.open(io.BytesIO(b)).convert("L"), float) for b in (kept, picture.picture())
    )
    assert old.shape == new.shape
    assert np.abs(old - new).mean() < 1  # other fonts may move a letter
    blank = np.full_like(old, 255)
    assert np.abs(old - blank).mean() > 5
    assert (old[0] > 250).all()  # a light ground, which a dark page needs


# --- Forms and workflows ------------------------------------------------------------------------


SCHEMAS = {
    ".github/workflows/book.yml": "vendor.github-workflows",
    ".github/workflows/release.yml": "vendor.github-workflows",
    ".github/ISSUE_TEMPLATE/config.yml": "vendor.github-issue-config",
    ".github/ISSUE_TEMPLATE/does_not_match.yml": "vendor.github-issue-forms",
    ".github/ISSUE_TEMPLATE/wrong_sentence.yml": "vendor.github-issue-forms",
    ".github/dependabot.yml": "vendor.dependabot",
    "CITATION.cff": "vendor.citation-file-format",
}


def is_well_formed(file: Path, schema: str) -> bool:
    """Hold a file against the schema of its kind, which comes with the program."""
    command = [BIN / "check-jsonschema", "--builtin-schema", schema, file]
    return subprocess.run(command, capture_output=True).returncode == 0


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_file_for_the_host_is_well_formed(project, tmp_path, name):
    assert is_well_formed(project / name, SCHEMAS[name])
    text = (project / name).read_text("utf-8")
    broken = tmp_path / Path(name).name
    broken.write_text(
        re.sub(r"^(jobs|body|updates|title|blank_issues_enabled):", r"x\1:", text, flags=re.M)
    )
    assert not is_well_formed(broken, SCHEMAS[name])


def test_every_file_for_the_host_is_checked(project):
    found = {f.relative_to(project).as_posix() for f in (project / ".github").rglob("*.yml")}
    assert found - set(SCHEMAS) == {".github/zizmor.yml"}


def test_the_development_container_sets_up_what_the_tests_need(project):
    container = json.loads((project / ".devcontainer" / "devcontainer.json").read_text("utf-8"))
    assert container["postCreateCommand"] == "make setup"
    image, version = container["image"].split(":")
    script = (project / "tools" / "set_up.sh").read_text("utf-8")
    assert image.endswith("/python")
    assert re.search(rf"^  {re.escape(version.split('-')[0])}\)", script, re.M)
    interpreter = container["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"]
    assert interpreter.endswith("/.venv/bin/python")


def findings(folder: Path) -> str:
    """Return what zizmor finds in the workflows, without asking any host."""
    command = [BIN / "zizmor", "--offline", "--no-progress", "--quiet", "--format", "plain", folder]
    done = subprocess.run(command, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout


@pytest.mark.parametrize(
    ("safe", "unsafe", "found"),
    [
        ("", "", ""),
        ("run: .ci/run", "run: echo ${{ github.head_ref }}", "template-injection"),
        ("actions/deploy-pages@v4", "somebody/deploy-pages@v4", "unpinned-uses"),
    ],
)
def test_workflows_are_safe(project, tmp_path, safe, unsafe, found):
    shutil.copytree(project / ".github", tmp_path / ".github")
    book = tmp_path / ".github" / "workflows" / "book.yml"
    text = book.read_text("utf-8")
    assert safe in text
    book.write_text(text.replace(safe, unsafe) if safe else text, "utf-8")
    said = findings(tmp_path / ".github")
    assert (found in said) if found else said == ""


@pytest.mark.parametrize("name", ["book", "release"])
def test_a_job_ends_and_what_it_keeps_is_what_the_build_makes(project, name):
    workflow = yaml.safe_load((project / f".github/workflows/{name}.yml").read_text("utf-8"))
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 90
        assert {*job.get("needs", "").split()} <= set(workflow["jobs"])
    text = (project / f".github/workflows/{name}.yml").read_text("utf-8")
    kept = set(re.findall(r"_build/[\w/.*-]+", text))
    assert kept <= {
        "_build/html",
        "_build/pdf/optimizers-by-hand.pdf",
        "_build/html/optimizers-by-hand-notebooks.zip",
        "_build/package/*",
    }
    assert len(kept) == 3


# --- One version, one place for addresses -------------------------------------------------------


def test_the_version_is_the_same_wherever_it_stands(project):
    citation = yaml.safe_load((project / "CITATION.cff").read_text("utf-8"))
    changes = (project / "CHANGELOG.md").read_text("utf-8")
    latest, date = re.search(r"^## (\d\S*) \((.*)\)$", changes, re.MULTILINE).groups()
    assert d2l.__version__ == citation["version"] == latest
    assert citation["date-released"] == date
    pyproject = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    assert "version" not in pyproject["project"]
    assert f"d2lmini-{d2l.__version__}-py3-none-any.whl" == WHEEL


@pytest.fixture(scope="module", params=ADDRESSES)
def built(request, project, tmp_path_factory) -> SimpleNamespace:
    """Build wheel and source of the package, with and without addresses."""
    folder = tmp_path_factory.mktemp("package")
    for name in ("pyproject.toml", "LICENSE", "README.md", "_config.yml"):
        shutil.copy(project / name, folder)
    shutil.copytree(project / "d2lmini", folder / "d2lmini")
    shutil.copytree(project / "tools", folder / "tools")
    repository, website = ADDRESSES[request.param]
    config = (folder / "_config.yml").read_text("utf-8")
    config = config.replace('  url: ""', f'  url: "{repository}"')
    config = config.replace('  baseurl: ""', f'  baseurl: "{website}"')
    (folder / "_config.yml").write_text(config, "utf-8")
    command = [sys.executable, "-m", "hatchling", "build", "--directory", "dist"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    with zipfile.ZipFile(folder / "dist" / WHEEL) as wheel:
        names = wheel.namelist()
        text = wheel.read(next(name for name in names if name.endswith("METADATA"))).decode()
    return SimpleNamespace(
        folder=folder,
        names=names,
        metadata=email.message_from_string(text),
        addresses=request.param,
    )


def test_the_wheel_says_what_it_is(built):
    metadata = built.metadata
    assert metadata["Name"] == "d2lmini"
    assert metadata["Version"] == d2l.__version__
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Author"] == "The authors of Optimizers by Hand"
    assert metadata.get_payload().startswith("# d2lmini")
    assert "import d2lmini as d2l" in metadata.get_payload()
    assert any(name.endswith("licenses/LICENSE") for name in built.names)
    asked = [r for r in metadata.get_all("Requires-Dist") if "extra" not in r]
    assert {re.match(r"[\w-]+", r)[0] for r in asked} == {
        "matplotlib",
        "numpy",
        "scikit-learn",
        "joblib",
        "tqdm",
    }
    urls = metadata.get_all("Project-URL") or []
    repository, website = ADDRESSES[built.addresses]
    known = {"Documentation": website, "Repository": repository}
    assert sorted(urls) == sorted(f"{k}, {v}" for k, v in known.items() if v)


def test_the_wheel_has_the_package_and_nothing_else(built):
    folders = {name.split("/")[0] for name in built.names}
    assert folders == {"d2lmini", WHEEL.removesuffix("-py3-none-any.whl") + ".dist-info"}
    assert not any(name.endswith((".md", ".pyc")) for name in built.names)
    assert "d2lmini/javascript/playground.js" in built.names


def test_the_source_makes_the_same_wheel(built, tmp_path):
    (source,) = (built.folder / "dist").glob("*.tar.gz")
    shutil.unpack_archive(source, tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    wheel = (folder / "dist" / WHEEL).read_bytes()
    assert wheel == (built.folder / "dist" / WHEEL).read_bytes()


def test_addresses_stand_in_one_place_and_are_written_as_the_code_reads_them(project):
    config = yaml.safe_load((project / "_config.yml").read_text("utf-8"))
    for address in (config["repository"]["url"], config["html"]["baseurl"]):
        assert address == "" or address.startswith("https://")
    texts = [*PAGES, "pyproject.toml", "CITATION.cff", ".github/ISSUE_TEMPLATE/config.yml"]
    for address in filter(None, (config["repository"]["url"], config["html"]["baseurl"])):
        assert [t for t in texts if address in (project / t).read_text("utf-8")] == []


PAGE = """\
# Title

Take {on-site}`all of them <zip>`, {on-site}`one <wheel>` or {on-site}`none <nothing>`.
"""


@pytest.fixture(scope="module", params=ADDRESSES)
def site(request, tmp_path_factory) -> Callable[[str], tuple[str, str]]:
    """Return a function that builds one page in a folder, with and without addresses."""
    repository, website = ADDRESSES[request.param]

    def run(builder: str) -> tuple[str, str]:
        folder = tmp_path_factory.mktemp("site")
        moved = ("momentum", "nesterov", "weight_decay", "signs_and_maxima")
        (folder / "update_rules").mkdir()
        for name in moved:
            (folder / "update_rules" / f"{name}.md").write_text(
                f"---\norphan: true\n---\n# {name}\n"
            )
        (folder / "part").mkdir()
        (folder / "part" / "page.md").write_text("---\norphan: true\n---\n" + PAGE)
        (folder / "index.md").write_text("# Home\n\n```{toctree}\npart/page\n```\n")
        settings = {
            "extensions": ["myst_nb", "book_website"],
            "html_theme": "sphinx_book_theme",
            "html_theme_options": {"repository_url": repository},
            "html_baseurl": website,
            "suppress_warnings": ["myst-nb.lexer", "config.cache"],
            "source_suffix": {".rst": "restructuredtext"},
            "latex_documents": [("index", "page.tex", "Title", "Author", "manual")],
        }
        warnings = io.StringIO()
        out = folder / "_out"
        with docutils_namespace():
            Sphinx(
                folder, None, out, folder / "_doctrees", builder, settings, None, warnings
            ).build()
        name = {"html": "part/page.html", "latex": "page.tex"}[builder]
        return (out / name).read_text("utf-8"), warnings.getvalue()

    run.repository, run.website = repository, website
    return run


@pytest.mark.filterwarnings("ignore")
def test_words_lead_to_a_file_of_the_website_and_a_footer_names_the_licenses(site):
    page, warnings = site("html")
    assert 'href="../optimizers-by-hand-notebooks.zip"' in page
    assert f'href="../notebooks/{WHEEL}"' in page
    assert "or none." in re.sub(r"<[^>]+>", "", page)
    assert "{on-site} leads to zip, pdf, wheel, not to 'nothing'." in warnings
    assert 'rel="license"' in page
    assert "Code: MIT License." in page
    assert ("The sources of this book" in page) == bool(site.repository)
    if site.repository:
        assert f'<a href="{site.repository}">' in page
    else:
        assert "example" not in page
        assert 'href=""' not in page


@pytest.mark.filterwarnings("ignore")
def test_on_paper_the_words_are_a_link_only_where_there_is_an_address(site):
    page, _ = site("latex")
    assert "all of them" in page
    address = "https://example.org/book/optimizers-by-hand-notebooks.zip"
    assert (address in page) == bool(site.website)
    assert "../" not in page


@pytest.mark.parametrize("address", ["", "https://example.org/book", "https://example.org/book/"])
def test_a_notebook_names_the_website_and_fetches_from_it_only_where_there_is_one(address):
    chapter = object.__new__(Chapter)
    config = SimpleNamespace(
        html_title="A Book", html_baseurl=address, copyright="2026", author="The authors"
    )
    chapter.app, chapter.page = SimpleNamespace(config=config), "part/page"
    chapter.cells, chapter.attachments = [], {}
    chapter.begin()
    origin, install = (cell.source for cell in chapter.cells)
    folder = "https://example.org/book/notebooks" if address else ""
    assert f'wheel, website = "{WHEEL}", "{folder}"' in install
    assert ("https://example.org/book/part/page.html" in origin) == bool(address)
    assert ("from the book's website, or" in origin) == bool(address)
    assert "CC BY 4.0" in origin
    assert "]()" not in origin


# --- Other versions of Python -------------------------------------------------------------------


def test_a_python_that_cannot_be_had_is_named_and_is_no_failure(project):
    if not (BIN / "uv").exists():
        pytest.skip("uv is missing: `make setup` installs it.")
    command = [project / "tools" / "pythons.sh"]
    environment = os.environ | {"PYTHONS": "3.99", "UV_OFFLINE": "1"}
    environment["PATH"] = f"{BIN}:{os.environ['PATH']}"
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Python 3.99 is not on this machine and cannot be fetched: not tested." in done.stdout


def test_the_versions_that_are_tested_are_those_that_are_promised(project):
    script = (project / "tools" / "pythons.sh").read_text("utf-8")
    tested = re.search(r"PYTHONS:-([\d. ]+)", script)[1].split()
    pyproject = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]
    promised = [c.split(" :: ")[-1] for c in pyproject["classifiers"] if ":: 3." in c]
    assert tested == promised
    assert pyproject["requires-python"] == f">={tested[0]}"
    workflow = (project / ".github" / "workflows" / "book.yml").read_text("utf-8")
    assert all(f'"{version}"' in workflow for version in promised)
