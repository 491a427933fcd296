"""The names of Dive into Deep Learning, for its readers.

Code of its optimization chapter runs after a change of one line::

    from d2lmini import tensorflow as d2l  # before: from d2l import tensorflow as d2l

Functions have the signatures, and print the lines, of the TensorFlow versions of d2l 0.17 and 1.0.
Where the outcome differs, the docstring says how. What the optimization chapter does not use is
not here. Everything else about this book's package, its own style included, is in `d2lmini`.
"""

import inspect
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib import pyplot as plt

from d2lmini.checks import did_you_mean, kind, shown, takes, whole_number
from d2lmini.concise import keras
from d2lmini.datasets import AIRFOIL, airfoil, airfoil_file, fetch
from d2lmini.models import LinearRegression
from d2lmini.rule import Rule

keras()  # imports TensorFlow quietly, or says how to install it
import tensorflow as tf  # noqa: E402


def __getattr__(name: str) -> Any:
    """Say which name was probably meant, or where it is."""
    if name.startswith("__"):  # Python's own inquiries
        raise AttributeError(name)
    import d2lmini

    here = [n for n, value in globals().items() if n[0] != "_" and not inspect.ismodule(value)]
    advice = did_you_mean(name, [n for n in here if n not in vars(d2lmini) and n not in _IMPORTED])
    if name in d2lmini.__all__:
        advice = f"It is a name of this book's own: import d2lmini, and write d2lmini.{name}."
    raise AttributeError(f"d2lmini.tensorflow has no {name!r}. {advice}")


_IMPORTED = {"Any", "Callable", "Sequence", "Rule", "LinearRegression", "AIRFOIL", "airfoil_file"}
_IMPORTED |= {"did_you_mean", "kind", "shown", "takes", "whole_number", "fetch", "keras"}

# ---- TensorFlow under other names ---------------------------------------------------------------

arange = tf.range
argmax = tf.argmax
astype = tf.cast
cos = tf.cos
cosh = tf.cosh
exp = tf.exp
float32 = tf.float32
int32 = tf.int32
linspace = tf.linspace
matmul = tf.matmul
meshgrid = tf.meshgrid
normal = tf.random.normal
ones = tf.ones
rand = tf.random.uniform
reduce_mean = tf.reduce_mean
reduce_sum = tf.reduce_sum
reshape = tf.reshape
sin = tf.sin
sinh = tf.sinh
tanh = tf.tanh
tensor = tf.constant
zeros = tf.zeros


def numpy(x: Any) -> np.ndarray:
    """Return a tensor as a NumPy array.

    Parameters
    ----------
    x : tensor
        What to convert.

    Returns
    -------
    array
        Its values.

    Examples
    --------
    >>> d2l.numpy(d2l.ones(2)).tolist()
    [1.0, 1.0]
    """
    return x.numpy()


def size(a: Any) -> int:
    """Return how many numbers a tensor holds.

    Parameters
    ----------
    a : tensor
        What to count in.

    Returns
    -------
    int
        The product of its shape.

    Examples
    --------
    >>> d2l.size(d2l.zeros((2, 3)))
    6
    """
    return int(tf.size(a))


# ---- Figures ------------------------------------------------------------------------------------


def use_svg_display() -> None:
    """Let notebooks show figures as SVG; elsewhere do nothing.

    Examples
    --------
    >>> d2l.use_svg_display()
    """
    if _in_notebook():
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("svg")


def _in_notebook() -> bool:
    try:
        from IPython import get_ipython
    except ModuleNotFoundError:
        return False
    return getattr(get_ipython(), "kernel", None) is not None


def set_figsize(figsize: tuple[float, float] = (3.5, 2.5)) -> None:
    """Set the size of the figures that follow.

    Parameters
    ----------
    figsize : (float, float), default (3.5, 2.5)
        Width and height in inches.

    Examples
    --------
    >>> d2l.set_figsize((4, 3))
    >>> d2l.plt.rcParams["figure.figsize"]
    [4.0, 3.0]
    """
    use_svg_display()
    plt.rcParams["figure.figsize"] = figsize


def set_axes(axes, xlabel, ylabel, xlim, ylim, xscale, yscale, legend) -> None:
    """Set labels, limits, scales, legend and a grid.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where.
    xlabel, ylabel : str or None
        The names of the axes.
    xlim, ylim : (float, float) or None
        What to show; None leaves it to matplotlib.
    xscale, yscale : {"linear", "log"}
        The scales.
    legend : sequence of str or None
        A name for each curve.

    Examples
    --------
    >>> axes = d2l.plt.gca()
    >>> d2l.set_axes(axes, "x", "f(x)", (0, 1), None, "linear", "log", None)
    >>> axes.get_ylabel(), axes.get_yscale()
    ('f(x)', 'log')
    """
    axes.set(xlabel=xlabel, ylabel=ylabel, xscale=xscale, yscale=yscale)
    if xlim is not None:
        axes.set_xlim(xlim)
    if ylim is not None:
        axes.set_ylim(ylim)
    if legend:
        axes.legend(legend)
    axes.grid(True)


def plot(
    X,
    Y=None,
    xlabel: str | None = None,
    ylabel: str | None = None,
    legend: Sequence[str] | None = None,
    xlim=None,
    ylim=None,
    xscale: str = "linear",
    yscale: str = "linear",
    fmts: Sequence[str] = ("-", "m--", "g-.", "r:"),
    figsize: tuple[float, float] = (3.5, 2.5),
    axes=None,
) -> None:
    """Draw one curve or several.

    The originals draw no more curves than there are formats. Here the formats start anew.

    Parameters
    ----------
    X : array, tensor or sequence of these
        Where on the x-axis: once for all curves, or for each of them. Without `Y`, the curves.
    Y : array, tensor or sequence of these, optional
        The curves.
    xlabel, ylabel : str, optional
        The names of the axes.
    legend : sequence of str, optional
        A name for each curve.
    xlim, ylim : (float, float), optional
        What to show.
    xscale, yscale : {"linear", "log"}
        The scales.
    fmts : sequence of str
        Formats of ``matplotlib``, one for each curve.
    figsize : (float, float), default (3.5, 2.5)
        Width and height in inches.
    axes : matplotlib.axes.Axes, optional
        Where to draw; it is cleared before.

    Raises
    ------
    ValueError
        If there are several `X`, but not as many as `Y`.

    Examples
    --------
    >>> x = d2l.arange(0.0, 3.0, 0.1)
    >>> d2l.plot(x, [x**2, 2 * x], "x", "f(x)", legend=["f", "its slope"])
    """
    X, Y = (None, _curves(X)) if Y is None else (_curves(X), _curves(Y))
    if X is not None and len(X) == 1:
        X = X * len(Y)
    if X is not None and len(X) != len(Y):
        raise ValueError(
            f"plot got {len(X)} arrays of x and {len(Y)} of y. Pass one x for all curves, or one "
            "for each."
        )
    for x, y in zip(X or (), Y, strict=bool(X)):
        if len(x) != len(y):
            raise ValueError(f"plot got {len(x)} values of x for a curve of {len(y)} values of y.")
    set_figsize(figsize)
    axes = plt.gca() if axes is None else axes
    axes.cla()
    for i, y in enumerate(Y):
        axes.plot(*([y] if X is None else [X[i], y]), fmts[i % len(fmts)])
    set_axes(axes, xlabel, ylabel, xlim, ylim, xscale, yscale, legend)


def _curves(values) -> list[np.ndarray]:
    """Return one curve, or a sequence of curves that may differ in length, as a list of arrays."""
    if hasattr(values, "ndim"):  # an array or a tensor: its rows are the curves
        return list(np.atleast_2d(values))
    if all(np.ndim(value) == 0 for value in values):
        values = [values]
    # A list may hold tensors, which NumPy would take one by one as arrays.
    return [
        np.asarray(value) if hasattr(value, "ndim") else np.array([float(v) for v in value])
        for value in values
    ]


def annotate(text: str, xy: tuple[float, float], xytext: tuple[float, float]) -> None:
    """Write a text with an arrow into the current figure.

    Parameters
    ----------
    text : str
        What to write.
    xy : (float, float)
        Where the arrow points.
    xytext : (float, float)
        Where the text stands.

    Examples
    --------
    >>> d2l.plot([0.0, 1.0, 4.0])
    >>> d2l.annotate("the end", (2.0, 4.0), (1.0, 3.0))
    """
    plt.gca().annotate(text, xy=xy, xytext=xytext, arrowprops={"arrowstyle": "->"})


class Animator:
    """A figure of curves that grow while a model trains.

    In a notebook the figure is shown anew once a second, and at the end of the cell. The originals
    redraw it at every point, which took a fifth of the time.

    Parameters
    ----------
    xlabel, ylabel : str, optional
        The names of the axes.
    legend : sequence of str, optional
        A name for each curve.
    xlim, ylim : (float, float), optional
        What to show.
    xscale, yscale : {"linear", "log"}
        The scales.
    fmts : sequence of str
        Formats of ``matplotlib``, one for each curve.
    nrows, ncols : int, default 1
        How many axes the figure has; the curves are in the first.
    figsize : (float, float), default (3.5, 2.5)
        Width and height in inches.

    Attributes
    ----------
    X, Y : list of list of float, or None
        The points of each curve.
    fig, axes : matplotlib.figure.Figure, sequence of matplotlib.axes.Axes
        The figure.

    Examples
    --------
    >>> animator = d2l.Animator(xlabel="epoch", legend=["loss"])
    >>> animator.add(1, 0.5)
    >>> animator.X, animator.Y
    ([[1.0]], [[0.5]])
    """

    def __init__(
        self,
        xlabel: str | None = None,
        ylabel: str | None = None,
        legend: Sequence[str] | None = None,
        xlim=None,
        ylim=None,
        xscale: str = "linear",
        yscale: str = "linear",
        fmts: Sequence[str] = ("-", "m--", "g-.", "r:"),
        nrows: int = 1,
        ncols: int = 1,
        figsize: tuple[float, float] = (3.5, 2.5),
    ) -> None:
        use_svg_display()
        self.fig, axes = plt.subplots(nrows, ncols, figsize=figsize, squeeze=False)
        self.axes = axes.ravel()
        set_axes(self.axes[0], xlabel, ylabel, xlim, ylim, xscale, yscale, None)
        self.X, self.Y, self.fmts, self._legend = None, None, fmts, legend
        self._lines = []
        self._shown = time.monotonic()

    def add(self, x, y) -> None:
        """Add a point to each curve.

        Parameters
        ----------
        x : float or sequence of float
            Where, for all curves or for each.
        y : float or sequence of (float or None)
            The values; a curve whose value is None gets no point.
        """
        y = list(y) if hasattr(y, "__len__") else [y]
        x = list(x) if hasattr(x, "__len__") else [x] * len(y)
        if self.X is None:
            self.X, self.Y = [[] for _ in y], [[] for _ in y]
            formats = [self.fmts[i % len(self.fmts)] for i in range(len(y))]
            self._lines = [self.axes[0].plot([], [], form)[0] for form in formats]
            if self._legend:
                self.axes[0].legend(self._legend)
        for line, xs, ys, a, b in zip(self._lines, self.X, self.Y, x, y, strict=True):
            if a is not None and b is not None:
                xs.append(float(a))
                ys.append(float(b))
                line.set_data(xs, ys)
        self.axes[0].relim()
        self.axes[0].autoscale_view()
        if _in_notebook() and time.monotonic() - self._shown > 1:
            from IPython import display

            display.display(self.fig)
            display.clear_output(wait=True)  # whatever the cell shows next takes its place
            self._shown = time.monotonic()


# ---- Two coordinates ----------------------------------------------------------------------------


def train_2d(
    trainer: Callable, steps: int = 20, f_grad: Callable | None = None
) -> list[tuple[float, float]]:
    """Run an update rule on a function of two coordinates, from (-5, -2), and print the end.

    The path is returned as plain numbers, whatever the rule computes with. The original returns
    what the rule returns, and draws it wrong, or not at all, if that is an array.

    Parameters
    ----------
    trainer : callable
        A function of the coordinates x1 and x2, two numbers s1 and s2 to keep (0 at first) and, if
        it is given, the gradient. It returns the new x1, x2, s1 and s2.
    steps : int, default 20
        How many steps to take.
    f_grad : callable, optional
        The gradient, handed to `trainer` as a fifth argument.

    Returns
    -------
    list of (float, float)
        The points, from the start on.

    Raises
    ------
    ValueError
        If the trainer does not return four values, or a coordinate is not one number.

    Examples
    --------
    >>> d2l.train_2d(lambda x1, x2, s1, s2: (x1 / 2, x2 / 2, 0, 0), steps=1)
    epoch 1, x1: -2.500000, x2: -1.000000
    [(-5.0, -2.0), (-2.5, -1.0)]
    """
    steps = whole_number(steps, "steps", 0)
    _refuse_rule(trainer, "train_2d", "d2l.minimize(d2l.bowl, rule)")
    names = ("x1", "x2", "s1", "s2")
    if "params" in _parameters(trainer):
        raise TypeError(
            "The trainer of train_2d is a function of x1, x2, s1 and s2 that returns the new ones. "
            "This one changes a list of params: it is for train_ch11."
        )
    if f_grad is None and "f_grad" in _parameters(trainer):
        raise TypeError("The trainer asks for the gradient: pass it as f_grad=.")
    called = "The trainer" if f_grad is None else "With f_grad= the trainer"
    takes(trainer, called, *names, *(() if f_grad is None else ("f_grad",)))
    x1, x2, s1, s2 = -5, -2, 0, 0
    results = [(float(x1), float(x2))]
    gradient = () if f_grad is None else (f_grad,)
    for _ in range(steps):
        new = trainer(x1, x2, s1, s2, *gradient)
        if not isinstance(new, (tuple, list)) or len(new) != 4:
            raise ValueError(
                "The function passed to train_2d must return four values, x1, x2, s1, s2, but "
                f"returned {shown(new)}. Return 0 for states that it does not need."
            )
        x1, x2, s1, s2 = new
        results.append((_number(x1, "x1"), _number(x2, "x2")))
    print(f"epoch {steps}, x1: {results[-1][0]:f}, x2: {results[-1][1]:f}")
    return results


def _parameters(function) -> list[str]:
    """Return the names of the arguments of a function; none if they cannot be known."""
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return []


def _refuse_rule(trainer, function: str, instead: str) -> None:
    """Raise a TypeError if the rule to train with is one of this book's, not a function."""
    mine = isinstance(trainer, Rule) or (isinstance(trainer, type) and issubclass(trainer, Rule))
    if mine or not callable(trainer):
        raise TypeError(
            f"{function} needs a function here, as in Dive into Deep Learning, but got "
            f"{shown(trainer)}. A rule of this book runs with {instead} of d2lmini."
        )


def _number(value, name: str) -> float:
    array = np.asarray(value)
    if array.size != 1:
        raise ValueError(
            f"{name} must stay one number, but the function passed to train_2d made it an array of "
            f"shape {array.shape}."
        )
    return float(array.item())


def show_trace_2d(f: Callable, results: Sequence[tuple[float, float]]) -> None:
    """Draw a path over the level lines of a function of two coordinates.

    Parameters
    ----------
    f : callable
        The function of x1 and x2, which are tensors.
    results : sequence of (float, float)
        The points, as `train_2d` returns them.

    Examples
    --------
    >>> path = [(-5.0, -2.0), (-2.5, -1.0)]
    >>> d2l.show_trace_2d(lambda x1, x2: x1**2 + 2 * x2**2, path)
    """
    takes(f, "The function", "x1", "x2")
    if not isinstance(results, Sequence) or not all(np.shape(point) == (2,) for point in results):
        raise TypeError(
            "The results must be a list of points (x1, x2), as train_2d returns them, but are "
            f"{shown(results)}."
        )
    set_figsize()
    path = np.array([[_number(x1, "x1"), _number(x2, "x2")] for x1, x2 in results])
    plt.plot(path[:, 0], path[:, 1], "-o", color="#ff7f0e")
    x1, x2 = tf.meshgrid(tf.range(-5.5, 1.0, 0.1), tf.range(-3.0, 1.0, 0.1))
    plt.contour(x1, x2, f(x1, x2), colors="#1f77b4")
    plt.xlabel("x1")
    plt.ylabel("x2")


# ---- Data ---------------------------------------------------------------------------------------

DATA_URL = "http://d2l-data.s3-accelerate.amazonaws.com/"
DATA_HUB = {"airfoil": (DATA_URL + AIRFOIL, "76e5be1548fd8222e5074cf0faae75edff8cf93f")}


def download(url: str, folder: str | None = None, sha1_hash: str | None = None) -> str:
    """Return where a file lies, downloading it if it is not there yet.

    The originals keep it if its checksum is wrong; this refuses it. And the airfoil data has more
    than one source (see `d2lmini.airfoil`).

    Parameters
    ----------
    url : str
        A name in `DATA_HUB`, such as ``"airfoil"``, or an address.
    folder : str, optional
        Where to keep the file; by default in the cache of the user, not in ``../data``.
    sha1_hash : str, optional
        The checksum, for an address that is not in `DATA_HUB`.

    Returns
    -------
    str
        The file.

    Raises
    ------
    FileNotFoundError, ModuleNotFoundError, ValueError
        For the airfoil data, as `d2lmini.airfoil`.
    KeyError
        If `url` is neither a name in `DATA_HUB` nor an address.
    OSError
        If another file cannot be downloaded.

    Examples
    --------
    >>> d2l.download("airfoil")
    '...airfoil_self_noise.dat'
    """
    if not url.startswith(("http://", "https://")):
        if url not in DATA_HUB:
            raise KeyError(
                f"DATA_HUB has no {url!r}, only {sorted(DATA_HUB)}. Add it as "
                "DATA_HUB[name] = (address, SHA-1 checksum)."
            )
        url, sha1_hash = DATA_HUB[url]
    if sha1_hash == DATA_HUB["airfoil"][1] and folder is None:
        return str(airfoil_file())
    return str(fetch(url, sha1_hash and f"sha1:{sha1_hash}", folder))


def load_array(data_arrays, batch_size: int, is_train: bool = True):
    """Return minibatches of arrays as a ``tf.data.Dataset``.

    All rows are shuffled, anew in each epoch. The originals shuffle through a buffer of 1000 rows,
    which keeps the last 500 of 1500 from coming first.

    Parameters
    ----------
    data_arrays : tuple of array
        With equally many rows.
    batch_size : int
        Rows in a minibatch.
    is_train : bool, default True
        Whether to shuffle.

    Returns
    -------
    tf.data.Dataset
        Of tuples with `batch_size` rows of each array, the last one smaller where that does not
        divide the number of rows.

    Examples
    --------
    >>> [len(y) for X, y in d2l.load_array((np.eye(5), np.arange(5)), 2)]
    [2, 2, 1]
    """
    if not isinstance(data_arrays, (tuple, list)):
        raise TypeError(f"load_array needs a tuple of arrays, (X, y), but got {kind(data_arrays)}.")
    rows = [len(array) for array in data_arrays]
    if len(set(rows)) > 1:
        raise ValueError(
            f"The arrays have {' and '.join(map(str, rows))} rows: each example needs one row in "
            "each."
        )
    batch_size = whole_number(batch_size, "batch_size", 1)
    dataset = tf.data.Dataset.from_tensor_slices(tuple(data_arrays))
    if is_train:
        dataset = dataset.shuffle(len(data_arrays[0]))
    dataset = dataset.batch(batch_size)
    dataset.whole = tuple(data_arrays)  # for `evaluate_loss`, which needs no minibatches
    return dataset


def get_data_ch11(batch_size: int = 10, n: int = 1500):
    """Return minibatches of the first `n` rows of the airfoil data.

    As in the originals, the data is standardized over all 1503 rows; all `n` rows are shuffled
    (see `load_array`).

    Parameters
    ----------
    batch_size : int, default 10
        Rows in a minibatch.
    n : int, default 1500
        How many rows to take.

    Returns
    -------
    data_iter : tf.data.Dataset
        Of pairs of features, shape (batch_size, 5), and targets, shape (batch_size,).
    feature_dim : int
        The number of features, 5.

    Raises
    ------
    FileNotFoundError, ModuleNotFoundError, ValueError
        As `d2lmini.airfoil`: data that is not there is never replaced by other data.

    Examples
    --------
    >>> data_iter, feature_dim = d2l.get_data_ch11(batch_size=100)
    >>> len(data_iter), feature_dim
    (15, 5)
    """
    data = airfoil()
    x, y = data.x[:n].astype(np.float32), data.y[:n].astype(np.float32)
    return load_array((x, y), batch_size), x.shape[1]


def synthetic_data(w, b: float, num_examples: int):
    """Return random features and targets that are linear in them, up to a little noise.

    Parameters
    ----------
    w : tensor
        The true weights.
    b : float
        The true intercept.
    num_examples : int
        How many rows to make.

    Returns
    -------
    X : tensor of shape (num_examples, len(w))
        Standard normal features.
    y : tensor of shape (num_examples, 1)
        ``X w + b`` and noise of standard deviation 0.01.

    Examples
    --------
    >>> X, y = d2l.synthetic_data(d2l.tensor([2.0, -3.4]), 4.2, 100)
    >>> tuple(X.shape), tuple(y.shape)
    ((100, 2), (100, 1))
    """
    w = tf.reshape(tf.cast(w, tf.float32), (-1, 1))
    X = tf.random.normal((num_examples, w.shape[0]))
    return X, linreg(X, w, b) + tf.random.normal((num_examples, 1), stddev=0.01)


def load_data_fashion_mnist(batch_size: int, resize: int | None = None):
    """Return minibatches of Fashion-MNIST, which ``tf.keras`` downloads once.

    The images are shuffled before they are put into minibatches. The originals shuffle the
    minibatches, which hold the same images in every epoch.

    Parameters
    ----------
    batch_size : int
        Images in a minibatch.
    resize : int, optional
        The new height and width; the images have 28.

    Returns
    -------
    train_iter : tf.data.Dataset
        Of pairs of images in [0, 1], shape (batch_size, 28, 28, 1), and labels from 0 to 9.
    test_iter : tf.data.Dataset
        The same of the test images.

    Examples
    --------
    >>> train_iter, test_iter = d2l.load_data_fashion_mnist(256)  # doctest: +SKIP
    """

    def minibatches(images, labels, shuffled):
        images, labels = images[..., None].astype(np.float32) / 255, labels.astype(np.int32)
        dataset = tf.data.Dataset.from_tensor_slices((images, labels))
        dataset = (dataset.shuffle(len(labels)) if shuffled else dataset).batch(batch_size)
        if resize is None:
            return dataset
        return dataset.map(lambda x, y: (tf.image.resize_with_pad(x, resize, resize), y))

    train, test = tf.keras.datasets.fashion_mnist.load_data()
    return minibatches(*train, shuffled=True), minibatches(*test, shuffled=False)


# ---- Linear regression and its training ---------------------------------------------------------


def linreg(X, w, b):
    """Return the predictions ``X w + b`` of linear regression.

    Parameters
    ----------
    X : tensor of shape (n, d)
        Features.
    w : tensor of shape (d, 1)
        Weights.
    b : tensor
        Intercept.

    Returns
    -------
    tensor of shape (n, 1)
        Predictions.

    Examples
    --------
    >>> d2l.linreg(d2l.ones((1, 2)), d2l.ones((2, 1)), 1.0).numpy().tolist()
    [[3.0]]
    """
    return tf.matmul(X, w) + b


def squared_loss(y_hat, y):
    """Return half the squared error of each example.

    Parameters
    ----------
    y_hat, y : tensor
        Predictions and targets; the targets are put into the shape of the predictions.

    Returns
    -------
    tensor
        In the shape of the predictions.

    Examples
    --------
    >>> d2l.squared_loss(d2l.tensor([1.0]), d2l.tensor([3.0])).numpy().tolist()
    [2.0]
    """
    return (y_hat - tf.reshape(y, tf.shape(y_hat))) ** 2 / 2


def sgd(params, grads, lr: float, batch_size: int) -> None:
    """Take a step of gradient descent, in place.

    Parameters
    ----------
    params : sequence of tf.Variable
        What to change.
    grads : sequence of tensor
        Gradients of a sum over the minibatch.
    lr : float
        The learning rate.
    batch_size : int
        What to divide the sum by.

    Examples
    --------
    >>> w = d2l.tf.Variable([1.0])
    >>> d2l.sgd([w], [d2l.tensor([4.0])], lr=0.25, batch_size=2)
    >>> w.numpy().tolist()
    [0.5]
    """
    for param, grad in zip(params, grads, strict=True):
        param.assign_sub(lr * grad / batch_size)


def evaluate_loss(net: Callable, data_iter, loss: Callable) -> float:
    """Return the mean loss of a model on a data set.

    Data that came from `load_array` is evaluated at once. The originals go through it in
    minibatches, which took most of their time.

    Parameters
    ----------
    net : callable
        From features to predictions.
    data_iter : iterable of (tensor, tensor)
        The data.
    loss : callable
        Of predictions and targets: one loss for each example, or their mean.

    Returns
    -------
    float
        The mean over all examples.

    Examples
    --------
    >>> data_iter = d2l.load_array((np.ones((4, 1)), np.ones(4)), 2)
    >>> d2l.evaluate_loss(lambda X: 0 * X, data_iter, d2l.squared_loss)
    0.5
    """
    total = count = 0
    for X, y in [whole] if (whole := getattr(data_iter, "whole", None)) else data_iter:
        total += float(tf.reduce_mean(loss(net(X), y))) * len(y)
        count += len(y)
    return total / count


class Timer:
    """A stopwatch that keeps its times.

    Attributes
    ----------
    times : list of float
        The seconds between each `start` and the `stop` after it.

    Examples
    --------
    >>> timer = d2l.Timer()
    >>> timer.stop() >= 0, len(timer.times)
    (True, 1)
    """

    def __init__(self) -> None:
        self.times = []
        self.start()

    def start(self) -> None:
        """Start, or start anew."""
        self.tik = time.perf_counter()

    def stop(self) -> float:
        """Keep the seconds since the start, and return them."""
        self.times.append(time.perf_counter() - self.tik)
        return self.times[-1]

    def avg(self) -> float:
        """Return the mean of the times; 0 if there are none, where the original divides by 0."""
        return self.sum() / max(len(self.times), 1)

    def sum(self) -> float:
        """Return the sum of the times."""
        return sum(self.times)

    def cumsum(self) -> list[float]:
        """Return the sums of the times up to each of them."""
        return np.cumsum(self.times).tolist()


def train_ch11(
    trainer_fn: Callable,
    states: Any,
    hyperparams: dict[str, Any],
    data_iter,
    feature_dim: int,
    num_epochs: int = 2,
) -> tuple[list[float], list[float]]:
    """Train linear regression with an update rule written by hand; draw and print the loss.

    The seconds that are printed are those of the updates of one epoch, as in d2l 1.0; those of
    d2l 0.17 are for 200 examples. The loss is evaluated after every 200 examples, and at the end.
    The original fails if the end is the first time.

    Parameters
    ----------
    trainer_fn : callable
        The rule, a function of the parameters, their gradients, `states` and `hyperparams`, which
        changes the parameters in place. It may change the states and the hyperparameters too.
    states : any
        What the rule keeps from step to step.
    hyperparams : dict
        Such as ``{"lr": 0.01}``.
    data_iter : tf.data.Dataset
        Minibatches, from `get_data_ch11` or `load_array`.
    feature_dim : int
        The number of features.
    num_epochs : int, default 2
        Passes over the data.

    Returns
    -------
    times : list of float
        The seconds until each evaluation, without those that evaluating took.
    losses : list of float
        The losses.

    Examples
    --------
    >>> data_iter = d2l.load_array((np.eye(4, dtype="float32"), np.ones(4, "float32")), 2)
    >>> def trainer(params, grads, states, hyperparams):
    ...     d2l.sgd(params, grads, hyperparams["lr"], 1)
    >>> times, losses = d2l.train_ch11(trainer, None, {"lr": 0.1}, data_iter, 4)
    loss: ..., ... sec/epoch
    """
    _refuse_rule(trainer_fn, "train_ch11", "d2l.train(model, rule, data)")
    takes(trainer_fn, "The trainer", "params", "grads", "states", "hyperparams")
    features, num_epochs = _features(data_iter), whole_number(num_epochs, "num_epochs", 1)
    if features != feature_dim:
        raise ValueError(
            f"feature_dim is {feature_dim}, but the examples have {features} features. Pass the "
            "second thing that get_data_ch11 returns."
        )
    w = tf.Variable(tf.random.normal((feature_dim, 1), stddev=0.01))
    b = tf.Variable(tf.zeros(1))
    model = LinearRegression()

    def step(X, y):
        # The gradient by hand: a tenth of the time of one that TensorFlow records and traces back.
        parameters = {"w": w.numpy()[:, 0], "b": b.numpy()}
        with np.errstate(all="ignore"):  # if it diverges, the loss that is printed says so
            gradient = model.gradient(parameters, X.numpy(), y.numpy().ravel())
        dw, db = tf.constant(gradient["w"][:, None], w.dtype), tf.constant(gradient["b"], b.dtype)
        try:
            returned = trainer_fn([w, b], [dw, db], states, hyperparams)
        except KeyError as missing:
            if missing.args[0] not in hyperparams and isinstance(hyperparams, dict):
                raise TypeError(
                    f"hyperparams has no {missing.args[0]!r}, which the trainer asks for; it has "
                    f"{list(hyperparams)}."
                ) from None
            raise
        if returned is not None and np.array_equal(w.numpy()[:, 0], parameters["w"]):
            raise ValueError(
                "The trainer returned something and changed no parameter. Here it must change them "
                "in place, as with param.assign(new) or param.assign_sub(step), and return nothing."
            )

    return _train(step, lambda X: linreg(X, w, b), data_iter, num_epochs)


def train_concise_ch11(
    trainer_fn: Callable, hyperparams: dict[str, Any], data_iter, num_epochs: int = 2
) -> None:
    """Train linear regression with an optimizer of ``tf.keras``; draw and print the loss.

    The loss has its half, as in `train_ch11`, so that the same learning rate gives the same steps.
    The originals train without it, with gradients twice as long.

    Parameters
    ----------
    trainer_fn : callable
        A class of optimizers, such as ``tf.keras.optimizers.RMSprop``.
    hyperparams : dict
        Its arguments, such as ``{"learning_rate": 0.01}``.
    data_iter : tf.data.Dataset
        Minibatches, from `get_data_ch11` or `load_array`.
    num_epochs : int, default 2
        Passes over the data.

    Examples
    --------
    >>> data_iter = d2l.load_array((np.eye(4, dtype="float32"), np.ones(4, "float32")), 2)
    >>> trainer = d2l.tf.keras.optimizers.SGD
    >>> d2l.train_concise_ch11(trainer, {"learning_rate": 0.1}, data_iter)
    loss: ..., ... sec/epoch
    """
    _features(data_iter)
    num_epochs = whole_number(num_epochs, "num_epochs", 1)
    optimizer = _of_keras(trainer_fn, hyperparams)
    net = tf.keras.Sequential(
        [tf.keras.layers.Dense(1, kernel_initializer=tf.random_normal_initializer(stddev=0.01))]
    )
    net.build((None, data_iter.element_spec[0].shape[-1]))
    optimizer.build(net.trainable_variables)

    @tf.function(input_signature=data_iter.element_spec)
    def step(X, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(squared_loss(net(X), y))
        optimizer.apply(tape.gradient(loss, net.trainable_variables))

    step.get_concrete_function()  # compiles it, before the clock starts
    _train(step, net, data_iter, num_epochs)


def _features(data_iter) -> int:
    """Return how many features the examples have, or say where minibatches come from."""
    try:
        return data_iter.element_spec[0].shape[-1]
    except (AttributeError, TypeError):
        raise TypeError(
            f"data_iter must be minibatches, as load_array((X, y), batch_size) makes of arrays, "
            f"but is {kind(data_iter)}."
        ) from None


def _of_keras(trainer_fn, hyperparams: dict[str, Any]):
    """Return the optimizer of Keras of a class and arguments, or say what is wrong with them."""
    if not (isinstance(trainer_fn, type) and issubclass(trainer_fn, tf.keras.optimizers.Optimizer)):
        name = getattr(trainer_fn, "__name__", type(trainer_fn).__name__)
        named = name if hasattr(tf.keras.optimizers, name) else "SGD"
        instance = isinstance(trainer_fn, tf.keras.optimizers.Optimizer)
        raise TypeError(
            "train_concise_ch11 needs a class of optimizers of Keras, such as tf.keras.optimizers."
            f"{named}, not {'an instance' if instance else shown(trainer_fn)}. Its arguments are "
            "hyperparams, such as {'learning_rate': 0.01}."
        )
    known = [name for name in _parameters(trainer_fn) if name != "kwargs"]
    for name in hyperparams:
        if name not in known:
            meant = "learning_rate" if name in ("lr", "eta", "alpha") else name
            raise TypeError(
                f"{trainer_fn.__name__} of Keras has no argument {name!r}. "
                f"{did_you_mean(meant, known)}"
            )
    return trainer_fn(**hyperparams)


def _train(step, net, data_iter, num_epochs):
    whole = getattr(data_iter, "whole", None)
    examples = len(whole[0]) if whole else sum(len(y) for _, y in data_iter)
    animator = Animator(xlabel="epoch", ylabel="loss", xlim=(0, num_epochs), ylim=(0.22, 0.35))
    n, timer = 0, Timer()

    def evaluate():
        timer.stop()
        animator.add(n / examples, evaluate_loss(net, data_iter, squared_loss))
        timer.start()

    for _ in range(num_epochs):
        for X, y in data_iter:
            step(X, y)
            n += len(y)
            if n % 200 == 0:
                evaluate()
    if n % 200 != 0:
        evaluate()
    print(f"loss: {animator.Y[0][-1]:.3f}, {timer.sum() / num_epochs:.3f} sec/epoch")
    return timer.cumsum(), animator.Y[0]


# ---- Training with tf.keras ---------------------------------------------------------------------


def try_gpu(i: int = 0):
    """Return a GPU if it is there, otherwise the CPU.

    Parameters
    ----------
    i : int, default 0
        Which GPU.

    Returns
    -------
    context manager
        Of ``tf.device``.

    Examples
    --------
    >>> with d2l.try_gpu():
    ...     total = d2l.reduce_sum(d2l.ones(3))
    >>> float(total)
    3.0
    """
    there = len(tf.config.list_physical_devices("GPU")) > i
    return tf.device(f"/GPU:{i}" if there else "/CPU:0")


class TrainCallback(tf.keras.callbacks.Callback):
    """Draw losses and accuracies after each epoch of ``fit``, and print them after the last.

    Parameters
    ----------
    net : tf.keras.Model
        What is trained, compiled with ``metrics=["accuracy"]``.
    train_iter, test_iter : tf.data.Dataset
        Minibatches.
    num_epochs : int
        As passed to ``fit``.
    device_name : str
        What the printed line calls the device.

    Examples
    --------
    >>> data_iter = d2l.load_array((np.eye(4), np.arange(4)), 2)
    >>> net = d2l.tf.keras.Sequential([d2l.tf.keras.layers.Dense(4, "softmax")])
    >>> net.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    >>> callback = d2l.TrainCallback(net, data_iter, data_iter, 2, "/CPU:0")
    >>> _ = net.fit(data_iter, epochs=2, callbacks=[callback], verbose=0, shuffle=False)
    loss ..., train acc ..., test acc ...
    ... examples/sec on /CPU:0
    """

    def __init__(self, net, train_iter, test_iter, num_epochs: int, device_name: str) -> None:
        super().__init__()
        self.net, self.train_iter, self.test_iter = net, train_iter, test_iter
        self.num_epochs, self.device_name = num_epochs, device_name
        self.timer = Timer()
        self.animator = Animator(
            xlabel="epoch", xlim=[1, num_epochs], legend=["train loss", "train acc", "test acc"]
        )

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Start the clock."""
        self.timer.start()

    def on_epoch_end(self, epoch: int, logs: dict) -> None:
        """Evaluate and draw; after the last epoch, print."""
        self.timer.stop()
        test = self.net.evaluate(self.test_iter, verbose=0, return_dict=True)["accuracy"]
        self.animator.add(epoch + 1, (logs["loss"], logs["accuracy"], test))
        if epoch + 1 < self.num_epochs:
            return
        examples = sum(len(y) for _, y in self.train_iter)
        print(
            f"loss {logs['loss']:.3f}, train acc {logs['accuracy']:.3f}, test acc {test:.3f}\n"
            f"{examples / self.timer.avg():.1f} examples/sec on {self.device_name}"
        )
