"""The exported notebooks: plain Jupyter, complete, and each runs by itself."""

import importlib.util
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import build
import nbformat
import pytest
import yaml
from book_files import SERVED, WHEEL, ZIP
from book_notebooks import INSTALL, call
from bs4 import BeautifulSoup
from myst_nb.core.read import is_myst_markdown_notebook, read_myst_markdown_notebook

import d2lmini as d2l
from chapters import ROOT, files_of_toc

TOC = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
CHAPTERS = [
    page
    for page in files_of_toc(TOC)
    if (source := ROOT / "chapters" / f"{page}.md").exists()
    and is_myst_markdown_notebook(source.read_text("utf-8"))
]
FENCE = re.compile(r"^(>? *)(`{3,})(?!`).*?^\1\2$", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)")
FORMULA = re.compile(r"\$\$(.+?)\$\$|\$([^$]+?)\$", re.DOTALL)

every_chapter = pytest.mark.parametrize("page", CHAPTERS)


@pytest.fixture
def notebook(notebooks, page):
    """Return the notebook of a chapter."""
    return nbformat.read(notebooks / f"{Path(page).name}.ipynb", as_version=nbformat.NO_CONVERT)


def prose(notebook):
    """Return the Markdown of all cells, without code and without escaped characters."""
    cells = (cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    text = FENCE.sub("", "\n\n".join(cells))
    return re.sub(r"\\\$", "", CODE.sub("", text))


def test_there_is_a_notebook_for_each_chapter_with_cells_and_no_other(notebooks):
    expected = sorted(f"{Path(page).name}.ipynb" for page in CHAPTERS)
    assert sorted(path.name for path in notebooks.glob("*.ipynb")) == expected


def test_the_folder_can_be_handed_out(notebooks):
    (wheel,) = notebooks.glob("*.whl")
    lines = (notebooks / "requirements.txt").read_text("utf-8").splitlines()
    assert wheel.name == WHEEL
    assert f"./{WHEEL}" in lines
    assert not any(line.startswith(("-e", "/")) or "file:" in line for line in lines)
    assert (notebooks / "LICENSE").read_text("utf-8") == (ROOT / "LICENSE").read_text("utf-8")


def test_the_notebooks_ask_for_what_they_use_in_ranges_and_for_nothing_of_the_build(notebooks):
    lines = (notebooks / "requirements.txt").read_text("utf-8").splitlines()
    asked = [line for line in lines if not line.startswith(("#", "./"))]
    assert [line for line in asked if not re.fullmatch(r"[a-z-]+>=[\d.]+", line)] == []
    named = {line.partition(">")[0] for line in asked}
    known = {"sklearn": "scikit-learn", "IPython": "jupyterlab", "keras": "tensorflow"}
    used = {
        known.get(name, name)
        for path in notebooks.glob("*.ipynb")
        for cell in nbformat.read(path, as_version=nbformat.NO_CONVERT).cells
        if cell.cell_type == "code"
        for name in re.findall(r"^(?:import|from) (\w+)", cell.source, re.MULTILINE)
    } - {*sys.stdlib_module_names, "d2lmini"}
    assert used <= named
    assert named - used <= {"joblib", "pooch", "tqdm", "jupyterlab"}


def test_the_website_has_what_a_notebook_needs_and_all_of_them_in_one_file(website, notebooks):
    assert (website / SERVED / WHEEL).read_bytes() == (notebooks / WHEEL).read_bytes()
    with zipfile.ZipFile(website / ZIP) as packed:
        inside = {Path(name).name: packed.read(name) for name in packed.namelist()}
    assert inside == {file.name: file.read_bytes() for file in notebooks.iterdir()}
    assert (website / ".nojekyll").exists()


def test_a_packed_folder_does_not_depend_on_times_and_rights(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "b.txt").write_text("b", "utf-8")
    (folder / "a.txt").write_text("a", "utf-8")
    build.pack(folder, tmp_path / "all.zip")
    first = (tmp_path / "all.zip").read_bytes()
    os.utime(folder / "a.txt", (1e9, 1e9))
    (folder / "b.txt").chmod(0o600)
    build.pack(folder, tmp_path / "all.zip")
    assert (tmp_path / "all.zip").read_bytes() == first
    (folder / "b.txt").write_text("c", "utf-8")
    build.pack(folder, tmp_path / "all.zip")
    assert (tmp_path / "all.zip").read_bytes() != first
    with zipfile.ZipFile(tmp_path / "all.zip") as packed:
        assert packed.namelist() == ["all/a.txt", "all/b.txt"]
        assert packed.infolist()[0].external_attr >> 16 == 0o100644  # readable where it is unpacked


@pytest.mark.parametrize("address", ["", "https://example.org/book", "https://example.org/book/"])
def test_the_requirements_on_the_website_name_its_address_if_it_has_one(
    address, tmp_path, monkeypatch
):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "website").mkdir()
    (tmp_path / "notebooks" / WHEEL).write_text("a wheel", "utf-8")
    for name in ("pyproject.toml", "LICENSE"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / "_config.yml").write_text(f'html: {{baseurl: "{address}"}}', "utf-8")
    monkeypatch.setattr(build, "ROOT", tmp_path)
    build.serve(tmp_path / "notebooks", tmp_path / "website")
    lines = (tmp_path / "website" / SERVED / "requirements.txt").read_text("utf-8").splitlines()
    place = "https://example.org/book/notebooks" if address else "."
    assert [line for line in lines if WHEEL in line] == [f"{place}/{WHEEL}"]


# --- The first cell ---------------------------------------------------------------------------


@pytest.fixture
def first_cell(monkeypatch, tmp_path):
    """Return a function that runs the first cell where d2lmini is missing, or is not."""
    from IPython.core.inputtransformer2 import TransformerManager

    monkeypatch.chdir(tmp_path)
    find_spec = importlib.util.find_spec

    def run(website="", *, installed=False, pip_works=True):
        asked = []

        def magic(name, line):
            asked.append(line.replace("{source}", namespace["source"]))

        def spec(name, *rest):
            there = installed or (asked and pip_works)
            return find_spec(name, *rest) if name != "d2lmini" else there or None

        monkeypatch.setattr(importlib.util, "find_spec", spec)
        namespace = {"get_ipython": lambda: SimpleNamespace(run_line_magic=magic)}
        code = TransformerManager().transform_cell(INSTALL.format(wheel=WHEEL, website=website))
        out = io.StringIO()
        monkeypatch.setattr(sys, "stdout", out)
        error = ""
        try:
            exec(code, namespace)
        except ModuleNotFoundError as refusal:
            error = str(refusal)
        monkeypatch.undo()
        return asked, out.getvalue(), error

    return run


def test_the_first_cell_does_nothing_where_the_package_is_installed(first_cell):
    assert first_cell(installed=True) == ([], "", "")


def test_the_first_cell_takes_the_wheel_beside_the_notebook(first_cell, tmp_path):
    (tmp_path / WHEEL).touch()
    asked, said, error = first_cell("https://example.org/notebooks")
    place = (tmp_path / WHEEL).as_uri()
    assert asked == [f'install --quiet "d2lmini[keras,airfoil] @ {place}"']
    assert said.splitlines()[0].startswith(f"Installing d2lmini from {place};")
    assert said.splitlines()[-1] == "d2lmini is installed."
    assert error == ""


def test_else_the_first_cell_takes_the_wheel_of_the_website(first_cell):
    asked, said, error = first_cell("https://example.org/notebooks")
    place = f"https://example.org/notebooks/{WHEEL}"
    assert asked == [f'install --quiet "d2lmini[keras,airfoil] @ {place}"']
    assert place in said
    assert error == ""


def test_the_first_cell_says_what_to_do_where_there_is_neither(first_cell):
    asked, said, error = first_cell()
    assert (asked, said) == ([], "")
    assert error.startswith(f"d2lmini is not installed. Put the file {WHEEL} beside this notebook")
    assert error.endswith(".")


def test_the_first_cell_says_so_if_pip_could_not(first_cell):
    _, said, error = first_cell("https://example.org/notebooks", pip_works=False)
    assert "is installed" not in said
    assert error.startswith("d2lmini is not installed, for pip failed: see above. Put the file")


# --- Each notebook ----------------------------------------------------------------------------


@every_chapter
def test_the_format_is_valid_and_the_names_of_cells_do_not_depend_on_chance(notebook):
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert [cell.id for cell in notebook.cells] == [
        f"cell-{n:03}" for n in range(len(notebook.cells))
    ]
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


@every_chapter
def test_it_begins_with_where_it_comes_from_and_then_its_title(notebook):
    origin, install, title = (cell.source for cell in notebook.cells[:3])
    assert "Optimizers by Hand" in origin
    assert "CC BY 4.0" in origin
    assert "MIT License" in origin
    assert "requirements.txt" in origin
    site = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["html"]["baseurl"].rstrip("/")
    website = f"{site}/{SERVED}" if site else ""
    assert install == INSTALL.format(wheel=WHEEL, website=website).rstrip()
    assert re.match(r"# \S", title)


@every_chapter
def test_every_cell_of_the_source_is_there_in_order(notebook, page):
    source = (ROOT / "chapters" / f"{page}.md").read_text("utf-8")
    cells = [c for c in read_myst_markdown_notebook(source).cells if c.cell_type == "code"]
    kept = [c for c in cells if "remove-cell" not in c.metadata.get("tags", [])]
    written = [cell for cell in notebook.cells if cell.cell_type == "code"][1:]
    assert [cell.source for cell in written] == [cell.source for cell in kept]
    for cell, original in zip(written, kept, strict=True):
        if "hide-input" in original.metadata.get("tags", []):
            assert cell.metadata["jupyter"]["source_hidden"]
    assert not any("myst_nb" in cell.source for cell in written)


@every_chapter
def test_nothing_is_left_that_only_the_book_understands(notebook):
    text = FORMULA.sub("", prose(notebook))
    for pattern in (r"\{[\w:]+\}`", r"^ *[`:]{3,}", r"\{\{", r"^\([\w-]+\)=", r"\]\(#", r"\?\?"):
        assert not re.search(pattern, text, re.MULTILINE), pattern
    assert "\\norm" not in prose(notebook)  # a command of the book's own


@every_chapter
def test_formulas_are_complete_and_nothing_is_quoted_within_them(notebook):
    text = prose(notebook)
    for match in FORMULA.finditer(text):
        latex = match[1] or match[2]
        braces = re.sub(r"\\[{}]", "", latex)
        assert braces.count("{") == braces.count("}"), latex
        assert (
            re.findall(r"\\begin\{(\w+\*?)", latex) == re.findall(r"\\end\{(\w+\*?)", latex)[::-1]
        )
        assert latex.count(r"\left") - latex.count(r"\leftarrow") >= 0
        assert not re.search(r"^>", latex, re.MULTILINE), latex
        assert not re.search(r"\n\s*\n", latex), latex
    assert "$" not in FORMULA.sub("", text)


@every_chapter
def test_the_numbers_are_those_of_the_website(notebook, website, page):
    html = BeautifulSoup((website / f"{page}.html").read_text("utf-8"), "html.parser")
    everything = "\n".join(cell.source for cell in notebook.cells)
    tags = re.findall(r"\\tag\{(.*?)\}", everything)
    assert tags == [number.get_text().strip("()#\xb6") for number in html.select(".eqno")]
    for number in html.select(".caption-number"):
        assert re.search(rf"\*\*{re.escape(number.get_text().strip())}\b", everything), number
    for heading in html.select("section > :is(h1, h2, h3) > .section-number"):
        assert re.search(rf"^#+ {re.escape(heading.get_text().strip())} ", everything, re.M), (
            heading
        )


@every_chapter
def test_tables_have_as_many_entries_in_every_row(notebook):
    for block in re.split(r"\n(?:> ?)?\n", prose(notebook)):
        rows = [line.removeprefix("> ") for line in block.split("\n")]
        if rows[0].startswith("|"):
            assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1, block


@every_chapter
def test_images_are_png_and_say_what_they_show(notebook):
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            kinds = set(output.get("data", {}))
            assert not kinds & {"image/svg+xml", "application/pdf"}
            if "image/png" in kinds:
                assert output.metadata["image/png"]["alt"]
                # Else a dark theme shows dark letters on a dark ground.
                assert output.metadata["needs_background"] == "light"
        for alt, name in re.findall(r"!\[(.*?)\]\(attachment:(.*?)\)", cell.source):
            assert alt
            assert name in cell.attachments


@every_chapter
def test_words_that_set_a_playground_on_the_website_come_with_the_call_that_makes_it(
    notebook, page
):
    source = (ROOT / "chapters" / f"{page}.md").read_text("utf-8")
    text = "\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    folded = re.findall(r"into a new cell:\n\n```python\n(.*?)\n```", text.replace("> ", ""), re.S)
    calls = re.split(r"\n\n(?=# )", "\n\n".join(folded)) if folded else []
    assert len(calls) == source.count("{play}")
    for lines in calls:
        made = eval(lines, {"d2l": d2l})
        assert isinstance(made, type(d2l.playground()))
        assert all(len(line) <= 88 for line in lines.splitlines()[1:])


@every_chapter
def test_below_a_playground_stands_that_its_cell_must_be_run(notebook):
    for cell, after in zip(notebook.cells, notebook.cells[1:], strict=False):
        shown = [output.get("data", {}).get("text/plain", "") for output in cell.get("outputs", [])]
        moves = any(text.startswith("<playground") for text in shown)
        assert ("*Run the cell:" in after.source) == moves


def test_a_call_keeps_what_a_link_leaves_as_it_is_and_no_more():
    begins = "surface=bowl&from=-2,1&steps=40&step=3&noise=1&view=race&SGD(learning_rate=0.1)"
    assert call(begins, "steps=60") == (
        'd2l.playground(\n    d2l.bowl,\n    "SGD(learning_rate=0.1)",\n    start=[-2.0, 1.0],\n'
        '    steps=60,\n    noise=1.0,\n    view="race",\n)'
    )
    assert call(begins, "surface=beale&noise=0&view=paths&Adam(learning_rate=0.2)") == (
        'd2l.playground(d2l.beale, "Adam(learning_rate=0.2)", steps=40, noise=0.0, view="paths")'
    )
    begins = "surface=bowl&steps=9&view=map&axes=x1,x2&SGD(learning_rate=0.1)"
    assert call(begins, "view=paths") == (
        'd2l.playground(d2l.bowl, "SGD(learning_rate=0.1)", steps=9, view="paths")'
    )
    assert 'axes=("x1", "x2")' in call(begins, "steps=10")
    assert call("surface=parabola&steps=9&SGD(learning_rate=0.1)", "step=0") == (
        'd2l.playground(d2l.parabola, "SGD(learning_rate=0.1)", steps=9, step=0)'
    )


@every_chapter
def test_links_to_other_chapters_lead_to_their_notebooks(notebook, notebooks):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(notebook)):
        if not target.startswith(("http", "mailto:", "attachment:")):
            assert (notebooks / target).is_file(), target


@every_chapter
def test_no_output_speaks_of_this_machine(notebook):
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = {k: v for k, v in output.get("data", {}).items() if not k.startswith("image/")}
            text = json.dumps([output.get("text"), output.get("traceback"), data])
            assert not re.search(
                r"(?<![\w.])/(home|root|tmp|usr|work|Users)/|0x[0-9a-f]{6}", text
            ), text


@every_chapter
def test_the_page_offers_the_same_notebook(website, notebooks, page):
    html = BeautifulSoup((website / f"{page}.html").read_text("utf-8"), "html.parser")
    links = {link["href"] for link in html.select("a[href$='.ipynb']")}
    (link,) = (href for href in links if "_sources/" in href)
    offered = (website / f"{page}.html").parent / link
    assert offered.read_bytes() == (notebooks / f"{Path(page).name}.ipynb").read_bytes()


@pytest.fixture(scope="session")
def installed(notebooks, tmp_path_factory):
    """Install the wheel of the folder somewhere else, and return where."""
    target = tmp_path_factory.mktemp("installed")
    (wheel,) = notebooks.glob("*.whl")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*command, "--target", str(target), str(wheel)], check=True)
    return target


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@every_chapter
def test_it_runs_from_top_to_bottom_with_the_wheel_alone(notebook, installed, tmp_path):
    from nbclient import NotebookClient

    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    probe = nbformat.v4.new_code_cell("print(d2l.__file__)", id="probe")
    notebook.cells.append(probe)
    resources = {"metadata": {"path": str(tmp_path)}}
    client = NotebookClient(notebook, timeout=600, kernel_name="python3", resources=resources)
    client.execute(env=os.environ | {"PYTHONPATH": str(installed)})
    assert not list(tmp_path.iterdir())
    uses_package = any("import d2lmini as d2l" in cell.source for cell in notebook.cells)
    if uses_package:
        assert probe.outputs[0].text.startswith(str(installed))
