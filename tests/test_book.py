"""The book without a browser: the chapters' sources, and the built pages and notebooks.

Every check is a function that returns complaints. Each is tried twice: on the book, where it must
find nothing, and on a small wrong sample, where it must find something.
"""

import ast
import gzip
import json
import os
import re
import symtable
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup

from chapters import ROOT, Cell, Chapter, all_chapters, files_of_toc, read

SECTIONS = [
    *("trouble", "idea", "derivation", "by-hand", "from-scratch", "watch", "why", "real-data"),
    *("in-keras", "knobs", "goes-wrong", "summary", "check-yourself", "exercises"),
    "further-reading",
]
PDF = "optimizers-by-hand.pdf"

# --- Sources ---------------------------------------------------------------------------------


def figures_without_words(chapter: Chapter) -> Iterator[str]:
    """Every figure has a caption, and an alternative text of at least a sentence."""
    for cell in chapter.cells:
        if draws(cell) and not cell.figure("figure", "caption"):
            yield f"{cell.line}: the cell draws a figure without a caption (mystnb: figure:)"
        if cell.figure("figure", "caption") and not is_sentence(cell.figure("image", "alt")):
            yield f"{cell.line}: the alternative text of the figure is not a sentence"
        if cell.figure("figure", "caption") and not cell.figure("figure", "name"):
            yield f"{cell.line}: the figure has no name to refer to it"
    for figure in chapter.directives("figure", "image"):
        if not is_sentence(figure.options.get("alt", "")):
            yield f"{figure.line}: the alternative text of the image is not a sentence"
        if figure.name == "figure" and not figure.body.strip():
            yield f"{figure.line}: the figure has no caption"


def is_sentence(text: str) -> bool:
    """Say whether a text has some words and ends as a sentence does."""
    return len(text.split()) >= 6 and text.rstrip()[-1] in ".!?"


def draws(cell: Cell) -> bool:
    """Say whether a cell opens a figure, other than inside a function that it only defines."""
    plot = re.compile(r"plt\.(subplots|figure|plot|show)|d2l\.(plot_\w+|contours|sensitivity_map)")
    try:
        waiting = list(ast.parse(cell.source).body)
    except SyntaxError:  # a line for IPython, such as %timeit
        return bool(plot.search(cell.source))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.Call) and plot.fullmatch(ast.unparse(node.func)):
            return True
        waiting += ast.iter_child_nodes(node)
    return False


def figures_without_check(chapter: Chapter) -> Iterator[str]:
    """What a caption and an alternative text say is asserted before the next figure."""
    unchecked: Cell | None = None
    for event in [*chapter.cells, None]:
        if event and "check" in event.tags:
            unchecked = None
        elif event is None or event.figure("figure", "caption"):
            if unchecked:
                yield f"{unchecked.line}: no cell tagged check between this figure and the next"
            unchecked = event


def sections_without_check(chapter: Chapter) -> Iterator[str]:
    """The summary and the questions of a chapter are checked."""
    lines = chapter.text.splitlines()
    headings = [i for i, line in enumerate(lines, 1) if line.startswith("## ")]
    for name in ("summary", "check-yourself"):
        if not (label := chapter.targets.get(f"{chapter.stem}-{name}")):
            continue
        start, end, *_ = [*(i for i in headings if i > label), len(lines) + 1, len(lines) + 1]
        if not any("check" in cell.tags and start < cell.line < end for cell in chapter.cells):
            yield f"{label}: no cell tagged check in the section {chapter.stem}-{name}"


def fences_that_markdown_refuses(chapter: Chapter) -> Iterator[str]:
    """No backtick stands on the line that opens a block: that line would open none."""
    for match in re.finditer(r"^`{3,}\{[\w-]+\}.*`.*$", chapter.text, re.MULTILINE):
        yield f"{line_of(chapter.text, match)}: a backtick on the line that opens a block"


def lines_that_do_not_stand_alone(chapter: Chapter) -> Iterator[str]:
    """What is tagged standalone runs by itself, wherever it is pasted, and is short."""
    for cell in chapter.cells:
        if "standalone" not in cell.tags:
            continue
        lines = [line for line in cell.source.splitlines() if line.strip()]
        if len(lines) > 20:
            yield f"{cell.line}: {len(lines)} lines are too many to retype"
        if "d2l" in cell.source:
            yield f"{cell.line}: it uses the package"
        try:
            exec(compile(cell.source, chapter.name, "exec"), {"__name__": "alone"})
        except Exception as error:
            yield f"{cell.line}: {type(error).__name__}: {error}"


def names(cell: Cell) -> tuple[set[str], set[str]]:
    """Return the names that a cell defines and those that it needs from elsewhere."""
    defined, needed = set(), set()
    try:
        tables = [symtable.symtable(cell.source, "cell", "exec")]
    except SyntaxError:  # a line for IPython, such as %timeit
        return defined, needed
    while tables:
        table = tables.pop()
        tables += table.get_children()
        for symbol in table.get_symbols():
            whole = table.get_type() == "module" or symbol.is_global()
            if whole and (symbol.is_assigned() or symbol.is_imported()):
                defined.add(symbol.get_name())
            if whole and symbol.is_referenced():
                needed.add(symbol.get_name())
    return defined, needed - defined


def cells_that_a_notebook_cannot_run(chapter: Chapter) -> Iterator[str]:
    """No cell needs a name that only a removed cell defines: notebooks are without those."""
    removed: set[str] = set()
    kept: set[str] = set()
    for cell in chapter.cells:
        defined, needed = names(cell)
        if "remove-cell" in cell.tags:
            removed |= defined
            continue
        for name in sorted((needed & removed) - kept):
            yield f"{cell.line}: only a removed cell defines {name}"
        kept |= defined


def exercises_without_solutions(chapter: Chapter) -> Iterator[str]:
    """Every exercise has one solution; it runs code, unless the exercise has the class pencil."""
    exercises = {}
    solved = Counter()
    for exercise in chapter.directives("exercise", "exercise-start"):
        if label := exercise.options.get("label"):
            exercises[label] = exercise
        else:
            yield f"{exercise.line}: the exercise has no label"
    for i, event in enumerate(chapter.events):
        if getattr(event, "name", None) not in ("solution", "solution-start"):
            continue
        label = event.argument
        solved[label] += 1
        if label not in exercises:
            yield f"{event.line}: a solution to {label!r}, which is no exercise of this chapter"
            continue
        cells = 0
        for inside in chapter.events[i + 1 :]:
            if event.name == "solution" or getattr(inside, "name", None) == "solution-end":
                break
            cells += isinstance(inside, Cell)
        if not cells and "pencil" not in exercises[label].options.get("class", ""):
            yield f"{event.line}: the solution to {label} runs no code"
    for label, exercise in exercises.items():
        if solved[label] != 1:
            yield f"{exercise.line}: the exercise {label} has {solved[label]} solutions"


def missing_sections(chapter: Chapter) -> Iterator[str]:
    """A chapter on an update rule has the sections of its kind, exercises and questions."""
    if not any("standalone" in cell.tags for cell in chapter.cells):
        yield "no cell is tagged standalone"
    for section in SECTIONS:
        if f"{chapter.stem}-{section}" not in chapter.targets:
            yield f"no section has the label ({chapter.stem}-{section})="
    for name, least in (("exercise", 6), ("question", 5)):
        if (found := len(chapter.directives(name, f"{name}-start"))) < least:
            yield f"{found} {name}s, but {least} or more belong in such a chapter"


# A number with decimals or in percent, or a whole number of two digits or more.
NUMBER = re.compile(r"(?<![\w.,^_/])(\d[\d,]*\.\d+|\d+(?=\s?\\?%)|\d[\d,]*\d(?!/))(?!\w)")
# Every number in code, be it in a string.
NUMBER_IN_CODE = re.compile(r"(?<![\w.])(?:\d[\d_]*\.?\d*|\.\d+)(?:e[-+]?\d+)?")
# Numbers that are names: years, places in a book, versions, angles.
YEAR = re.compile(r"1[6-9]\d\d|20\d\d")
POINTER = re.compile(
    r"((chapter|lecture|section|equation|page|theorem|figure|version|Python|Keras|TensorFlow|NumPy)"
    r"s?\b[\d\s,.–-]*(to|and|or)?\s*)$",
    re.IGNORECASE,
)


def typed_numbers(chapter: Chapter) -> Iterator[str]:
    """Every number in the text is glued, or stands in the code of its chapter.

    In code it is a setting, or a value that a cell asserts. In formulas whole numbers are free:
    they are exponents, factors, indices.
    """
    known = {Decimal(number.replace("_", "")) for number in NUMBER_IN_CODE.findall(chapter.code)}
    texts = [(text, line, False) for text, line in chapter.prose]
    texts += [(text, line, True) for text, line in chapter.math]
    for text, line, is_math in texts:
        for match in NUMBER.finditer(text):
            before, after = text[: match.start()], text[match.end() :]
            digits = match[1].replace(",", "")
            percent = re.match(r"\s?\\?%", after)
            if "." not in digits and not percent and (is_math or YEAR.fullmatch(digits)):
                continue
            if POINTER.search(before) or re.match(r"\s?(degree|°)", after):
                continue
            value = Decimal(digits)
            if not {value, value / 100 if percent else value} & known:
                yield f"{line}: {match[0]} is typed: glue it, or assert it in a cell"


def glue_faults(chapter: Chapter) -> Iterator[str]:
    """What is glued is used, what is used is glued once, and keys begin with the chapter's name."""
    glued = Counter(key for cell in chapter.cells for key in glued_keys(cell))
    used = set()
    for name, content, line in chapter.roles:
        if name.startswith("glue"):
            key = content.split(":")[0]
            used.add(key)
            if not any(re.fullmatch(pattern, key) for pattern in glued):
                yield f"{line}: {key} is used, but no cell glues it"
    for pattern, times in glued.items():
        key = re.sub(r"\\(.)", r"\1", pattern).replace(".+", "…")
        if times > 1:
            yield f"{key} is glued {times} times"
        if not key.startswith(f"{chapter.stem}-"):
            yield f"{key} is glued, but does not begin with {chapter.stem}-"
        if not any(re.fullmatch(pattern, key) for key in used):
            yield f"{key} is glued, but not used"


def glued_keys(cell: Cell) -> Iterator[str]:
    """Return the keys that a cell glues, as regular expressions: a key may be an f-string."""
    if "glue(" not in cell.source:
        return
    for node in ast.walk(ast.parse(cell.source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "glue":
            key = node.args[0]
            parts = key.values if isinstance(key, ast.JoinedStr) else [key]
            yield "".join(
                re.escape(part.value) if isinstance(part, ast.Constant) else ".+" for part in parts
            )


def unknown_citations(chapter: Chapter, keys: set[str]) -> Iterator[str]:
    """Every cited work is in the bibliography."""
    for name, content, line in chapter.roles:
        for key in content.split(",") if name.startswith("cite") else ():
            if key.strip() not in keys:
                yield f"{line}: {key.strip()} is cited, but is not in references.bib"


def keys_of_bibliography(bibtex: str) -> list[str]:
    """Return the keys of all entries."""
    return re.findall(r"^@\w+\{([^,\s]+)", bibtex, re.MULTILINE)


def labels_twice(chapters: list[Chapter]) -> Iterator[str]:
    """Every label is given once in the whole book."""
    owner: dict[str, str] = {}
    for chapter in chapters:
        yield from chapter.duplicates
        for label, line in chapter.targets.items():
            if label in owner:
                yield f"{chapter.name}:{line}: {label} is a label in {owner[label]} too"
            owner[label] = chapter.name


def toc_faults(toc: dict, names: set[str]) -> Iterator[str]:
    """Every chapter is in the table of contents, once, and every entry there is a chapter."""
    listed = Counter(files_of_toc(toc))
    for name in sorted(names - set(listed)):
        yield f"{name} is not in the table of contents"
    for name, times in listed.items():
        if name not in names:
            yield f"{name} is in the table of contents, but there is no such chapter"
        if times > 1:
            yield f"{name} is in the table of contents {times} times"


def wide_code(chapter: Chapter) -> Iterator[str]:
    """No line of code is wider than 100 columns."""
    for cell in chapter.cells:
        for line in cell.source.splitlines():
            if len(line) > 100:
                yield f"{cell.line}: a line of code has {len(line)} columns: {line.strip()[:40]}…"


# Written so that this file does not match itself.
BRITISH = re.compile(
    r"\b\w*(?:optimi|minimi|maximi|normali|regulari|initiali|standardi|generali|visuali|vectori"
    r"|summari|organi|recogni|penali|diagonali|discreti|synchroni|memori|utili|emphasi|quanti"
    r"|parametri|stabili|randomi|characteri)s(?:e[ds]?|ers?|ing|ations?)\b"
    r"|\b(?:behavi|col|fav|neighb|lab)(?:our)\w*|\bcentre[ds]?\b|\bcentring\b|\banaly(?:s)e[ds]?\b"
    r"|\b(?:mode|labe|trave|cance|signa|equa)l(?:led|ling)\b|\bwhi(?:lst)\b|\bfact(?:oris)\w+"
    r"|\bgre(?:y)\b|\bcatalog(?:ue)\b|\bprogram(?:me)s?\b|\blear(?:nt)\b",
    re.IGNORECASE,
)
UNFINISHED = re.compile(r"\b(?:TO[D]O|FIX[M]E|TB[D]|XX[X]|lore[m] ipsum)\b")


def british_words(text: str) -> Iterator[str]:
    """The spelling is American."""
    for match in BRITISH.finditer(text):
        yield f"{line_of(text, match)}: British spelling: {match[0]}"


def unfinished_words(text: str) -> Iterator[str]:
    """Nothing is left to be done later."""
    for match in UNFINISHED.finditer(text):
        yield f"{line_of(text, match)}: {match[0]}"


def line_of(text: str, match: re.Match[str]) -> int:
    """Return the line in which a match begins."""
    return text.count("\n", 0, match.start()) + 1


# --- The sources of the book, and wrong samples -----------------------------------------------

CHAPTERS = all_chapters()
KEYS = keys_of_bibliography((ROOT / "chapters/references.bib").read_text("utf-8"))
PLACES = ["*.md", "*.cff", "chapters/**/*.md", "chapters/_static/*.[cj]s*"]
PLACES += ["benchmarks/*.*", "d2lmini/*.py", "tools/*.*", "tests/*.py"]
TEXTS = sorted(file for place in PLACES for file in ROOT.glob(place))
by_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
by_text = pytest.mark.parametrize("file", TEXTS, ids=lambda file: str(file.relative_to(ROOT)))


def none(complaints: Iterator[str]) -> None:
    """Fail with all complaints, if there is one."""
    found = list(complaints)
    assert not found, "\n" + "\n".join(found)


@by_chapter
@pytest.mark.parametrize(
    "check",
    [
        *(figures_without_words, figures_without_check, sections_without_check),
        *(exercises_without_solutions, lines_that_do_not_stand_alone),
        cells_that_a_notebook_cannot_run,
        *(typed_numbers, glue_faults, wide_code, fences_that_markdown_refuses),
    ],
)
def test_chapter(chapter: Chapter, check: Callable):
    none(check(chapter))


@by_chapter
def test_citations(chapter: Chapter):
    none(unknown_citations(chapter, set(KEYS)))


@pytest.mark.parametrize(
    "chapter",
    [chapter for chapter in CHAPTERS if chapter.name.startswith("update_rules/")],
    ids=lambda chapter: chapter.name,
)
def test_chapter_of_a_rule(chapter: Chapter):
    none(missing_sections(chapter))


def test_labels():
    none(labels_twice(CHAPTERS))


def test_bibliography_has_no_key_twice():
    assert [key for key, times in Counter(KEYS).items() if times > 1] == []
    assert keys_of_bibliography("@book{a,\n}\n@misc{a,\n}") == ["a", "a"]


def test_table_of_contents():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    none(toc_faults(toc, {chapter.name.removesuffix(".md") for chapter in CHAPTERS}))


@by_text
def test_spelling(file: Path):
    none(british_words(file.read_text("utf-8")))


@by_text
def test_nothing_unfinished(file: Path):
    none(unfinished_words(file.read_text("utf-8")))


CAPTIONED = """\
```{code-cell} ipython3
---
mystnb:
  figure: {caption: "A caption.", name: fig-a}
  image: {alt: "%s"}
---
plt.plot([1, 2])
```
"""
SOLVED = """\
```{exercise}
:label: ex-a
%s
```
```{solution-start} ex-a
```
%s
```{solution-end}
```
"""
CODE = "```{code-cell} ipython3\n%s\n```\n"
CHECK = "```{code-cell} ipython3\n:tags: [check]\n\n# A claim.\nassert 1\n```\n"
STANDALONE = "```{code-cell} ipython3\n:tags: [standalone]\n\n%s\n```\n"
REMOVED = "```{code-cell} ipython3\n:tags: [remove-cell]\n\n%s\n```\n"
GLUE = CODE % 'glue("sample-a", "1", display=False)'


@pytest.mark.parametrize(
    ("check", "right", "wrong", "complaint"),
    [
        (
            figures_without_words,
            CAPTIONED % "A curve that falls to the right.",
            CODE % "fig, ax = plt.subplots()",
            "without a caption",
        ),
        (
            figures_without_words,
            CODE % "def draw():\n    plt.plot([1, 2])",
            CODE % "if True:\n    d2l.plot_traces(trace)",
            "without a caption",
        ),
        (figures_without_words, "", CAPTIONED % "A curve.", "not a sentence"),
        (figures_without_words, "", "![](img/a.svg)", "not a sentence"),
        (
            figures_without_words,
            "```{figure} a.svg\n:alt: A curve that falls to the right.\n\nIt falls.\n```",
            "```{figure} a.svg\n:alt: A curve that falls to the right.\n```",
            "no caption",
        ),
        (figures_without_check, CAPTIONED + CHECK, CAPTIONED, "no cell tagged check"),
        (figures_without_check, "", CAPTIONED + CAPTIONED + CHECK, "1: no cell tagged check"),
        (
            sections_without_check,
            "(sample-summary)=\n## S\n\n" + CHECK + "## T",
            "(sample-summary)=\n## S\n\n## T\n\n" + CHECK,
            "sample-summary",
        ),
        (
            lines_that_do_not_stand_alone,
            STANDALONE % "import math\nprint(math.pi)",
            STANDALONE % "print(math.pi)",
            "NameError",
        ),
        (lines_that_do_not_stand_alone, "", STANDALONE % "import d2lmini as d2l", "the package"),
        (lines_that_do_not_stand_alone, "", STANDALONE % ("1\n" * 21), "too many"),
        (
            cells_that_a_notebook_cannot_run,
            REMOVED % "a = 1" + CODE % "def f(a):\n    return a" + CODE % "a = 2" + CODE % "a",
            REMOVED % "a = 1" + CODE % "def f():\n    return a",
            "only a removed cell defines a",
        ),
        (exercises_without_solutions, SOLVED % ("", CODE), SOLVED % ("", ""), "runs no code"),
        (exercises_without_solutions, SOLVED % (":class: pencil", ""), CODE, None),
        (
            exercises_without_solutions,
            "",
            "```{exercise}\n:label: ex-a\n```\n" + CODE,
            "has 0 solutions",
        ),
        (exercises_without_solutions, "", (SOLVED % ("", CODE)) * 2, "has 2 solutions"),
        (exercises_without_solutions, "", "```{solution} ex-b\n```", "no exercise"),
        (typed_numbers, CODE % "rate = 0.4\n" + "At 0.40 it is fast.", "The loss is 0.4.", "0.4"),
        (typed_numbers, "It costs {glue:text}`sample-a` s.", "It took 37 steps.", "37"),
        (typed_numbers, "$x^2 + 12$ in 1847, chapters 11 and 12.", "$x = 2.5$", "2.5"),
        (typed_numbers, CODE % "a = 0.25\n" + "It is 25 %.", "It is 25 %.", "25"),
        (typed_numbers, "`0.5`, and a turn by 45 degrees", "| a |\n|--|\n| 0.5 |", "0.5"),
        (typed_numbers, "", "```{tip}\n- half of 1,000\n```", "2: 1,000"),
        (glue_faults, GLUE + "{glue:text}`sample-a`", GLUE, "not used"),
        (glue_faults, "", "{glue:text}`sample-b`", "no cell glues it"),
        (glue_faults, "", CODE % 'glue("a", 1)' + "{glue:text}`a`", "does not begin with"),
        (glue_faults, "", GLUE + GLUE + "{glue:text}`sample-a`", "2 times"),
        (
            glue_faults,
            CODE % 'for k in "ab":\n    glue(f"sample-{k}", k)' + "{glue:text}`sample-b`",
            CODE % 'glue(f"sample-{k}-x", k)' + "{glue:text}`sample-b`",
            "no cell glues it",
        ),
        (wide_code, CODE % ("x" * 100), CODE % ("x" * 101), "101 columns"),
        (
            fences_that_markdown_refuses,
            "```{question} Is it code?\n- [x] `yes`\n```",
            "```{question} Is it `code`?\n- [x] yes\n```",
            "1: a backtick",
        ),
        (missing_sections, None, "(sample-trouble)=\n# A\n", "sample-idea"),
        (missing_sections, None, "```{exercise}\n```\n" * 5, "5 exercises"),
        (missing_sections, None, "```{question} a\n```\n" * 4, "4 questions"),
    ],
)
def test_checks_of_chapters_can_fail(check: Callable, right: str, wrong: str, complaint: str):
    if right is not None:
        none(check(read(right)))
    found = " ".join(check(read(wrong)))
    assert complaint in found if complaint else not found


def test_checks_of_the_whole_can_fail():
    twice = [read("(a)=\n# A\n(a)=\n# A"), read("$$x$$ (b)"), read("(b)=\n# B")]
    assert len(list(labels_twice(twice))) == 2
    cited = read("{cite:t}`known,unknown`")
    assert "unknown is cited" in "".join(unknown_citations(cited, {"known"}))
    toc = {"root": "a", "parts": [{"chapters": [{"file": "b"}, {"file": "b"}]}]}
    assert len(list(toc_faults(toc, {"a", "b"}))) == 1
    assert len(list(toc_faults(toc, {"a", "c"}))) == 3
    british = "An optimi\u0073er's behavio\u0075r, in gre\u0079, labe\u006cled"
    assert len(list(british_words(british))) == 4
    assert not list(british_words("precise exercises otherwise raise the labels of a gray advisor"))
    assert len(list(unfinished_words("TO\u0044O: more. FIX\u004dE"))) == 2


# --- What was built ---------------------------------------------------------------------------

PATH = re.compile(
    r"(?<![\w./])/(?:root|home|tmp|usr|opt|var|mnt|work|private|Users)/\w|site-packages|[A-Z]:\\\w"
)
ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}", re.IGNORECASE)
TIME = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\b\d?\d:\d\d:\d\d\b|(Mon|Tue|Wed|Thu|Fri|Sat|Sun),? \w+ \d+"
    r"|\b[\d.]+ ?[mµu]?s/(step|epoch|loop)|Wall time|CPU times"
)


def traces_of_the_machine(output: str, checkout: Path = ROOT) -> Iterator[str]:
    """No output tells where, when or by which process it was made."""
    for what, pattern in (("path", PATH), ("memory address", ADDRESS), ("time", TIME)):
        for match in pattern.finditer(output):
            yield f"a {what}: {output[max(0, match.start() - 30) : match.end() + 30]!r}"
    if re.search(re.escape(str(checkout)) + r"(?!\w)", output):
        yield f"the path of the checkout: {checkout}"


def outputs_of_page(page: BeautifulSoup) -> Iterator[str]:
    """Return what the cells of a page have put out, as text."""
    for output in page.select("div.cell_output"):
        yield output.get_text()


def outputs_of_notebook(notebook: dict) -> Iterator[str]:
    """Return what the cells of a notebook have put out, as text; pictures are not text."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            kept = {k: v for k, v in output.get("data", {}).items() if not k.startswith("image/")}
            for value in [output.get("text", ""), *kept.values(), output.get("traceback", "")]:
                yield "".join(value) if isinstance(value, str | list) else json.dumps(value)


def broken_links(pages: dict[str, BeautifulSoup], site: Path) -> Iterator[str]:
    """Every link, anchor and picture inside the site is there."""
    anchors = {
        name: {e.get("id") for e in page.select("[id]")}
        | {e["name"] for e in page.select("a[name]")}
        for name, page in pages.items()
    }
    for name, page in pages.items():
        for element in page.select("[href], [src]"):
            link = urlsplit(element.get("href") or element.get("src") or "")
            if link.scheme or link.netloc or Path(link.path).name == PDF:
                continue  # the browser's tests look for the PDF
            target = (site / name).parent / unquote(link.path) if link.path else site / name
            target = Path(os.path.normpath(target))
            if not target.is_file():
                yield f"{name}: {link.geturl()} is not there"
            elif link.fragment and target.suffix == ".html":
                key = target.relative_to(site).as_posix()
                # After a question mark comes what a link sets a playground to.
                anchor = unquote(link.fragment).partition("?")[0]
                if anchor not in anchors.get(key, ()):
                    yield f"{name}: {link.geturl()} has no such anchor"


def foreign_files(pages: dict[str, BeautifulSoup], styles: dict[str, str]) -> Iterator[str]:
    """No page loads a script, a style, a font or a picture from another host."""
    for name, page in pages.items():
        for element in page.select("script[src], link[href], img, iframe, video, audio, source"):
            address = element.get("src") or element.get("href") or ""
            is_loaded = element.name != "link" or not {"canonical"} & set(element.get("rel", []))
            if is_loaded and re.match(r"(https?:)?//", address):
                yield f"{name}: {address}"
    for name, style in styles.items():
        for match in re.finditer(r"(?:url\(|@import)\s*[\"']?((?:https?:)?//[^\"')\s]+)", style):
            yield f"{name}: {match[1]}"


def bare_figures(page: BeautifulSoup) -> Iterator[str]:
    """Every picture in a page has an alternative text, every picture of a cell a caption."""
    for image in page.select("article img"):
        if not is_sentence(image.get("alt", "") or " "):
            yield f"{image.get('src')} has no alternative text of at least a sentence"
        figure = image.find_parent("figure")
        if image.find_parent(class_="cell_output") and not (figure and figure.find("figcaption")):
            yield f"{image.get('src')} has no caption"


def heavy_pictures(folder: Path, limit: int = 100_000) -> Iterator[str]:
    """No picture weighs more than 100 kB, compressed as it travels."""
    for file in sorted(folder.glob("*.svg")):
        if (weight := len(gzip.compress(file.read_bytes()))) > limit:
            yield f"{file.name} weighs {weight / 1000:.0f} kB"


def weight(name: str, page: BeautifulSoup, site: Path) -> int:
    """Return the bytes of a page with its scripts, styles and pictures, compressed; not fonts."""
    files = {site / name}
    for element in page.select("script[src], link[rel=stylesheet], img[src]"):
        address = urlsplit(element.get("src") or element.get("href"))
        files.add(Path(os.path.normpath((site / name).parent / unquote(address.path))))
    return sum(len(gzip.compress(file.read_bytes())) for file in files if file.is_file())


@pytest.fixture(scope="session")
def pages(website: Path) -> dict[str, BeautifulSoup]:
    """Return the built pages, by their paths."""
    return {
        file.relative_to(website).as_posix(): BeautifulSoup(file.read_text("utf-8"), "html.parser")
        for file in sorted(website.rglob("*.html"))
        if "_static" not in file.parts
    }


def test_outputs_of_pages(pages: dict[str, BeautifulSoup]):
    outputs = [(name, output) for name, page in pages.items() for output in outputs_of_page(page)]
    assert outputs
    none(f"{name}: {fault}" for name, text in outputs for fault in traces_of_the_machine(text))


def test_outputs_of_notebooks(notebooks: Path):
    files = sorted(notebooks.rglob("*.ipynb"))
    assert files
    for file in files:
        for output in outputs_of_notebook(json.loads(file.read_text("utf-8"))):
            none(f"{file.name}: {fault}" for fault in traces_of_the_machine(output))


def test_links(pages: dict[str, BeautifulSoup], website: Path):
    none(broken_links(pages, website))


@by_chapter
def test_notebook_is_offered(chapter: Chapter, pages: dict[str, BeautifulSoup]):
    if page := pages.get(
        chapter.name.removesuffix("md") + "html"
    ):  # else it is not in the contents
        links = page.select(".dropdown-download-buttons a[href$='.ipynb']")
        assert len(links) == bool(chapter.cells)


def test_no_other_host(pages: dict[str, BeautifulSoup], website: Path):
    none(foreign_files(pages, {f.name: f.read_text("utf-8") for f in website.rglob("*.css")}))


def test_pictures(pages: dict[str, BeautifulSoup], website: Path):
    none(f"{name}: {fault}" for name, page in pages.items() for fault in bare_figures(page))
    none(heavy_pictures(website / "_images"))


def test_weight_of_pages(pages: dict[str, BeautifulSoup], website: Path, record_property: Callable):
    weights = {name: weight(name, page, website) for name, page in pages.items()}
    for name, total in weights.items():
        record_property(name, total)
        print(f"{total / 1000:6.0f} kB  {name}")
    # Half of it is the theme's icons.
    assert max(weights.values()) < 1_500_000


@pytest.mark.parametrize(
    "output",
    [
        "<module 'numpy' from '/opt/python/numpy/__init__.py'>",
        "see lib/site-packages",
        "<d2lmini.Trace object at 0x7f3a5c0d1e50>",
        "2026-11-21 02:48",
        "took 0:00:03",
        "150/150 - 1s - 2ms/step",
        "written to /checkout.",
    ],
)
def test_traces_of_the_machine_are_found(output: str):
    assert list(traces_of_the_machine(output, Path("/checkout")))


def test_plain_outputs_are_no_traces():
    plain = "step 3: x = [0.512 1.024], f(x) = 1.31e-05, 1/2 of /checkouts, 0x1f, on 3 / home / 4"
    assert not list(traces_of_the_machine(plain, Path("/checkout")))


def test_checks_of_pages_can_fail(tmp_path: Path):
    html = """<article id="a"><p>0x123456789</p>
    <div class="cell_output">0xabcdef012 <img src="a.svg" alt="A curve."></div>
    <a href="other.html">1</a> <a href="#b">2</a> <a href="#a">right</a> <a href="https://a.b">too</a>
    <a href="p.html#a">right</a> <a href="p.html#c">3</a><a href="sub/../p.html">right</a></article>
    <script src="//host/x.js"></script><link rel="stylesheet" href="https://host/x.css">"""
    page = BeautifulSoup(html, "html.parser")
    (tmp_path / "p.html").write_text(html)
    (tmp_path / "a.svg").write_bytes(bytes(range(256)) * 8 + os.urandom(100_000))
    assert list(outputs_of_page(page)) == ["0xabcdef012 "]
    assert len(list(broken_links({"p.html": page}, tmp_path))) == 3
    styles = {"a.css": "a{background:url('http://host/a.png')} b{src:url(b.woff2)}"}
    assert len(list(foreign_files({"p.html": page}, styles))) == 3
    assert len(list(bare_figures(page))) == 2
    assert len(list(heavy_pictures(tmp_path))) == 1
    assert 100_000 < weight("p.html", page, tmp_path) < 110_000
    cell = {"outputs": [{"text": ["a", "b"]}, {"data": {"image/png": "0x", "text/plain": ["c"]}}]}
    assert "".join(outputs_of_notebook({"cells": [cell, {}]})) == "abc"
