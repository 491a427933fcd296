"""A Sphinx extension: playgrounds, which move on the website, and links that set them.

The output of ``d2lmini.playground`` brings a script and a picture with it, for notebooks. In a page
the script is a file of the site, the picture that of a figure, within the element: it stands there
without JavaScript and on paper. Links are written::

    {play}`the largest rate <fig-rmsprop-playground?surface=bowl&SGD(learning_rate=2/L)>`
"""

import html
import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import ReferenceRole

from d2lmini.playground import from_setting, script

logger = logging.getLogger(__name__)
ELEMENT = re.compile(r'<optimizer-playground setting="([^"]*)">')


def write_script(app: Sphinx) -> None:
    """Put the script on the website."""
    if app.builder.format == "html":
        static = Path(app.outdir) / "_static"
        static.mkdir(parents=True, exist_ok=True)
        (static / "playground.js").write_text(script(), "utf-8")


class Elements(SphinxTransform):
    """Put the figure of an output into the element, and the script before the first of a page."""

    default_priority = 400

    def apply(self) -> None:
        """Rewrite the outputs that are playgrounds, and note which figures they are in."""
        found = self.env.metadata[self.env.docname].setdefault("playgrounds", {})
        for raw in list(self.document.findall(nodes.raw)):
            element, part = ELEMENT.search(raw.astext()), raw.parent
            if not element or part.get("mime_type") != "text/html":
                continue
            figure = part.parent.parent
            if not isinstance(figure, nodes.figure) or not figure["names"]:
                logger.warning("A playground needs a figure with a name.", location=part.parent)
                continue
            opening = f'<optimizer-playground setting="{element[1]}" linked>'
            if not found:
                # The element is known when the page comes to it, so nothing moves afterwards.
                folders = "../" * self.env.docname.count("/")
                opening = f'<script src="{folders}_static/playground.js"></script>\n{opening}'
            found[figure["ids"][0]] = html.unescape(element[1])
            picture = next(n for n in figure.findall(nodes.image) if n["uri"].endswith(".svg"))
            part.children = []
            part += nodes.raw("", opening, format="html")
            part += picture.deepcopy()
            part += nodes.raw("", "</optimizer-playground>", format="html")


class Play(ReferenceRole):
    """Words that set a playground."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the words, with what they set."""
        # A long setting may be broken into lines.
        figure, _, setting = "".join(self.target.split()).partition("?")
        node = nodes.inline("", self.title, classes=["play"], figure=figure, setting=setting)
        self.set_source_info(node)
        return [node], []


class Links(SphinxPostTransform):
    """Check the words that set playgrounds, and make links of them on the website."""

    default_priority = 200

    def run(self, **kwargs: object) -> None:
        """Replace the words by links."""
        figures = {
            figure: (page, setting)
            for page, data in self.env.metadata.items()
            for figure, setting in data.get("playgrounds", {}).items()
        }
        for node in list(self.document.findall(nodes.inline)):
            if "setting" not in node:
                continue
            figure, setting = node["figure"], node["setting"]
            del node["figure"], node["setting"]
            if figure not in figures:
                logger.warning("There is no playground '%s'.", figure, location=node)
                continue
            page, begins = figures[figure]
            # What the link leaves out stays; when the surface changes its start goes.
            kept = [p for p in begins.split("&") if p.startswith(("surface=", "steps="))]
            if "(" not in setting:
                kept += [p for p in begins.split("&") if "(" in p]
            try:
                from_setting("&".join([*kept, setting]))
            except (TypeError, ValueError) as error:
                logger.warning("This sets no playground: %s", error, location=node)
                continue
            if self.app.builder.format == "html":
                here = self.env.docname
                uri = "" if page == here else self.app.builder.get_relative_uri(here, page)
                uri += f"#{figure}?{setting}"
                link = nodes.reference("", node.astext(), refuri=uri, internal=True)
                link["classes"] = node["classes"]
                node.replace_self(link)


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.add_transform(Elements)
    app.add_post_transform(Links)
    app.add_role("play", Play())
    app.connect("builder-inited", write_script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
