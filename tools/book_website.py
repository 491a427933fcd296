"""Sphinx extension: the download menu of a page offers the PDF of the whole book."""

PDF = "optimizers-by-hand.pdf"  # `make book` puts it beside the front page
# The theme's buttons, in words.
BUTTONS = {
    "download-notebook-button": {"text": "Notebook (.ipynb)"},
    "download-source-button": {"text": "Source (.md)"},
    "download-pdf-button": {"text": "Print this page", "icon": "fas fa-print", "tooltip": "Print"},
}


def add_pdf_link(app, page, template, context, doctree) -> None:
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


def setup(app) -> dict:
    """Register the extension."""
    # The theme fills the menu at priority 501.
    app.connect("html-page-context", add_pdf_link, priority=600)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
