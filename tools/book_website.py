"""Sphinx extension: what the website offers besides its pages, and says below each.

The PDF and the notebooks are in the download menu, and words may lead to them::

    {on-site}`all notebooks in one file <zip>`

Below every page stand the licenses and, where ``_config.yml`` knows it, the address of the sources.
Pictures keep their places while they load, and old addresses lead to new ones.
"""

import html
import json
import posixpath
import re
from pathlib import Path

from book_files import PDF, SERVED, WHEEL, ZIP
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import ReferenceRole

logger = logging.getLogger(__name__)
# What words may lead to; `make book` puts it on the website.
FILES = {"zip": ZIP, "pdf": PDF, "wheel": f"{SERVED}/{WHEEL}"}
LICENSES = (
    'Text and figures: <a rel="license" href="https://creativecommons.org/licenses/by/4.0/">'
    "CC BY 4.0</a>. Code: MIT License."
)
# Pages that were split or renamed: what stood there now stands (also) on these pages. An address
# with an anchor leads to the page that has it, any other to the first.
MOVED = {
    "update_rules/momentum": ["update_rules/momentum", "update_rules/nesterov"],
    "update_rules/adams_relatives": ["update_rules/weight_decay", "update_rules/signs_and_maxima"],
}
FORWARD = """\
const places = %s, here = decodeURIComponent(location.hash.slice(1));
const known = document.getElementById(here), to = places[here] ?? %s;
if (to && !known) location.replace(to + location.hash);"""
GONE = """\
<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>This page has moved</title></head>
<body>
<p>What stood here now stands in %s.</p>
<script>%s</script>
</body>
</html>
"""
# The theme's buttons, in words.
BUTTONS = {
    "download-notebook-button": {"text": "Notebook (.ipynb)"},
    "download-source-button": {"text": "Source (.md)"},
    "download-pdf-button": {"text": "Print this page", "icon": "fas fa-print", "tooltip": "Print"},
}


class on_site(nodes.inline):
    """Words that lead to a ``file`` of the website."""


class OnSite(ReferenceRole):
    """The role of such words."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the node."""
        if self.target not in FILES:
            known = ", ".join(FILES)
            logger.warning(
                "{on-site} leads to %s, not to %r.",
                known,
                self.target,
                location=self.get_location(),
            )
            return [nodes.Text(self.title)], []
        return [on_site("", nodes.Text(self.title), file=FILES[self.target])], []


class Links(SphinxPostTransform):
    """Make them links: on the website to the file, elsewhere to its address, if it has one."""

    default_priority = 200

    def run(self, **kwargs: object) -> None:
        """Replace every such node."""
        for node in list(self.document.findall(on_site)):
            site = self.config.html_baseurl.rstrip("/")
            if self.app.builder.format == "html":
                uri = "../" * self.env.docname.count("/") + node["file"]
            else:
                uri = f"{site}/{node['file']}" if site else ""
            link = nodes.reference("", node.astext(), refuri=uri, file=node["file"])
            link["classes"].append("on-site")
            node.replace_self(link if uri else node.children)


def say_below(app: Sphinx, config: Config) -> None:
    """Put the licenses, and the address of the sources if there is one, below every page."""
    words = LICENSES
    if address := config.html_theme_options.get("repository_url", ""):
        words += f' <a href="{html.escape(address)}">The sources of this book</a>.'
    config.html_theme_options["extra_footer"] = words


def fill_menu(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Add the PDF and the notebooks to the theme's download menu; say what the others are."""
    for group in context.get("header_buttons", []):
        if group.get("label") != "download-buttons":
            continue
        for button in group["buttons"]:
            button.update(BUTTONS.get(button["label"], {}))
        for file, words, icon, label in (
            (PDF, "The whole book (PDF)", "fas fa-file-pdf", "download-book-button"),
            (ZIP, "All notebooks (.zip)", "fas fa-file-zipper", "download-notebooks-button"),
        ):
            group["buttons"].append(
                {
                    "type": "link",
                    "url": context["pathto"](file, 1),
                    "text": words,
                    "icon": icon,
                    "tooltip": f"Download {words[0].lower()}{words[1:]}",
                    "label": label,
                }
            )


def reserve_space(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Write the size of every figure into the page, which then does not move when they arrive."""
    sources = {name: source for source, name in app.builder.images.items()}

    def with_size(match: re.Match[str]) -> str:
        path = Path(app.srcdir, sources.get(match[1], ""))
        head = path.read_text("utf-8")[:1000] if path.is_file() else ""
        size = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', head)
        if not size:
            return match[0]
        # A point is 4/3 of the web's pixels.
        width, height = (round(float(points) * 4 / 3) for points in size.groups())
        return f'{match[0]} width="{width}" height="{height}"'

    picture = re.compile(r'<img(?![^>]*width)[^>]*_images/([^"/]+\.svg)"')
    context["body"] = picture.sub(with_size, context.get("body", ""))


def forward(app: Sphinx, page: str) -> tuple[list[str], str]:
    """Return where a page has moved to, and a script that goes there."""
    places = [new for new in MOVED[page] if new in app.env.found_docs]
    links = {new: posixpath.relpath(new, posixpath.dirname(page)) + ".html" for new in places}
    anchors = {
        anchor: links[document]
        for document, anchor, *_ in app.env.get_domain("std").anonlabels.values()
        if anchor and document in places and document != page
    }
    default = None if page in places else links[places[0]]
    script = FORWARD % (json.dumps(anchors, sort_keys=True), json.dumps(default))
    return [f'<a href="{links[new]}">{app.env.titles[new].astext()}</a>' for new in places], script


def forward_anchors(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """On a page that has lost sections, send readers on who come for one of these."""
    if page in MOVED:
        script = forward(app, page)[1]
        load = f'document.addEventListener("DOMContentLoaded", () => {{ {script} }});'
        context["body"] += f"<script>{load}</script>"


def write_old_addresses(app: Sphinx, exception: Exception | None) -> None:
    """Leave a page behind that leads on, where a whole page has gone."""
    if exception or app.builder.format != "html":
        return
    for page in MOVED.keys() - app.env.found_docs:
        links, script = forward(app, page)
        text = GONE % (" and ".join(links), script)
        Path(app.outdir, f"{page}.html").write_text(text, "utf-8")


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.add_role("on-site", OnSite())
    app.add_post_transform(Links)
    app.connect("config-inited", say_below)
    # The theme fills the menu at priority 501.
    app.connect("html-page-context", fill_menu, priority=600)
    app.connect("html-page-context", reserve_space)
    app.connect("html-page-context", forward_anchors)
    app.connect("build-finished", write_old_addresses)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
