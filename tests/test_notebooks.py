"""The exported notebooks: plain Jupyter, complete, and each runs by itself."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup
from myst_nb.core.read import is_myst_markdown_notebook, read_myst_markdown_notebook

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
    assert f"./{wheel.name}" in lines
    assert not any(line.startswith(("-e", "/")) or "file:" in line for line in lines)


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
    origin, title = (cell.source for cell in notebook.cells[:2])
    assert "Optimizers by Hand" in origin
    assert "requirements.txt" in origin
    assert re.match(r"# \S", title)


@every_chapter
def test_every_cell_of_the_source_is_there_in_order(notebook, page):
    source = (ROOT / "chapters" / f"{page}.md").read_text("utf-8")
    cells = [c for c in read_myst_markdown_notebook(source).cells if c.cell_type == "code"]
    kept = [c for c in cells if "remove-cell" not in c.metadata.get("tags", [])]
    written = [cell for cell in notebook.cells if cell.cell_type == "code"]
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
        for alt, name in re.findall(r"!\[(.*?)\]\(attachment:(.*?)\)", cell.source):
            assert alt
            assert name in cell.attachments


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
