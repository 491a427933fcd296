"""The tf.keras side: twins, agreement as a number, and training on the same minibatches."""

import dataclasses
import functools
import subprocess
import sys

import numpy as np
import pytest
from comparison import CHANGING_RATE, DEFAULTS, SETTINGS
from wrong_twins import OWN

import d2lmini as d2l
from d2lmini import concise

every_rule = pytest.mark.parametrize("name", list(DEFAULTS))
DIABETES = d2l.diabetes()

# ---- twins --------------------------------------------------------------------------------------


@every_rule
@pytest.mark.parametrize("rules", [DEFAULTS, SETTINGS], ids=["defaults", "settings"])
def test_a_twin_has_the_same_name_and_hyperparameters(name, rules):
    rule = dataclasses.replace(rules[name], weight_decay=0.25)
    twin = d2l.twin(rule)
    assert type(twin).__name__ == type(rule).__name__
    config = twin.get_config()
    for argument, value in vars(rule).items():
        if argument not in ("epsilon_inside_root", "epsilon_hat"):
            # Keras keeps the learning rate in float32.
            expected = np.float32(value) if argument == "learning_rate" else value
            assert config[argument] == expected, argument


@pytest.mark.parametrize("name", list(d2l.RULES))
def test_the_default_rule_has_the_default_twin(name):
    ours = d2l.twin(d2l.RULES[name]()).get_config()
    theirs = getattr(d2l.keras().optimizers, name)().get_config()
    assert ours == theirs | {"name": ours["name"]}  # Keras numbers its objects


def test_a_twin_is_fresh():
    assert d2l.twin(DEFAULTS["Adam"]) is not d2l.twin(DEFAULTS["Adam"])


def test_a_schedule_has_a_twin_too():
    twin = d2l.twin(d2l.SGD(CHANGING_RATE))
    schedule = twin.get_config()["learning_rate"]
    assert schedule["class_name"] == "PiecewiseConstantDecay"
    assert schedule["config"]["boundaries"] == [49, 119]


# ---- agreement ----------------------------------------------------------------------------------


@every_rule
def test_rules_agree_with_their_twins_call_by_call(name):
    # Without a compiled graph, as a reader would do it. Nadam's factors are rounded otherwise (see
    # comparison.py); each of 100 steps may so come out a few units apart, of positions below one.
    agreement = d2l.agree(DEFAULTS[name], steps=100)
    assert agreement.steps == 100
    assert agreement.dtype == "float32"
    assert agreement.moved > 0
    if name == "Nadam":
        assert 0 < agreement.difference < 100 * 4 * 2**-24
    else:
        assert agreement.difference == 0.0
        assert agreement.first_step is None
        assert repr(agreement) == "equal bit for bit over 100 steps in float32"


def test_agree_says_how_far_a_wrong_rule_is_apart():
    # Adam without bias correction: at the first step 10 / sqrt(1000) of the right one, and no more.
    wrong = OWN["Adam"][0].of(d2l.Adam(0.01))
    gradients = np.ones((30, 4))
    agreement = d2l.agree(wrong, d2l.twin(d2l.Adam(0.01)), gradients=gradients)
    assert agreement.first_step == 1
    x, state, expected = np.zeros(4, np.float32), wrong.init(np.zeros(4, np.float32)), 0.0
    for t in range(1, 31):
        x, state = wrong.step(x, np.ones(4, np.float32), state)
        expected = max(expected, abs(float(x[0]) + 0.01 * t))
    assert agreement.difference == pytest.approx(expected, rel=1e-4)
    assert "apart over 30 steps in float32, first at step 1" in repr(agreement)


def test_agree_finds_the_step_at_which_paths_part():
    # The schedules differ after the step that has seen 49 others.
    agreement = d2l.agree(d2l.SGD(2.0**-7), d2l.twin(d2l.SGD(CHANGING_RATE)), steps=60)
    assert agreement.first_step == 51
    assert agreement.difference > 1e-4


def test_agree_compares_any_two_optimizers():
    plain = d2l.keras().optimizers.SGD(0.5)
    assert d2l.agree(d2l.SGD(0.5, nesterov=True), plain, steps=5).difference == 0
    rmsprop = d2l.twin(d2l.RMSprop(epsilon=1e-7))
    outside = d2l.agree(d2l.RMSprop(epsilon_inside_root=False), rmsprop, steps=50)
    assert outside.difference > 1e-5


def test_agree_in_float64_shows_what_keras_rounds_to_float32():
    # 0.9 is rounded on the way into Keras, 0.875 is a float32 already.
    rounded = d2l.agree(d2l.SGD(2.0**-7, momentum=0.9), steps=50, dtype="float64")
    exact = d2l.agree(d2l.SGD(2.0**-7, momentum=0.875), steps=50, dtype="float64")
    assert 1e-9 < rounded.difference < 1e-6
    assert exact.difference == 0


def test_example_gradients_visit_the_places_where_rules_differ():
    g = d2l.example_gradients(300, 20)
    assert g.shape == (300, 20)
    assert 0.3 < (g == 0).mean() < 0.37
    sizes = np.abs(g).max(axis=0)
    assert sizes[0] < 1e-3
    assert sizes[-1] > 1
    assert (g == d2l.example_gradients(300, 20)).all()
    assert (g != d2l.example_gradients(300, 20, seed=1)).any()


# ---- training -----------------------------------------------------------------------------------


def assert_trainings_agree(ours, theirs):
    """Fail unless two trainings end in the same place, up to the float32 of Keras."""
    assert ours.loss.shape == theirs.loss.shape
    assert (ours.epoch == theirs.epoch).all()
    assert ours.diverged_at is theirs.diverged_at is None
    # The worst that single precision does to a step: where 0.999 is rounded, 1 - 0.999 is off by
    # 2**-25 / 0.001 of itself. All steps of 0.01 together may so come out this far apart:
    steps = round(ours.epoch[-1] * np.ceil(len(DIABETES) / 10))
    limit = steps * 0.01 * 2**-25 / 0.001
    assert np.abs(ours.loss - theirs.loss).max() < limit, "losses differ"
    for key, value in ours.parameters.items():
        assert np.abs(value - theirs.parameters[key]).max() < limit, "parameters differ"


@functools.cache
def fast(name):
    """Return a rule that gets somewhere in two epochs, and how it fares in Keras."""
    rule = dataclasses.replace(DEFAULTS[name], learning_rate=0.01)
    return rule, d2l.train_concise(rule, DIABETES)


@every_rule
def test_training_in_keras_ends_where_training_from_scratch_does(name):
    rule, theirs = fast(name)
    ours = d2l.train(d2l.LinearRegression(), rule, DIABETES)
    assert_trainings_agree(ours, theirs)
    assert theirs.loss[-1] < theirs.loss[0]


@pytest.mark.parametrize(
    ("name", "mistake"),
    [
        ("SGD, momentum", "damped by 1 - beta"),
        ("SGD, Nesterov", "does not look ahead"),
        ("Adagrad", "starts at 0"),
        ("RMSprop", "bias corrected as in Adam"),
        ("RMSprop, centered", "not centered"),
        ("Adadelta", "updates accumulated with the rate"),
        ("Adam", "no bias correction"),
        ("Adamax", "no bias correction"),
        ("Nadam", "constant momentum"),
        ("Lion", "decays swapped"),
    ],
)
def test_training_with_a_wrong_rule_ends_elsewhere(name, mistake):
    rule, theirs = fast(name)
    wrong = next(twin for twin in OWN[name] if twin.mistake == mistake).of(rule)
    ours = d2l.train(d2l.LinearRegression(), wrong, DIABETES)
    with pytest.raises(AssertionError, match="differ"):
        assert_trainings_agree(ours, theirs)


def test_a_loss_without_its_half_ends_elsewhere():
    # Keras' "mse" has no half, which doubles the gradient.
    ours = d2l.train(d2l.LinearRegression(), d2l.SGD(0.02), DIABETES)
    with pytest.raises(AssertionError, match="differ"):
        assert_trainings_agree(ours, fast("SGD")[1])


def test_a_keras_optimizer_may_be_given_directly():
    optimizer = d2l.keras().optimizers.SGD(0.05)
    history = d2l.train_concise(optimizer, DIABETES, epochs=1)
    assert history.rule is optimizer
    same = d2l.train_concise(d2l.SGD(0.05), DIABETES, epochs=1)
    assert (history.loss == same.loss).all()


def test_both_sides_see_the_same_minibatches(monkeypatch):
    seen = []

    class Model:
        def train_on_batch(self, x, y):
            seen.append(y[:, 0])

        def evaluate(self, x, y, **_):
            return 0.0

        def get_weights(self):
            return np.zeros((3, 1)), np.zeros(1)

    monkeypatch.setattr(concise, "linear_regression", lambda *_: Model())
    data = d2l.Dataset("numbered", np.zeros((23, 3)), np.arange(23.0))
    d2l.train_concise(d2l.SGD(), data, epochs=2, batch_size=5, seed=3)
    batches = d2l.minibatches(23, 5, 3)
    assert len(seen) == 10
    for rows in seen:
        assert (rows == next(batches)).all()


def test_comparing_prints_nothing():
    # In a process of its own, as in a notebook. From the fifth training on TensorFlow would warn
    # that it compiles anew.
    code = """
import d2lmini as d2l
data = d2l.Dataset("small", [[1.0], [2.0]], [1.0, 2.0])
for k in range(8):
    d2l.train_concise(d2l.SGD(), data, batch_size=1, epochs=1, seed=k)
d2l.agree(d2l.SGD(), steps=2)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_both_sides_diverge_at_the_same_step():
    data = d2l.Dataset("ones", np.ones((4, 1)), np.ones(4))
    settings = {"epochs": 50, "batch_size": 4}
    ours = d2l.train(d2l.LinearRegression(), d2l.SGD(3.0), data, **settings)
    theirs = d2l.train_concise(d2l.SGD(3.0), data, **settings)
    assert ours.diverged_at == theirs.diverged_at
    assert len(ours.loss) == len(theirs.loss)


def test_a_model_that_does_not_fit_the_data_is_refused():
    data = d2l.Dataset("small", np.ones((4, 1)), np.ones(4))
    with pytest.raises(ValueError, match="only 4 examples"):
        d2l.train_concise(d2l.SGD(), data, batch_size=5)
    with pytest.raises(ValueError, match="epochs must be"):
        d2l.train_concise(d2l.SGD(), data, batch_size=2, epochs=0)
