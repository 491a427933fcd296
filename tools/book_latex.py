"""A Sphinx extension that sets the book well in LaTeX.

The look is in ``tools/book.tex``. Here the document tree is brought into its shape: every theorem,
rule, exercise, question and admonition becomes one ``bookbox`` of its kind, the chapters get the
numbers that they have on the web, and the bibliography stays in its chapter.
"""

from __future__ import annotations

import re
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.locale import admonitionlabels
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx_exercise.nodes import is_exercise_node, is_solution_node
from sphinx_proof.nodes import NODE_TYPES, proof_node, unenumerable_node

import d2lmini

HERE = Path(__file__).resolve().parent
THEOREMS = (*NODE_TYPES.values(), unenumerable_node)
# Jupyter Book's document class asks for this package; Debian has it in a bundle of 1.4 GB only.
BBM = r"\ProvidesPackage{bbm}\newcommand{\mathbbm}[1]{\mathbb{#1}}"

LONG = 14  # rows of a table that may not fit on what is left of a page, or on a page
WHOLE = 10  # lines of a listing that are not spread over two pages
COUNTERS = {
    "figure": "figure",
    "table": "table",
    "code-block": "literalblock",
    "displaymath": "equation",
}


class bookbox(nodes.Admonition, nodes.Element):
    """A box of the ``kind`` that book.tex draws; its first child is its title."""


def tex(text: str) -> nodes.raw:
    """Return a node of literal LaTeX."""
    return nodes.raw("", text, format="latex")


def docname_of(node: nodes.Element, default: str) -> str:
    """Return the page that a node of the assembled book comes from: Sphinx marks its sections."""
    while node and "docname" not in node:
        node = node.parent
    return node["docname"] if node else default


class Boxes(SphinxPostTransform):
    """Turn every kind of box into a ``bookbox``."""

    default_priority = 500  # after the titles of sphinx-exercise, the references, the questions
    formats = ("latex",)

    def run(self, **kwargs: object) -> None:
        """Replace the boxes, the inner ones first."""
        for node in reversed(list(self.document.findall(nodes.Element))):
            if isinstance(node, THEOREMS):
                self.replace(node, node["realtype"], self.theorem_title(node), node[1].children)
            elif isinstance(node, proof_node):
                self.replace(node, "proof", [], self.proof_body(node[0]))
            elif is_exercise_node(node) or is_solution_node(node):
                kind = "solution" if is_solution_node(node) else "exercise"
                self.replace(node, kind, node[0].children, node[1:])
            elif node.get("design_component") == "dropdown" and node["has_title"]:
                self.replace(node, "dropdown", node[0].children, node[1:])
            elif node.tagname in admonitionlabels:
                title = nodes.Text(admonitionlabels[node.tagname])
                self.replace(node, node.tagname, [title], node.children)
            elif isinstance(node, nodes.admonition) and "proof" not in node["classes"]:
                kind = next((c for c in node["classes"] if not c.startswith("admonition")), "note")
                self.replace(node, kind, node[0].children, node[1:])

    def replace(
        self, node: nodes.Element, kind: str, title: list[nodes.Node], body: list[nodes.Node]
    ) -> None:
        """Put a box where ``node`` stands; links to ``node`` lead to its title."""
        docname = docname_of(node, self.config.root_doc)
        labels = [f"{docname}:{name}" for name in node["ids"]]
        if is_exercise_node(node):
            labels.append(f"exercise:{node['label']}")  # the name that sphinx-exercise links to
        if is_solution_node(node):
            labels = [f"{docname}:{node['label']}"]
        target = "".join(rf"\label{{\detokenize{{{label}}}}}" for label in labels)
        if target:
            title = [tex(rf"\phantomsection{target}"), *title]
        box = bookbox("", nodes.title("", "", *title), kind=kind)
        for part in body:  # sphinx-proof and sphinx-exercise wrap theirs in a section
            box += part.children if isinstance(part, nodes.section) else part
        node.replace_self(box)

    def theorem_title(self, node: nodes.Element) -> list[nodes.Node]:
        """Return "Theorem 2.1 (Its name)"."""
        words = [node["realtype"].title()]
        if not isinstance(node, unenumerable_node):
            numbers = self.env.toc_fignumbers[docname_of(node, self.config.root_doc)]
            words.append(".".join(map(str, numbers[node["countertype"]][node["ids"][0]])))
        return [nodes.Text(" ".join(words)), *node[0].children]

    @staticmethod
    def proof_body(node: nodes.Element) -> list[nodes.Node]:
        """Return the proof, with the word that sphinx-proof puts before it in italics."""
        first = next(node.findall(nodes.Text))
        rest = nodes.Text(first.astext().removeprefix("Proof. "))
        first.parent.replace(first, [nodes.emphasis("", "Proof."), nodes.Text(" "), rest])
        return node.children


class Pages(SphinxPostTransform):
    """Give the chapters their numbers on the web; keep together what belongs together."""

    default_priority = 600  # before Sphinx moves the bibliography (750)
    formats = ("latex",)

    def run(self, **kwargs: object) -> None:
        """Insert the LaTeX commands."""
        for node in self.document.findall(addnodes.start_of_file):
            page = node["docname"]
            number = self.env.toc_secnumbers.get(page, {}).get("")
            commands = [rf"\bookchapter{{{number[0] if number else ''}}}"]
            for kind, ids in self.env.toc_fignumbers.get(page, {}).items():
                if kind in COUNTERS and not number:  # counts on from the last such chapter
                    first = min(n[-1] for n in ids.values())
                    commands.append(rf"\setcounter{{{COUNTERS[kind]}}}{{{first - 1}}}")
            node.insert(0, tex("".join(commands)))
        for node in self.document.findall(nodes.section):
            if node.get("header_level", 1) > 1:  # else Jupyter Book makes bold lines of them
                page = docname_of(node, self.config.root_doc)
                labels = "".join(rf"\label{{\detokenize{{{page}:{name}}}}}" for name in node["ids"])
                title = nodes.inline(
                    "", "", tex(r"\section{"), *node[0].children, tex("}" + labels)
                )
                node[0].replace_self(title)
        for node in list(self.document.findall(nodes.literal_block)):
            lines = node.astext().count("\n") + 1
            if lines <= WHOLE and not isinstance(node.parent[0], nodes.caption):
                node.replace_self([tex(rf"\bookkeep{{{lines}\baselineskip}}"), node])
        for node in list(self.document.findall(nodes.citation)):
            _, entry = node.children  # without its label: the citations name author and year
            entry.insert(0, tex(rf"\bookreference{{{node['docname']}:{node['ids'][0]}}}"))
            node.replace_self(entry)


def as_printed(text: str) -> str:
    """Return text with about the letters that are printed: a command of TeX is one or none."""
    text = re.sub(r"\\(?:math\w+|operatorname)|[{}_^,]", "", text)
    return re.sub(r"\\[A-Za-z]+", "m", text)


class LongTables(SphinxPostTransform):
    """Let long tables run over pages; their columns are as wide as what they hold."""

    default_priority = 600
    formats = ("latex",)

    def run(self, **kwargs: object) -> None:
        """Mark them for LaTeX, and say how wide their columns are."""
        for table in self.document.findall(nodes.table):
            rows = list(table.findall(nodes.row))
            if len(rows) <= LONG:
                continue
            table["classes"] += ["longtable", "colwidths-given"]
            columns = zip(
                *([as_printed(cell.astext()) for cell in row] for row in rows), strict=True
            )
            for spec, cells in zip(table.findall(nodes.colspec), columns, strict=True):
                # Its longest word must fit; what is longer than a line is broken.
                word = max(len(word) for cell in cells for word in cell.split() or [""])
                spec["colwidth"] = 3 + max(word, min(30, max(map(len, cells))), 11)  # 3 between


def visit_box(self, node: bookbox) -> None:
    """Open a box; the title writes its own braces."""
    self.body.append(f"\n\\begin{{bookbox}}{{{node['kind']}}}")
    self.no_latex_floats += 1
    if self.table:
        self.table.has_problematic = True


def depart_box(self, node: bookbox) -> None:
    """Close a box."""
    self.body.append("\\end{bookbox}\n")
    self.no_latex_floats -= 1


def configure(app: Sphinx, config: Config) -> None:
    """Hand Sphinx the preamble."""
    addresses = [config.html_baseurl, config.html_theme_options.get("repository_url", "")]
    values = {
        "title": config.html_title,
        "author": config.author,
        "version": d2lmini.__version__,
        "year": config.copyright,
        "addresses": "".join(rf"\url{{{address}}}\par " for address in filter(None, addresses)),
    }
    commands = "".join(rf"\newcommand{{\book{name}}}{{{values[name]}}}" for name in values)
    config.latex_elements = {
        "papersize": "a4paper",
        "pointsize": "11pt",
        "extraclassoptions": "openany,oneside",
        "fncychap": "",
        "fontpkg": "",  # book.tex chooses the fonts
        "figure_align": "htb",
        "preamble": f"{commands}\n{(HERE / 'book.tex').read_text('utf-8')}",
        "maketitle": r"\booktitlepage",
        # The front page of the website follows.
        "tableofcontents": r"\sphinxtableofcontents\bookchapter{}\chapter{About this book}",
    }
    config.latex_use_xindy = False
    config.latex_domain_indices = False
    config.latex_table_style = ["booktabs"]
    config.jblatex_show_tocs = False  # LaTeX makes the contents


def prepare(app: Sphinx) -> None:
    """Put the stand-in for a package beside the LaTeX source; number figures by chapter."""
    if app.builder.format == "latex":
        (Path(app.outdir) / "bbm.sty").write_text(BBM, "utf-8")
        app.config.numfig_secnum_depth = 1  # Jupyter Book counts the parts as a level


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.add_node(bookbox, latex=(visit_box, depart_box))
    app.add_post_transform(Boxes)
    app.add_post_transform(Pages)
    app.add_post_transform(LongTables)
    app.connect("config-inited", configure, priority=400)  # before Jupyter Book appends to it
    app.connect("builder-inited", prepare, priority=600)  # after Jupyter Book
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
