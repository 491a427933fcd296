"""The names of the files that the book offers, for the build and for its extensions."""

import d2lmini

PDF = "optimizers-by-hand.pdf"  # in _build/pdf, and on the website
ZIP = "optimizers-by-hand-notebooks.zip"  # on the website: all notebooks, with what they need
WHEEL = f"d2lmini-{d2lmini.__version__}-py3-none-any.whl"  # in the folder of the notebooks
SERVED = "notebooks"  # the folder of the website with what a single notebook needs
