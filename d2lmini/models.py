"""Models with their loss and its gradient written by hand, and the check that both agree."""

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from d2lmini.checks import (
    array_of,
    did_you_mean,
    explain_arguments,
    float_array,
    is_array,
    is_finite,
    number,
    plural,
    refuse_non_finite,
    same_shape,
    shown,
    takes,
    whole_number,
)
from d2lmini.datasets import Dataset, targets
from d2lmini.rule import Parameters, as_parameters, items, like, same_structure


class _Model:
    """What models share: sentences for what other libraries do in another way."""

    def __init_subclass__(cls) -> None:
        for name, method in vars(cls).items():
            if inspect.isfunction(method) and not name.startswith("_"):
                setattr(cls, name, explain_arguments(method, name=f"{cls.__name__}.{name}"))

    def __init__(self) -> None:
        """Take no arguments."""

    def __call__(self, *args, **arguments):
        """Refuse to be called: a model is no function."""
        raise TypeError(
            "A model is not called: model.predict(parameters, x) predicts, with the parameters "
            "that d2l.train returns as history.parameters."
        )

    def __getattr__(self, name: str):
        if name.startswith("__"):  # Python's own inquiries
            raise AttributeError(name)
        advice = ELSEWHERE.get(name) or did_you_mean(name, [n for n in dir(self) if n[0] != "_"])
        raise AttributeError(f"{type(self).__name__} has no {name!r}. {advice}")


ELSEWHERE = dict.fromkeys(
    ("fit", "compile", "train_on_batch", "train", "evaluate", "trainable_variables"),
    "A model is a function of parameters here, and d2l.train(model, rule, data) returns them.",
) | dict.fromkeys(
    ("weights", "coef_", "get_weights", "state_dict", "parameters"),
    "The parameters are those that d2l.train returns, as history.parameters.",
)


@explain_arguments
class LinearRegression(_Model):
    r"""A weighted sum of the features and an intercept, fitted by least squares.

    .. math::
        \hat y = X w + b, \qquad L(w, b) = \frac{1}{2n} \sum_i \lVert \hat y_i - y_i \rVert^2

    The half makes the gradient the mean of (error times feature), with no 2 in front of it. Keras'
    ``"mse"`` has no half, so at the same learning rate it takes steps twice as long.

    With targets of shape (n,) the weights ``w`` are a vector; with targets of shape (n, k), k
    outputs at once, they are a matrix. The formulas are the same.

    Examples
    --------
    >>> data = d2l.Dataset("a line", [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0])
    >>> model = d2l.LinearRegression()
    >>> model.gradient(model.init(data), data.x, data.y)["b"].tolist()
    [-3.0]
    """

    def init(self, data: Dataset) -> dict[str, np.ndarray]:
        """Return zeros: ``w`` of shape (d,) and ``b`` of shape (1,), or (d, k) and (k,)."""
        refuse_no_table(data, "linear regression")
        outputs = data.y.shape[1:]
        return {"w": np.zeros((data.x.shape[1], *outputs)), "b": np.zeros(outputs or 1)}

    def residual(self, parameters: dict[str, np.ndarray], x, y) -> np.ndarray:
        """Return prediction minus target, shaped like the target.

        Raises
        ------
        ValueError
            If the shapes would broadcast, there are no examples, or a value is not finite.
        """
        x, y = check_batch(x, y)
        prediction = self.predict(parameters, x)
        same_shape(prediction, y, "The prediction", "the target")
        return prediction - y

    def predict(self, parameters: dict[str, np.ndarray], x) -> np.ndarray:
        """Return the prediction for each example."""
        refuse_other_parameters(parameters, ("w", "b"))
        refuse_other_biases(b=(parameters["b"], np.shape(parameters["w"])[1:] or (1,)))
        x = features(x, parameters["w"])
        return x @ parameters["w"] + parameters["b"]

    def loss(self, parameters: dict[str, np.ndarray], x, y) -> float:
        """Return half the mean squared error."""
        r = self.residual(parameters, x, y)
        return float(np.vdot(r, r)) / (2 * len(r))

    def gradient(self, parameters: dict[str, np.ndarray], x, y) -> dict[str, np.ndarray]:
        """Return the gradient of `loss`, shaped like the parameters."""
        r = self.residual(parameters, x, y)
        return {"w": x.T @ r / len(r), "b": np.atleast_1d(r.sum(axis=0) / len(r))}


@explain_arguments
class SoftmaxRegression(_Model):
    r"""A linear model of the log-odds of k classes, fitted by cross-entropy.

    .. math::
        Z = X W + b, \qquad p_{ic} = \frac{e^{z_{ic}}}{\sum_j e^{z_{ij}}}, \qquad
        L(W, b) = -\frac1n \sum_i \ln p_{i, y_i}

    The labels `y` are whole numbers 0, 1, …, k - 1.

    Examples
    --------
    >>> data, model = d2l.digits(), d2l.SoftmaxRegression()
    >>> round(model.loss(model.init(data), data.x, data.y), 4)  # ln 10
    2.3026
    """

    def init(self, data: Dataset) -> dict[str, np.ndarray]:
        """Return parameters of zeros: ``W`` of shape (d, k) and ``b`` of shape (k,)."""
        refuse_no_table(data, "softmax regression")
        k = number_of_classes(data)
        return {"W": np.zeros((data.x.shape[1], k)), "b": np.zeros(k)}

    def scores(self, parameters: dict[str, np.ndarray], x) -> np.ndarray:
        """Return the scores Z, of shape (n, k); the largest in a row is the predicted class."""
        refuse_other_parameters(parameters, ("W", "b"))
        refuse_other_biases(b=(parameters["b"], np.shape(parameters["W"])[1:]))
        x = features(x, parameters["W"])
        return x @ parameters["W"] + parameters["b"]

    def predict(self, parameters: dict[str, np.ndarray], x) -> np.ndarray:
        """Return the class with the largest score, for each example."""
        return self.scores(parameters, x).argmax(axis=-1)

    def loss(self, parameters: dict[str, np.ndarray], x, y) -> float:
        """Return the mean cross-entropy."""
        x, y = check_batch(x, y)
        return cross_entropy(self.scores(parameters, x), y)

    def gradient(self, parameters: dict[str, np.ndarray], x, y) -> dict[str, np.ndarray]:
        """Return the gradient of `loss`, shaped like the parameters."""
        x, y = check_batch(x, y)
        dZ = cross_entropy_gradient(self.scores(parameters, x), y)
        return {"W": x.T @ dZ, "b": dZ.sum(axis=0)}


@explain_arguments
class MLP(_Model):
    r"""A network with one hidden layer, for k classes.

    .. math::
        A = X W_1 + b_1, \qquad H = \varphi(A), \qquad Z = H W_2 + b_2

    with the loss of `SoftmaxRegression` on the scores Z.

    Parameters
    ----------
    hidden : int, default 32
        The number of hidden units.
    activation : {"relu", "sigmoid", "tanh"}, default "relu"
        The function :math:`\varphi`, applied to each entry.
    seed : int, default 0
        Where the initial weights come from: uniform, with the width of Glorot and Bengio (2010).

    Raises
    ------
    ValueError
        If the activation is unknown or `hidden` is not a whole number of at least 1.

    Examples
    --------
    >>> model = d2l.MLP(8, "tanh")
    >>> {name: value.shape for name, value in model.init(d2l.digits()).items()}
    {'W1': (64, 8), 'b1': (8,), 'W2': (8, 10), 'b2': (10,)}
    """

    def __init__(self, hidden: int = 32, activation: str = "relu", seed: int = 0) -> None:
        if not isinstance(activation, str) or activation not in ACTIVATIONS:
            raise ValueError(
                f"There is no activation {shown(activation)}. "
                f"{did_you_mean(activation, ACTIVATIONS)} Write its name."
            )
        self.hidden = whole_number(hidden, "hidden", 1)
        self.activation = activation
        self.seed = whole_number(seed, "seed", 0)

    def init(self, data: Dataset) -> dict[str, np.ndarray]:
        """Return random weights ``W1`` (d, h), ``W2`` (h, k) and zero ``b1`` (h,), ``b2`` (k,)."""
        refuse_no_table(data, "this network")
        rng = np.random.default_rng(self.seed)
        d, h, k = data.x.shape[1], self.hidden, number_of_classes(data)
        W1, W2 = glorot(rng, d, h), glorot(rng, h, k)
        return {"W1": W1, "b1": np.zeros(h), "W2": W2, "b2": np.zeros(k)}

    def forward(self, parameters: dict[str, np.ndarray], x) -> tuple[np.ndarray, np.ndarray]:
        """Return the hidden layer H, of shape (n, h), and the scores Z, of shape (n, k)."""
        refuse_other_parameters(parameters, ("W1", "b1", "W2", "b2"))
        phi, _ = ACTIVATIONS[self.activation]
        refuse_other_biases(
            b1=(parameters["b1"], np.shape(parameters["W1"])[1:]),
            b2=(parameters["b2"], np.shape(parameters["W2"])[1:]),
        )
        x = features(x, parameters["W1"])
        H = phi(x @ parameters["W1"] + parameters["b1"])
        return H, H @ parameters["W2"] + parameters["b2"]

    def scores(self, parameters: dict[str, np.ndarray], x) -> np.ndarray:
        """Return the scores Z, of shape (n, k)."""
        return self.forward(parameters, x)[1]

    def predict(self, parameters: dict[str, np.ndarray], x) -> np.ndarray:
        """Return the class with the largest score, for each example."""
        return self.scores(parameters, x).argmax(axis=-1)

    def loss(self, parameters: dict[str, np.ndarray], x, y) -> float:
        """Return the mean cross-entropy."""
        x, y = check_batch(x, y)
        return cross_entropy(self.scores(parameters, x), y)

    def gradient(self, parameters: dict[str, np.ndarray], x, y) -> dict[str, np.ndarray]:
        """Return the gradient of `loss`, shaped like the parameters: backpropagation."""
        x, y = check_batch(x, y)
        _, slope = ACTIVATIONS[self.activation]
        H, Z = self.forward(parameters, x)
        dZ = cross_entropy_gradient(Z, y)
        dH = dZ @ parameters["W2"].T
        dA = dH * slope(H)
        return {
            "W1": x.T @ dA,
            "b1": dA.sum(axis=0),
            "W2": H.T @ dZ,
            "b2": dZ.sum(axis=0),
        }


@explain_arguments
class SimpleRNN(_Model):
    r"""A recurrent network that reads a sequence and then names one of k classes.

    .. math::
        h_t = \tanh(x_t U + h_{t-1} W + b), \quad h_0 = 0, \qquad Z = h_T V + c

    with the loss of `SoftmaxRegression` on the scores Z. The examples `x` have the shape (n, T, d):
    n sequences of T vectors.

    Parameters
    ----------
    hidden : int, default 16
        The number of hidden units.
    seed : int, default 0
        Where the initial weights come from: uniform, with the width of Glorot and Bengio (2010).

    Raises
    ------
    ValueError
        If `hidden` is not a whole number of at least 1.

    Examples
    --------
    >>> data = d2l.Dataset("two sequences", np.ones((2, 5, 3)), [0, 1])
    >>> h, Z = d2l.SimpleRNN(4).forward(d2l.SimpleRNN(4).init(data), data.x)
    >>> h.shape, Z.shape
    ((6, 2, 4), (2, 2))
    """

    def __init__(self, hidden: int = 16, seed: int = 0) -> None:
        self.hidden = whole_number(hidden, "hidden", 1)
        self.seed = whole_number(seed, "seed", 0)

    def init(self, data: Dataset) -> dict[str, np.ndarray]:
        """Return random ``U`` (d, h), ``W`` (h, h), ``V`` (h, k); zero ``b`` (h,), ``c`` (k,)."""
        refuse_no_dataset(data)
        refuse_no_sequences(data.x)
        rng = np.random.default_rng(self.seed)
        d, h, k = data.x.shape[-1], self.hidden, number_of_classes(data)
        U, W, V = glorot(rng, d, h), glorot(rng, h, h), glorot(rng, h, k)
        return {"U": U, "W": W, "b": np.zeros(h), "V": V, "c": np.zeros(k)}

    def forward(self, parameters: dict[str, np.ndarray], x) -> tuple[np.ndarray, np.ndarray]:
        """Return the states h_0, …, h_T, of shape (T + 1, n, h), and the scores, of shape (n, k).

        Raises
        ------
        ValueError
            If `x` does not have three axes.
        """
        x = features(x)
        refuse_no_sequences(x)
        refuse_other_parameters(parameters, ("U", "W", "b", "V", "c"))
        U, W, b = parameters["U"], parameters["W"], parameters["b"]
        features(x, U)
        if np.shape(W) != (self.hidden, self.hidden):
            raise ValueError(
                f"This network has {plural(self.hidden, 'hidden unit')}, but its parameter 'W' has "
                f"the shape {np.shape(W)}: they belong to another one."
            )
        refuse_other_biases(
            b=(b, np.shape(U)[1:]), c=(parameters["c"], np.shape(parameters["V"])[1:])
        )
        h = [np.zeros((len(x), self.hidden))]
        for t in range(x.shape[1]):
            h.append(np.tanh(x[:, t] @ U + h[-1] @ W + b))
        return np.array(h), h[-1] @ parameters["V"] + parameters["c"]

    def scores(self, parameters: dict[str, np.ndarray], x) -> np.ndarray:
        """Return the scores Z, of shape (n, k)."""
        return self.forward(parameters, x)[1]

    def predict(self, parameters: dict[str, np.ndarray], x) -> np.ndarray:
        """Return the class with the largest score, for each example."""
        return self.scores(parameters, x).argmax(axis=-1)

    def loss(self, parameters: dict[str, np.ndarray], x, y) -> float:
        """Return the mean cross-entropy."""
        x, y = check_batch(x, y)
        return cross_entropy(self.scores(parameters, x), y)

    def gradient(self, parameters: dict[str, np.ndarray], x, y) -> dict[str, np.ndarray]:
        """Return the gradient of `loss`, shaped like the parameters: backpropagation in time."""
        x, y = check_batch(x, y)
        h, Z = self.forward(parameters, x)
        dZ = cross_entropy_gradient(Z, y)
        gradient = {name: np.zeros_like(value) for name, value in parameters.items()}
        gradient["V"], gradient["c"] = h[-1].T @ dZ, dZ.sum(axis=0)
        dh = dZ @ parameters["V"].T
        for t in range(x.shape[1], 0, -1):
            da = dh * (1 - h[t] ** 2)  # through tanh
            gradient["U"] = gradient["U"] + x[:, t - 1].T @ da
            gradient["W"] = gradient["W"] + h[t - 1].T @ da
            gradient["b"] = gradient["b"] + da.sum(axis=0)
            dh = da @ parameters["W"].T  # to the state before
        return gradient


# Each activation with its slope, written as a function of the activation's own value.
ACTIVATIONS = {
    "relu": (lambda a: np.maximum(a, 0), lambda h: (h > 0).astype(h.dtype)),
    # 1 / (1 + exp(-a)), in a form that cannot overflow
    "sigmoid": (lambda a: 0.5 * (1 + np.tanh(0.5 * a)), lambda h: h * (1 - h)),
    "tanh": (np.tanh, lambda h: 1 - h**2),
}


def _classes(values, name: str) -> np.ndarray:
    """Return classes as an array, whole numbers or text, or say what they must be."""
    found = array_of(values, name)
    if found.dtype == object and all(isinstance(value, str) for value in found.ravel()):
        return found.astype(str)
    if found.dtype.kind in "iubUS":
        return found
    found = float_array(values, name)
    if (found != np.round(found)).any():
        raise ValueError(
            f"{name} must be classes, whole numbers, but are others. Of the probability p of class "
            "1 make them with p > 0.5."
        )
    return found


@explain_arguments
def accuracy(y: np.ndarray, predicted: np.ndarray) -> float:
    """Return the share of predictions that are right.

    Parameters
    ----------
    y, predicted : array of int, shape (n,)
        The true classes, and those that `predict` names.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If they differ in length, or there are none.

    Examples
    --------
    >>> d2l.accuracy([3, 1, 4, 1], [3, 1, 4, 5])
    0.75
    """
    y, predicted = _classes(y, "The true classes"), _classes(predicted, "The predicted classes")
    if predicted.ndim == 2 and y.shape == (len(predicted),) and predicted.shape[1] > 1:
        raise ValueError(
            f"The prediction has shape {predicted.shape}: of scores or probabilities take the "
            "class with the largest in each row, with .argmax(axis=1)."
        )
    same_shape(predicted, y, "The prediction", "the target")
    if (y.dtype.kind in "US") != (predicted.dtype.kind in "US"):
        raise TypeError(
            "The true classes and the predicted ones must be of one kind, but one holds text and "
            "the other numbers. Number both from 0."
        )
    if y.size == 0:
        raise ValueError("There are no predictions to count.")
    return float(np.mean(y == predicted))


@explain_arguments
def softmax(Z: np.ndarray) -> np.ndarray:
    r"""Return :math:`e^{z_c} / \sum_j e^{z_j}` for each row of scores.

    The largest score of *each row* is subtracted first. That changes nothing in exact arithmetic,
    and keeps the exponentials from overflowing. The largest of the whole table would not do: a row
    far below it would become zeros, and zero over zero is nan.

    Parameters
    ----------
    Z : array of shape (n, k)
        Scores.

    Returns
    -------
    array of shape (n, k)
        Probabilities: each row sums to one.

    Examples
    --------
    >>> d2l.softmax([[0.0, np.log(3.0)]]).round(4).tolist()
    [[0.25, 0.75]]
    """
    Z = score_table(Z)
    e = np.exp(Z - Z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@explain_arguments
def cross_entropy(Z: np.ndarray, y: np.ndarray) -> float:
    r"""Return the mean of :math:`-\ln \mathrm{softmax}(z_i)_{y_i}` over the rows of scores.

    Parameters
    ----------
    Z : array of shape (n, k)
        Scores.
    y : array of int, shape (n,)
        The true classes.

    Returns
    -------
    float
        The loss; never infinite for finite scores, because no probability is ever rounded to 0.

    Raises
    ------
    ValueError
        If there is not one label for each row, or one names no column.

    Examples
    --------
    >>> round(d2l.cross_entropy([[0.0, 0.0], [5.0, 5.0]], [0, 1]), 4)  # ln 2
    0.6931
    """
    Z = score_table(Z)
    y = class_labels(Z, y)
    Z = Z - Z.max(axis=-1, keepdims=True)
    return float(np.mean(np.log(np.exp(Z).sum(axis=-1)) - Z[np.arange(len(y)), y]))


def cross_entropy_gradient(Z: np.ndarray, y: np.ndarray) -> np.ndarray:
    r"""Return the gradient of `cross_entropy` in the scores: :math:`(p_{ic} - [c = y_i]) / n`.

    Parameters
    ----------
    Z : array of shape (n, k)
        Scores.
    y : array of int, shape (n,)
        The true classes.

    Returns
    -------
    array of shape (n, k)
        Each row sums to zero.

    Raises
    ------
    ValueError
        If there is not one label for each row, or one names no column.
    """
    y = class_labels(Z, y)
    dZ = softmax(Z)
    dZ[np.arange(len(y)), y] -= 1  # p - 1 at the true class, p elsewhere
    return dZ / len(y)


def glorot(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Return uniform random weights that neither blow signals up nor let them fade.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where they come from.
    rows, columns : int
        The units that the matrix leads from and to.

    Returns
    -------
    array of shape (rows, columns)
        Between plus and minus the root of 6 / (rows + columns), as in Glorot and Bengio (2010).
    """
    reach = np.sqrt(6 / (rows + columns))
    return rng.uniform(-reach, reach, size=(rows, columns))


def number_of_classes(data: Dataset) -> int:
    """Return how many classes the labels of a data set name.

    Parameters
    ----------
    data : Dataset
        With whole numbers from 0 on as `y`.

    Returns
    -------
    int
        The largest label plus one.

    Raises
    ------
    ValueError
        If the targets are not class labels, or leave out some.
    """
    same_length(data.x, data.y)
    k = int(np.max(data.y)) + 1
    refuse_no_labels(data.y, k)
    there = np.unique(data.y)
    # A few classes may lack examples in a small set. But these are years, or counted from 1.
    from_one = there[0] == 1 and len(there) == k - 1 and len(data.y) >= 5 * k
    if from_one or k > 100 + 10 * len(there):
        raise ValueError(
            f"{data.name}: the labels lie between {there[0]} and {k - 1}, but only {len(there)} of "
            "these classes have examples. Number them from 0 with names, y = np.unique(labels, "
            "return_inverse=True)."
        )
    return k


def check_batch(x, y) -> tuple[np.ndarray, np.ndarray]:
    """Refuse a minibatch that would give a wrong number, or nan, without a word.

    Parameters
    ----------
    x, y : array
        Examples and targets.

    Returns
    -------
    x, y : array
        The same, as arrays.

    Raises
    ------
    TypeError
        If they are not numbers.
    ValueError
        If the batch is empty, `x` and `y` differ in length, or a value is not finite.
    """
    x = features(x)
    if not is_array(y) or y.dtype.kind not in "fiu":
        y = targets(y, "y")
    if x.ndim < 2:
        raise ValueError(
            f"x must be a table with one example a row, but has shape {x.shape}. One example "
            "is a row, too: X[:1] and y[:1], not X[0] and y[0]."
        )
    same_length(x, y)
    if not math.isfinite(np.sum(x)):  # quick; only then look closer
        refuse_non_finite(x, "x")
    return x, y


def same_length(x: np.ndarray, y: np.ndarray) -> None:
    """Raise a ValueError unless there is one target for each example, and at least one example."""
    try:
        count = len(y)
    except TypeError:
        raise ValueError(
            "There must be one label or target for each example, not one for all."
        ) from None
    if count == 0:
        raise ValueError("The minibatch is empty: the mean of no errors is undefined.")
    if len(x) != len(y):
        raise ValueError(
            f"There are {plural(len(x), 'example')} but {plural(len(y), 'target')}; each example "
            "needs one target."
        )


def score_table(Z) -> np.ndarray:
    """Return scores as an array of floats, or refuse them; what a lost run makes of them may pass.

    Parameters
    ----------
    Z : array of shape (n, k) or (k,)
        Scores.

    Returns
    -------
    array
        The scores.

    Raises
    ------
    TypeError
        If they are not real numbers.
    ValueError
        If there are none, or some are nan or infinite.
    """
    if not is_array(Z) or Z.dtype.kind != "f":
        Z = float_array(Z, "The scores")
    if Z.ndim == 0 or Z.size == 0:
        raise ValueError(
            "Scores need a row for each example, but "
            + (f"these have the shape {Z.shape}." if Z.size else f"this table is empty: {Z.shape}.")
        )
    # A run that may diverge tells NumPy to ignore what is not finite, and says so in words itself.
    if not is_finite(Z) and np.geterr()["invalid"] != "ignore":
        refuse_non_finite(Z, "The scores")
    return Z


def features(x, W=None) -> np.ndarray:
    """Return examples as an array of floating-point numbers, or say that the weights do not fit."""
    x = x if is_array(x) and x.dtype.kind == "f" else float_array(x, "x")
    if W is not None and (x.ndim == 0 or np.ndim(W) == 0 or x.shape[-1] != len(W)):
        raise ValueError(
            f"x has shape {x.shape}, but these parameters are for "
            f"{plural(len(np.atleast_1d(W)), 'column')} of features: they belong to other data, or "
            "x to another argument."
        )
    return x


def refuse_no_sequences(x) -> None:
    """Raise a ValueError unless these are sequences of vectors."""
    if np.ndim(x) != 3:
        raise ValueError(
            "A recurrent network reads sequences: x must have the shape (examples, steps, "
            f"features), but has shape {np.shape(x)}."
        )


def refuse_no_dataset(data) -> None:
    """Raise a TypeError unless this is a Dataset."""
    if not isinstance(data, Dataset):
        raise TypeError(
            f"init needs a Dataset, but got {shown(data)}. Make one of your arrays with "
            "d2l.Dataset('mine', X, y)."
        )


def refuse_no_table(data: Dataset, what: str) -> None:
    """Raise an error unless the examples are rows of features, as most models need them."""
    refuse_no_dataset(data)
    if data.x.ndim != 2:
        raise ValueError(
            f"{data.name}: {what} reads a row of features for each example, but x has the shape "
            f"{data.x.shape}. Make each example a row with x.reshape(len(x), -1)."
        )


def refuse_other_parameters(parameters, names: tuple[str, ...]) -> None:
    """Raise a TypeError unless the parameters are a dict with these names."""
    if not isinstance(parameters, dict) or not parameters.keys() >= {*names}:
        given = (
            f"a dict with {list(parameters)}" if isinstance(parameters, dict) else shown(parameters)
        )
        raise TypeError(
            f"The parameters of this model are a dict with {list(names)}, but these are {given}. "
            "init(data) makes them."
        )


def refuse_other_biases(**biases: tuple[Any, tuple[int, ...]]) -> None:
    """Raise a ValueError unless each bias has its shape; NumPy would broadcast others."""
    for name, (bias, shape) in biases.items():
        if np.shape(bias) not in (shape, ()):  # one number means the same for all
            raise ValueError(
                f"The parameter {name!r} of this model must have the shape {shape}, but has "
                f"{np.shape(bias)}. init(data) makes them."
            )


def class_labels(Z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the labels of a table of scores as an array, or refuse them.

    Parameters
    ----------
    Z : array of shape (n, k)
        Scores.
    y : array of int, shape (n,)
        The true classes.

    Returns
    -------
    array of int, shape (n,)
        The labels. NumPy would take -1 for the last class, and one label for all rows.

    Raises
    ------
    ValueError
        If the scores are no table, or there is not one label from 0 to k - 1 for each row.
    """
    if type(y) is not np.ndarray:
        y = array_of(y, "The labels")
    if np.ndim(Z) != 2:
        raise ValueError(
            "Scores must be a table with a row for each example and a column for each class, but "
            f"have shape {np.shape(Z)}."
        )
    same_length(Z, y)
    refuse_no_labels(y, Z.shape[1])
    return y


def refuse_no_labels(y: np.ndarray, classes: int) -> None:
    """Raise a ValueError unless `y` is a vector of whole numbers from 0 to `classes` - 1."""
    if y.dtype.kind not in "iu" or y.ndim != 1:
        raise ValueError(
            "Class labels must be whole numbers in shape (n,), such as 0 or 9; got an array of "
            f"type {y.dtype} and shape {y.shape}. "
            + (
                "Labels in one-hot rows become numbers with .argmax(axis=1)."
                if y.ndim == 2 and y.shape[1] > 1
                else "Flatten a column with .ravel()."
                if y.ndim > 1
                else "If they are 0, 1, … in another type, convert them with .astype(int)."
            )
        )
    if y.min() < 0 or y.max() >= classes:
        raise ValueError(
            f"Class labels must lie between 0 and {classes - 1}, but they range from {y.min()} to "
            f"{y.max()}. Count classes from 0."
        )


@explain_arguments
def numerical_gradient(
    loss: Callable[[Parameters], float], parameters: Parameters, h: float = 1e-5
) -> Parameters:
    r"""Return the central differences :math:`(L(x + h e_i) - L(x - h e_i)) / 2h`.

    Parameters
    ----------
    loss : callable
        A function of the parameters alone.
    parameters : array, or list or dict of arrays
        Where to differentiate.
    h : float, default 1e-5
        The step: near the cube root of the machine precision, where the error of the formula
        (of order h²) and that of rounding (of order 1/h) balance.

    Returns
    -------
    array, or list or dict of arrays
        Shaped like the parameters.

    Raises
    ------
    TypeError
        If the loss is not a function that returns one number.
    ValueError
        If the step is not above 0.

    Examples
    --------
    >>> d2l.numerical_gradient(lambda x: x @ x, np.array([1.0, 2.0])).round(6).tolist()
    [2.0, 4.0]
    """
    refuse_no_function(loss, "The loss")
    h = number(h, "h")
    if not h > 0:
        raise ValueError(f"h must be above 0, but is {h!r}: differences need a step.")
    parameters = as_parameters(parameters, "The parameters")
    parts = (
        [v for _, v in items(parameters)] if isinstance(parameters, (list, dict)) else [parameters]
    )
    largest = max((float(np.abs(part).max(initial=0)) for part in parts), default=0.0)
    if largest + h == largest:
        raise ValueError(
            f"h is {h!r}, too small: added to a parameter of {largest:.6g} it changes nothing."
        )
    if not isinstance(parameters, (list, dict)):
        return _differences(loss, parameters, h)
    gradient = {}
    for key, part in items(parameters):

        def loss_of_part(value, key=key):
            parts = dict(items(parameters))
            parts[key] = value
            return loss(like(parameters, parts))

        gradient[key] = _differences(loss_of_part, part, h)
    return like(parameters, gradient)


def refuse_no_function(function, name: str) -> None:
    """Raise a TypeError unless this can be called."""
    example = f"model.{'loss' if 'loss' in name else 'gradient'}(p, x, y)"
    if not callable(function):
        raise TypeError(
            f"{name} must be a function of the parameters, such as lambda p: {example}, but is "
            f"{shown(function)}."
        )
    takes(function, f"{name} (for a model lambda p: {example})", "parameters")


def one_number(loss: Any) -> float:
    """Return a loss as a float, or say why it is none; a lost run's nan may pass."""
    array = array_of(loss, "The loss")
    if array.shape != () or array.dtype.kind not in "fiu":
        what = f"an array of shape {array.shape}" if array.shape else shown(loss)
        raise TypeError(
            f"The loss must be one real number, but is {what}. Take the mean over the examples."
        )
    return float(array)


def _differences(loss, x, h):
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        # In float32 a step of 1e-5 would drown in rounding.
        up, down = x.astype(np.float64), x.astype(np.float64)
        up[index] += h
        down[index] -= h
        gradient[index] = (one_number(loss(up)) - one_number(loss(down))) / (2 * h)
    return gradient


@explain_arguments
def check_gradients(
    loss: Callable[[Parameters], float],
    gradient: Callable[[Parameters], Parameters],
    parameters: Parameters,
    h: float = 1e-5,
) -> float:
    """Return how far a gradient written by hand is from the differences of its loss.

    Parameters
    ----------
    loss, gradient : callable
        Functions of the parameters alone.
    parameters : array, or list or dict of arrays
        Where to compare; a random point finds more than zeros do.
    h : float, default 1e-5
        The step of the differences.

    Returns
    -------
    float
        The largest difference, divided by the largest entry of the gradient (or by 1 where that
        is smaller). In double precision, with smooth units and weights of size one, about 1e-9 is
        agreement and 1e-3 a bug. Otherwise there is no such line: a right gradient has a kink
        nearby, and a wrong one hides in small weights or behind a larger array.

    Raises
    ------
    ValueError
        If the gradient is not shaped like the parameters or not finite.

    Examples
    --------
    >>> x = np.array([1.0, -2.0])
    >>> d2l.check_gradients(lambda x: x @ x, lambda x: 2 * x, x) < 1e-6
    True
    >>> d2l.check_gradients(lambda x: x @ x, lambda x: x, x) > 0.1
    True
    """
    refuse_no_function(loss, "The loss")
    refuse_no_function(gradient, "The gradient")
    parameters = as_parameters(parameters, "The parameters")
    by_hand = as_parameters(gradient(parameters), "The gradient")
    same_structure(parameters, by_hand)
    by_differences = numerical_gradient(loss, parameters, h)
    if not isinstance(parameters, (list, dict)):
        by_hand, by_differences = [by_hand], [by_differences]
    size = error = 0.0
    for key, part in items(by_hand):
        refuse_non_finite(np.asarray(by_differences[key]), "The loss near these parameters")
        size = max(size, float(np.abs(part).max(initial=0)))
        error = max(error, float(np.abs(part - by_differences[key]).max(initial=0)))
    return error / max(size, 1.0)
