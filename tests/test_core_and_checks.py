"""Core and depth, reading times, folded checks and proofs: what the build makes of their marks."""

import book_core
import pytest
from bs4 import BeautifulSoup

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::SyntaxWarning")

HEAD = """\
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  name: python3
---
"""
CHAPTER = """\
(index)=
# Page

One two $x$ four.

## A question

{core}

```{{prf:theorem}} Small
Six words are in this theorem.
```

```{{prf:proof}}
Proofs are not counted.
```

```{{code-cell}} ipython3
:tags: [check]

# The sum is even,
# and small.
assert (1 + 1) % 2 == 0
assert 1 + 1 < 3
```

(index-deep)=
{{.depth}}
## Fine print

Only four words here.

(index-exercises)=
## Exercises

Not counted at all. See {{ref}}`index-deep`: {{number-of}}`checks`, {{number-of}}`asserts`,
{{number-of}}`proofs`.

```{{short-book}}
```
"""
CODE = "```{code-cell} ipython3\n%s1 + 1\n```\n\n"


@pytest.fixture
def build(build_page):
    """Return a function that builds a chapter: its page, and the warnings."""

    def run(core="", builder="html"):
        source = HEAD + CHAPTER.format(core=core)
        extensions = ["myst_nb", "sphinx_proof", "book_checks", "book_core"]
        text, warnings = build_page(builder, source, *extensions)
        return (BeautifulSoup(text, "html.parser") if builder == "html" else text), warnings

    return run


def test_a_check_is_folded_behind_a_mark_that_names_its_claim(build):
    page, warnings = build()
    assert not warnings
    (check,) = page.select("details.check")
    assert "open" not in check.attrs
    assert check.summary.get_text() == "checked: The sum is even, and small."
    assert "assert" in check.select_one(".tag_check").get_text()
    assert "assert" not in check.summary.get_text()


def test_a_proof_is_folded_behind_its_name(build):
    page, _ = build()
    (proof,) = page.select("details.proof-fold")
    assert "open" not in proof.attrs
    assert proof.summary.get_text() == "Proof"
    assert proof.select_one(".proof").get_text().strip() == "Proofs are not counted."


def test_checks_asserts_and_proofs_are_counted(build):
    page, _ = build()
    assert "1, 2,\n1." in page.select_one("#exercises, #index-exercises").get_text()


def test_depth_is_named_in_the_heading_but_not_in_links_to_it(build):
    page, _ = build()
    assert page.select_one(".depth h2").get_text().startswith("Depth: Fine print")
    assert not page.select_one("#a-question h2 .depth-mark")
    assert page.select_one("#exercises a.reference, #index-exercises a.reference").get_text() == (
        "Fine print"
    )


def test_paper_has_no_checks_but_proofs_and_the_name_of_depth(build):
    text, warnings = build(builder="latex")
    assert not warnings
    assert "even" not in text
    assert "Proofs are not counted" in text
    assert "Depth: Fine print" in text.replace(r"\DUrole{depth-mark}{Depth: }", "Depth: ")


def test_reading_times_come_from_the_words(build):
    # Core: title, four words, "A question", six and the theorem's name, and what is added.
    page, _ = build("word " * (10 * book_core.PACE))
    assert page.select_one(".reading-time").get_text() == "Core 10 minutes · Depth 1 more"
    assert "10 minutes" in page.select_one("ol").get_text()


@pytest.mark.parametrize(
    ("core", "complaint"),
    [
        ("word " * 4000, "The core has 40"),
        ("word " * 3900, ""),
        (CODE % "" * 9, "The core shows 9 cells"),
        (CODE % "" * 8, ""),
        (CODE % ":tags: [hide-input]\n\n" * 9, ""),
        ("```{code-cell} ipython3\n:tags: [check]\n\nassert 1\n```", "begins with a comment"),
        ("```{code-cell} ipython3\n:tags: [check]\n\n# One.\n1 < 2\n```", "asserts something"),
        ("{number-of}`doubts`", "counts checks, asserts, proofs"),
    ],
)
def test_what_is_too_long_or_no_check_is_refused(build, core, complaint):
    _, warnings = build(core)
    assert complaint in warnings if complaint else not warnings
