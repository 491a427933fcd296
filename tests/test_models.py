"""The models' gradients are those of their losses; wrong ones are found."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from wrong_twins import edited

import d2lmini as d2l

# All sizes are equal, so that a matrix that is transposed by mistake still fits.
N = 4


def data(kind="classes"):
    """Return N random examples with N features and the targets that a model takes."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(N, 3, N) if kind == "sequences" else (N, N))
    y = {"number": rng.normal(size=N), "numbers": rng.normal(size=(N, N))}.get(kind)
    return d2l.Dataset(kind, x, np.array([2, 0, 3, 1]) if y is None else y)


MODELS = {
    "LinearRegression": (d2l.LinearRegression(), data("number")),
    "LinearRegression, many outputs": (d2l.LinearRegression(), data("numbers")),
    "SoftmaxRegression": (d2l.SoftmaxRegression(), data()),
    "MLP, relu": (d2l.MLP(N), data()),
    "MLP, sigmoid": (d2l.MLP(N, "sigmoid"), data()),
    "MLP, tanh": (d2l.MLP(N, "tanh"), data()),
    "SimpleRNN": (d2l.SimpleRNN(N), data("sequences")),
}
every_model = pytest.mark.parametrize("name", list(MODELS))


def random_parameters(model, examples):
    rng = np.random.default_rng(1)
    return {key: rng.normal(size=p.shape) for key, p in model.init(examples).items()}


def assert_gradient_is_right(model, examples):
    error = d2l.check_gradients(
        lambda p: model.loss(p, examples.x, examples.y),
        lambda p: model.gradient(p, examples.x, examples.y),
        random_parameters(model, examples),
    )
    # Central differences with a step of 1e-5 are off by h^2 / 6 third derivatives and by the
    # rounding of the loss, 2**-52 / h: 1e-10 and 1e-11 of what is there, which is below 100.
    assert error < 1e-8, f"wrong by {error:.1e}"


@every_model
def test_gradient_is_the_slope_of_the_loss(name):
    assert_gradient_is_right(*MODELS[name])


WRONG = {
    "LinearRegression": {
        "1/n forgotten": {"x.T @ r / len(r)": "x.T @ r"},
        "half forgotten": {"x.T @ r / len(r)": "2 * x.T @ r / len(r)"},
        "transposed": {"x.T @ r": "x @ r"},
        "intercept summed, not averaged": {"r.sum(axis=0) / len(r)": "r.sum(axis=0)"},
        "intercept forgotten": {"r.sum(axis=0)": "0 * r.sum(axis=0)"},
        "uphill": {"r = self": "r = -self"},
    },
    "LinearRegression, many outputs": {
        "1/n forgotten": {"x.T @ r / len(r)": "x.T @ r"},
        "averaged over outputs too": {"x.T @ r / len(r)": "x.T @ r / r.size"},
        "transposed": {"x.T @ r": "(x.T @ r).T"},
        "intercept averaged over the wrong axis": {"axis=0": "axis=1"},
    },
    "SoftmaxRegression": {
        "transposed": {"x.T @ dZ": "x @ dZ"},
        "result transposed": {"x.T @ dZ": "(x.T @ dZ).T"},
        "1/n twice": {"x.T @ dZ": "x.T @ dZ / len(y)"},
        "intercept averaged": {"dZ.sum(axis=0)": "dZ.mean(axis=0)"},
        "intercept summed over the wrong axis": {"axis=0": "axis=1"},
    },
    "MLP, relu": {
        "slope forgotten": {"dH * slope(H)": "dH"},
        "weights not transposed": {'["W2"].T': '["W2"]'},
        "input not transposed": {"x.T @ dA": "x @ dA"},
        "hidden layer not transposed": {"H.T @ dZ": "H @ dZ"},
        "intercept without the slope": {"dA.sum(axis=0)": "dH.sum(axis=0)"},
    },
    "MLP, sigmoid": {
        "slope of the scores": {"slope(H)": "slope(Z)"},
        "slope forgotten": {"dH * slope(H)": "dH"},
    },
    "MLP, tanh": {
        "slope of the slope": {"slope(H)": "slope(slope(H))"},
        "hidden layer in place of its slope": {"dH * slope(H)": "dH * H"},
    },
    "SimpleRNN": {
        "only the last step": {'dh = da @ parameters["W"].T': "dh = 0 * da"},
        "weights not transposed": {'dh = da @ parameters["W"].T': 'dh = da @ parameters["W"]'},
        "state of the same step": {"h[t - 1].T": "h[t].T"},
        "slope without its square": {"1 - h[t] ** 2": "1 - h[t]"},
        "input weights not summed over the steps": {'gradient["U"] + ': ""},
        "recurrent weights not summed over the steps": {'gradient["W"] + ': ""},
        "inputs one step late": {"x[:, t - 1].T": "x[:, t - 2].T"},
    },
}


@pytest.mark.parametrize(
    ("name", "edits"),
    [pytest.param(n, e, id=f"{n}: {m}") for n, wrong in WRONG.items() for m, e in wrong.items()],
)
def test_wrong_gradient_is_found(name, edits):
    model, examples = MODELS[name]
    with pytest.raises(AssertionError, match="wrong by"):
        assert_gradient_is_right(edited(model, edits, "gradient"), examples)


def test_every_model_has_wrong_twins():
    assert set(WRONG) == set(MODELS)


def tensorflow_loss(model, p, x, y):
    """Return the loss of a model, written in TensorFlow."""
    d2l.keras()
    import tensorflow as tf

    if isinstance(model, d2l.LinearRegression):
        error = tf.linalg.matvec(x, p["w"]) + p["b"] - y if y.ndim == 1 else x @ p["w"] + p["b"] - y
        return 0.5 * tf.reduce_sum(error**2) / len(y)
    if isinstance(model, d2l.SoftmaxRegression):
        z = x @ p["W"] + p["b"]
    elif isinstance(model, d2l.MLP):
        phi = {"relu": tf.nn.relu, "sigmoid": tf.sigmoid, "tanh": tf.tanh}[model.activation]
        z = phi(x @ p["W1"] + p["b1"]) @ p["W2"] + p["b2"]
    else:
        h = tf.zeros((len(x), model.hidden), tf.float64)
        for t in range(x.shape[1]):
            h = tf.tanh(x[:, t] @ p["U"] + h @ p["W"] + p["b"])
        z = h @ p["V"] + p["c"]
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, z))


@every_model
def test_loss_and_gradient_are_those_of_tensorflow(name):
    d2l.keras()
    import tensorflow as tf

    model, examples = MODELS[name]
    parameters = random_parameters(model, examples)
    variables = {key: tf.Variable(p) for key, p in parameters.items()}
    with tf.GradientTape() as tape:
        loss = tensorflow_loss(model, variables, examples.x, examples.y)
    assert_allclose(model.loss(parameters, examples.x, examples.y), loss.numpy(), rtol=1e-14)
    ours = model.gradient(parameters, examples.x, examples.y)
    for key, theirs in tape.gradient(loss, variables).items():
        assert_allclose(ours[key], theirs.numpy(), rtol=1e-12, atol=1e-14)


@every_model
def test_gradient_is_shaped_like_the_parameters_and_changes_nothing(name):
    model, examples = MODELS[name]
    parameters = random_parameters(model, examples)
    before = {key: p.copy() for key, p in parameters.items()}
    gradient = model.gradient(parameters, examples.x, examples.y)
    assert {key: g.shape for key, g in gradient.items()} == {
        key: p.shape for key, p in model.init(examples).items()
    }
    assert all((before[key] == p).all() for key, p in parameters.items())


@every_model
def test_the_gradient_of_all_is_the_mean_of_the_gradients_of_each(name):
    model, examples = MODELS[name]
    parameters = random_parameters(model, examples)
    whole = model.gradient(parameters, examples.x, examples.y)
    single = [
        model.gradient(parameters, examples.x[k : k + 1], examples.y[k : k + 1]) for k in range(N)
    ]
    for key, g in whole.items():
        assert_allclose(np.mean([one[key] for one in single], axis=0), g, rtol=1e-12, atol=1e-14)


@every_model
def test_the_same_seed_gives_the_same_start(name):
    model, examples = MODELS[name]
    first, second = model.init(examples), model.init(examples)
    assert all((first[key] == second[key]).all() for key in first)
    if hasattr(model, "seed"):
        other = type(model)(N, seed=1).init(examples)
        assert any((first[key] != other[key]).any() for key in first)


@every_model
def test_an_empty_minibatch_is_refused(name):
    model, examples = MODELS[name]
    parameters = model.init(examples)
    for call in (model.loss, model.gradient):
        with pytest.raises(ValueError, match="empty"):
            call(parameters, examples.x[:0], examples.y[:0])


@every_model
def test_nan_in_a_minibatch_is_refused(name):
    model, examples = MODELS[name]
    x = examples.x.copy()
    x[1, 2] = np.nan
    for call in (model.loss, model.gradient):
        with pytest.raises(ValueError, match="nan or infinite"):
            call(model.init(examples), x, examples.y)


# ---- linear regression --------------------------------------------------------------------------


def test_least_squares_at_the_solution_has_no_gradient():
    diabetes = d2l.diabetes()
    X = np.column_stack([diabetes.x, np.ones(len(diabetes))])
    best = np.linalg.lstsq(X, diabetes.y, rcond=None)[0]
    gradient = d2l.LinearRegression().gradient(
        {"w": best[:-1], "b": best[-1:]}, diabetes.x, diabetes.y
    )
    assert_allclose(gradient["w"], 0, atol=1e-13)
    assert_allclose(gradient["b"], 0, atol=1e-13)


def test_the_loss_of_the_zero_model_on_standardized_targets_is_a_half():
    diabetes = d2l.diabetes()
    model = d2l.LinearRegression()
    assert_allclose(model.loss(model.init(diabetes), diabetes.x, diabetes.y), 0.5, rtol=1e-12)


def test_a_column_of_targets_is_refused():
    model, examples = MODELS["LinearRegression"]
    for call in (model.loss, model.gradient):
        with pytest.raises(ValueError, match=r"\(4,\).*\(4, 1\).*ravel"):
            call(model.init(examples), examples.x, examples.y[:, None])


# ---- softmax and cross-entropy ------------------------------------------------------------------

scores = arrays(float, (3, 4), elements=st.floats(-50, 50))
properties = settings(derandomize=True, deadline=None, max_examples=50)


@properties
@given(Z=scores, shift=st.floats(-1e3, 1e3))
def test_softmax_gives_probabilities_and_does_not_see_a_shift(Z, shift):
    p = d2l.softmax(Z)
    assert (p >= 0).all()
    assert_allclose(p.sum(axis=1), 1, rtol=1e-12)
    assert_allclose(d2l.softmax(Z + shift), p, rtol=1e-9, atol=1e-15)
    assert_allclose(p, np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True), rtol=1e-10)


@properties
@given(Z=scores)
def test_cross_entropy_is_minus_the_logarithm_of_the_probability(Z):
    y = np.array([0, 3, 1])
    expected = -np.mean(np.log(d2l.softmax(Z)[np.arange(3), y]))
    assert_allclose(d2l.cross_entropy(Z, y), expected, rtol=1e-9, atol=1e-12)


def test_large_scores_do_not_overflow_and_rows_do_not_see_each_other():
    Z = np.array([[1e4, 0.0, 0.0], [-1e4, -1e4 + 1, -1e4], [1e300, 0, -1e300]])
    p = d2l.softmax(Z)
    assert_allclose(p[0], [1, 0, 0])
    assert_allclose(p[1], d2l.softmax(np.array([[0.0, 1.0, 0.0]]))[0])
    assert_allclose(d2l.cross_entropy(Z[:1], np.array([1])), 1e4)
    assert np.isfinite(d2l.cross_entropy(Z, np.array([2, 0, 2])))


def test_without_knowledge_all_classes_are_alike():
    digits = d2l.digits()
    model = d2l.SoftmaxRegression()
    assert_allclose(model.loss(model.init(digits), digits.x, digits.y), np.log(10), rtol=1e-12)


@pytest.mark.parametrize(
    ("y", "sentence"),
    [
        ([0.0, 1.0, 2.0, 3.0], "whole numbers"),
        (np.eye(4, dtype=int), "argmax"),
        ([0, 1, 2, 4], "between 0 and 3"),
        ([-1, 1, 2, 3], "Count classes from 0"),
        ([0, 1], "4 examples but 2 targets"),
    ],
)
@pytest.mark.parametrize("name", ["SoftmaxRegression", "MLP, relu", "SimpleRNN"])
def test_labels_that_are_none_are_refused(name, y, sentence):
    model, examples = MODELS[name]
    with pytest.raises(ValueError, match=sentence):
        model.gradient(model.init(examples), examples.x, np.asarray(y))


def test_unknown_activations_and_sizes_are_refused():
    with pytest.raises(ValueError, match=r"no activation 'rely'.*Did you mean 'relu'"):
        d2l.MLP(activation="rely")
    for make in (d2l.MLP, d2l.SimpleRNN):
        with pytest.raises(ValueError, match="hidden must be a whole number of at least 1"):
            make(hidden=0)


def test_a_recurrent_network_reads_sequences():
    model, examples = MODELS["SimpleRNN"]
    with pytest.raises(ValueError, match=r"\(examples, steps, features\)"):
        model.loss(model.init(examples), examples.x[:, 0], examples.y)


# ---- differences --------------------------------------------------------------------------------


def parts(p):
    """Return the arrays of an array, a list or a dict."""
    return list(p.values()) if isinstance(p, dict) else p if isinstance(p, list) else [p]


def cube(p):
    return float(sum((part**3).sum() for part in parts(p)))


@pytest.mark.parametrize(
    "parameters",
    [
        np.array(2.0),
        np.array([1.0, -2.0]),
        [np.array([1.0, 2.0]), np.array([[3.0]])],
        {"w": np.array([1.0, 2.0]), "b": np.array(3.0)},
        np.array([1.0, -2.0], np.float32),
        np.array([1, -2]),
    ],
    ids=["number", "array", "list", "dict", "float32", "integers"],
)
def test_numerical_gradient_is_shaped_like_the_parameters(parameters):
    got = d2l.numerical_gradient(cube, parameters)
    assert type(got) is type(parameters)
    for x, g in zip(parts(parameters), parts(got), strict=True):
        assert_allclose(g, 3.0 * x**2, rtol=1e-8)


def test_numerical_gradient_changes_nothing():
    x = np.array([1.0, 2.0])
    d2l.numerical_gradient(cube, x)
    assert (x == [1, 2]).all()


@properties
@given(x=arrays(float, 3, elements=st.floats(-5, 5)), k=st.integers(0, 2))
def test_check_gradients_finds_one_wrong_entry_among_many(x, k):
    def right(x):
        return 3 * x**2

    def wrong(x):
        return right(x) + 1e-3 * np.eye(3)[k]

    assert d2l.check_gradients(cube, right, x) < 1e-8
    assert d2l.check_gradients(cube, wrong, x) > 1e-5


def test_check_gradients_is_relative_to_large_gradients():
    x = np.array([1e4, 1.0])
    assert d2l.check_gradients(cube, lambda x: 3 * x**2, x) < 1e-6
    assert d2l.check_gradients(cube, lambda x: 6 * x**2, x) > 0.1


def test_check_gradients_refuses_what_cannot_be_compared():
    x = np.ones(3)
    with pytest.raises(ValueError, match=r"\(3, 1\).*\(3,\)"):
        d2l.check_gradients(cube, lambda x: 3 * x[:, None] ** 2, x)
    with pytest.raises(ValueError, match="built like the parameters"):
        d2l.check_gradients(cube, lambda x: [3 * x**2], x)
    with pytest.raises(ValueError, match="nan or infinite"):
        d2l.check_gradients(cube, lambda x: x * np.nan, x)
    with pytest.raises(ValueError, match="The loss near these parameters"):
        d2l.check_gradients(lambda x: np.nan, lambda x: x, x)
