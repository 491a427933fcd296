"""A Sphinx extension for the way through: what is core, what is depth, and how long each takes.

A section is *depth* if a line ``{.depth}`` stands above its heading; everything else of a chapter
up to its exercises is its *core*. The build writes "Depth" into the heading and into the contents,
puts the reading times below the title of the chapter, and refuses a core that is too long. The
directive ``{short-book}`` lists the cores in order.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx_exercise.nodes import is_exercise_node, is_solution_node
from sphinx_proof.nodes import proof_node

logger = logging.getLogger(__name__)
PACE = 120  # words a minute, for prose with formulas
MOST_WORDS = 4000  # of a core
MOST_CELLS = 8  # of a core, in sight
UNSEEN = {"check", "hide-input", "hide-cell", "remove-cell", "remove-input"}
NO_PROSE = (nodes.literal_block, nodes.comment, nodes.raw, nodes.target, addnodes.index, proof_node)
WORD = re.compile(r"[\w’'%-]*[^\W_][\w’'%-]*")


class short_book(nodes.General, nodes.Element):
    """The place of the list of cores."""


class ShortBook(SphinxDirective):
    """The ``{short-book}`` directive."""

    def run(self) -> list[nodes.Node]:
        """Keep the place: the times are known when all chapters have been read."""
        return [short_book()]


def words(node: nodes.Node) -> int:
    """Count the words of prose: a formula is one; code, proofs and exercises are none."""
    if isinstance(node, nodes.Text):
        return len(WORD.findall(node.astext()))
    if isinstance(node, (nodes.math, nodes.math_block)):
        return 1
    if isinstance(node, NO_PROSE) or is_exercise_node(node) or is_solution_node(node):
        return 0
    return sum(map(words, node.children))


def cells_in_sight(node: nodes.Element) -> int:
    """Count the cells whose code a reader sees without opening anything."""
    return sum(
        cell.get("nb_element") == "cell_code" and not UNSEEN & tags_of(cell)
        for cell in node.findall(nodes.container)
    )


def tags_of(cell: nodes.Element) -> set[str]:
    """Return the tags of a cell, which are among its classes."""
    return {name.removeprefix("tag_") for name in cell["classes"]}


def is_depth(node: nodes.Node) -> bool:
    """Say whether a node is a section of depth."""
    return isinstance(node, nodes.section) and "depth" in node["classes"]


def measure(chapter: nodes.section, stem: str) -> dict[str, int] | None:
    """Return the words and cells of core and depth, or None for a page without exercises."""
    after = {f"{stem}-exercises", f"{stem}-further-reading"}
    sections = [node for node in chapter.children if isinstance(node, nodes.section)]
    if not any(after & {*section["ids"], *section["names"]} for section in sections):
        return None
    found = {"core": 0, "cells": 0, "depth": 0}
    for node in chapter.children:
        if isinstance(node, nodes.section) and after & {*node["ids"], *node["names"]}:
            continue
        kind = "depth" if is_depth(node) else "core"
        found[kind] += words(node)
        if kind == "core" and isinstance(node, nodes.Element):
            found["cells"] += cells_in_sight(node)
    return found


def minutes(count: int) -> int:
    """Return how long so many words take, in minutes."""
    return max(1, round(count / PACE))


def counted(number: int, unit: str) -> str:
    """Return "1 minute" or "2 minutes"."""
    return f"{number} {unit}" + ("" if number == 1 else "s")


def read(app: Sphinx, document: nodes.document) -> None:
    """Measure a chapter, and say below its title how long it takes."""
    env = app.env
    chapter = next(document.findall(nodes.section), None)
    stem = Path(env.docname).name.replace("_", "-")
    found = measure(chapter, stem) if chapter else None
    if not found:
        return
    env.metadata[env.docname]["reading"] = found
    if found["core"] > MOST_WORDS:
        logger.warning(
            "The core has %d words, of at most %d: shorten it, or mark a section with {.depth}.",
            found["core"],
            MOST_WORDS,
            location=chapter,
        )
    if found["cells"] > MOST_CELLS:
        logger.warning(
            "The core shows %d cells of code, of at most %d: fold some.",
            found["cells"],
            MOST_CELLS,
            location=chapter,
        )
    line = nodes.paragraph(classes=["reading-time"])
    line += nodes.strong("", "Core")
    line += nodes.Text(f" {counted(minutes(found['core']), 'minute')}")
    if found["depth"]:
        line += nodes.Text(" · ")
        line += nodes.strong("", "Depth")
        line += nodes.Text(f" {minutes(found['depth'])} more")
    chapter.insert(1, line)


def mark_contents(app: Sphinx, env: BuildEnvironment) -> None:
    """Mark the sections of depth in every list of contents."""
    for page, toc in env.tocs.items():
        depth = {
            f"#{name}" for node in env.get_doctree(page).findall(is_depth) for name in node["ids"]
        }
        if not depth:
            continue
        for link in toc.findall(nodes.reference):
            if link.get("anchorname") in depth and "depth" not in link["classes"]:
                link["classes"].append("depth")
                link.insert(0, mark())


def mark() -> nodes.inline:
    """Return the word that marks depth."""
    return nodes.inline("", "Depth: ", classes=["depth-mark"])


class MarkHeadings(SphinxPostTransform):
    """Write "Depth" into the headings."""

    default_priority = 5

    def run(self, **kwargs: object) -> None:
        """Put the mark before the words of every heading."""
        for section in self.document.findall(is_depth):
            section[0].insert(0, mark())


class ListCores(SphinxPostTransform):
    """Put the list of cores in its place."""

    default_priority = 5  # before references are resolved

    def run(self, **kwargs: object) -> None:
        """Replace every ``short_book``."""
        for node in list(self.document.findall(short_book)):
            node.replace_self(self.cores())

    def cores(self) -> list[nodes.Node]:
        """Return an ordered list of chapters with their times, and the sum."""
        listed = nodes.enumerated_list(enumtype="arabic", prefix="", suffix=".")
        total = {"core": 0, "depth": 0}
        for page in pages_in_order(self.env):
            found: dict[str, Any] = self.env.metadata[page].get("reading")
            if not found:
                continue
            for kind in total:
                total[kind] += found[kind]
            label = Path(page).name.replace("_", "-")
            link = addnodes.pending_xref(
                "",
                nodes.inline("", label, classes=["std", "std-ref"]),
                refdomain="std",
                reftype="ref",
                reftarget=label,
                refexplicit=False,
                refwarn=True,
                refdoc=self.env.docname,
            )
            time = nodes.Text(f": {counted(minutes(found['core']), 'minute')}")
            listed += nodes.list_item("", nodes.paragraph("", "", link, time))
        hours = {kind: round(count / PACE / 60) for kind, count in total.items()}
        words = (
            f"In all {counted(hours['core'], 'hour')}, at {PACE} words a minute; the depth of all "
            f"chapters takes {hours['depth']} more, the exercises as long as you like."
        )
        return [listed, nodes.paragraph("", words)]


def pages_in_order(env: BuildEnvironment) -> list[str]:
    """Return the pages in the order of the contents."""
    order, waiting = [], [env.config.root_doc]
    while waiting:
        page = waiting.pop(0)
        order.append(page)
        waiting = [*env.toctree_includes.get(page, ()), *waiting]
    return order


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.add_node(short_book)
    app.add_directive("short-book", ShortBook)
    app.connect("doctree-read", read)
    app.connect("env-updated", mark_contents)
    app.add_post_transform(MarkHeadings)
    app.add_post_transform(ListCores)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
