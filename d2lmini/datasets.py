"""Data, standardized and cut into seeded minibatches. One set alone needs a network, once."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from d2lmini.checks import (
    array_of,
    explain_arguments,
    float_array,
    plural,
    same_shape,
    shown,
    unchangeable,
    whole_number,
)

AIRFOIL = "airfoil_self_noise.dat"
AIRFOIL_SHA256 = "74c75fd71783f1e6b71f8a622b993dc592897a97cd689c5090a07147a1b097b3"
# The same bytes in two places: a fixed commit, which cannot change, and the archive of the data.
AIRFOIL_SOURCES = (
    "https://raw.githubusercontent.com/d2l-ai/d2l-zh/"
    "275424e773b849a94a9d0902144390dad8776d1e/data/" + AIRFOIL,
    "https://archive.ics.uci.edu/ml/machine-learning-databases/00291/" + AIRFOIL,
)


@explain_arguments
@unchangeable
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

    Examples
    --------
    >>> data = d2l.Dataset("mine", [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [0, 1, 1])
    >>> data
    <Dataset 'mine': x of shape (3, 2), y of shape (3,)>
    >>> len(data)
    3
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    feature_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise TypeError(
                f"The name must be text, but is {shown(self.name)}. It comes first: "
                "d2l.Dataset('mine', X, y)."
            )
        x = float_array(self.x, f"{self.name}: x")
        y = targets(self.y, f"{self.name}: y")
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
        names = self.feature_names
        if isinstance(names, str) or not isinstance(names, Iterable):
            names = [None]
        names = tuple(names)
        if not all(isinstance(name, str) for name in names):
            raise TypeError(
                f"{self.name}: feature_names must be a tuple of text, a name for each column of x."
            )
        if len(names) not in (0, x.shape[-1]):
            raise ValueError(
                f"{self.name}: there are {plural(len(names), 'name')} in feature_names, but x has "
                f"{plural(x.shape[-1], 'column')}."
            )
        # Copies: what becomes of the reader's own arrays is no matter of this data set.
        object.__setattr__(self, "x", np.array(_not_half(x)))
        object.__setattr__(self, "y", np.array(_not_half(y)))
        object.__setattr__(self, "feature_names", names)

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.x)

    def __repr__(self) -> str:
        """Return the name and the shapes."""
        return f"<Dataset {self.name!r}: x of shape {self.x.shape}, y of shape {self.y.shape}>"

    def __getitem__(self, index):
        """Refuse an index: x and y have them."""
        raise TypeError(
            "A Dataset has no index of its own: take rows of its arrays, data.x[0] and data.y[0]."
        )

    def __iter__(self):
        """Refuse to be iterated over."""
        raise TypeError(
            "A Dataset is not iterated over: use data.x and data.y, or d2l.minibatches(len(data), "
            "batch_size, seed), which gives the rows of one minibatch after another."
        )


def _not_half(x: np.ndarray) -> np.ndarray:
    """Return an array in float32 if it is in float16, in which sums of squares overflow."""
    return x.astype(np.float32) if x.dtype == np.float16 else x


def targets(y, name: str) -> np.ndarray:
    """Return targets as whole or real numbers, or say what they must be."""
    found = array_of(y, name)
    if found.dtype.kind in "iub":  # class labels stay whole
        return found
    if found.dtype.kind in "US" or (
        found.dtype == object and any(isinstance(value, str) for value in found.ravel())
    ):
        first = next(iter(found.ravel().tolist()), "")
        raise TypeError(
            f"{name} holds text, such as {first!r}. Number the classes from 0: "
            "names, y = np.unique(labels, return_inverse=True)."
        )
    if found.dtype == object:  # numbers of different kinds, or None
        if any(value is None for value in found.ravel()):
            raise TypeError(f"{name} holds None. Leave out the examples without a target.")
        if found.ndim == 0:
            return float_array(y, name)
        try:
            found = found.astype(float)
        except (TypeError, ValueError):
            raise TypeError(f"{name} must be real numbers or class labels 0, 1, ….") from None
    return float_array(found, name)


@explain_arguments
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

    Examples
    --------
    >>> d2l.standardize([1.0, 2.0, 3.0]).round(4).tolist()
    [-1.2247, 0.0, 1.2247]
    """
    x = _not_half(float_array(x, "x"))
    like = x if like is None else _not_half(float_array(like, "like"))
    if x.ndim == 0:
        raise ValueError("x must have rows, but is one number: it has no spread to divide by.")
    if like.ndim == 0:
        raise ValueError("like must have rows, but is one number: it has no spread to divide by.")
    if len(like) == 0:
        raise ValueError("There are no rows to take a mean of: the data set is empty.")
    same_shape(np.empty(x.shape[1:]), like[0], "A row of x", "a row of like")
    # A constant column has no spread, but the mean of 0.1, 0.1, 0.1 is not quite 0.1.
    constant = np.ptp(like, axis=0) == 0
    center = np.where(constant, like[0], like.mean(axis=0))
    return (x - center) / np.where(constant, 1.0, like.std(axis=0))


@explain_arguments
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

    Examples
    --------
    >>> d2l.diabetes()
    <Dataset 'diabetes': x of shape (442, 10), y of shape (442,)>
    """
    from sklearn.datasets import load_diabetes

    raw = load_diabetes(scaled=False)
    return Dataset(
        "diabetes", standardize(raw.data), standardize(raw.target), tuple(raw.feature_names)
    )


@explain_arguments
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

    Examples
    --------
    >>> d2l.digits()
    <Dataset 'digits': x of shape (1797, 64), y of shape (1797,)>
    """
    from sklearn.datasets import load_digits

    raw = load_digits()
    return Dataset("digits", raw.data / 16.0, raw.target, tuple(raw.feature_names))


@explain_arguments
def airfoil() -> Dataset:
    """Return the airfoil data: how loud a wing was in 1503 tests in a wind tunnel of NASA.

    Each test has 5 features. They and the target are standardized over all rows. The data is not
    part of the package: it is read from the folder that the environment variable ``D2LMINI_DATA``
    names; if that is not set, from a cache, into which it is downloaded once.

    Returns
    -------
    Dataset
        With `x` of shape (1503, 5) and real `y`.

    Raises
    ------
    FileNotFoundError
        If the folder that you named does not hold the file, or the file cannot be downloaded.
    ModuleNotFoundError
        If it must be downloaded, but pooch, which does that, is not installed.
    ValueError
        If the file in your folder is not the airfoil data, byte for byte.

    References
    ----------
    Brooks, Pope and Marcolini (1989); UCI Machine Learning Repository, data set 291.

    Examples
    --------
    >>> d2l.airfoil()
    <Dataset 'airfoil': x of shape (1503, 5), y of shape (1503,)>
    """
    table = standardize(np.loadtxt(airfoil_file()))
    names = ("frequency", "angle", "chord", "speed", "thickness")
    return Dataset("airfoil", table[:, :-1], table[:, -1], names)


def airfoil_file() -> Path:
    """Return where the airfoil data lies, after checking that it is what it should be.

    Returns
    -------
    pathlib.Path
        The file, in the reader's own folder or in the cache.

    Raises
    ------
    FileNotFoundError, ModuleNotFoundError, ValueError
        As `airfoil`.
    """
    folder = os.environ.get("D2LMINI_DATA")
    if not folder:
        return _downloaded_airfoil()
    folder = folder.removesuffix(AIRFOIL) or "."  # the file itself will do, too
    file = Path(folder).expanduser() / AIRFOIL
    if not file.is_file():
        raise FileNotFoundError(
            f"D2LMINI_DATA is set to {folder!r}, but there is no file {AIRFOIL} in that folder. "
            f"Put it there; {AIRFOIL_SOURCES[1]} has it. Or unset D2LMINI_DATA, and it will be "
            "downloaded."
        )
    if hashlib.sha256(file.read_bytes()).hexdigest() != AIRFOIL_SHA256:
        raise ValueError(
            f"The file {AIRFOIL} in your folder {folder!r} is not the airfoil data, or was "
            f"changed: its SHA-256 checksum should be {AIRFOIL_SHA256}. Replace it by the one "
            f"from {AIRFOIL_SOURCES[1]}, without converting its line ends."
        )
    return file


def _downloaded_airfoil() -> Path:
    for source in AIRFOIL_SOURCES:
        try:
            return fetch(source, f"sha256:{AIRFOIL_SHA256}")
        except (OSError, ValueError):  # no connection, or other bytes than expected
            continue
    raise FileNotFoundError(
        "The airfoil data is not on this computer, and could not be downloaded. You can connect "
        "to the internet and try again: once is enough, it is kept. You can fetch the file on "
        f"another computer, from {AIRFOIL_SOURCES[1]}, and set the environment variable "
        "D2LMINI_DATA to the folder it lies in. Or you can use data that needs no download, such "
        "as d2lmini.diabetes()."
    )


def fetch(url: str, checksum: str | None, folder: str | Path | None = None) -> Path:
    """Return where a file lies, downloading it with pooch if it is not there yet.

    Parameters
    ----------
    url : str
        Its address.
    checksum : str or None
        What it must have, such as ``"sha256:…"``; None accepts any file.
    folder : str or pathlib.Path, optional
        Where to keep it; by default in the user's cache.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    ModuleNotFoundError
        If pooch is not installed.
    OSError
        If there is no connection, or no such file.
    ValueError
        If the file does not have the checksum.
    """
    try:
        import pooch
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "Downloading data needs pooch, which is not installed here. Install it with "
            "'pip install pooch'. The airfoil data you can also fetch yourself: name its folder in "
            "the environment variable D2LMINI_DATA."
        ) from None
    # Its notes would put folders of this machine into a notebook.
    pooch.get_logger().setLevel("WARNING")
    name = url.rpartition("/")[2]
    return Path(pooch.retrieve(url, checksum, name, folder or pooch.os_cache("d2lmini")))


@explain_arguments
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

    Examples
    --------
    >>> batches = d2l.minibatches(5, batch_size=2, seed=0)
    >>> [len(next(batches)) for _ in range(4)]
    [2, 2, 1, 2]
    """
    if not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < 0:
        given = "a Dataset" if isinstance(n, Dataset) else shown(n)
        raise ValueError(
            f"n must be a whole number, how many examples there are, but is {given}. "
            "Of an array that is len(x)."
        )
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
