"""How the exporter writes what stands between the cells, piece by piece."""

from types import SimpleNamespace

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from myst_parser.parsers.docutils_ import Parser

from chapters import ROOT

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def write(monkeypatch):
    """Return a function that writes MyST as the Markdown of a notebook."""
    monkeypatch.syspath_prepend(ROOT / "tools")
    from book_notebooks import Chapter

    chapter = object.__new__(Chapter)  # without cells
    builder = SimpleNamespace(fignumbers={"displaymath": {"equation-eq": (2, 3)}}, secnumbers={})
    chapter.app = SimpleNamespace(builder=builder)
    chapter.in_table, chapter.footnotes, chapter.attachments = False, [], {}
    chapter.page = "part/page"

    def run(source: str) -> str:
        settings = {"myst_enable_extensions": ["dollarmath", "deflist"], "report_level": 5}
        doctree = publish_doctree(source, parser=Parser(), settings_overrides=settings)
        for node in doctree.findall(nodes.math_block):
            node["ids"] = ["equation-eq"] if node.get("ids") or node.get("label") else []
        return chapter.blocks(doctree.children)

    run.footnotes = chapter.footnotes
    return run


@pytest.mark.parametrize(
    ("source", "markdown"),
    [
        ("two\nlines", "two lines"),
        ("*a* **b** `c`", "*a* **b** `c`"),
        (r"2 \* 3 \$5 a_b \_c", r"2 \* 3 \$5 a_b \_c"),
        (r"1\. not a list", r"1\. not a list"),
        (r"\- neither", r"\- neither"),
        (r"\# nor a heading", r"\# nor a heading"),
        ("`` a`b ``", "`` a`b ``"),
        ("a &amp;lt; b", "a &amp;lt; b"),
        ("$a_1 <\nb$", "$a_1 < b$"),
        ("[w](https://x.org)", "[w](https://x.org)"),
        ("<https://x.org/a_b>", "<https://x.org/a_b>"),
        ("- a\n- b", "- a\n- b"),
        ("3. a\n4. b", "3. a\n4. b"),
        ("- a\n\n  - b\n  - c", "- a\n\n  - b\n  - c"),
        ("T\n: D $x$", "- **T**\n\n  D $x$"),
        ("> a\n>\n> b", "> a\n>\n> b"),
        ("````\n```\n````", "````\n```\n````"),
        ("a\n\n---\n\nb", "a\n\n---\n\nb"),
        ("$$\na\n\\\\ b\n$$", "$$\na\n\\\\ b\n$$"),
        ("$$\na\n$$ (eq)", "$$\na \\tag{2.3}\n$$"),
        ("> $$\n> a \\\\\n> b\n> $$", "> $$ a \\\\ b $$"),
        ("> - a\n>\n>   $$\n>   b\n>   $$", "> - a\n>\n>   $$ b $$"),
        (
            "| a | $x$ |\n|--:|:-:|\n| `p\\|q` | $\\lvert g\\rvert$ |",
            "| a | $x$ |\n| --: | :-: |\n| `p\\|q` | $\\lvert g\\rvert$ |",
        ),
        (
            "|a|\n|---|\n|$\\|g\\| + \\Vert h\\Vert$ x\\|y|",
            "| a |\n| --- |\n| $\\vert g\\vert  + \\Vert h\\Vert$ x\\|y |",
        ),
    ],
)
def test_a_piece_of_text(write, source, markdown):
    assert write(source) == markdown


def test_a_footnote_is_put_aside(write):
    assert write("Word.[^n]\n\n[^n]: Its *note*.") == "Word.<sup>1</sup>\n\n---"
    assert write.footnotes == ["<sup>1</sup> Its *note*."]
