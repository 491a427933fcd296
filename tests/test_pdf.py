"""The PDF: what the log of LaTeX must not say, and what a reader finds in the file."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup

import d2lmini as d2l
from chapters import ROOT, files_of_toc

PAGES = list(files_of_toc(yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))))


@pytest.fixture
def faults(monkeypatch):
    """Return the function that reads a log."""
    monkeypatch.syspath_prepend(ROOT / "tools")
    import check_latex_log

    return check_latex_log.faults


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("LaTeX Warning: Reference `a' on page 1 undefined on input line 2.", "Reference `a'"),
        ("LaTeX Warning: Hyper reference `a:b' on page 1 undefined on input line 2.", "a:b"),
        ("LaTeX Warning: Citation `a' on page 1 undefined on input line 2.", "Citation"),
        ("LaTeX Warning: Label `a' multiply defined.", "two places"),
        ("Missing character: There is no x (U+2713) in font y!", "U+2713"),
        ("! Undefined control sequence.", "Undefined control sequence"),
        (r"Overfull \hbox (12.3pt too wide) in paragraph at lines 1--2", "12.3 points"),
        (r"Overfull \vbox (45.6pt too high) has occurred while \output is active", "45.6 points"),
    ],
)
def test_a_fault_is_found(faults, line, said):
    (fault,) = faults(f"This is XeTeX\n{line}\n\nOutput written on book.pdf")
    assert said in fault


def test_a_fault_is_found_although_tex_breaks_its_lines(faults):
    line = f"LaTeX Warning: Reference `{'a' * 80}' on page 1 undefined on input line 2."
    (fault,) = faults(f"{line[:79]}\n{line[79:]}\n")
    assert "a" * 80 in fault


def test_what_no_reader_sees_is_no_fault(faults):
    assert not faults("Underfull \\hbox (badness 10000)\nOverfull \\hbox (0.9pt too wide) in x\n")


def poppler(command: str, *arguments: str | Path) -> str:
    """Run a program of poppler-utils."""
    if not shutil.which(command):
        sentence = f"{command} is missing: install the Debian package poppler-utils."
        (pytest.fail if os.environ.get("CI") else pytest.skip)(sentence)
    return subprocess.run([command, *arguments], capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def text(pdf):
    """Return the words of the PDF."""
    return poppler("pdftotext", "-layout", pdf, "-")


def test_it_says_what_it_is(pdf):
    information = poppler("pdfinfo", pdf)
    assert re.search(r"^Title: +Optimizers by Hand$", information, re.MULTILINE)
    assert re.search(r"^Page size: .*\(A4\)$", information, re.MULTILINE)


def test_behind_the_title_stand_the_licenses(text):
    title, colophon, *_ = (" ".join(page.split()) for page in text.split("\f"))
    assert title.startswith("Optimizers by Hand")
    assert "Creative Commons Attribution 4.0" in colophon
    assert "The code is under the MIT License." in colophon
    assert f"version {d2l.__version__}. © 2026 The authors of Optimizers by Hand." in colophon


def test_every_font_is_in_the_file(pdf):
    fonts = poppler("pdffonts", pdf).splitlines()[2:]
    assert fonts
    for font in fonts:
        assert re.search(r" yes +(yes|no) +(yes|no) +\d+ +\d+$", font), font


def test_every_reference_has_a_number_and_every_chapter_its_line_in_the_contents(text, website):
    assert "??" not in text
    contents = " ".join(text[: text.index("About this book", text.index("Index"))].split())
    for page in PAGES[1:]:
        html = BeautifulSoup((website / f"{page}.html").read_text("utf-8"), "html.parser")
        number = html.h1.select_one(".section-number")
        title = (
            html.h1.get_text().removesuffix("#").removeprefix(number.get_text() if number else "")
        )
        assert f"{number.get_text().strip(' .') if number else ''} {title}".strip() in contents
    assert re.search(r"^\f?Index$", text, re.MULTILINE)


def test_the_numbers_are_those_of_the_website(text, website):
    for page in PAGES:
        html = BeautifulSoup((website / f"{page}.html").read_text("utf-8"), "html.parser")
        for number in html.select(".caption-number"):
            assert number.get_text().strip() in text
        for number in html.select(".eqno"):
            assert re.search(rf" {re.escape(number.get_text().strip('#¶'))}$", text, re.MULTILINE)


def test_every_citation_leads_to_its_entry(pdf):
    source = (ROOT / "_build" / "latex" / "optimizers-by-hand.tex").read_text("utf-8")
    cited = set(re.findall(r"\\hyperlink\{cite\.(.*?)\}", source))
    assert cited
    assert cited <= set(re.findall(r"\\bookreference\{(.*?)\}", source))
