"""Sphinx extension: the website's download menu offers the PDF, and pictures keep their place."""

import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

PDF = "optimizers-by-hand.pdf"  # `make book` puts it beside the front page
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


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    # The theme fills the menu at priority 501.
    app.connect("html-page-context", add_pdf_link, priority=600)
    app.connect("html-page-context", reserve_space)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
