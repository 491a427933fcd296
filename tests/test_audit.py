"""Keras under test: every row is asked; a row that changes is named; the lines can be pasted."""

import ast
import re
import subprocess
import sys

import pytest

import d2lmini as d2l
from d2lmini import audit
from d2lmini.audit import AS_DOCUMENTED, DIFFERS, NOT_DOCUMENTED, ROWS, VERSION, Row

pytest.importorskip("tensorflow")
every_row = pytest.mark.parametrize("name", list(ROWS))


@every_row
@pytest.mark.filterwarnings("ignore")  # of Keras' own
def test_keras_does_what_the_page_says(name):
    """Fails with a sentence that says which row another version of Keras changes, and how."""
    outcome = {name: audit.run(ROWS[name].code)}
    assert audit.changes(outcome, d2l.keras().__version__) == []


def test_the_version_is_the_one_that_is_pinned(project):
    assert d2l.keras().__version__ == VERSION
    pins = (project / "requirements.txt").read_text("utf-8")
    assert re.search(rf"(?m)^keras=={re.escape(VERSION)}\b", pins)


@every_row
def test_answers_can_be_told_apart(name):
    row = ROWS[name]
    assert len(set(row.answers.values())) == len(row.answers) >= 2
    assert row.seen in row.answers
    assert row.documented is None or row.documented in row.answers
    for answer, printed in row.answers.items():
        assert row.answer(printed + "\n") == answer
    with pytest.raises(ValueError, match="which no answer predicts"):
        row.answer("something else")


@every_row
def test_the_words_that_are_quoted_stand_in_the_docstring(name):
    row = ROWS[name]
    text, file = audit.docstring(row.place)
    assert " ".join(row.quote.split()) in text
    assert len(row.quote.split()) <= 20
    assert file.startswith("keras/src/")
    if not row.quote:
        assert row.documented is None


@every_row
def test_reproductions_can_be_pasted(name):
    code = ROWS[name].code
    tree = ast.parse(code)
    assert "d2l" not in code
    assert max(map(len, code.splitlines())) <= 88
    imported = {
        alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names
    }
    assert "keras" in imported <= {"keras", "numpy", "tensorflow", "tempfile"}
    assert "print(" in ast.unparse(tree.body[-1])


@pytest.mark.parametrize("name", [n for n, row in ROWS.items() if row.seen != row.documented])
def test_a_row_that_a_later_version_mends_says_so(name):
    row = ROWS[name]
    if row.documented is None:
        other = next(printed for answer, printed in row.answers.items() if answer != row.seen)
        assert row.verdict(other) == NOT_DOCUMENTED
    else:
        other = row.answers[row.documented]
        assert row.verdict(row.answers[row.seen]) == DIFFERS
        assert row.verdict(other) == f"mended after {VERSION}"
        assert f"| mended after {VERSION} |" in audit.table({name: other})
    (sentence,) = audit.changes({name: other}, "9.9.9")
    assert sentence.startswith(f"{name}: Keras 9.9.9 answers")
    assert row.verdict(other) in sentence


@pytest.mark.parametrize("name", [n for n, row in ROWS.items() if row.seen == row.documented])
def test_a_row_that_a_later_version_breaks_says_so(name):
    row = ROWS[name]
    good = row.answers[row.seen]
    since = f"mended after {row.before[0]}" if row.before else AS_DOCUMENTED
    assert row.verdict(good) == since
    assert audit.changes({name: good}, VERSION) == []
    for answer, printed in row.answers.items():
        if answer != row.seen:
            assert row.verdict(printed) == DIFFERS
            assert len(audit.changes({name: printed}, "9.9.9")) == 1


def test_what_nobody_has_foreseen_is_said():
    (sentence,) = audit.changes({"order": "went up"}, "9.9.9")
    assert sentence.startswith("order: Keras 9.9.9 does something new.")
    assert "'went up'" in sentence


def test_a_keras_that_knows_lamb_is_noticed(monkeypatch):
    # Not a faked outcome, but a mended Keras.
    from keras.src import optimizers

    monkeypatch.setitem(optimizers.ALL_OBJECTS_DICT, "lamb", d2l.keras().optimizers.Lamb)
    outcomes = audit.ask(["lamb-registry"])
    (sentence,) = audit.changes(outcomes, "9.9.9")
    assert "lamb-registry" in sentence
    assert f"'mended after {VERSION}'" in sentence


def test_a_keras_that_builds_before_it_draws_the_graph_is_noticed(monkeypatch):
    model = d2l.keras().Model
    as_it_is = model.compile

    def mended(self, optimizer, **more):
        optimizer.build(self.trainable_variables)
        as_it_is(self, optimizer, **more)

    monkeypatch.setattr(model, "compile", mended)
    printed = audit.ask(["schedule-free-start"])["schedule-free-start"]
    assert ROWS["schedule-free-start"].verdict(printed) == f"mended after {VERSION}"


def test_a_keras_that_reads_the_old_point_is_noticed(monkeypatch):
    keras = d2l.keras()
    rule = keras.optimizers.ScheduleFreeAdamW
    as_it_is = rule.update_step

    def mended(self, gradient, variable, learning_rate):
        z = self._momentums[self._get_variable_index(variable)]
        old = z + 0.0
        as_it_is(self, gradient, variable, learning_rate)
        t = keras.ops.cast(self.iterations + 1, variable.dtype)
        self.assign_add(variable, (1 - 1 / t) * (1 - self.beta_1) * (z - old))

    monkeypatch.setattr(rule, "update_step", mended)
    outcomes = audit.ask(["schedule-free"])
    assert ROWS["schedule-free"].verdict(outcomes["schedule-free"]) == f"mended after {VERSION}"


def test_a_row_shows_the_lines_that_are_run():
    for name, row in ROWS.items():
        printed = row.answers[row.seen]
        text = audit.shown(name, printed)
        assert f"```python\n{row.code}```" in text
        assert f"```text\n{printed}\n```" in text
        assert f"**Verdict: {row.verdict(printed)}**" in text
        assert all(url in text for url in row.threads)
        assert ("No report" in text) == (row.verdict(printed) == DIFFERS and not row.threads)
        assert ("is silent" in text) == (not row.quote)
        assert ("No more is said" in text) == (bool(row.quote) and row.documented is None)


def test_every_row_has_its_section(project):
    text = (project / "chapters/reference/keras_under_test.md").read_text("utf-8")
    sections = re.findall(r"(?m)^\(keras-under-test-([a-z0-9-]+)\)=\n### (.+)$", text)
    assert dict(sections) == {name: row.claim for name, row in ROWS.items()}
    for name in ROWS:
        assert f'Markdown(audit.shown("{name}", found["{name}"]))' in text


def test_run_returns_what_is_printed_and_leaves_no_names():
    assert audit.run("unseen = 1\nprint('one')\nprint('two', end='; ')") == "one\ntwo;"
    with pytest.raises(NameError):
        audit.run("print(unseen)")
    mine = Row("a", "optimizers.SGD", "", "print(1)", {"one": "1", "two": "2"}, "two", "one")
    assert mine.verdict(audit.run(mine.code)) == DIFFERS


@pytest.mark.slow
@pytest.mark.parametrize("name", ["order", "repeated-tokens", "saved-model"])
def test_a_file_of_the_lines_prints_the_same(name, tmp_path):
    file = tmp_path / "reproduction.py"
    file.write_text(ROWS[name].code, "utf-8")
    done = subprocess.run(
        [sys.executable, file], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.strip() == ROWS[name].answers[ROWS[name].seen]
