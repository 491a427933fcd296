"""The steps of the build: formulas, pins, running the chapters, what lies where."""

import re
import subprocess
import sys
from pathlib import Path

import check_latex_log
import execute
import pytest
from book_files import PDF, WHEEL, ZIP
from book_math import expand_macros
from bs4 import BeautifulSoup
from reach import Package

MACROS = {"norm": r"\lVert #1 \rVert", "reals": r"\mathbb{R}", "eta": r"\alpha", "both": "#2#1"}


@pytest.mark.parametrize(
    ("written", "expanded"),
    [
        (r"\norm{x}_2", r"\lVert x \rVert_2"),
        (r"\norm {a + \norm{b\}}}", r"\lVert a + \lVert b\} \rVert \rVert"),
        (r"\reals^n \realspace", r"\mathbb{R}^n \realspace"),
        (r"\eta x \eta", r"\alpha x \alpha"),
        (r"\eta{}x\reals", r"\alpha{}x\mathbb{R}"),
        (r"\both{a}{b}", "ba"),
        ("x^2", "x^2"),
    ],
)
def test_the_commands_of_the_book_become_plain_latex(written: str, expanded: str) -> None:
    assert expand_macros(written, MACROS) == expanded


@pytest.mark.parametrize("written", [r"\norm x", r"\norm", r"\norm{x"])
def test_a_command_without_its_argument_is_explained(written: str) -> None:
    with pytest.raises(ValueError, match="needs its argument in braces"):
        expand_macros(written, MACROS)


def test_every_version_is_pinned_and_no_host_is_named(project: Path) -> None:
    lines = (project / "requirements.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if line and not line.lstrip().startswith("#")]
    assert "-e ." in pins
    assert [p for p in pins if p != "-e ." and not re.match(r"[\w.-]+==[\w.]+( ;.*)?$", p)] == []
    locks = "\n".join([*lines, (project / "package-lock.json").read_text("utf-8")])
    assert not re.search(r"--(extra-)?index|--find-links|registry|resolved|@ ?file", locks)


def test_every_direct_requirement_has_its_reason(project: Path) -> None:
    lines = (project / "requirements.in").read_text("utf-8").splitlines()
    above = ""
    for line in lines:
        named = re.match(r"[a-z]", line)
        assert not named or "#" in line or above.startswith(("#", "tensorflow")), line
        above = line


def test_make_help_names_every_target(project: Path) -> None:
    text = (project / "Makefile").read_text("utf-8")
    targets = " ".join(re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)).split()
    assert set(targets) - set(re.findall(r"^([a-z]+):.*##", text, re.MULTILINE)) == {"setup"}


def test_no_bar_gets_into_the_outputs() -> None:
    command = [sys.executable, "-c", "from tqdm import tqdm; list(tqdm(range(3)))"]
    plain = {k: v for k, v in execute.ENVIRONMENT.items() if k != "TQDM_DISABLE"}
    assert subprocess.run(command, env=execute.ENVIRONMENT, capture_output=True).stderr == b""
    assert b"3/3" in subprocess.run(command, env=plain, capture_output=True).stderr


# --- Running the chapters ---------------------------------------------------------------------

CHAPTER = """\
---
kernelspec: {{name: python3, display_name: Python 3}}
jupytext: {{text_representation: {{extension: .md, format_name: myst}}}}
---
# Title

```{{code-cell}} ipython3
{code}
```
"""


@pytest.fixture
def small_book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a book of two chapters, for the real one takes longer."""
    monkeypatch.setattr(execute, "ROOT", tmp_path)
    monkeypatch.setattr(execute, "CHAPTERS", tmp_path / "chapters")
    monkeypatch.setattr(execute, "CACHE", tmp_path / "_build" / "cache")
    for folder in ("chapters", "d2lmini", "tools"):
        (tmp_path / folder).mkdir()
    toc = "format: jb-book\nroot: one\nchapters: [{file: two}]\n"
    (tmp_path / "_toc.yml").write_text(toc, "utf-8")
    (tmp_path / "_config.yml").write_text("execute: {timeout: 60}\n", "utf-8")
    (tmp_path / "requirements.txt").write_text("numpy==2\n", "utf-8")
    (tmp_path / "d2lmini" / "rule.py").write_text("x = 1\n", "utf-8")
    (tmp_path / "d2lmini" / "checks.py").write_text("x = 1\n", "utf-8")
    (tmp_path / "d2lmini" / "descend.py").write_text("from d2lmini.rule import x\n", "utf-8")
    for name in ("one", "two"):
        write(tmp_path, name, f"print('{name}')\nprint('more')")
    return tmp_path


def write(book: Path, name: str, code: str) -> None:
    """Write a chapter of the small book."""
    (book / "chapters" / f"{name}.md").write_text(CHAPTER.format(code=code), "utf-8")


def waiting() -> list[str]:
    """Return the names of the chapters that would be run."""
    return sorted(path.stem for path in execute.changed_chapters(execute.open_cache()))


@pytest.mark.slow
def test_only_what_changed_is_run(small_book: Path) -> None:
    assert waiting() == ["one", "two"]
    assert execute.execute()
    assert waiting() == []
    chapter = small_book / "chapters" / "one.md"
    chapter.write_text(chapter.read_text("utf-8") + "\nA sentence.\n", "utf-8")
    assert waiting() == []
    write(small_book, "two", "print(2)")
    assert waiting() == ["two"]
    (small_book / "d2lmini" / "javascript").mkdir()
    (small_book / "d2lmini" / "javascript" / "run.js").write_text("let x;\n", "utf-8")
    assert waiting() == ["two"]  # no output that the book uses has it
    write(small_book, "two", "from d2lmini import descend")
    assert execute.execute()
    (small_book / "d2lmini" / "checks.py").write_text("x = 2\n", "utf-8")
    assert waiting() == []  # no chapter reaches it
    (small_book / "d2lmini" / "rule.py").write_text("x = 2\n", "utf-8")
    assert waiting() == ["two"]
    assert execute.execute()
    (small_book / "chapters" / "table.csv").write_text("1, 2\n", "utf-8")
    assert waiting() == ["one", "two"]  # both may read it
    assert execute.execute()
    (small_book / "requirements.txt").write_text("numpy==3\n", "utf-8")
    assert waiting() == ["one", "two"]


@pytest.mark.parametrize(
    ("code", "some", "none"),
    [
        ("import d2lmini as d2l\nd2l.SGD(0.1)", {"optimizers", "rule", "checks"}, {"descend"}),
        ("from d2lmini import minimize", {"descend", "objectives"}, {"figures", "concise"}),
        ("import d2lmini as d2l\nd2l.use_book_style()", {"figures"}, {"concise"}),  # lazily
        ("import d2lmini as d2l\nd2l.playground()", {"playground", "stills"}, {"concise"}),
        ("import d2lmini as d2l\nd2l.concise.keras()", {"concise"}, {"figures"}),
        ("from d2lmini.rule import Rule", {"rule", "checks"}, {"optimizers"}),
        ("print(1)", set(), {"rule", "checks", "figures"}),
    ],
)
def test_the_modules_that_code_reaches_are_found(project, code, some, none) -> None:
    found = Package(project / "d2lmini").reached(code)
    assert some <= found
    assert not none & found


@pytest.mark.parametrize(
    "code",
    [
        "import d2lmini as d2l\nprint(getattr(d2l, name))",
        "import d2lmini as d2l\nd2l.__all__",
        "import subprocess",
        "exec(text)",
        "%run it",
    ],
)
def test_code_that_cannot_be_followed_reaches_everything(project, code) -> None:
    package = Package(project / "d2lmini")
    assert package.reached(code) == set(package.files) - {"__init__"}


@pytest.mark.slow
def test_a_failing_chapter_is_shown_with_its_traceback(
    small_book: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write(small_book, "two", "step = 0.5\n1 / 0")
    assert not execute.execute()
    printed = capfd.readouterr()
    assert "one.md: " in printed.out
    assert "two.md failed" in printed.err
    assert "----> 2 1 / 0" in printed.err
    assert "ZeroDivisionError" in printed.err
    assert waiting() == ["two"]


# --- What lies where --------------------------------------------------------------------------


def pages(website: Path) -> dict[Path, BeautifulSoup]:
    """Return all pages of the website."""
    return {
        file: BeautifulSoup(file.read_text("utf-8"), "html.parser")
        for file in sorted(website.rglob("*.html"))
    }


def test_every_formula_is_typeset(website: Path) -> None:
    formulas = [node for page in pages(website).values() for node in page.select(".math")]
    assert formulas
    assert [str(node)[:200] for node in formulas if not node.select(".katex-html")] == []


def test_the_style_and_the_letters_of_formulas_are_on_the_site(website: Path) -> None:
    style = website / "_static" / "katex" / "katex.min.css"
    fonts = set(re.findall(r"url\((fonts/[\w-]+\.woff2)\)", style.read_text("utf-8")))
    assert fonts
    assert [font for font in fonts if not (style.parent / font).is_file()] == []


def test_every_chapter_offers_the_book_as_pdf(website: Path, pdf: Path) -> None:
    for file, page in pages(website).items():
        links = [a["href"] for a in page.select("a.btn-download-book-button")]
        assert all((file.parent / link).resolve() == website / pdf.name for link in links), file
        assert links or not page.select(".dropdown-download-buttons"), file
    assert (website / pdf.name).read_bytes() == pdf.read_bytes()


def test_every_page_names_the_licenses_and_offers_all_notebooks(website: Path) -> None:
    found = {file: page for file, page in pages(website).items() if page.select("footer")}
    assert len(found) > 20
    for file, page in found.items():
        (link,) = page.select("footer a[rel=license]")
        assert link["href"] == "https://creativecommons.org/licenses/by/4.0/", file
        assert "Code: MIT License." in page.select_one(".extra_footer").get_text()
        for menu in page.select(".dropdown-download-buttons"):
            (offer,) = menu.select("a.btn-download-notebooks-button")
            assert (file.parent / offer["href"]).resolve() == website / ZIP


def test_the_page_on_how_to_use_the_book_leads_to_its_files(website: Path) -> None:
    file = website / "start" / "how_to_use.html"
    links = [link["href"] for link in pages(website)[file].select("article a.on-site")]
    assert {Path(link).name for link in links} == {WHEEL, ZIP, PDF}
    assert all((file.parent / link).is_file() for link in links if not link.endswith(PDF))


def test_the_pdf_has_no_fault(project: Path, pdf: Path) -> None:
    log = (project / "_build" / "latex" / pdf.name).with_suffix(".log")
    assert check_latex_log.faults(log.read_text("utf-8", errors="replace")) == []
