"""Checks of what a reader passes in; every refusal is a sentence that says what to do instead."""

import difflib
import functools
import inspect
from collections.abc import Iterable
from typing import Any

import numpy as np

MOST_LISTED = 12  # more names than these nobody reads


def did_you_mean(name: Any, known: Iterable[str]) -> str:
    """Return the sentence that names the nearest known words, and all of them if they are few."""
    known = sorted(known)
    lower = {word.lower(): word for word in known}
    near = [lower[w] for w in difflib.get_close_matches(str(name).lower(), lower, n=3, cutoff=0.6)]
    if near and str(name).lower() == near[0].lower():  # only capitals differ: that is the one
        near = near[:1]
    hint = f"Did you mean {' or '.join(map(repr, near))}? " if near else ""
    if len(known) <= MOST_LISTED:
        hint += f"Known: {', '.join(known)}."
    return hint.strip() or f"There are {len(known)} names, none of them like it."


def float_array(values: Any, name: str) -> np.ndarray:
    """Return `values` as an array of floating-point numbers; integers and booleans become float64.

    Raises
    ------
    TypeError
        If the values are not real numbers.
    ValueError
        If one of them is nan or infinite.
    """
    if isinstance(values, np.ma.MaskedArray):
        raise TypeError(
            f"{name} is a masked array, whose mask would be lost. Fill it with .filled(value), or "
            "leave out what is masked with .compressed()."
        )
    try:
        array = np.asarray(values)
    except (ValueError, TypeError, RuntimeError) as error:
        if "inhomogeneous" in str(error):
            raise TypeError(
                f"{name} must be numbers in a rectangular array, but its rows differ in length. "
                "Put parameters of different shapes into a list of NumPy arrays or a dict."
            ) from None
        # Such as a tensor of PyTorch that requires a gradient.
        raise TypeError(
            f"{name} must be an array of NumPy, or what it can convert, but NumPy says of this "
            f"{type(values).__name__}: {error}."
        ) from None
    if array.dtype.kind in "iub":
        array = array.astype(np.float64)
    if array.dtype.kind != "f":
        raise TypeError(f"{name} must be real numbers, {_instead(values, array)}")
    refuse_non_finite(array, name)
    return array


def _instead(values: Any, array: np.ndarray) -> str:
    """Say what was passed where real numbers were expected, and what to do about it."""
    if values is None:
        return "but is None. Pass a number or an array of numbers."
    if isinstance(values, dict):
        return f"but is a dict with the keys {list(values)}. Pass one of its values."
    if callable(values):
        return f"but is a function, {name_of(values)}. Call it, and pass what it returns."
    if array.dtype.kind == "c":
        return "but they are complex. Take the part that you mean, with .real or abs()."
    if array.dtype.kind in "US":
        return (
            f"but holds text, such as {array.ravel()[0] if array.size else ''!r}. Turn text that "
            "means numbers into numbers with np.asarray(values, dtype=float)."
        )
    return f"but holds values of type {array.dtype}. Pass an array of numbers, such as float64."


def name_of(function: Any) -> str:
    """Return what a reader calls a function, without its address."""
    return getattr(function, "__name__", type(function).__name__)


def refuse_non_finite(array: np.ndarray, name: str) -> None:
    """Raise a ValueError that says how many entries are not finite, and where the first one is."""
    finite = np.isfinite(array)
    if finite.all():
        return
    first = tuple(int(i) for i in np.argwhere(~np.atleast_1d(finite))[0])
    where = first[0] if len(first) == 1 else first
    count = np.count_nonzero(~finite)
    what = "a value that is" if count == 1 else f"{count} values that are"
    place = "" if np.ndim(array) == 0 else f", {'' if count == 1 else 'the first '}at index {where}"
    raise ValueError(
        f"{name} holds {what} nan or infinite{place}. Remove or replace "
        f"{'it' if count == 1 else 'them'} before you go on."
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


def number(value: Any, name: str) -> float:
    """Return one real, finite number as a float, or say what was expected."""
    if isinstance(value, (list, tuple)):
        raise TypeError(f"{name} must be one number, but is the {type(value).__name__} {value!r}.")
    array = float_array(value, name)
    if array.ndim:
        raise TypeError(f"{name} must be one number, but is an array of shape {array.shape}.")
    return float(array)


# What the arguments of functions are called elsewhere, and what they are, or what to do, here.
ARGUMENTS = {
    **dict.fromkeys(("num_epochs", "n_epochs", "nb_epoch"), "epochs"),
    **dict.fromkeys(("num_steps", "n_steps", "iterations", "max_iter", "maxiter"), "steps"),
    **dict.fromkeys(("x0", "x", "initial", "init"), "start"),
    **dict.fromkeys(("validation_data", "valid", "val"), "validation"),
    **dict.fromkeys(("clipnorm", "clip_norm", "max_norm"), "global_clipnorm"),
    **dict.fromkeys(("random_state", "rng"), "seed"),
    "opt": "optimizer",
    "fun": "value",
    "jac": "gradient",
    "grad": "gradient",
    "hess": "hessian",
}
ADVICE = {
    **dict.fromkeys(
        ("learning_rate", "lr", "eta", "momentum"),
        "It belongs to the rule, such as d2l.SGD(learning_rate=0.1).",
    ),
    "verbose": "A bar shows how far it is when it takes more than two seconds.",
    "callbacks": "To look in at every step, loop over d2l.training_steps(…).",
    "metrics": "Metrics are functions by name, as in metrics={'accuracy': d2l.accuracy}.",
}


def explain_arguments(function: Any) -> Any:
    """Make a function or a class say in a sentence which of its arguments does not fit, and why."""
    if isinstance(function, type):
        function.__init__ = _explained(function.__init__, function.__name__, skip=1)
        return function
    return _explained(function, function.__name__, skip=0)


def _explained(function, name: str, skip: int):
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args, **arguments):
        try:
            signature.bind(*args, **arguments)
        except TypeError:
            raise TypeError(_misfit(signature, name, args[skip:], arguments, skip)) from None
        return function(*args, **arguments)

    return call


def _misfit(signature, name: str, args: tuple, arguments: dict, skip: int) -> str:
    """Return what is wrong with the arguments of a call."""
    parameters = list(signature.parameters.values())[skip:]
    known = [p.name for p in parameters]
    for given in arguments:
        if given not in known:
            meant = ARGUMENTS.get(given)
            advice = ADVICE.get(given) or did_you_mean(meant if meant in known else given, known)
            return f"{name} has no argument {given!r}. {advice}"
    places = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    if len(args) > len(places):
        named = [n for n in known if n not in places]
        rest = f" Name the others, as in {named[0]}=…: {', '.join(named)}." if named else ""
        listed = f" ({', '.join(places)})" if places else ""
        return (
            f"{name} takes {len(places)} argument(s) by place{listed}, but got {len(args)}.{rest}"
        )
    for given in arguments:
        if given in places[: len(args)]:
            return f"{name} got its argument {given!r} twice: by place and by name."
    missing = [p.name for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    missing = [n for n in missing if n not in arguments and n not in places[: len(args)]]
    return f"{name} needs {' and '.join(map(repr, missing))}. help(d2l.{name}) says what each is."
