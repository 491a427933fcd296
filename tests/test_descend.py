"""Runs on surfaces and on data: what they record, when they stop, and that they repeat."""

import dataclasses

import numpy as np
import pytest
from comparison import SETTINGS
from numpy.testing import assert_allclose

import d2lmini as d2l
from d2lmini.descend import FAR

every_rule = pytest.mark.parametrize("rule", SETTINGS.values(), ids=SETTINGS)

# ---- minimize -----------------------------------------------------------------------------------


@every_rule
def test_a_trace_is_the_path(rule):
    trace = d2l.minimize(d2l.beale, rule, steps=15)
    assert trace.objective is d2l.beale
    assert trace.rule is rule
    assert trace.steps == 15
    assert trace.x.shape == (16, 2)
    assert trace.value.shape == (16,)
    assert trace.gradient.shape == (15, 2)
    assert len(trace.states) == 15
    assert trace.diverged_at is None
    x, state = d2l.beale.start, rule.init(d2l.beale.start)
    for k in range(15):
        assert (trace.x[k] == x).all()
        g = d2l.beale.gradient(x)
        assert (trace.gradient[k] == g).all()
        x, state = rule.step(x, g, state)
        for letter, value in state.items():
            assert np.array_equal(trace.states[k][letter], value)
    assert (trace.x[15] == x).all()
    assert (trace.value == d2l.beale(trace.x)).all()


@every_rule
def test_the_points_of_a_trace_are_distinct(rule):
    # A rule that changes its point in place would leave the same point in every row.
    trace = d2l.minimize(d2l.beale, rule, steps=10)
    assert len(np.unique(trace.x, axis=0)) == 11
    states = [tuple(np.ravel(value) for value in state.values()) for state in trace.states]
    assert len({np.concatenate(state).tobytes() for state in states}) == 10


@every_rule
def test_the_start_is_left_as_it_is(rule):
    start = np.array([1.0, 2.0])
    trace = d2l.minimize(d2l.bowl, rule, start=start, steps=5)
    assert (start == [1, 2]).all()
    start[:] = 9  # nor does the trace change with it afterwards
    assert (trace.x[0] == [1, 2]).all()
    assert (d2l.bowl.start == [-5, -2]).all()


@every_rule
def test_a_run_repeats_itself(rule):
    first, second = (d2l.minimize(d2l.himmelblau, rule, steps=50) for _ in range(2))
    assert first.x.tobytes() == second.x.tobytes()


@every_rule
def test_runs_from_many_starts_are_the_single_runs(rule):
    starts = np.random.default_rng(0).uniform(-1, 1, size=(3, 4, 2))
    together = d2l.minimize(d2l.himmelblau, rule, start=starts, steps=20)
    assert together.x.shape == (21, 3, 4, 2)
    assert together.value.shape == (21, 3, 4)
    assert together.diverged_at.shape == (3, 4)
    for i in range(3):
        for j in range(4):
            alone = d2l.minimize(d2l.himmelblau, rule, start=starts[i, j], steps=20)
            assert (together.x[:, i, j] == alone.x).all()


def test_in_one_dimension_every_entry_is_a_run():
    single = d2l.minimize(d2l.parabola, d2l.SGD(0.1), steps=8)
    assert single.x.shape == single.value.shape == (9,)
    assert_allclose(single.x, 5 * 0.9 ** np.arange(9))
    rates = np.array([0.1, 0.5, 1.0])
    many = d2l.minimize(d2l.parabola, d2l.SGD(rates), steps=8)
    assert many.x.shape == (9, 3)
    assert_allclose(many.x, 5 * (1 - rates) ** np.arange(9)[:, None])
    starts = d2l.minimize(d2l.parabola, d2l.SGD(0.1), start=[1.0, 2.0], steps=8)
    assert_allclose(starts.x[-1], np.array([1.0, 2.0]) * 0.9**8)


@pytest.mark.parametrize("rate", [0.1, 0.6, [[0.1], [0.6]]])
def test_without_record_the_end_is_the_last_point_of_the_record(rate):
    rule = d2l.SGD(np.array(rate) if isinstance(rate, list) else rate)
    record = d2l.minimize(d2l.bowl, rule, steps=60)
    end = d2l.minimize(d2l.bowl, rule, steps=60, record=False)
    assert len(end.x) == len(end.value) == 2
    assert (end.x[0] == record.x[0]).all()
    assert (end.x[-1] == record.x[-1]).all()
    assert (end.value[-1] == record.value[-1]).all()
    assert np.array_equal(end.diverged_at, record.diverged_at)
    assert len(end.gradient) == len(end.states) == 0


def test_no_steps_are_a_trace_of_the_start():
    trace = d2l.minimize(d2l.bowl, d2l.SGD(), steps=0)
    assert trace.steps == 0
    assert (trace.x == [d2l.bowl.start]).all()
    assert trace.value == [10.5]


def divergence(rate):
    """Return the step after which x2 of the bowl, -2 (1 - 4 rate)^t, is farther than FAR away."""
    t = 1
    while 2 * abs(1 - 4 * rate) ** t <= FAR:
        t += 1
    return t


@pytest.mark.parametrize("rate", [0.51, 0.6, 2.0, 1e3])
def test_divergence_is_reported_at_its_step(rate):
    expected = divergence(rate)
    trace = d2l.minimize(d2l.bowl, d2l.SGD(rate), steps=2000)
    assert trace.diverged_at == expected
    assert isinstance(trace.diverged_at, int)
    assert trace.steps == expected - 1  # the run stops, and ends at the last point that is near
    assert np.isfinite(trace.x).all()
    assert (np.abs(trace.x) <= FAR).all()
    assert repr(trace).endswith(f"on bowl: diverged at step {expected}")
    # One step fewer, and nothing has happened yet.
    assert d2l.minimize(d2l.bowl, d2l.SGD(rate), steps=expected - 1).diverged_at is None


def test_divergence_of_runs_side_by_side_is_reported_for_each():
    rates = np.array([0.1, 0.51, 0.6, 1e3])
    trace = d2l.minimize(d2l.bowl, d2l.SGD(rates[:, None]), steps=2000)
    expected = [0] + [divergence(rate) for rate in rates[1:]]
    assert trace.diverged_at.tolist() == expected
    assert repr(trace).endswith("4 runs, of which 3 diverged")
    # The others go on undisturbed to the end.
    alone = d2l.minimize(d2l.bowl, d2l.SGD(0.1), steps=2000)
    assert (trace.x[:, 0] == alone.x).all()


def test_a_gradient_that_is_not_finite_is_a_divergence_too():
    def gradient(x):
        return np.where(np.abs(x) < 3, np.nan, x)

    hole = d2l.Objective(
        "hole", lambda x: x**2 / 2, gradient, np.ones_like, np.array(5.0), ((-6, 6),)
    )
    trace = d2l.minimize(hole, d2l.SGD(0.3), steps=20)  # 5, 3.5, 2.45, nan
    assert trace.diverged_at == 3
    assert_allclose(trace.x, [5, 3.5, 2.45])


def test_the_repr_says_how_the_run_went():
    assert repr(d2l.minimize(d2l.bowl, d2l.SGD(0.1), steps=2)) == (
        "SGD(learning_rate=0.1) on bowl: 10.5 -> 3.343 in 2 steps"
    )


# ---- train --------------------------------------------------------------------------------------

MODEL = d2l.LinearRegression()
DIABETES = d2l.diabetes()


class Watched(d2l.LinearRegression):
    """A model that keeps the rows whose gradient it was asked for."""

    def __init__(self):
        self.batches = []

    def gradient(self, parameters, x, y):
        self.batches.append(y)
        return super().gradient(parameters, x, y)


def numbered(n):
    """Return a data set whose targets are its row numbers."""
    rng = np.random.default_rng(0)
    return d2l.Dataset("numbered", rng.normal(size=(n, 2)) / 100, np.arange(n, dtype=float))


def test_training_visits_every_row_once_an_epoch():
    model = Watched()
    d2l.train(model, d2l.SGD(), numbered(23), epochs=3, batch_size=5)
    assert [len(b) for b in model.batches] == [5, 5, 5, 5, 3] * 3
    epochs = np.concatenate(model.batches).reshape(3, 23)
    assert (np.sort(epochs, axis=1) == np.arange(23)).all()
    assert (epochs[0] != epochs[1]).any()


def test_training_uses_the_minibatches_of_its_seed():
    model = Watched()
    d2l.train(model, d2l.SGD(), numbered(20), epochs=1, batch_size=6, seed=4)
    expected = d2l.minibatches(20, 6, 4)
    for batch in model.batches:
        assert (batch == next(expected)).all()


@every_rule
def test_training_repeats_itself(rule):
    first, second = (d2l.train(MODEL, rule, DIABETES, seed=5) for _ in range(2))
    assert first.loss.tobytes() == second.loss.tobytes()
    other = d2l.train(MODEL, rule, DIABETES, seed=6)
    assert (first.loss[1:] != other.loss[1:]).all()


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        (None, [0, 1, 2]),
        (1, np.arange(11) / 5),
        (2, [0, 0.4, 0.8, 1.2, 1.6, 2]),
        (3, [0, 0.6, 1.2, 1.8, 2]),  # and always at the end
        (99, [0, 2]),
    ],
)
def test_the_loss_is_evaluated_when_asked(every, expected):
    data = numbered(23)
    history = d2l.train(MODEL, d2l.SGD(), data, epochs=2, batch_size=5, evaluate_every=every)
    assert_allclose(history.epoch, expected)
    assert len(history.loss) == len(expected)
    assert history.loss[0] == MODEL.loss(MODEL.init(data), data.x, data.y)
    assert history.loss[-1] == MODEL.loss(history.parameters, data.x, data.y)


def test_evaluating_does_not_change_the_training():
    ends = [
        d2l.train(MODEL, d2l.Adam(0.01), DIABETES, evaluate_every=every).parameters
        for every in (None, 1)
    ]
    assert (ends[0]["w"] == ends[1]["w"]).all()


@every_rule
def test_training_on_all_rows_at_once_is_minimizing_the_quadratic(rule):
    # Half the mean squared error is a quadratic in (w, b) minus its best; both paths must agree.
    X = np.column_stack([DIABETES.x, np.ones(len(DIABETES))])
    best = np.linalg.lstsq(X, DIABETES.y, rcond=None)[0]
    rule = dataclasses.replace(rule, weight_decay=None)  # it pulls to the origin, which has moved
    surface = d2l.quadratic(X.T @ X / len(X), start=-best)  # zero weights are -best away from best
    on_surface = d2l.minimize(surface, rule, steps=5)
    history = d2l.train(MODEL, rule, DIABETES, epochs=5, batch_size=len(DIABETES))
    assert history.epoch.tolist() == [0, 1, 2, 3, 4, 5]
    least = MODEL.loss({"w": best[:-1], "b": best[-1:]}, DIABETES.x, DIABETES.y)
    found = np.append(history.parameters["w"], history.parameters["b"])
    # The intercept's gradient is zero but for rounding, which rules that divide by its size take
    # for real.
    assert_allclose(found[:-1], (on_surface.x[-1] + best)[:-1], rtol=1e-8, atol=1e-9)
    if isinstance(rule, (d2l.SGD, d2l.Adagrad)):
        assert_allclose(history.loss, on_surface.value + least, rtol=1e-10)


def test_training_descends_to_least_squares():
    X = np.column_stack([DIABETES.x, np.ones(len(DIABETES))])
    best = np.linalg.lstsq(X, DIABETES.y, rcond=None)[0]
    history = d2l.train(
        MODEL, d2l.Adam(0.05), DIABETES, epochs=1500, batch_size=442, evaluate_every=1500
    )
    least = MODEL.loss({"w": best[:-1], "b": best[-1:]}, DIABETES.x, DIABETES.y)
    assert 0 <= history.loss[-1] - least < 1e-5


def test_a_training_that_diverges_says_when():
    # One feature that is always 1, the intercept too: the gradient in both is w + b - 1, so w + b
    # is off by the factor 1 - 2 rate after each step.
    data = d2l.Dataset("ones", np.ones((4, 1)), np.ones(4))
    rate, t = 3.0, 1
    while abs(0.5 * (1 - (1 - 2 * rate) ** t)) <= FAR:
        t += 1
    history = d2l.train(MODEL, d2l.SGD(rate), data, epochs=50, batch_size=4)
    assert history.diverged_at == t
    assert len(history.loss) == t  # the start and the steps before
    assert np.isfinite(history.loss).all()
    assert abs(history.parameters["w"][0]) <= FAR
    assert repr(history) == f"SGD(learning_rate=3): diverged at step {t}"


def test_the_repr_says_how_the_training_went():
    history = d2l.train(MODEL, d2l.SGD(0.05), DIABETES)
    expected = f"SGD(learning_rate=0.05): loss 0.5000 -> {history.loss[-1]:.4f}"
    assert repr(history) == expected
    assert history.loss[-1] < 0.26


@pytest.mark.parametrize("model", [d2l.SoftmaxRegression(), d2l.MLP(16)], ids=["softmax", "MLP"])
def test_other_models_are_trained_alike(model):
    digits = d2l.digits()
    history = d2l.train(model, d2l.Adam(0.01), digits, epochs=3, batch_size=50)
    assert history.loss[-1] < history.loss[0] / 4
    correct = model.scores(history.parameters, digits.x).argmax(axis=1) == digits.y
    assert correct.mean() > 0.9


def test_parameters_may_be_a_list():
    class Listed:
        """Linear regression that keeps its parameters in a list."""

        def init(self, data):
            return list(MODEL.init(data).values())

        def loss(self, parameters, x, y):
            return MODEL.loss(dict(zip("wb", parameters, strict=True)), x, y)

        def gradient(self, parameters, x, y):
            named = MODEL.gradient(dict(zip("wb", parameters, strict=True)), x, y)
            return list(named.values())

    listed = d2l.train(Listed(), d2l.RMSprop(0.01), DIABETES)
    named = d2l.train(MODEL, d2l.RMSprop(0.01), DIABETES)
    assert (listed.loss == named.loss).all()
