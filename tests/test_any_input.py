"""Whatever a public function is given, the answer is right, or it is a sentence.

Shapes, types and values are drawn at random, and mixed as a reader might mix them. The answer keeps
its promises (shapes, finite numbers, the precision, inputs as they were), or it is a TypeError or a
ValueError with a sentence of the package's own; never a warning, never another error.
"""

import copy
import math
import os

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strangers import Converted, OwnSignum, Tensor
from test_strangers import refuse_no_sentence

import d2lmini as d2l

# More by D2LMINI_EXAMPLES=1000.
often = settings(max_examples=int(os.environ.get("D2LMINI_EXAMPLES", 60)))

REFUSED = object()
SIZES = st.floats(-1e6, 1e6).map(lambda value: float(f"{value:.6g}"))
TYPES = ("float64", "float32", "float16", "int64", "int8", "uint8", "bool", "complex128", "U1", "O")
SHAPES = st.sampled_from([(), (0,), (1,), (2,), (3,), (3, 1), (1, 3), (2, 3), (6, 2), (2, 3, 4)])


@st.composite
def arrays(draw, types=TYPES, shapes=SHAPES):
    """Return an array of some type and shape; now and then one of its entries is not finite."""
    dtype, shape = draw(st.sampled_from(types)), draw(shapes)
    values = np.random.default_rng(draw(st.integers(0, 99))).normal(size=shape) * draw(
        st.sampled_from([1.0, 1.0, 1e-8, 1e4])
    )
    array = np.asarray(values)
    if dtype == "U1":
        return np.full(shape, "a")
    if dtype in ("uint8", "int8", "int64"):
        array = np.abs(array) % 3
    array = np.asarray(array).astype(dtype)
    if array.dtype.kind == "f" and array.size and draw(st.integers(0, 9)) == 0:
        array.flat[0] = draw(st.sampled_from([np.nan, np.inf]))
    return array


STRANGE = st.sampled_from(
    [
        *(None, True, "0.1", "sgd", b"x", 1j, {}, {"lr": 0.1}, [], (), [[1], [1, 2]], [None]),
        *(math.nan, math.inf, -1, 0, 1, 2, 10, 0.1, 0.5, np.float32(0.1), np.int64(3), range(3)),
        *(object, object(), abs, np.sin, np, lambda: 1, lambda x: x, lambda x, y: x, Tensor()),
        *(Converted([1.0, 2.0]), np.ma.masked_array([1.0, 2.0], [True, False]), d2l, {1, 2}),
    ]
)
RULES = st.sampled_from([*d2l.RULES.values(), OwnSignum])
MINE = st.sampled_from(
    [
        *(d2l.SGD(0.1), d2l.Adam(), d2l.RMSprop(np.array([[0.1], [0.2]])), OwnSignum(), d2l.SGD),
        *(d2l.bowl, d2l.parabola, d2l.LinearRegression(), d2l.MLP(3), d2l.LinearRegression),
        *(d2l.Dataset("mine", np.eye(3), [0, 1, 1]), d2l.CosineDecay(0.1, 10), d2l.CosineDecay),
        *("sgd", d2l.minimize),
    ]
)
VALUES = st.one_of(arrays(), STRANGE, MINE, SIZES, st.lists(SIZES, max_size=3), st.text(max_size=3))
ANYTHING = st.one_of(
    VALUES,
    st.lists(arrays(), max_size=3),
    st.lists(arrays(), max_size=2).map(tuple),
    st.dictionaries(st.sampled_from(["w", "b"]), arrays(), max_size=2),
)
FLOATS = ("float64", "float32", "float16", "int64")
PLAUSIBLE = st.one_of(
    arrays(FLOATS),
    st.lists(arrays(FLOATS), min_size=1, max_size=2),
    st.dictionaries(st.sampled_from(["w", "b"]), arrays(FLOATS), min_size=1, max_size=2),
)
# The squares of large gradients are beyond half precision: NumPy warns, and rightly.
SINGLE = st.one_of(
    arrays(FLOATS[:2]),
    st.lists(arrays(FLOATS[:2]), min_size=1, max_size=2),
    st.dictionaries(st.sampled_from(["w", "b"]), arrays(FLOATS[:2]), min_size=1, max_size=2),
)


def answer(function, *arguments, **named):
    """Return what a function answers, or REFUSED where that is a sentence of the package."""
    try:
        return function(*arguments, **named)
    except (TypeError, ValueError) as error:
        refuse_no_sentence(error)
        return REFUSED


def parts(x):
    """Return the arrays in parameters, or in a state."""
    if isinstance(x, dict):
        return [part for value in x.values() for part in parts(value)]
    if isinstance(x, (list, tuple)):
        return [part for value in x for part in parts(value)]
    return [np.asarray(x)]


def same(x, y):
    return all(
        np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
        for a, b in zip(parts(x), parts(y), strict=True)
    )


# ---- rules --------------------------------------------------------------------------------------


@often
@given(
    RULES,
    st.lists(VALUES, max_size=3),
    st.dictionaries(
        st.sampled_from(
            ["learning_rate", "momentum", "rho", "beta_1", "epsilon", "lr", "weight_decay"]
        ),
        VALUES,
        max_size=3,
    ),
)
def test_a_rule_is_made_or_refused(cls, values, named):
    rule = answer(cls, *values, **named)
    if rule is not REFUSED:
        for name, value in vars(rule).items():
            assert value is None or callable(value) or isinstance(value, (bool, float, np.ndarray))
            if isinstance(value, (float, np.ndarray)):
                assert (np.asarray(value) >= 0).all(), name
                assert np.isfinite(value).all(), name


@often
@given(RULES, st.one_of(ANYTHING, PLAUSIBLE))
def test_init_gives_a_state_shaped_like_the_parameters(cls, x):
    state = answer(cls().init, x)
    if state is not REFUSED:
        assert state["t"] == 0
        shapes = [part.shape for part in parts(x)] if isinstance(x, (np.ndarray, dict)) else None
        for name, value in state.items():
            if name not in ("t", "P") and shapes:
                assert [part.shape for part in parts(value)] == shapes


@often
@given(RULES, SINGLE, st.data())
def test_step_goes_on_in_the_same_precision_or_refuses(cls, x, data):
    rule = cls(data.draw(st.sampled_from([0.1, 1e-3, lambda step: 0.1 / (1 + step)])))
    state = answer(rule.init, x)
    g = data.draw(st.one_of(st.just(x), PLAUSIBLE, ANYTHING))
    if state is REFUSED:
        return
    before = copy.deepcopy((x, state))
    for _ in range(2):
        found = answer(rule.step, x, g, state)
        assert same((x, state), before)
        if found is REFUSED:
            return
        new_x, new_state = found
        assert [p.shape for p in parts(new_x)] == [p.shape for p in parts(x)]
        for old, new in zip(parts(x), parts(new_x), strict=True):
            assert new.dtype == (old.dtype if old.dtype.kind == "f" else np.float64)
            assert np.isfinite(new).all()
        assert new_state["t"] == state["t"] + 1
        x, state = new_x, new_state
        before = copy.deepcopy((x, state))


@often
@given(RULES, arrays(FLOATS), ANYTHING)
def test_step_refuses_a_state_that_is_none(cls, x, state):
    rule = cls()
    if answer(rule.init, x) is not REFUSED:
        assert answer(rule.step, x, x, state) is REFUSED


@often
@given(st.sampled_from(["float32", "float64"]), st.lists(SIZES, min_size=1, max_size=5), RULES)
def test_feed_visits_as_many_points_as_there_are_gradients(dtype, gradients, cls):
    gradients = np.array(gradients, dtype)
    found = answer(d2l.feed, cls(0.1), gradients)
    assert found.shape == (len(gradients) + 1,)
    assert found.dtype == dtype
    assert np.isfinite(found).all()


@often
@given(VALUES, VALUES, VALUES)
def test_feed_answers(rule, gradients, start):
    answer(d2l.feed, rule, gradients, start)


# ---- surfaces -----------------------------------------------------------------------------------


@often
@given(VALUES, VALUES, VALUES)
def test_an_objective_is_made_or_refused(value, start, domain):
    made = answer(d2l.Objective, "mine", value, start=start, domain=domain)
    if made is not REFUSED:
        assert made.start.ndim <= 1
        assert len(made.domain) == made.dimension
        found = answer(d2l.minimize, made, d2l.SGD(0.1), steps=2)
        assert found is REFUSED or found.value.shape == (len(found.x),)


@often
@given(st.sampled_from([*d2l.OBJECTIVES.values()]), VALUES)
def test_a_surface_has_a_value_at_every_point(surface, x):
    value = answer(surface, x)
    if value is not REFUSED:
        shape = parts(x)[0].shape if isinstance(x, (np.ndarray, float)) else np.shape(value)
        assert np.shape(value) == (
            shape if surface.dimension == 1 or not isinstance(x, np.ndarray) else shape[:-1]
        )


@often
@given(
    st.one_of(MINE, st.sampled_from([*d2l.OBJECTIVES.values()])),
    st.one_of(MINE, RULES.map(lambda cls: cls(0.01))),
    st.one_of(st.none(), VALUES),
    st.one_of(st.integers(0, 5), VALUES),
    st.one_of(st.booleans(), VALUES),
)
def test_minimize_runs_or_refuses(objective, rule, start, steps, record):
    before = copy.deepcopy(start) if isinstance(start, np.ndarray) else None
    trace = answer(d2l.minimize, objective, rule, start=start, steps=steps, record=record)
    if trace is not REFUSED:
        assert len(trace.value) == len(trace.x)
        if record:
            assert len(trace.x) == trace.steps + 1
            assert len(trace.states) == trace.steps
        if trace.diverged_at is None:
            assert np.isfinite(trace.value).all() or not np.isfinite(trace.value[0])
        assert "\n" not in repr(trace)
    if before is not None:
        assert np.array_equal(before, start, equal_nan=before.dtype.kind == "f")


@often
@given(ANYTHING, st.one_of(st.none(), VALUES))
def test_quadratic_is_made_or_refused(matrix, start):
    made = answer(d2l.quadratic, matrix, start)
    if made is not REFUSED:
        assert made(np.zeros(made.dimension)) == 0


# ---- data and models ----------------------------------------------------------------------------


@often
@given(ANYTHING, ANYTHING)
def test_a_dataset_is_made_or_refused(x, y):
    data = answer(d2l.Dataset, "mine", x, y)
    if data is not REFUSED:
        assert len(data.x) == len(data.y) == len(data)
        assert np.isfinite(data.x).all()
        assert np.isfinite(data.y).all()


@often
@given(ANYTHING, st.one_of(st.none(), ANYTHING))
def test_standardize_keeps_the_shape(x, like):
    found = answer(d2l.standardize, x, like)
    if found is not REFUSED:
        assert found.shape == np.shape(x.values if isinstance(x, Converted) else x)
        assert like is not None or np.isfinite(found).all()


@often
@given(st.one_of(st.integers(-2, 9), VALUES), st.one_of(st.integers(-2, 9), VALUES), VALUES)
def test_minibatches_are_made_or_refused(n, size, seed):
    batches = answer(d2l.minibatches, n, size, seed)
    if batches is not REFUSED:
        epoch = [next(batches) for _ in range(-(-int(n) // int(size)))]
        assert sorted(np.concatenate(epoch)) == [*range(n)]


@often
@given(
    st.sampled_from(
        [d2l.LinearRegression(), d2l.SoftmaxRegression(), d2l.MLP(3), d2l.SimpleRNN(3)]
    ),
    arrays(FLOATS),
    arrays(FLOATS),
    st.data(),
)
def test_a_model_has_a_loss_and_its_gradient_or_refuses(model, x, y, data):
    made = answer(d2l.Dataset, "mine", x, y)
    if made is REFUSED:
        return
    parameters = answer(model.init, made)
    if parameters is REFUSED:
        return
    assert math.isfinite(model.loss(parameters, made.x, made.y))
    gradient = model.gradient(parameters, made.x, made.y)
    assert {k: v.shape for k, v in gradient.items()} == {k: v.shape for k, v in parameters.items()}
    other = data.draw(ANYTHING)
    answer(model.loss, other, made.x, made.y)
    answer(model.loss, parameters, other, made.y)
    answer(model.loss, parameters, made.x, other)
    answer(model.gradient, parameters, other, made.y)
    answer(model.predict, parameters, other)
    history = answer(d2l.train, model, d2l.Adam(0.01), made, batch_size=len(made))
    assert np.isfinite(history.loss).all()


@often
@given(
    st.one_of(MINE, ANYTHING),
    MINE,
    st.one_of(MINE, ANYTHING),
    st.one_of(st.just(2), VALUES),
    VALUES,
)
def test_train_runs_or_refuses(model, rule, data, batch_size, start):
    history = answer(d2l.train, model, rule, data, batch_size=batch_size, start=start)
    if history is not REFUSED:
        assert np.isfinite(history.loss).all()


@often
@given(ANYTHING)
def test_softmax_gives_probabilities(Z):
    found = answer(d2l.softmax, Z)
    if found is not REFUSED:
        np.testing.assert_allclose(found.astype(float).sum(axis=-1), 1, rtol=1e-2)


@often
@given(ANYTHING, ANYTHING)
def test_losses_and_accuracies_are_numbers(a, b):
    loss = answer(d2l.cross_entropy, a, b)
    assert loss is REFUSED or loss >= -1e-9
    share = answer(d2l.accuracy, a, b)
    assert share is REFUSED or 0 <= share <= 1


@often
@given(ANYTHING, st.one_of(st.just(1e-4), VALUES))
def test_differences_are_shaped_like_the_parameters(x, h):
    def loss(p):
        return 0.5 * sum(float(np.vdot(part, part)) for part in parts(p))

    found = answer(d2l.numerical_gradient, loss, x, h)
    if found is not REFUSED and isinstance(x, (np.ndarray, dict)):
        assert [p.shape for p in parts(found)] == [p.shape for p in parts(x)]
    answer(d2l.check_gradients, loss, lambda p: p, x, h)
    answer(d2l.numerical_gradient, x, h)


# ---- the rest -----------------------------------------------------------------------------------


@often
@given(
    st.sampled_from([d2l.ExponentialDecay, d2l.InverseTimeDecay, d2l.CosineDecay]),
    st.lists(VALUES, max_size=4),
    st.integers(0, 50),
)
def test_a_schedule_has_a_rate_at_every_step(cls, values, step):
    schedule = answer(cls, *values)
    if schedule is not REFUSED:
        assert (np.asarray(schedule(step)) >= 0).all()


@often
@given(VALUES, VALUES, st.integers(0, 50))
def test_a_schedule_of_stretches_has_a_rate_at_every_step(boundaries, values, step):
    schedule = answer(d2l.PiecewiseConstantDecay, boundaries, values)
    assert schedule is REFUSED or schedule(step) >= 0


@often
@given(VALUES, VALUES)
def test_other_functions_answer(a, b):
    answer(d2l.get_rule, a)
    answer(d2l.recipe, a, b)
    answer(d2l.rule_like, a, b)
    answer(d2l.rule_like, "torch.optim.Adam", b)
    answer(d2l.rule_like, "torch.optim.Adam", {"betas": a, "lr": b})
    answer(d2l.rule_like, "keras.optimizers.SGD", {"learning_rate": a, "momentum": b})
    answer(d2l.agree, a, lambda x, g: x, gradients=b)
    answer(d2l.agree, d2l.SGD(0.1), d2l.SGD(0.1), dtype=a, steps=b if isinstance(b, float) else 3)
    answer(
        d2l.example_gradients, b if isinstance(b, np.ndarray) else 3, a if isinstance(a, str) else 3
    )
    answer(d2l.MLP, a, b)
    answer(d2l.SimpleRNN, a, b)
    answer(d2l.update_rule, a)


@settings(max_examples=often.max_examples // 4)
@given(VALUES, VALUES)
def test_figures_are_drawn_or_refused(a, b):
    mpl.use("Agg")
    trace = d2l.minimize(d2l.bowl, d2l.SGD(0.1), steps=2)
    for call in (
        lambda: d2l.contours(a),
        lambda: d2l.contours(d2l.bowl, a, b),
        lambda: d2l.plot_traces(a, b),
        lambda: d2l.plot_traces({"a": trace}, looks=a),
        lambda: d2l.plot_traces({"a": a}),
        lambda: d2l.plot_descent(a),
        lambda: d2l.plot_histories(a, floor=b),
        lambda: d2l.sensitivity_map(("learning_rate", a), ("rho", b), np.eye(2)),
        lambda: d2l.sensitivity_map(a, b, a),
        lambda: d2l.use_book_style(a),
        lambda: d2l.playground(a, b),
        lambda: d2l.playground(d2l.bowl, start=a, steps=b),
        lambda: d2l.playground(d2l.bowl, view=a, axes=b),
        lambda: d2l.playground(d2l.bowl, noise=a, seed=b),
    ):
        with mpl.rc_context():
            answer(call)
        plt.close("all")
    if not isinstance(a, type):
        answer(lambda: d2l.look(a))


def test_another_error_is_found():
    with pytest.raises(ZeroDivisionError):
        answer(lambda: 1 / 0)
    with pytest.raises(AssertionError):
        answer(lambda: np.ones(2) + np.ones(3))
