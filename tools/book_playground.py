"""A Sphinx extension: playgrounds, which move on the website, and links that set them.

The output of ``d2lmini.playground`` brings a script and a picture with it, for notebooks. In a page
the script is a file of the site, the picture that of a figure, within the element: it stands there
without JavaScript and on paper. Links are written::

    {play}`the largest rate <fig-rmsprop-playground?surface=bowl&SGD(learning_rate=2/L)>`

Recorded runs have an element and a script of their own, and nothing that a link could set.
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
ELEMENT = re.compile(r'<optimizer-(playground|recording) (?:setting|record)="([^"]*)">')


def write_script(app: Sphinx) -> None:
    """Put the scripts on the website."""
    if app.builder.format == "html":
        static = Path(app.outdir) / "_static"
        static.mkdir(parents=True, exist_ok=True)
        (static / "playground.js").write_text(script(), "utf-8")
        (static / "recording.js").write_text(script(recorded=True), "utf-8")


class Elements(SphinxTransform):
    """Put the figure of an output into the element, and its script before the first of a page."""

    default_priority = 400

    def apply(self) -> None:
        """Rewrite the outputs that are playgrounds, and note which figures they are in."""
        found = self.env.metadata[self.env.docname].setdefault("playgrounds", {})
        scripts = set()
        for raw in list(self.document.findall(nodes.raw)):
            element, part = ELEMENT.search(raw.astext()), raw.parent
            if not element or part.get("mime_type") != "text/html":
                continue
            figure = part.parent.parent
            if not isinstance(figure, nodes.figure) or not figure["names"]:
                logger.warning("A playground needs a figure with a name.", location=part.parent)
                continue
            kind, live = element[1], element[1] == "playground"
            opening = element[0] if not live else f"{element[0][:-1]} linked>"
            if kind not in scripts:
                # The element is known when the page comes to it, so nothing moves afterwards.
                folders = "../" * self.env.docname.count("/")
                opening = f'<script src="{folders}_static/{kind}.js"></script>\n{opening}'
                scripts.add(kind)
            found[figure["ids"][0]] = html.unescape(element[2]) if live else None
            picture = next(n for n in figure.findall(nodes.image) if n["uri"].endswith(".svg"))
            part.children = []
            part += nodes.raw("", opening, format="html")
            part += picture.deepcopy()
            part += nodes.raw("", f"</optimizer-{kind}>", format="html")


class play(nodes.inline):
    """Words that set the playground in ``figure`` as ``setting`` says."""


class Play(ReferenceRole):
    """The role of such words."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the node."""
        # A long setting may be broken into lines.
        figure, _, setting = "".join(self.target.split()).partition("?")
        node = play("", nodes.Text(self.title), figure=figure, setting=setting)
        self.set_source_info(node)
        return [node], []


class Links(SphinxPostTransform):
    """Check the words that set playgrounds; on the website they are links, elsewhere words."""

    default_priority = 200

    def run(self, **kwargs: object) -> None:
        """Replace every such node."""
        for node in list(self.document.findall(play)):
            node.replace_self(self.link(node) or node.children)

    def link(self, node: play) -> nodes.reference | None:
        """Return the link, if there can be one."""
        name, setting = node["figure"], node["setting"]
        found = [
            (page, data["playgrounds"][name])
            for page, data in self.env.metadata.items()
            if name in data.get("playgrounds", ())
        ]
        if not found:
            logger.warning("There is no playground '%s'.", name, location=node)
            return None
        ((page, begins),) = found
        if begins is None:
            logger.warning(
                "The runs of '%s' are recorded: no link can set it.", name, location=node
            )
            return None
        # Together with what it leaves as it is, it must make sense.
        kept = [part for part in begins.split("&") if part.startswith(("surface=", "steps="))]
        kept += [part for part in begins.split("&") if "(" in part and "(" not in setting]
        try:
            from_setting("&".join([*kept, setting]))
        except (TypeError, ValueError) as error:
            logger.warning("This sets no playground: %s", error, location=node)
            return None
        if self.app.builder.format != "html":
            return None
        here = self.env.docname
        uri = "" if page == here else self.app.builder.get_relative_uri(here, page)
        link = nodes.reference("", node.astext(), refuri=f"{uri}#{name}?{setting}", internal=True)
        link["classes"].append("play")
        return link


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.add_transform(Elements)
    app.add_post_transform(Links)
    app.add_role("play", Play())
    app.connect("builder-inited", write_script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
