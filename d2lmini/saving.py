"""A history in a file, without pickle, so that a training goes on where it ended."""

import json
import os
import zipfile
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from d2lmini.checks import explain_arguments, shown
from d2lmini.descend import History, refuse_no_rule
from d2lmini.pipeline import Pipeline, RuleMap
from d2lmini.rule import Rule, StateOf

KEPT = tuple(field.name for field in fields(History) if field.name != "rule")
NOT_KEPT = (
    "Only numbers, arrays of numbers and text are saved, but this history holds something else: is "
    "it in a metric, or in the state of the rule?"
)


@explain_arguments
def save_history(history: History, file: str | os.PathLike) -> Path:
    """Write a history to a file, with all that `train` needs to go on.

    Model, rule, data, ``batch_size`` and ``seed`` are not in the file: with the same ones a
    training goes on bit for bit. The file is one of NumPy's (``.npz``); it holds arrays and text,
    and no code. It is written beside its place and moved there, so that an interruption leaves no
    half of it.

    Parameters
    ----------
    history : History
        What `train` returned.
    file : path
        Where to write it.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    TypeError
        If it is not a history of a rule of this package, with names that are text, and numbers and
        text besides its arrays.
    FileNotFoundError
        If there is no such folder.

    Examples
    --------
    >>> import tempfile
    >>> half = d2l.train(d2l.LinearRegression(), d2l.Adam(0.01), d2l.diabetes(), epochs=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = d2l.save_history(half, folder + "/half.npz")
    ...     again = d2l.load_history(file, d2l.Adam(0.01))
    >>> bool((again.state["m"]["w"] == half.state["m"]["w"]).all())
    True
    """
    if not isinstance(history, History) or not isinstance(history.rule, Rule):
        raise TypeError(f"save_history needs what d2l.train returned, but got {shown(history)}.")
    if not isinstance(file, (str, os.PathLike)):
        raise TypeError(f"The file must be a path, such as 'half.npz', but is {shown(file)}.")
    arrays: list[np.ndarray] = []
    kept = {name: _packed(getattr(history, name), arrays) for name in KEPT}
    try:
        text = json.dumps({"rule": _kind(history.rule), "kept": kept})
    except TypeError:
        raise TypeError(NOT_KEPT) from None
    file = Path(file)
    if not file.parent.is_dir():
        raise FileNotFoundError(f"There is no folder {str(file.parent)!r} for {file.name!r}.")
    beside = file.with_name(file.name + ".part")
    with beside.open("wb") as out:
        np.savez(out, history=np.array(text), **{f"a{i}": a for i, a in enumerate(arrays)})
    beside.replace(file)
    return file


@explain_arguments
def load_history(file: str | os.PathLike, rule: Rule) -> History:
    """Read a history that `save_history` wrote; ``train(…, start=history)`` goes on from it.

    Parameters
    ----------
    file : path
        The file.
    rule : Rule
        The rule of the training. A file holds numbers, and a rule is code. It has to be of the same
        kind; its hyperparameters are yours, and may be others.

    Returns
    -------
    History
        As it was, to the last bit.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    TypeError, ValueError
        If the rule is not one, or of another kind than that of the training; or if the file is
        another one.

    Examples
    --------
    >>> import tempfile
    >>> model, data = d2l.LinearRegression(), d2l.diabetes()
    >>> half = d2l.train(model, d2l.Adam(0.01), data, epochs=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again = d2l.load_history(d2l.save_history(half, folder + "/h.npz"), d2l.Adam(0.01))
    >>> whole = d2l.train(model, d2l.Adam(0.01), data, epochs=2)
    >>> on = d2l.train(model, d2l.Adam(0.01), data, epochs=1, start=again)
    >>> bool((on.parameters["w"] == whole.parameters["w"]).all())
    True
    """
    refuse_no_rule(rule)
    if not isinstance(file, (str, os.PathLike)):
        raise TypeError(f"The file must be a path, such as 'half.npz', but is {shown(file)}.")
    try:
        with np.load(file, allow_pickle=False) as inside:
            kept = json.loads(str(inside["history"]))
            arrays = [inside[f"a{i}"] for i in range(len(inside.files) - 1)]
        trained_with, kept = kept["rule"], kept["kept"]
        found = {name: _unpacked(kept[name], arrays) for name in KEPT}
    except (ValueError, LookupError, TypeError, zipfile.BadZipFile, EOFError, IsADirectoryError):
        raise ValueError(f"{Path(file).name} is no file that save_history wrote.") from None
    if trained_with != _kind(rule):
        raise ValueError(
            f"{Path(file).name} is of a training with {trained_with}, not with {_kind(rule)}: its "
            "state is that rule's."
        )
    if found["state"] is not None:
        found["state"] = StateOf(found["state"])
        found["state"].rule = type(rule)
    return History(rule, **found)


def _kind(rule: Rule) -> str:
    """Return the name of a rule, with those of the rules inside it."""
    name = type(rule).__name__
    if isinstance(rule, RuleMap):
        inside = {"default": rule.default, **rule.rules}
        return f"{name}({', '.join(f'{key}: {_kind(part)}' for key, part in inside.items())})"
    return f"{name}({_kind(rule.rule)})" if isinstance(rule, Pipeline) else name


def _packed(value: Any, arrays: list) -> Any:
    """Return a value as JSON can hold it, with the arrays put aside."""
    if isinstance(value, dict):
        if not all(isinstance(key, str | int) for key in value):
            raise TypeError(f"Only names that are text are saved, but these are {list(value)}.")
        return {"dict": [[key, _packed(part, arrays)] for key, part in value.items()]}
    if isinstance(value, (list, tuple)):
        return {"list": [_packed(part, arrays) for part in value]}
    if isinstance(value, np.ndarray | np.generic):
        if np.asarray(value).dtype.hasobject:
            raise TypeError(NOT_KEPT)
        arrays.append(np.asarray(value))
        return {"array": len(arrays) - 1, "number": isinstance(value, np.generic)}
    return {"value": value}


def _unpacked(packed: dict, arrays: list) -> Any:
    if "dict" in packed:
        return {key: _unpacked(part, arrays) for key, part in packed["dict"]}
    if "list" in packed:
        return [_unpacked(part, arrays) for part in packed["list"]]
    if "array" in packed:
        array = arrays[packed["array"]]
        return array[()] if packed["number"] else array
    return packed["value"]
