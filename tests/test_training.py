"""What one expects of training: start anywhere, go on, look in, hold out, clip, interrupt, keep."""

import itertools
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

import d2lmini as d2l

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
DATA = d2l.Dataset("sixty rows", X, X @ [1.0, -2.0, 0.5] + 0.1 * RNG.normal(size=60))
CLASSES = d2l.Dataset("three classes", X, np.digitize(X[:, 0], [-0.4, 0.4]))
LINEAR, NETWORK = d2l.LinearRegression(), d2l.MLP(8)
RULES = [
    d2l.SGD(0.05),
    d2l.SGD(0.05, momentum=0.9, nesterov=True),
    d2l.Adagrad(0.1),
    d2l.RMSprop(0.01, centered=True, momentum=0.5),
    d2l.Adadelta(1.0),
    d2l.Adam(0.01, amsgrad=True),
    d2l.AdamW(d2l.CosineDecay(0.05, decay_steps=50)),
    d2l.Adamax(0.02),
    d2l.Nadam(0.01),
    d2l.Lion(0.01),
]
every_rule = pytest.mark.parametrize("rule", RULES, ids=repr)


def same(a, b):
    """Say whether two dicts of arrays are equal bit for bit."""
    return a.keys() == b.keys() and all(np.array_equal(a[key], b[key]) for key in a)


# ---- start and go on ----------------------------------------------------------------------------


@every_rule
@pytest.mark.parametrize("batch_size", [7, 60])
def test_a_training_that_goes_on_is_one_training(rule, batch_size):
    whole = d2l.train(NETWORK, rule, CLASSES, epochs=5, batch_size=batch_size, seed=3)
    part = d2l.train(NETWORK, rule, CLASSES, epochs=2, batch_size=batch_size, seed=3)
    rest = d2l.train(NETWORK, rule, CLASSES, epochs=3, batch_size=batch_size, seed=3, start=part)
    assert same(rest.parameters, whole.parameters)
    np.testing.assert_array_equal(rest.loss, whole.loss)
    np.testing.assert_array_equal(rest.epoch, whole.epoch)
    assert rest.steps == whole.steps == rest.state["t"]
    # Another order of the rows, or a state from zero, would end elsewhere.
    if batch_size == 7:
        other = d2l.train(NETWORK, rule, CLASSES, epochs=3, batch_size=7, seed=4, start=part)
        assert not same(other.parameters, whole.parameters)


def test_a_training_goes_on_after_it_was_saved():
    rule = d2l.Adam(0.01)
    part = d2l.train(LINEAR, rule, DATA, epochs=1)
    read = pickle.loads(pickle.dumps(part))
    on = d2l.train(LINEAR, rule, DATA, epochs=1, start=read)
    assert same(on.parameters, d2l.train(LINEAR, rule, DATA, epochs=2).parameters)


def test_a_training_starts_from_given_parameters_and_leaves_them():
    given = {"w": np.array([1.0, 2.0, 3.0]), "b": np.array([4.0])}
    before = {key: value.copy() for key, value in given.items()}
    history = d2l.train(LINEAR, d2l.SGD(0.1), DATA, start=given)
    assert history.loss[0] == LINEAR.loss(given, DATA.x, DATA.y)
    assert same(given, before)
    first = next(d2l.training_steps(LINEAR, d2l.SGD(0.1), DATA, start=given))
    assert not same(first.parameters, given)


def test_another_rule_does_not_go_on_from_a_history():
    history = d2l.train(LINEAR, d2l.Adam(0.01), DATA)
    with pytest.raises(ValueError, match="a state of Adam, not of RMSprop"):
        d2l.train(LINEAR, d2l.RMSprop(0.01), DATA, start=history)
    with pytest.raises(ValueError, match="shape"):
        d2l.train(LINEAR, d2l.SGD(0.1), DATA, start={"w": np.zeros(2), "b": np.zeros(1)})


# ---- look in ------------------------------------------------------------------------------------


@every_rule
def test_the_steps_of_a_training_are_those_that_train_takes(rule):
    history = d2l.train(LINEAR, rule, DATA, epochs=2, batch_size=25)
    steps = list(itertools.islice(d2l.training_steps(LINEAR, rule, DATA, batch_size=25), 6))
    assert same(steps[-1].parameters, history.parameters)
    assert [step.t for step in steps] == [1, 2, 3, 4, 5, 6]
    assert [step.epoch for step in steps] == [1 / 3, 2 / 3, 1, 4 / 3, 5 / 3, 2]
    for epoch in (steps[:3], steps[3:]):
        assert sorted(np.concatenate([step.rows for step in epoch])) == list(range(60))
    rows = steps[0].rows
    first = LINEAR.gradient(LINEAR.init(DATA), DATA.x[rows], DATA.y[rows])
    assert same(steps[0].gradient, first)


# ---- hold out, measure, clip --------------------------------------------------------------------


def test_what_is_held_out_is_evaluated_and_not_trained_on():
    train = d2l.Dataset("train", X[:40], CLASSES.y[:40])
    test = d2l.Dataset("test", X[40:], CLASSES.y[40:])
    plain = d2l.train(NETWORK, d2l.Adam(0.01), train, epochs=4)
    held = d2l.train(
        NETWORK,
        d2l.Adam(0.01),
        train,
        epochs=4,
        validation=test,
        metrics={"accuracy": d2l.accuracy},
    )
    assert same(plain.parameters, held.parameters)
    np.testing.assert_array_equal(plain.loss, held.loss)
    assert held.validation_loss[-1] == NETWORK.loss(held.parameters, test.x, test.y)
    right = np.mean(NETWORK.predict(held.parameters, test.x) == test.y)
    assert held.metrics["accuracy"][-1] == right
    assert len(held.metrics["accuracy"]) == len(held.validation_loss) == len(held.loss) == 5
    assert len(plain.validation_loss) == 0
    assert plain.metrics == {}


def test_metrics_without_held_out_data_are_those_of_the_data():
    history = d2l.train(LINEAR, d2l.SGD(0.1), DATA, metrics={"rmse": rmse})
    np.testing.assert_allclose(history.metrics["rmse"], np.sqrt(2 * history.loss), rtol=1e-12)


def rmse(y, predicted):
    return float(np.sqrt(np.mean((y - predicted) ** 2)))


def test_measurements_go_on_with_a_history():
    asked = {"validation": DATA, "metrics": {"rmse": rmse}}
    part = d2l.train(LINEAR, d2l.SGD(0.1), DATA, epochs=2, **asked)
    rest = d2l.train(LINEAR, d2l.SGD(0.1), DATA, epochs=1, start=part, **asked)
    whole = d2l.train(LINEAR, d2l.SGD(0.1), DATA, epochs=3, **asked)
    np.testing.assert_array_equal(rest.validation_loss, whole.validation_loss)
    np.testing.assert_array_equal(rest.metrics["rmse"], whole.metrics["rmse"])


@pytest.mark.parametrize("limit", [0.01, 1.0, 1e9])
def test_a_long_gradient_is_shortened_over_all_its_arrays_together(limit):
    clipped = next(
        d2l.training_steps(NETWORK, d2l.SGD(0.1), CLASSES, global_clipnorm=limit)
    ).gradient
    whole = next(d2l.training_steps(NETWORK, d2l.SGD(0.1), CLASSES)).gradient
    length = np.sqrt(sum((part**2).sum() for part in whole.values()))
    assert 0.01 < length < 1e9
    for key, part in whole.items():
        np.testing.assert_allclose(clipped[key], part * min(1, limit / length), rtol=1e-12)


# ---- interrupt, keep ----------------------------------------------------------------------------


class Impatient(d2l.LinearRegression):
    """A model whose reader presses Ctrl-C during the ninth gradient."""

    calls = 0

    def gradient(self, parameters, x, y):
        self.calls += 1
        if self.calls == 9:
            raise KeyboardInterrupt
        return super().gradient(parameters, x, y)


def test_an_interrupted_training_keeps_what_it_has_and_goes_on():
    with pytest.warns(UserWarning, match=r"Interrupted after 8 of 12 steps.*goes on from there\."):
        part = d2l.train(Impatient(), d2l.Adam(0.01), DATA)
    assert part.steps == 8
    np.testing.assert_array_equal(part.epoch, [0, 1])
    steps = itertools.islice(d2l.training_steps(LINEAR, d2l.Adam(0.01), DATA, start=part), 4)
    end = list(steps)[-1].parameters
    assert same(end, d2l.train(LINEAR, d2l.Adam(0.01), DATA).parameters)


@pytest.mark.parametrize("record", [True, False])
def test_an_interrupted_run_keeps_what_it_has(record):
    calls = []

    def gradient(x):
        calls.append(x)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return d2l.bowl.gradient(x)

    mine = d2l.Objective("mine", d2l.bowl.value, gradient, start=[-5.0, -2.0], noisy=True)
    with pytest.warns(UserWarning, match="Interrupted after 5 of 20 steps"):
        trace = d2l.minimize(mine, d2l.Adam(0.1), record=record)
    whole = d2l.minimize(d2l.bowl, d2l.Adam(0.1), steps=5)
    assert trace.steps == 5
    np.testing.assert_array_equal(trace.x[-1], whole.x[-1])
    assert len(trace.x) == len(trace.value) == (6 if record else 2)


@pytest.mark.slow
@pytest.mark.parametrize(("pause", "shown"), [(0.001, False), (0.06, True)])
def test_a_bar_appears_when_it_takes_more_than_two_seconds(pause, shown):
    code = "import time; from d2lmini.descend import with_bar\n"
    code += f"for _ in with_bar(range(50)): time.sleep({pause})"
    plain = {key: value for key, value in os.environ.items() if key != "TQDM_DISABLE"}
    done = subprocess.run([sys.executable, "-c", code], env=plain, capture_output=True, check=True)
    assert (b"steps/s" in done.stderr) == shown
    assert done.stdout == b""


@pytest.mark.parametrize(
    "trace",
    [
        d2l.minimize(d2l.himmelblau, d2l.Adam(0.1)),
        d2l.minimize(d2l.quadratic(np.diag([1.0, 3.0])), d2l.SGD(np.full((4, 1), 0.1))),
        d2l.minimize(
            d2l.Objective("mine", lambda x: (x[0] - 1) ** 2 + x[1] ** 2, start=[3.0, 1.0]),
            d2l.SGD(0.1),
        ),
    ],
    ids=lambda trace: trace.objective.name,
)
def test_a_trace_is_kept_in_a_file(trace, tmp_path):
    file = tmp_path / "trace.pickle"
    file.write_bytes(pickle.dumps(trace))
    read = pickle.loads(file.read_bytes())
    assert repr(read) == repr(trace)
    np.testing.assert_array_equal(read.x, trace.x)
    assert same(read.states[-1], trace.states[-1])
    assert read.objective.name == trace.objective.name
    if trace.objective.name == "mine":  # a lambda cannot be saved, and says so
        with pytest.raises(ValueError, match="was not saved: a lambda cannot be pickled"):
            read.objective([1.0, 1.0])
    else:
        assert read.objective([1.0, 1.0]) == trace.objective([1.0, 1.0])
