"""The {question} directive: what it writes, and what it says to an author who forgets something."""

import pytest
from bs4 import BeautifulSoup

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

GOOD = """\
```{question} Is $\\rho < 1$?
- [ ] no, *never*
  It decays: see [the page](https://example.org).

  A second paragraph.
- [x] `yes`
  Else nothing leaks.
```

````{question}
Which line is it?

```python
x -= lr * g
```

- [x] This one
  $a_1$ and $b$.
- [ ] None
  Look again.
````
"""


@pytest.fixture
def build(build_page):
    """Return a function that builds one page with questions: its output, and the warnings."""
    return lambda builder, source: build_page(
        builder, f"# Page\n\n{source}", "myst_parser", "book_question"
    )


def test_every_button_has_a_label_and_a_description_in_its_own_group(build):
    html, warnings = build("html", GOOD)
    assert not warnings
    page = BeautifulSoup(html, "html.parser")
    groups = page.select("fieldset.question")
    assert len(groups) == 2
    ids = [tag["id"] for tag in page.select("[id]")]
    assert len(ids) == len(set(ids))
    for group in groups:
        buttons = group.select("input[type=radio]")
        assert len(buttons) == 2
        assert {button["name"] for button in buttons} == {group["id"]}
        for button in buttons:
            assert page.select_one(f"label[for={button['id']}]").get_text(strip=True)
            feedback = page.find(id=button["aria-describedby"])
            assert feedback.get_text().strip().startswith(("Right. ", "Not quite. "))
        assert len(group.select(".question-right")) == 1


def test_markup_works_in_stem_option_and_feedback(build):
    html, _ = build("html", GOOD)
    first, second = BeautifulSoup(html, "html.parser").select("fieldset.question")
    assert first.legend.select_one(".math")
    assert first.label.em.get_text() == "never"
    feedback = first.select_one(".question-wrong")
    assert feedback.a["href"] == "https://example.org"
    assert [p.get_text() for p in feedback.select("p")][1] == "A second paragraph."
    assert second.legend.get_text() == "Question 2. Which line is it?"
    assert "x -= lr * g" in second.select_one(".highlight").get_text().replace("\xa0", " ")


def test_paper_has_letters_and_the_answers_after_the_last_question(build):
    tex, warnings = build("latex", GOOD)
    assert not warnings
    answers = tex.index("{Answers}")
    assert tex.index("{Question 1}") < tex.index("{Question 2}") < answers
    asked, answered = tex[:answers], tex[answers:]
    assert r"\sphinxsetlistlabels{\alph}" in asked
    for verdict in ("Right.", "Not quite."):
        assert verdict not in asked
        assert answered.count(verdict) == 2
    for place in ("1 (a)", "1 (b)", "2 (a)", "2 (b)"):
        assert place in answered


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("```{question} A?\n- [ ] a\n  f\n- [ ] b\n  f\n```", "0 options are marked [x]"),
        ("```{question} A?\n- [x] a\n  f\n- [x] b\n  f\n```", "2 options are marked [x]"),
        ("```{question} A?\n- [x] a\n- [ ] b\n  f\n```", "the option 'a' has no feedback"),
        ("```{question} A?\n- [x] a\n  f\n```", "it needs two options or more"),
        ("```{question} A?\n- [x] a\n  f\n- [?] b\n  f\n```", "an option is marked [?]"),
        ("```{question}\n- [x] a\n  f\n- [ ] b\n  f\n```", "it has no text"),
        ("```{question} A?\n- [x]\n  f\n- [ ] b\n  f\n```", "an option has no words"),
        ("```{question} A?\n```", "it needs two options or more"),
    ],
)
def test_a_mistake_is_a_warning_in_a_sentence(build, source, sentence):
    _, warnings = build("html", source)
    assert f"Question 1: {sentence}" in warnings
