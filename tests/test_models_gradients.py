"""Every gradient of every model on many shapes; mistakes in the models' source are caught.

One function judges a model: its loss must be TensorFlow's, its gradient TensorFlow's tape's or the
differences of its loss. `test_models` holds what all models share; here are the shapes, the seeds,
scores at the edge of floating point, and the functions that the models call.
"""

import functools
import inspect
import types
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from test_models import tensorflow_loss

import d2lmini as d2l
from d2lmini import models
from d2lmini.models import cross_entropy_gradient

properties = settings(derandomize=True, deadline=None, max_examples=50)


@dataclass(frozen=True)
class Problem:
    """A model by name, the sizes of everything, and a seed.

    The sizes are examples n, features d, hidden units h, classes or outputs k (0: targets in shape
    (n,)), steps T; parameters are standard normal, times `scale`.
    """

    model: str
    arguments: tuple = ()
    n: int = 7
    d: int = 4
    k: int = 3
    steps: int = 6
    seed: int = 0
    scale: float = 1.0

    def make(self, source=models):
        """Return the model, from the module `source`, its parameters and a minibatch."""
        rng = np.random.default_rng(self.seed)
        shape = (self.n, self.steps, self.d) if self.model == "SimpleRNN" else (self.n, self.d)
        x = rng.normal(size=shape)
        if self.model == "LinearRegression":
            y = rng.normal(size=(self.n, self.k) if self.k else self.n)
        else:
            # Not one example of each class: its sums would hide a wrong class. The largest label is
            # there, because the number of classes is read from it.
            y = rng.integers(0, max(self.k - 1, 1), size=self.n)
            y[-1] = self.k - 1
        model = getattr(source, self.model)(*self.arguments)
        start = model.init(d2l.Dataset("made up", x, y))
        parameters = {key: self.scale * rng.normal(size=p.shape) for key, p in start.items()}
        return model, parameters, x, y


SIZES = {
    "of different shapes": {},
    "all sizes equal": {"n": 5, "d": 5, "k": 5, "steps": 5},
    "one example": {"n": 1},
    "one feature": {"d": 1},
    "two classes": {"k": 2},
    "more features than examples": {"n": 3, "d": 11},
}
KINDS = {
    "least squares": ("LinearRegression", ()),
    "softmax": ("SoftmaxRegression", ()),
    "relu": ("MLP", (5, "relu")),
    "sigmoid": ("MLP", (5, "sigmoid")),
    "tanh": ("MLP", (5, "tanh")),
    "recurrent": ("SimpleRNN", (5,)),
}
PROBLEMS = {
    f"{kind}, {sizes}, seed {seed}": Problem(*KINDS[kind], **SIZES[sizes], seed=seed)
    for kind in KINDS
    for sizes in SIZES
    for seed in (0, 1)
} | {
    "least squares, one target": Problem("LinearRegression", k=0),
    "relu, one hidden unit": Problem("MLP", (1, "relu")),
    "recurrent, one hidden unit": Problem("SimpleRNN", (1,)),
    "recurrent, one step": Problem("SimpleRNN", (5,), steps=1),
    "recurrent, 25 steps": Problem("SimpleRNN", (5,), steps=25),
    "softmax, large scores": Problem("SoftmaxRegression", scale=1e3),
    "relu, large scores": Problem("MLP", (5, "relu"), scale=1e2),
}


@functools.cache
def by_tensorflow(problem: Problem):
    """Return loss and gradient as `tf.GradientTape` has them, in float64."""
    d2l.keras()
    import tensorflow as tf

    model, parameters, x, y = problem.make()
    variables = {key: tf.Variable(p) for key, p in parameters.items()}
    with tf.GradientTape() as tape:
        loss = tensorflow_loss(model, variables, x, y)
    return loss.numpy(), {key: g.numpy() for key, g in tape.gradient(loss, variables).items()}


def assert_right(problem: Problem, oracle: str, source=models) -> None:
    """Fail unless loss and gradient of the model are right.

    Parameters
    ----------
    problem : Problem
        Model, parameters and minibatch.
    oracle : {"tape", "differences"}
        Whom to ask for the gradient.
    source : module
        Where the model comes from: `d2lmini.models`, or a copy with a mistake in it.
    """
    model, parameters, x, y = problem.make(source)
    with np.errstate(all="ignore"):  # wrong models overflow
        ours = model.gradient(parameters, x, y)
        loss = model.loss(parameters, x, y)
    assert np.isfinite(loss), "apart: the loss is not finite"
    if oracle == "tape":
        true_loss, true = by_tensorflow(problem)
        # A chain of at most some thousand operations, each rounded by 2**-53; wrong twins are out
        # by a tenth and more.
        limit = 4000 * 2**-53
        assert abs(loss - true_loss) <= limit * abs(true_loss), "the losses are apart"
    else:
        true = d2l.numerical_gradient(lambda p: model.loss(p, x, y), parameters)
        limit = 1e-6  # of central differences; see test_models.py
    largest = max(np.abs(g).max() for g in true.values())
    for key, g in ours.items():
        assert g.shape == parameters[key].shape, f"{key}: the shapes are apart"
        error = np.abs(g - true[key]).max() / largest
        assert error <= limit, f"{key}: {error:.1e} apart"  # nan fails too


both_oracles = pytest.mark.parametrize("oracle", ["tape", "differences"])


@both_oracles
@pytest.mark.parametrize("name", [n for n in PROBLEMS if "large" not in n])
def test_gradient_is_right(name, oracle):
    assert_right(PROBLEMS[name], oracle)


@pytest.mark.parametrize("name", [n for n in PROBLEMS if "large" in n])
def test_gradient_is_right_at_large_scores(name):
    assert_right(PROBLEMS[name], "tape")


# ---- wrong twins --------------------------------------------------------------------------------

SQUARE = {kind: Problem(*KINDS[kind], **SIZES["all sizes equal"]) for kind in KINDS}
LARGE = PROBLEMS["softmax, large scores"]
PER_ROW = "Z - Z.max(axis=-1, keepdims=True)"

# Where the mistake is made, what it replaces, and the problem that it shows on.
TWINS = {
    "least squares: X not transposed": ("LinearRegression.gradient", "x.T @ r", "x @ r"),
    "least squares: 1/n forgotten": ("LinearRegression.gradient", "x.T @ r / len(r)", "x.T @ r"),
    "least squares: the 2 of the square": ("LinearRegression.gradient", "x.T", "2 * x.T"),
    "least squares: loss without its half": ("LinearRegression.loss", "(2 * len(r))", "len(r)"),
    "least squares: mean over outputs too": (
        "LinearRegression.gradient", "x.T @ r / len(r)", "x.T @ r / r.size"),
    "least squares: b over the wrong axis": ("LinearRegression.gradient", "axis=0", "axis=1"),
    "least squares: target minus prediction": (
        "LinearRegression.residual", "prediction - y", "y - prediction"),
    "softmax: X not transposed": ("SoftmaxRegression.gradient", "x.T @ dZ", "x @ dZ"),
    "softmax: b over the wrong axis": ("SoftmaxRegression.gradient", "axis=0", "axis=1"),
    "softmax: 1/n forgotten": ("cross_entropy_gradient", "dZ / len(y)", "dZ"),
    "softmax: nothing subtracted": ("cross_entropy_gradient", "-= 1", "-= 0"),
    "softmax: one added": ("cross_entropy_gradient", "-= 1", "+= 1"),
    "softmax: one subtracted next door": ("cross_entropy_gradient", "y] -=", "y - 1] -="),
    "softmax: one subtracted from whole columns": (
        "cross_entropy_gradient", "dZ[np.arange(len(y)), y]", "dZ[:, y]"),
    "softmax: sum of the losses": ("cross_entropy", "np.mean", "np.sum"),
    "softmax: loss of the class next door": ("cross_entropy", ", y])", ", y - 1])"),
    "softmax, large scores: not shifted": ("softmax", PER_ROW, "Z"),
    "softmax, large scores: one shift for all": ("softmax", PER_ROW, "Z - Z.max()"),
    "softmax, large scores: loss not shifted": ("cross_entropy", PER_ROW, "Z"),
    "softmax, large scores: loss with one shift": ("cross_entropy", PER_ROW, "Z - Z.max()"),
    "softmax, large scores: shift by the row's mean": (
        "cross_entropy", "Z.max(axis=-1", "Z.mean(axis=-1"),
    "relu: X not transposed": ("MLP.gradient", "x.T @ dA", "x @ dA"),
    "relu: H not transposed": ("MLP.gradient", "H.T @ dZ", "H @ dZ"),
    "relu: W2 not transposed": ("MLP.gradient", '["W2"].T', '["W2"]'),
    "relu: slope at the scores": ("MLP.gradient", "slope(H)", "slope(Z)"),
    "relu: slope at the error": ("MLP.gradient", "slope(H)", "slope(dH)"),
    "relu: slope forgotten": ("MLP.gradient", "dH * slope(H)", "dH"),
    "relu: slope one for dead units": ("", "(h > 0)", "(h >= 0)"),
    "relu: b1 over the wrong axis": ("MLP.gradient", "dA.sum(axis=0)", "dA.sum(axis=1)"),
    "relu: b2 over the wrong axis": ("MLP.gradient", "dZ.sum(axis=0)", "dZ.sum(axis=1)"),
    "relu: bias left out of the scores": ("MLP.forward", ' + parameters["b2"]', ""),
    "sigmoid: slope without 1 - h": ("", "h * (1 - h)", "h"),
    "sigmoid: slope at the score": ("MLP.gradient", "slope(H)", "slope(Z)"),
    "sigmoid: half the argument forgotten": ("", "np.tanh(0.5 * a)", "np.tanh(a)"),
    "tanh: square forgotten": ("", "lambda h: 1 - h**2", "lambda h: 1 - h"),
    "recurrent: slope forgotten": ("SimpleRNN.gradient", "dh * (1 - h[t] ** 2)", "dh"),
    "recurrent: slope of the state before": (
        "SimpleRNN.gradient", "1 - h[t] ** 2", "1 - h[t - 1] ** 2"),
    "recurrent: state of the same step": ("SimpleRNN.gradient", "h[t - 1].T", "h[t].T"),
    "recurrent: input of the step before": ("SimpleRNN.gradient", "x[:, t - 1]", "x[:, t - 2]"),
    "recurrent: first step left out": ("SimpleRNN.gradient", "1], 0, -1", "1], 1, -1"),
    "recurrent: U overwritten": ("SimpleRNN.gradient", 'gradient["U"] + ', ""),
    "recurrent: W overwritten": ("SimpleRNN.gradient", 'gradient["W"] + ', ""),
    "recurrent: b overwritten": ("SimpleRNN.gradient", 'gradient["b"] + ', ""),
    "recurrent: W not transposed": ("SimpleRNN.gradient", '["W"].T', '["W"]'),
    "recurrent: V not transposed": ("SimpleRNN.gradient", '["V"].T', '["V"]'),
    "recurrent: slope skipped on the way back": ("SimpleRNN.gradient", "dh = da @", "dh = dh @"),
    "recurrent: error of the last step only": (
        "SimpleRNN.gradient", 'dh = da @ parameters["W"].T', "pass"),
    "recurrent: b over the wrong axis": ("SimpleRNN.gradient", "da.sum(axis=0)", "da.sum(axis=1)"),
    "recurrent: h_0 is one": ("SimpleRNN.forward", "np.zeros", "np.ones"),
}  # fmt: skip
# Its loss and its gradient are wrong together: differences cannot show that, another's loss can.
CONSISTENT = "recurrent: h_0 is one"


def wrong_models(owner: str, old: str, new: str) -> types.ModuleType:
    """Return a copy of `d2lmini.models` with one edit, in a function or anywhere."""
    whole = inspect.getsource(models)
    part = whole
    if owner:
        part = inspect.getsource(functools.reduce(getattr, owner.split("."), models))
    assert part.count(old) == 1, f"{old!r} is {part.count(old)} times in {owner}: adapt the twin"
    copy = types.ModuleType("wrong_models")
    exec(compile(whole.replace(part, part.replace(old, new)), "<wrong models>", "exec"), vars(copy))
    return copy


def problem_of(name: str) -> Problem:
    kind = name.partition(":")[0]
    return LARGE if "large" in kind else SQUARE[kind]


@both_oracles
@pytest.mark.parametrize("name", TWINS)
def test_wrong_twin_is_caught(name, oracle):
    problem, source = problem_of(name), wrong_models(*TWINS[name])
    if oracle == "differences" and name == CONSISTENT:
        assert_right(problem, oracle, source)
        return
    # It must be the number that is wrong: a twin that crashes is not one.
    with pytest.raises(AssertionError, match="apart"):
        assert_right(problem, oracle, source)


@both_oracles
def test_a_copy_without_a_mistake_is_right(oracle):
    for problem in SQUARE.values():
        assert_right(problem, oracle, wrong_models("", "import math", "import math"))


# ---- properties ---------------------------------------------------------------------------------

tables = st.tuples(st.integers(1, 6), st.integers(1, 6)).flatmap(
    lambda shape: arrays(float, shape, elements=st.floats(-1e300, 1e300))
)


@properties
@given(Z=tables, data=st.data())
def test_extreme_scores_give_probabilities_and_a_finite_gradient(Z, data):
    y = data.draw(arrays(int, len(Z), elements=st.integers(0, Z.shape[1] - 1)))
    with np.errstate(under="ignore"):
        p, g, loss = d2l.softmax(Z), cross_entropy_gradient(Z, y), d2l.cross_entropy(Z, y)
    assert_allclose(p.sum(axis=1), 1, rtol=1e-14)
    assert ((p >= 0) & (p <= 1)).all()
    assert_allclose(g.sum(axis=1), 0, atol=1e-15)
    assert np.abs(g).max() <= 1 / len(y)
    # The sum of many enormous losses may exceed the largest float, their parts never do.
    assert loss >= 0


@properties
@given(
    Z=arrays(float, (4, 3), elements=st.floats(-30, 30)),
    shift=arrays(float, (4, 1), elements=st.floats(-1e6, 1e6)),
)
def test_a_shift_of_each_row_changes_nothing(Z, shift):
    y = np.array([0, 2, 1, 1])
    moved = Z + shift
    Z = moved - shift  # what rounding left of it
    assert_allclose(d2l.softmax(moved), d2l.softmax(Z), rtol=1e-9)
    assert_allclose(d2l.cross_entropy(moved, y), d2l.cross_entropy(Z, y), rtol=1e-9, atol=1e-9)


def test_an_example_does_not_see_its_neighbors():
    Z, y = np.array([[1000.0, 0.0], [0.0, 1.0]]), np.array([0, 1])
    assert_allclose(d2l.cross_entropy(Z, y), np.log1p(np.exp(-1)) / 2, rtol=1e-15)
    alone = cross_entropy_gradient(Z[1:], y[1:]) / 2
    assert (cross_entropy_gradient(Z, y)[1:] == alone).all()


def test_the_gradient_leaves_scores_and_labels_alone():
    Z, y = np.array([[2.0, 1.0], [0.0, 3.0]]), np.array([0, 1])
    before = Z.copy(), y.copy()
    first, second = cross_entropy_gradient(Z, y), cross_entropy_gradient(Z, y)
    assert (first == second).all()
    assert (before[0] == Z).all()
    assert (before[1] == y).all()


def test_two_classes_are_logistic_regression():
    s = np.linspace(-40, 40, 81)
    Z = np.stack([np.zeros_like(s), s], axis=1)
    for label in (0, 1):
        g = cross_entropy_gradient(Z, np.full(81, label))[:, 1] * 81
        assert_allclose(g, 1 / (1 + np.exp(-s)) - label, rtol=1e-13, atol=1e-15)


def test_the_sigmoid_never_overflows():
    phi, slope = models.ACTIVATIONS["sigmoid"]
    with np.errstate(all="raise", under="ignore"):
        h = phi(np.array([-1e300, -800.0, 0.0, 800.0, 1e300]))
    assert (h == [0, 0, 0.5, 1, 1]).all()
    assert (slope(h) == [0, 0, 0.25, 0, 0]).all()


# ---- bad input ----------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [d2l.cross_entropy, cross_entropy_gradient])
@pytest.mark.parametrize(
    ("y", "sentence"),
    [
        ([0, 1, 4], "between 0 and 3"),
        ([0, 1, -1], "Count classes from 0"),
        ([0.0, 1.0, 2.0], "whole numbers"),
        ([True, False, True], "whole numbers"),
        ([[0], [1], [2]], r"shape \(n,\)"),
        (np.eye(3, 4), "argmax"),
        ([1], "3 examples but 1 target;"),
        ([0, 1], "3 examples but 2 targets"),
    ],
)
def test_labels_that_numpy_would_take_amiss_are_refused(function, y, sentence):
    with pytest.raises(ValueError, match=sentence):
        function(np.zeros((3, 4)), np.asarray(y))


@pytest.mark.parametrize("function", [d2l.cross_entropy, cross_entropy_gradient])
def test_scores_that_are_no_table_are_refused(function):
    with pytest.raises(ValueError, match=r"table.*\(3, 2, 2\)"):
        function(np.zeros((3, 2, 2)), np.zeros(3, int))
    with pytest.raises(ValueError, match="empty"):
        function(np.zeros((0, 2)), np.zeros(0, int))
    assert_allclose(d2l.cross_entropy(np.zeros((3, 2)), [0, 1, 0]), np.log(2))  # a list will do


@pytest.mark.parametrize("name", ["MLP", "SoftmaxRegression"])
def test_sequences_are_refused_by_models_of_tables(name):
    # All sizes are equal, so that every product and every index fits.
    model, parameters, _, y = Problem(name, n=5, d=5, k=5).make()
    for call in (model.loss, model.gradient):
        with pytest.raises(ValueError, match="must be a table"):
            call(parameters, np.zeros((5, 5, 5)), y)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_found(bad):
    model, parameters, x, y = Problem("SimpleRNN", (5,)).make()
    x[2, 3, 1] = bad
    for call in (model.loss, model.gradient):
        with pytest.raises(ValueError, match=r"nan or infinite, at index \(2, 3, 1\)"):
            call(parameters, x, y)


def test_tables_are_refused_by_a_model_of_sequences():
    model, parameters, x, y = Problem("SimpleRNN", (5,)).make()
    for call in (model.loss, model.gradient):
        with pytest.raises(ValueError, match="reads sequences"):
            call(parameters, x[:, 0], y)


# ---- training -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "rate", "least"),
    # A guess is right once in ten; these learn nearly all, and how many depends on the last bits.
    [
        (d2l.MLP(32), 0.01, 0.9),
        (d2l.MLP(32, "sigmoid"), 0.01, 0.9),
        (d2l.MLP(32, "tanh"), 0.01, 0.9),
        (d2l.SoftmaxRegression(), 0.01, 0.9),
    ],
    ids=["relu", "sigmoid", "tanh", "softmax regression"],
)
def test_adam_learns_the_digits_in_five_epochs(model, rate, least):
    digits = d2l.digits()
    run = d2l.train(model, d2l.Adam(rate), digits, epochs=5, batch_size=32)
    guess = model.scores(run.parameters, digits.x).argmax(axis=1)
    assert np.mean(guess == digits.y) >= least


def test_a_recurrent_network_learns_to_remember_the_first_step():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 8, 1))
    memory = d2l.Dataset("sign of the first step", x, (x[:, 0, 0] > 0).astype(int))
    model = d2l.SimpleRNN(16)
    run = d2l.train(model, d2l.Adam(0.01), memory, epochs=30, batch_size=20)
    guess = model.scores(run.parameters, x).argmax(axis=1)
    assert np.mean(guess == memory.y) >= 0.95
