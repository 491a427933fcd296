"""Checks of what a reader passes in; every refusal is a sentence that says what to do instead."""

import difflib
from collections.abc import Iterable
from typing import Any

import numpy as np


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the sentence that names the known words, the nearest one first where there is one."""
    known = sorted(known)
    lower = {word.lower(): word for word in known}
    near = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.6)
    hint = f"Did you mean {lower[near[0]]!r}? " if near else ""
    return f"{hint}Known: {', '.join(known)}."


def float_array(values: Any, name: str) -> np.ndarray:
    """Return `values` as an array of floating-point numbers; integers and booleans become float64.

    Raises
    ------
    TypeError
        If the values are not real numbers.
    ValueError
        If one of them is nan or infinite.
    """
    try:
        array = np.asarray(values)
    except ValueError:
        raise TypeError(
            f"{name} must be numbers in a rectangular array, but its rows differ in length. "
            "Put parameters of different shapes into a list of NumPy arrays or a dict."
        ) from None
    if array.dtype.kind in "iub":
        array = array.astype(np.float64)
    if array.dtype.kind != "f":
        raise TypeError(
            f"{name} must be real numbers, but holds values of type {array.dtype}. "
            "Convert it first, for example with np.asarray(values, dtype=float)."
        )
    refuse_non_finite(array, name)
    return array


def refuse_non_finite(array: np.ndarray, name: str) -> None:
    """Raise a ValueError that says how many entries are not finite, and where the first one is."""
    finite = np.isfinite(array)
    if finite.all():
        return
    first = tuple(int(i) for i in np.argwhere(~np.atleast_1d(finite))[0])
    where = first[0] if len(first) == 1 else first
    raise ValueError(
        f"{name} holds {np.count_nonzero(~finite)} value(s) that are nan or infinite, the first at "
        f"index {where}. Remove or replace them before you go on."
    )


def same_shape(a: np.ndarray, b: np.ndarray, a_name: str, b_name: str) -> None:
    """Raise a ValueError unless the shapes are equal; NumPy would broadcast some of them silently.

    The classic case is (n,) against (n, 1): their difference is an n-by-n table, and a loss
    computed from it is a number that looks right and is wrong.
    """
    a_shape, b_shape = np.shape(a), np.shape(b)
    if a_shape == b_shape:
        return
    advice = "They must have the same shape."
    if a_shape and b_shape and ((*a_shape, 1) == b_shape or (*b_shape, 1) == a_shape):
        advice += (
            " One is a flat vector and the other a column: NumPy would combine every entry with "
            "every other one. Flatten the column with .ravel(), or make the vector a column with "
            "[:, None]."
        )
    raise ValueError(f"{a_name} has shape {a_shape}, but {b_name} has shape {b_shape}. {advice}")


def whole_number(value: Any, name: str, minimum: int) -> int:
    """Return `value` as an int of at least `minimum`, or say what was expected."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < minimum:
        raise ValueError(f"{name} must be a whole number of at least {minimum}, but is {value!r}.")
    return int(value)
