"""The checks of the chapters bite: a false sentence in place of a true one fails its check.

Each line of `FALSE_CLAIMS` is a sentence that is not true, the assertion in a chapter that stands
for the true one, and the assertion of the false one. The chapter is run, and where the true one
stands the false one must fail.
"""

import contextlib
import io
from collections import defaultdict

import matplotlib.pyplot as plt
import pytest
from false_claims import FALSE_CLAIMS, FalseClaim

from chapters import ROOT, Cell, read

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

BY_CHAPTER: dict[str, list[FalseClaim]] = defaultdict(list)
for claim in FALSE_CLAIMS:
    BY_CHAPTER[claim.chapter].append(claim)


def cells_of(chapter: str) -> list[Cell]:
    """Return the cells of a chapter, in order."""
    text = (ROOT / "chapters" / chapter).read_text("utf-8")
    return [cell for cell in read(text, chapter).cells if cell.source.strip()]


@pytest.mark.parametrize("chapter", BY_CHAPTER)
def test_false_claims_fail_where_true_ones_stand(chapter: str, monkeypatch):
    monkeypatch.chdir((ROOT / "chapters" / chapter).parent)
    monkeypatch.setattr("myst_nb.glue", lambda *_, **__: None)
    claims = BY_CHAPTER[chapter]
    cells = cells_of(chapter)
    for claim in claims:
        places = [cell for cell in cells if claim.right in cell.source]
        assert len(places) == 1, f"{claim.right!r} stands in {len(places)} cells"
        assert "check" in places[0].tags
    believed, waiting = [], list(claims)
    names: dict[str, object] = {"__name__": "chapter"}
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in cells:
            for claim in [claim for claim in waiting if claim.right in cell.source]:
                waiting.remove(claim)
                false = cell.source.replace(claim.right, claim.wrong)
                try:
                    exec(compile(false, chapter, "exec"), dict(names))
                    believed.append(claim.sentence)
                except AssertionError:
                    pass
            if not waiting:
                break
            exec(compile(cell.source, chapter, "exec"), names)
            plt.close("all")
    assert believed == []


def test_there_are_enough_false_claims():
    assert len(FALSE_CLAIMS) >= 20
    assert len(BY_CHAPTER) >= 10
