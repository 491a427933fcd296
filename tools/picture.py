"""Draw the picture of the playground that the README shows: .github/playground.png."""

import io
from pathlib import Path

import matplotlib.pyplot as plt
from PIL import Image

import d2lmini as d2l

PICTURE = Path(__file__).resolve().parent.parent / ".github" / "playground.png"


def picture() -> bytes:
    """Return the picture as PNG, on a light ground and with few colors, so that it is light."""
    d2l.use_book_style()
    rules = (d2l.SGD(0.4), d2l.SGD(0.1, momentum=0.9), d2l.RMSprop(0.4), d2l.Adam(0.4))
    figure = d2l.playground(d2l.bowl, *rules, steps=40).figure()
    drawn, written = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, dpi=120, facecolor="white")
    plt.close(figure)
    Image.open(drawn).convert("RGB").quantize(64).save(written, "PNG", optimize=True)
    return written.getvalue()


if __name__ == "__main__":
    PICTURE.write_bytes(picture())
    print("Picture: .github/playground.png")
