"""Checks of what a reader passes in; every refusal is a sentence that says what to do instead."""

import dataclasses
import difflib
import functools
import inspect
import math
import types
from collections.abc import Callable, Iterable
from numbers import Number
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


def shown(value: Any) -> str:
    """Return a value as a sentence can quote it: short, on one line, and without an address."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if isinstance(value, types.ModuleType):
        return f"the module {value.__name__}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if inspect.isroutine(value) or isinstance(value, np.ufunc):
        return f"the function {value.__name__.strip('<>')}"
    text = repr(value)
    if "\n" in text or "0x" in text or len(text) > 80:
        return kind(value)
    return text


def kind(value: Any) -> str:
    """Return what sort of thing a value is, such as "a list"."""
    if isinstance(value, np.ndarray):
        return "an array"
    name = type(value).__name__
    return f"a{'n' * (name[0].lower() in 'aeiou')} {name}"


def plural(count: int, what: str) -> str:
    """Return a number of things, such as "1 row" or "2 rows"."""
    return f"{count} {what}{'s' * (count != 1)}"


def is_plural(name: str) -> bool:
    """Say whether what a sentence is about, such as "The parameters", is more than one thing."""
    words = name.rpartition(": ")[2].split()
    return len(words) > 1 and words[0].lower() == "the" and words[1][-1] == "s" != words[1][-2]


def array_of(values: Any, name: str) -> np.ndarray:
    """Return what NumPy makes of `values`, or say in a sentence why it can make nothing of them.

    Raises
    ------
    TypeError
        If the values are masked, ragged, or cannot be converted.
    """
    if isinstance(values, np.ma.MaskedArray):
        raise TypeError(
            f"{name} must not be masked, because the mask would be lost. Fill the array with "
            ".filled(value), or leave out what is masked with .compressed()."
        )
    if hasattr(values, "feature_names"):  # a Dataset, or a Bunch of scikit-learn
        raise TypeError(f"{name} must be an array, not {kind(values)}: pass its x or y.")
    if hasattr(values, "toarray"):
        raise TypeError(f"{name} must be a dense array: pass what its .toarray() returns.")
    try:
        return np.asarray(values)
    except Exception as error:  # whatever another library's tensor raises
        if "inhomogeneous" in str(error):
            raise TypeError(
                f"{name} must be numbers in a rectangular array, but these rows differ in length. "
                "Put parameters of different shapes into a list of NumPy arrays or a dict."
            ) from None
        words = str(error).partition("\n")[0].rstrip(".")
        # Such as a tensor of PyTorch that requires a gradient.
        raise TypeError(
            f"{name} must be an array of NumPy, or what it can convert; of {kind(values)} it says: "
            f"{words}. For a tensor of PyTorch pass tensor.detach().numpy(), in float32 or float64."
        ) from None


def float_array(values: Any, name: str) -> np.ndarray:
    """Return `values` as an array of floating-point numbers; integers and booleans become float64.

    Raises
    ------
    TypeError
        If the values are not real numbers.
    ValueError
        If one of them is nan or infinite.
    """
    if is_array(values) and values.dtype.kind == "f" and is_finite(values):
        return values
    array = array_of(values, name)
    if array.dtype.kind in "iub":
        array = array.astype(np.float64)
    if array.dtype.kind != "f":
        raise TypeError(f"{name} must be real numbers, {_instead(values, array)}")
    refuse_non_finite(array, name)
    return array


def is_array(values: Any) -> bool:
    """Say whether this is an array whose products and operators are those of NumPy's arrays."""
    return isinstance(values, np.ndarray) and not isinstance(values, np.matrix | np.ma.MaskedArray)


def is_finite(array: np.ndarray) -> bool:
    """Say whether all entries are certainly finite; a False may be due to large ones."""
    return math.isfinite(np.vdot(array, array))  # the fastest that NumPy has


def _instead(values: Any, array: np.ndarray) -> str:
    """Say what was passed where real numbers were expected, and what to do about it."""
    if values is None:
        return "but this is None. Pass a number or an array of numbers."
    if isinstance(values, dict):
        return f"but this is a dict with the keys {list(values)}. Pass one of its values."
    if callable(values) and not hasattr(values, "__array__"):
        return f"but this is {shown(values)}. Call it, and pass what it returns."
    if array.dtype.kind == "c":
        return "but these are complex. Take the part that you mean, with .real or abs()."
    if array.dtype.kind in "US":
        such = f", such as {array.ravel()[:1].tolist()[0]!r}" if array.size else ""
        return (
            f"but this holds text{such}. Turn text that means numbers into numbers with "
            "np.asarray(values, dtype=float)."
        )
    if array.dtype.kind in "mM":
        return "but this is a date or a time. Pass a number, such as the days since the first one."
    what = kind(values)
    if array.size and all(isinstance(v, Number) and v == v for v in array.ravel()):
        return (
            "but this holds them as objects of Python, or they are too large. Convert them with "
            "np.asarray(values, dtype=float)."
        )
    if array.ndim:
        what = f"holds {kind(array.ravel()[0])}" if array.size else "is an empty array of objects"
    return f"but this {'is ' * (array.ndim == 0)}{what}. Pass a number or an array of numbers."


def name_of(function: Any) -> str:
    """Return what a reader calls a function, without its address."""
    return getattr(function, "__name__", type(function).__name__)


def refuse_non_finite(array: np.ndarray, name: str) -> None:
    """Raise a ValueError that says how many entries are not finite, and where the first one is."""
    finite = np.isfinite(array)
    if finite.all():
        return
    if np.ndim(array) == 0:
        raise ValueError(f"{name} must not be nan or infinite, but is {float(array)}.")
    first = tuple(int(i) for i in np.argwhere(~finite)[0])
    where = first[0] if len(first) == 1 else first
    count = array.size - np.count_nonzero(finite)
    what = "a value that is" if count == 1 else f"{count} values that are"
    raise ValueError(
        f"{name} {'hold' if is_plural(name) else 'holds'} {what} nan or infinite, "
        f"{'' if count == 1 else 'the first '}at index {where}. Remove or replace "
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
    a_has, b_has = ("have" if is_plural(name) else "has" for name in (a_name, b_name))
    raise ValueError(
        f"{a_name} {a_has} shape {a_shape}, but {b_name} {b_has} shape {b_shape}. {advice}"
    )


def whole_number(value: Any, name: str, minimum: int) -> int:
    """Return `value` as an int of at least `minimum`, or say what was expected."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < minimum:
        raise ValueError(
            f"{name} must be a whole number of at least {minimum}, but is {shown(value)}."
        )
    return int(value)


def number(value: Any, name: str) -> float:
    """Return one real, finite number as a float, or say what was expected."""
    if isinstance(value, (list, tuple)):
        raise TypeError(f"{name} must be one number, but is {kind(value)}.")
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be a number, but is {value}.")
    array = float_array(value, name)
    if array.ndim:
        raise TypeError(f"{name} must be one number, but is an array of shape {array.shape}.")
    return float(array)


def true_or_false(value: Any, name: str) -> bool:
    """Return a switch as a bool, or say what was expected."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, but is {shown(value)}.")
    return bool(value)


def takes(function: Callable, name: str, *arguments: str) -> None:
    """Raise a TypeError unless a reader's function can be called with these arguments."""
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError:
        count = ["no", "one", "two", "three", "four", "five"][len(arguments)]
        raise TypeError(
            f"{name} is called with {count} argument{'s' * (len(arguments) != 1)}, "
            f"({', '.join(arguments)}), but the function that you passed takes others."
        ) from None
    except ValueError:  # a function without a signature, such as some of NumPy's
        return


# What the arguments of functions are called elsewhere, and what they may be called here.
ARGUMENTS = {
    **dict.fromkeys(("num_epochs", "n_epochs", "nb_epoch"), ("epochs",)),
    **dict.fromkeys(("num_steps", "n_steps", "iterations", "max_iter", "maxiter"), ("steps",)),
    **dict.fromkeys(("x0", "x", "initial", "init"), ("start",)),
    **dict.fromkeys(("validation_data", "validation_split", "valid", "val"), ("validation",)),
    **dict.fromkeys(("clipnorm", "clip_norm", "max_norm"), ("global_clipnorm",)),
    **dict.fromkeys(("random_state", "rng"), ("seed",)),
    **dict.fromkeys(("lr", "learning_rate", "initial_lr"), ("initial_learning_rate",)),
    **dict.fromkeys(("units", "hidden_size", "num_hiddens", "hidden_dim"), ("hidden",)),
    **dict.fromkeys(("labels", "target", "targets", "y_true"), ("y",)),
    **dict.fromkeys(("y_pred", "y_hat"), ("predicted",)),
    **dict.fromkeys(("eps", "epsilon", "delta"), ("h",)),
    "grad": ("gradient", "g"),
    "epochs": ("steps",),
    "opt": ("optimizer", "rule"),
    "optimizer": ("rule",),
    "gamma": ("decay_rate",),
    "T_max": ("decay_steps",),
    "fun": ("value",),
    "jac": ("gradient",),
    "hess": ("hessian",),
}
ADVICE = {
    **dict.fromkeys(
        ("learning_rate", "lr", "eta", "momentum"),
        "It belongs to the rule, such as d2l.SGD(learning_rate=0.1).",
    ),
    "verbose": "A bar shows how far it is when it takes more than two seconds.",
    "callbacks": "To look in at every step, loop over d2l.training_steps(…).",
    "metrics": "Metrics are functions by name, as in metrics={'accuracy': d2l.accuracy}.",
    "loss": "The loss belongs to the model.",
    "shuffle": "The order of the examples comes from seed.",
    "Pipeline.weight_decay": "The rule has it: d2l.Pipeline(d2l.SGD(0.1, weight_decay=0.01)).",
    "training_steps.epochs": "It goes on without end: stop with break, or use d2l.train.",
    "rule_like": "Put the arguments of the optimizer into a dict, such as {'lr': 0.1}.",
}
# What else to say where arguments by place do not fit.
PLACES = {
    "train": "Examples and targets become one argument with d2l.Dataset('mine', X, y).",
    "train_concise": "Examples and targets become one argument with d2l.Dataset('mine', X, y).",
    "get_rule": "Hyperparameters have names, as in get_rule('sgd', learning_rate=0.1).",
    "Dataset": "The name comes first: d2l.Dataset('mine', X, y).",
    "Objective": "The name comes first: d2l.Objective('mine', f, start=…).",
    "plot_traces": "Several paths are drawn each under its name, as in {'SGD': …, 'Adam': …}.",
}


def explain_arguments(function: Any = None, *, name: str = "") -> Any:
    """Make a function or a class say in a sentence which of its arguments does not fit, and why."""
    if function is None:
        return functools.partial(explain_arguments, name=name)
    if isinstance(function, type):
        function.__init__ = _explained(function.__init__, function.__name__, skip=1)
        return function
    skip = int(next(iter(inspect.signature(function).parameters), "") == "self")
    return _explained(function, name or function.__name__, skip)


def _explained(function, name: str, skip: int):
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args, **arguments):
        try:
            return function(*args, **arguments)
        except TypeError as error:
            if error.__traceback__.tb_next is not None:  # raised inside: not about this call
                raise
            raise TypeError(_misfit(signature, name, args[skip:], arguments, skip)) from None

    return call


def _misfit(signature, name: str, args: tuple, arguments: dict, skip: int) -> str:
    """Return what is wrong with the arguments of a call."""
    parameters = list(signature.parameters.values())[skip:]
    variable = any(p.kind is p.VAR_KEYWORD for p in parameters)
    parameters = [p for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    known = [p.name for p in parameters]
    for given in arguments:
        if given not in known and not variable:
            meant = next((n for n in ARGUMENTS.get(given, ()) if n in known), None)
            advice = ADVICE.get(f"{name}.{given}") or ADVICE.get(name)
            if meant is None:
                advice = advice or ADVICE.get(given)
            return f"{name} has no argument {given!r}. {advice or _near(meant or given, known)}"
    places = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    more = f" {PLACES[name]}" if name in PLACES else ""
    if len(args) > len(places):
        named = [n for n in known if n not in places]
        rest = f" Name the others, as in {named[0]}=…: {', '.join(named)}." if named else ""
        if not places:
            return f"{name} takes no arguments{' by place' * bool(named)}.{rest}{more}"
        listed = ", ".join(places)
        return (
            f"{name} takes {plural(len(places), 'argument')} by place ({listed}), but got "
            f"{len(args)}.{rest}{more}"
        )
    for given in arguments:
        if given in places[: len(args)]:
            return f"{name} got its argument {given!r} twice: by place and by name."
    missing = [p.name for p in parameters if p.default is p.empty]
    missing = [n for n in missing if n not in arguments and n not in places[: len(args)]]
    return f"{name} needs {' and '.join(map(repr, missing))}.{more or _where(name)}"


def _near(name: str, known: list[str]) -> str:
    return did_you_mean(name, known) if known else "It takes none."


def _where(name: str) -> str:
    return f" help(d2l.{name}) says what each is." if name.isidentifier() else ""


# What the attributes of results are called elsewhere, and what they are called here.
MEMBERS = {
    **dict.fromkeys(("history", "losses", "train_loss"), "loss"),
    **dict.fromkeys(("val_loss", "val_losses", "test_loss"), "validation_loss"),
    **dict.fromkeys(("params", "weights", "w", "coef_", "model"), "parameters"),
    **dict.fromkeys(("val_accuracy", "accuracy"), "metrics"),
    **dict.fromkeys(("path", "xs", "points", "trajectory", "final"), "x"),
    **dict.fromkeys(("values", "f", "fun", "objective_values"), "value"),
    **dict.fromkeys(("grad", "grads", "gradients", "jac"), "gradient"),
    **dict.fromkeys(("minimum", "minimizer", "optimum"), "minimizers"),
    **dict.fromkeys(("X", "data", "features"), "x"),
    **dict.fromkeys(("text", "call", "string"), "code"),
    **dict.fromkeys(("max_difference", "error", "max_error"), "difference"),
    **dict.fromkeys(("target", "targets", "labels"), "y"),
    **dict.fromkeys(("columns", "columns_"), "feature_names"),
}


def unchangeable(cls: type) -> type:
    """Make a frozen dataclass say in a sentence that it never changes."""

    def refuse(self, name, *value):
        word = cls.__name__.lower()
        raise dataclasses.FrozenInstanceError(
            f"{kind(self).capitalize().replace(word, cls.__name__)} never changes, so {name} "
            f"cannot be set or deleted: dataclasses.replace({word}, {name}=…) makes a new one."
        )

    def no_such(self, name):
        if name.startswith("__"):  # Python's own inquiries
            raise AttributeError(name)
        known = {n for n in (*cls.__dataclass_fields__, *vars(cls)) if not n.startswith("_")}
        meant = MEMBERS.get(name, name)
        article, _, word = kind(self).partition(" ")
        raise AttributeError(
            f"{article.capitalize()} {word} has no {name!r}. {did_you_mean(meant, known)}"
        )

    def no_index(self, index):
        article, _, word = kind(self).partition(" ")
        raise TypeError(
            f"{article.capitalize()} {word} has no index and cannot be unpacked: it has the "
            f"attributes {', '.join(cls.__dataclass_fields__)}."
        )

    cls.__setattr__ = cls.__delattr__ = refuse
    cls.__getattr__ = no_such
    if not hasattr(cls, "__getitem__"):
        cls.__getitem__ = no_index
    return cls
