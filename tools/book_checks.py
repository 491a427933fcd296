"""A Sphinx extension for what stands behind a sentence: its check, its proof.

A cell tagged ``check`` asserts what a neighboring sentence says was seen; its first line is a
comment that names the claim. On the website it is folded behind a small mark, in the notebook its
code is hidden, the PDF leaves it out. Proofs are folded too, on the website and in the notebook.
The role ``{number-of}`` says how many there are in the book: ``{number-of}`checks```,
``{number-of}`asserts```, ``{number-of}`proofs```; and how many words a core may have and a minute
reads: ``{number-of}`words of a core```, ``{number-of}`words a minute```.
"""

from __future__ import annotations

import ast
import html
from collections import Counter

from book_core import MOST_WORDS, PACE
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole
from sphinx_proof.nodes import proof_node

logger = logging.getLogger(__name__)
COUNTED = ("checks", "asserts", "proofs")
SET = {"words of a core": MOST_WORDS, "words a minute": PACE}


class number_of(nodes.Inline, nodes.Element):
    """The place of a number that is known when all pages have been read."""


class NumberOf(SphinxRole):
    """The role ``{number-of}``."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Keep the place."""
        if self.text not in {*COUNTED, *SET}:
            known = ", ".join([*COUNTED, *SET])
            logger.warning("{number-of} counts %s, not %r.", known, self.text, location="role")
        return [number_of(kind=self.text)], []


def is_check(node: nodes.Node) -> bool:
    """Say whether a node is a cell that checks a claim."""
    return isinstance(node, nodes.container) and "tag_check" in node["classes"]


def source_of(cell: nodes.container) -> str:
    """Return the code of a cell."""
    return next(cell.findall(nodes.literal_block)).astext()


def claim_of(source: str) -> str:
    """Return the comment at the head of a check: the claim, in words."""
    lines = []
    for line in source.strip().splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# ").strip())
    return " ".join(lines)


def faults(source: str, outputs: bool) -> list[str]:
    """Return what is wrong with a check, in sentences."""
    found = []
    if not claim_of(source):
        found.append("A check begins with a comment that says which claim it checks.")
    if not any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(source))):
        found.append("A check asserts something.")
    if outputs:
        found.append("A check prints and draws nothing.")
    return found


def read(app: Sphinx, document: nodes.document) -> None:
    """Count what a page has, and complain of checks that are none."""
    counts: Counter[str] = Counter()
    for cell in document.findall(is_check):
        source = source_of(cell)
        outputs = any("cell_output" in part.get("classes", ()) for part in cell.children)
        for fault in faults(source, outputs):
            logger.warning(fault, location=cell)
        counts["checks"] += 1
        tree = ast.walk(ast.parse(source))
        counts["asserts"] += sum(isinstance(node, ast.Assert) for node in tree)
    counts["proofs"] = len(list(document.findall(proof_node)))
    app.env.metadata[app.env.docname]["behind"] = dict(counts)


def total(env: BuildEnvironment, kind: str) -> int:
    """Return how many there are in the book, or what is set for all of it."""
    if kind in SET:
        return SET[kind]
    return sum(env.metadata[page].get("behind", {}).get(kind, 0) for page in env.found_docs)


class CountThem(SphinxPostTransform):
    """Put the numbers in their places."""

    default_priority = 5

    def run(self, **kwargs: object) -> None:
        """Replace every ``number_of``."""
        for node in list(self.document.findall(number_of)):
            node.replace_self(nodes.Text(f"{total(self.env, node['kind']):,}"))


class LeaveOutOnPaper(SphinxPostTransform):
    """In the PDF checks are left out."""

    default_priority = 5
    formats = ("latex",)

    def run(self, **kwargs: object) -> None:
        """Remove every check."""
        for cell in list(self.document.findall(is_check)):
            cell.parent.remove(cell)


class Fold(SphinxPostTransform):
    """On the website a check is folded behind a mark, and a proof behind its name."""

    default_priority = 500
    formats = ("html",)

    def run(self, **kwargs: object) -> None:
        """Put every check and every proof into an element that opens."""
        for cell in list(self.document.findall(is_check)):
            claim = html.escape(claim_of(source_of(cell)))
            mark = f'<span title="{claim}">checked</span><span class="claim">: {claim}</span>'
            self.fold(cell, "check", mark)
        for proof in list(self.document.findall(proof_node)):
            first = next(proof.findall(nodes.Text))
            rest = nodes.Text(first.astext().removeprefix("Proof. "))
            first.parent.replace(first, rest)
            self.fold(proof, "proof-fold", "Proof")

    @staticmethod
    def fold(node: nodes.Element, kind: str, summary: str) -> None:
        """Put a node into an HTML element with a summary."""
        opening = f'<details class="{kind}"><summary>{summary}</summary>'
        place = node.parent.index(node)
        node.parent.insert(place + 1, nodes.raw("", "</details>", format="html"))
        node.parent.insert(place, nodes.raw("", opening, format="html"))


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.add_node(number_of)
    app.add_role("number-of", NumberOf())
    app.connect("doctree-read", read)
    for transform in (CountThem, LeaveOutOnPaper, Fold):
        app.add_post_transform(transform)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
