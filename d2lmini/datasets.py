"""Data that is there without a network, standardized, and cut into seeded minibatches."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from d2lmini.checks import float_array, whole_number


@dataclass(frozen=True, eq=False)
class Dataset:
    """Examples and their targets.

    Parameters
    ----------
    name : str
        What the data is.
    x : array of shape (n, d)
        One example a row; for sequences of vectors of shape (n, steps, d).
    y : array of shape (n,)
        Their targets: real numbers, or class labels 0, 1, …. For k > 1 targets of shape (n, k).
    feature_names : tuple of str
        A name for each column of `x`.

    Raises
    ------
    ValueError
        If there are no examples, a value is not finite, or the shapes do not fit.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    feature_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        x = float_array(self.x, f"{self.name}: x")
        y = np.asarray(self.y)
        if y.dtype.kind == "f":
            float_array(y, f"{self.name}: y")
        if x.ndim < 2 or len(x) == 0:
            raise ValueError(
                f"{self.name}: x must be a table with one example a row and at least one row, "
                f"but has shape {x.shape}."
            )
        if y.shape != (len(x),) and not (y.ndim == 2 and len(y) == len(x) and y.shape[1] > 1):
            raise ValueError(
                f"{self.name}: y must hold one target for each of the {len(x)} rows of x, in shape "
                f"({len(x)},), but has shape {y.shape}. A column of targets is flattened with "
                ".ravel()."
            )
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "y", y)

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.x)


def standardize(x, like=None) -> np.ndarray:
    """Return each column minus its mean, divided by its standard deviation.

    Parameters
    ----------
    x : array of shape (n, d) or (n,)
        What to standardize.
    like : array, optional
        Where mean and standard deviation come from; `x` by default. For test data pass the
        training data here, otherwise the test set leaks into its own preparation.

    Returns
    -------
    array
        Of the shape of `x`. A column that is constant becomes zeros.

    Raises
    ------
    ValueError
        If a value is not finite or there are no rows.
    """
    x = float_array(x, "x")
    like = x if like is None else float_array(like, "like")
    if len(like) == 0:
        raise ValueError("There are no rows to take a mean of: the data set is empty.")
    # A constant column has no spread, but the mean of 0.1, 0.1, 0.1 is not quite 0.1.
    constant = np.ptp(like, axis=0) == 0
    center = np.where(constant, like[0], like.mean(axis=0))
    return (x - center) / np.where(constant, 1.0, like.std(axis=0))


def diabetes() -> Dataset:
    """Return the diabetes data: 442 patients, 10 measurements, the disease a year later.

    Features and target are standardized, so that an intercept of 0 is right and the loss of the
    zero model is one half.

    Returns
    -------
    Dataset
        With `x` of shape (442, 10) and real `y`.

    References
    ----------
    Efron, Hastie, Johnstone and Tibshirani (2004); shipped with scikit-learn.
    """
    from sklearn.datasets import load_diabetes

    raw = load_diabetes(scaled=False)
    return Dataset(
        "diabetes", standardize(raw.data), standardize(raw.target), tuple(raw.feature_names)
    )


def digits() -> Dataset:
    """Return the digits data: 1797 handwritten digits of 8 by 8 pixels.

    Pixels are scaled to [0, 1] and not standardized: many are zero in nearly every image.

    Returns
    -------
    Dataset
        With `x` of shape (1797, 64) and labels `y` from 0 to 9.

    References
    ----------
    Alpaydin and Kaynak (1998); shipped with scikit-learn.
    """
    from sklearn.datasets import load_digits

    raw = load_digits()
    return Dataset("digits", raw.data / 16.0, raw.target, tuple(raw.feature_names))


def minibatches(n: int, batch_size: int, seed: int) -> Iterator[np.ndarray]:
    """Return the row numbers of one minibatch after another, epoch after epoch, without end.

    Every epoch visits each row once, in a new order. The last minibatch of an epoch is smaller
    where `batch_size` does not divide `n`.

    Parameters
    ----------
    n : int
        The number of examples.
    batch_size : int
        Examples in a minibatch, at most `n`.
    seed : int
        Where the orders come from; the same seed gives the same minibatches.

    Returns
    -------
    iterator of array of int
        Row numbers.

    Raises
    ------
    ValueError
        If there are no examples, or fewer than a minibatch takes.
    """
    if n == 0:
        raise ValueError("The data set is empty: there is nothing to draw minibatches from.")
    batch_size = whole_number(batch_size, "batch_size", 1)
    if batch_size > n:
        raise ValueError(
            f"batch_size is {batch_size}, but there are only {n} examples. Use at most {n}, which "
            "is full-batch gradient descent."
        )
    return _minibatches(n, batch_size, np.random.default_rng(whole_number(seed, "seed", 0)))


def _minibatches(n, batch_size, rng):
    while True:
        order = rng.permutation(n)
        for first in range(0, n, batch_size):
            yield order[first : first + batch_size]
