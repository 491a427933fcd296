"""What the book says of the order in Keras, PyTorch and Optax is what an experiment answers."""

import around_elsewhere
import numpy as np
import pytest

import d2lmini as d2l
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


def test_a_scale_of_zero_makes_the_weights_nan_in_pytorch_too():
    module = around_elsewhere.torch()
    x = module.nn.Parameter(module.ones(1))
    sgd = module.optim.SGD([x], lr=0.1)
    scaler = module.amp.GradScaler("cpu", init_scale=2.0**15)
    for g in [np.inf] * 165 + [1.0]:
        assert float(x.detach()[0]) == 1
        sgd.zero_grad()
        scaler.scale((g * x).sum()).backward()
        scaler.step(sgd)
        scaler.update()
    assert scaler.get_scale() == 0
    assert np.isnan(float(x.detach()[0]))


def test_an_infinite_entry_becomes_nan_everywhere():
    """The other arrays are in the table; with none of the three a training goes on."""
    g = np.array([np.inf, 1.0])
    assert np.isnan(d2l.clip_global_norm(g, 1.0)).all()  # as in Keras
    module, jax_made = around_elsewhere.torch(), around_elsewhere.optax()
    a = module.nn.Parameter(module.ones(2))
    a.grad = module.tensor(g.astype("float32"))
    module.nn.utils.clip_grad_norm_([a], 1.0)
    clip = jax_made.clip_by_global_norm(1.0)
    for found in (a.grad.numpy(), np.asarray(clip.update(g, clip.init(g))[0])):
        assert np.isnan(found[0])
        assert found[1] == 0
