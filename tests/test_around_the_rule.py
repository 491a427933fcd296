"""What the book says of the order in Keras, PyTorch and Optax is what an experiment answers."""

import around_elsewhere
import pytest

from d2lmini.around import COLUMNS, NOTHING, QUESTIONS, WRITTEN, ask_keras, table

every_question = pytest.mark.parametrize("name", list(QUESTIONS))


@every_question
def test_keras_answers_as_the_table_says(name):
    pytest.importorskip("tensorflow")
    question = QUESTIONS[name]
    assert question.answer(ask_keras(name)) == question.says[0]


@pytest.mark.parametrize("framework", ["torch", "optax"])
@every_question
@pytest.mark.filterwarnings("ignore")
def test_others_answer_as_the_table_says(name, framework):
    question = QUESTIONS[name]
    outcome = getattr(around_elsewhere, f"{framework}_{name}")()
    assert question.answer(outcome) == question.says[list(COLUMNS).index(framework)]


@every_question
def test_answers_can_be_told_apart(name):
    question = QUESTIONS[name]
    for answer, predicted in question.answers.items():
        assert question.answer(predicted) == answer
    assert question.answer(tuple(question.answers.values())) == WRITTEN
    assert question.answer(None) == NOTHING
    with pytest.raises(ValueError, match="was to be expected"):
        question.answer(12345.0)
    with pytest.raises(ValueError, match="was to be expected"):
        question.answer(tuple(reversed(question.answers.values())))


def test_the_tables_have_all_questions():
    assert (table(True) + table(False)).count("\n") == len(QUESTIONS) + 2
    assert all(len(q.says) == len(COLUMNS) for q in QUESTIONS.values())
