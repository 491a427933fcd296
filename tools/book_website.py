"""Sphinx extension: the PDF in the download menu, pictures that keep their place, old addresses."""

import json
import posixpath
import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

PDF = "optimizers-by-hand.pdf"  # `make book` puts it beside the front page
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


def add_pdf_link(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Add the PDF to the theme's download menu, and say what the other entries are."""
    for group in context.get("header_buttons", []):
        if group.get("label") != "download-buttons":
            continue
        for button in group["buttons"]:
            button.update(BUTTONS.get(button["label"], {}))
        group["buttons"].append(
            {
                "type": "link",
                "url": context["pathto"](PDF, 1),
                "text": "The whole book (PDF)",
                "icon": "fas fa-file-pdf",
                "tooltip": "Download the book as PDF",
                "label": "download-book-button",
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
    # The theme fills the menu at priority 501.
    app.connect("html-page-context", add_pdf_link, priority=600)
    app.connect("html-page-context", reserve_space)
    app.connect("html-page-context", forward_anchors)
    app.connect("build-finished", write_old_addresses)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
