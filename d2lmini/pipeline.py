"""What happens to a gradient between the loss and the weight, beside the rule itself.

Each stage is a function of a few lines, and pure: it changes nothing that it is given. `Pipeline`
puts them around a rule, in the order and under the names of Keras:

========== ==================================================================
unscale    divide by the factor that the loss was multiplied with
accumulate wait for n gradients, and take their mean
clip       shorten what is too long: each entry, each array, or all together
decay      shrink the weights, but for those that are exempt
update     the rule
average    a leaky average of the weights
project    bring the weights back to where they may be
========== ==================================================================

Gradients that are infinite or nan pass through: to deal with them is a task of this place, and
`LossScaler` does.
"""

import dataclasses
import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from d2lmini.checks import (
    explain_arguments,
    float_array,
    kind,
    number,
    same_shape,
    shown,
    takes,
    true_or_false,
    unchangeable,
    whole_number,
)
from d2lmini.rule import (
    Parameters,
    Rule,
    State,
    StateOf,
    as_parameters,
    items,
    like,
    same_structure,
)

STAGES = ("unscale", "accumulate", "clip", "decay", "update", "average", "project")


def quiet():
    """Return a context in which numbers that are lost become nan or infinite without a warning."""
    return np.errstate(all="ignore")


def _many(x: Any) -> bool:
    return isinstance(x, (list, dict))


def _arrays(x: Any, name: str) -> Parameters:
    """Return parameters or gradients as arrays; those that are so already may hold nan."""
    parts = [part for _, part in items(x)] if _many(x) else [x]
    if parts and all(isinstance(p, np.ndarray) and p.dtype.kind == "f" for p in parts):
        return x
    return as_parameters(x, name)


def _each(function: Callable, x: Parameters, *others: Parameters) -> Parameters:
    """Apply a function to an array, or to each of a list or a dict of arrays."""
    if not _many(x):
        return np.asarray(function(x, *others))
    parts = {key: np.asarray(function(x[key], *(o[key] for o in others))) for key, _ in items(x)}
    return like(x, parts)


def _above_zero(value: Any, name: str) -> float:
    value = number(value, name)
    if value <= 0:
        raise ValueError(f"{name} must be above 0, but is {value:.6g}.")
    return value


def _fraction(value: Any, name: str) -> float:
    value = number(value, name)
    if not 0 <= value < 1:
        raise ValueError(
            f"{name} must be in [0, 1), because it is the weight that a leaky average gives to its "
            f"own past; got {value:.6g}."
        )
    return value


# ---- the stages ---------------------------------------------------------------------------------


@explain_arguments
def unscale(g: Parameters, scale: float) -> Parameters:
    r"""Undo a scaling of the loss: divide the gradient by the factor.

    .. math:: g \leftarrow g / S

    Parameters
    ----------
    g : array, or list or dict of arrays
        The gradient of S times the loss.
    scale : float
        :math:`S`, above 0.

    Returns
    -------
    array, or list or dict of arrays
        The gradient of the loss, in the precision of what was given. The division itself is in
        double precision if the factor is too large or too small for that of the gradient: half
        precision ends at 65,504.

    Raises
    ------
    TypeError, ValueError
        If the gradient is not made of numbers, or the factor is not above 0.

    References
    ----------
    Micikevicius et al. (2018).

    Examples
    --------
    >>> d2l.unscale(np.array([1024.0, -512.0]), 1024).tolist()
    [1.0, -0.5]
    """
    scale = _above_zero(scale, "scale")
    with quiet():
        return _each(lambda part: _divided(part, scale), _arrays(g, "The gradient"))


def _divided(part: np.ndarray, scale: float) -> np.ndarray:
    # In half precision a factor of 2^16 is infinite, and one of 2^-25 zero.
    limits = np.finfo(part.dtype)
    wide = part if limits.tiny <= scale <= limits.max else part.astype(np.float64)
    return (wide / scale).astype(part.dtype, copy=False)


def _as_precise(g: Parameters, x: Parameters) -> Parameters:
    """Return a gradient in the precision of the parameters, or its own if that is higher."""
    return _each(lambda part, like: part.astype(np.result_type(part, like), copy=False), g, x)


@explain_arguments
def accumulate(total: Parameters, g: Parameters) -> Parameters:
    r"""Add a gradient to the sum of those before it.

    .. math:: a \leftarrow a + g

    After n of them the gradient of the step is the mean, :math:`a/n`.

    Parameters
    ----------
    total, g : array, or list or dict of arrays
        The sum so far and the next gradient, alike in structure and shapes.

    Returns
    -------
    array, or list or dict of arrays
        The new sum.

    Raises
    ------
    TypeError, ValueError
        If the two are not alike, or not made of numbers.

    Examples
    --------
    >>> total = d2l.accumulate(np.array([1.0, 2.0]), np.array([3.0, -2.0]))
    >>> (total / 2).tolist()
    [2.0, 0.0]
    """
    total, g = _arrays(total, "The sum"), _arrays(g, "The gradient")
    same_structure(total, g, "The sum", "the gradient")
    with quiet():
        return _each(np.add, total, g)


@explain_arguments
def clip_value(g: Parameters, clipvalue: float) -> Parameters:
    r"""Clip each entry of a gradient.

    .. math:: g_i \leftarrow \min(\max(g_i, -c), c)

    Parameters
    ----------
    g : array, or list or dict of arrays
        The gradient.
    clipvalue : float
        :math:`c`, above 0: the largest entry that passes.

    Returns
    -------
    array, or list or dict of arrays
        The clipped gradient; its direction may be another one.

    Raises
    ------
    TypeError, ValueError
        If the gradient is not made of numbers, or the threshold is not above 0.

    Examples
    --------
    >>> d2l.clip_value(np.array([-1.0, -8.0, 0.5]), 1.0).tolist()
    [-1.0, -1.0, 0.5]
    """
    c = _above_zero(clipvalue, "clipvalue")
    with quiet():  # a threshold beyond half precision is infinite there, and clips nothing
        return _each(lambda part: np.clip(part, -c, c), _arrays(g, "The gradient"))


@explain_arguments
def global_norm(g: Parameters) -> float:
    r"""Return the length of a gradient, over all its arrays together.

    .. math:: \lVert g \rVert = \Bigl( \sum_i g_i^2 \Bigr)^{1/2}

    Parameters
    ----------
    g : array, or list or dict of arrays
        The gradient; its squares are summed in double precision.

    Returns
    -------
    float
        The length.

    Raises
    ------
    TypeError, ValueError
        If the gradient is not made of numbers.

    Examples
    --------
    >>> d2l.global_norm({"w": np.array([3.0, 0.0]), "b": np.array([4.0])})
    5.0
    """
    g = _arrays(g, "The gradient")
    parts = [part for _, part in items(g)] if _many(g) else [g]
    with quiet():
        length = float(np.sqrt(sum(np.sum(np.square(part, dtype=np.float64)) for part in parts)))
        if length == 0 or np.isinf(length):  # the squares may be lost where the entries are not
            most = max((float(np.max(np.abs(part), initial=0)) for part in parts), default=0.0)
            if 0 < most < np.inf:
                scaled = (np.sum(np.square(part.astype(np.float64) / most)) for part in parts)
                length = most * float(np.sqrt(sum(scaled)))
        return length


def _shortening(norm: float, longest: float) -> float:
    """Return the factor that makes a length at most `longest`; nan for one that is not finite."""
    if not np.isfinite(norm):
        return np.nan
    return min(1.0, longest / norm) if norm > 0 else 1.0


def _shortened(part: np.ndarray, factor: float) -> np.ndarray:
    # A factor that is too small for a precision has lost digits there, or is zero.
    wide = part.astype(np.float64) if factor < np.finfo(part.dtype).tiny else part
    return (wide * factor).astype(part.dtype, copy=False)


@explain_arguments
def clip_norm(g: Parameters, clipnorm: float) -> Parameters:
    r"""Shorten each array of a gradient, by itself, to a length of at most c.

    .. math:: g \leftarrow \min\bigl(1,\; c / \lVert g \rVert\bigr)\; g

    Parameters
    ----------
    g : array, or list or dict of arrays
        The gradient.
    clipnorm : float
        :math:`c`, above 0.

    Returns
    -------
    array, or list or dict of arrays
        The shortened gradient: each array has its direction, all together may not. An array with an
        entry that is not finite becomes nan.

    Raises
    ------
    TypeError, ValueError
        If the gradient is not made of numbers, or the threshold is not above 0.

    References
    ----------
    Pascanu, Mikolov and Bengio (2013).

    Examples
    --------
    >>> d2l.clip_norm([np.array([3.0, 4.0]), np.array([0.5])], 1.0)
    [array([0.6, 0.8]), array([0.5])]
    """
    c = _above_zero(clipnorm, "clipnorm")
    with quiet():
        return _each(
            lambda part: _shortened(part, _shortening(global_norm(part), c)),
            _arrays(g, "The gradient"),
        )


@explain_arguments
def clip_global_norm(g: Parameters, global_clipnorm: float) -> Parameters:
    r"""Shorten a gradient, all its arrays together, to a length of at most c.

    .. math:: g \leftarrow \min\bigl(1,\; c / \lVert g \rVert\bigr)\; g

    with the length over all arrays.

    Parameters
    ----------
    g : array, or list or dict of arrays
        The gradient.
    global_clipnorm : float
        :math:`c`, above 0.

    Returns
    -------
    array, or list or dict of arrays
        The gradient in its own direction, not longer than c. With an entry that is not finite all
        of it becomes nan.

    Raises
    ------
    TypeError, ValueError
        If the gradient is not made of numbers, or the threshold is not above 0.

    References
    ----------
    Pascanu, Mikolov and Bengio (2013).

    Examples
    --------
    >>> d2l.clip_global_norm([np.array([3.0]), np.array([4.0])], 1.0)
    [array([0.6]), array([0.8])]
    """
    c, g = _above_zero(global_clipnorm, "global_clipnorm"), _arrays(g, "The gradient")
    factor = _shortening(global_norm(g), c)
    with quiet():
        return g if factor == 1 else _each(lambda part: _shortened(part, factor), g)


@explain_arguments
def decay(x: Parameters, rate: float, weight_decay: float, exempt: Any = ()) -> Parameters:
    r"""Shrink the parameters, but for those that are exempt: decoupled weight decay.

    .. math:: x \leftarrow x - \eta \lambda\, x

    Parameters
    ----------
    x : array, or list or dict of arrays
        The parameters.
    rate : float
        :math:`\eta`, the learning rate of the step.
    weight_decay : float
        :math:`\lambda`.
    exempt : sequence of str or callable, default ()
        What does not decay: patterns, of which one is found in the name of the array (its key), as
        Keras searches; or a function of name and array that says whether it is exempt, such as
        ``lambda name, array: array.ndim < 2``.

    Returns
    -------
    array, or list or dict of arrays
        The parameters after the decay.

    Raises
    ------
    TypeError, ValueError
        If the parameters are not made of numbers, a number is negative, or a pattern is found in no
        name.

    References
    ----------
    Loshchilov and Hutter (2019).

    Examples
    --------
    >>> x = {"w": np.array([1.0, 2.0]), "b": np.array([1.0])}
    >>> d2l.decay(x, 0.5, 0.5, exempt=["b"])
    {'w': array([0.75, 1.5 ]), 'b': array([1.])}
    """
    x = _arrays(x, "The parameters")
    rate, weight_decay = number(rate, "rate"), number(weight_decay, "weight_decay")
    for value, name in ((rate, "rate"), (weight_decay, "weight_decay")):
        if value < 0:
            raise ValueError(f"{name} must not be negative, but is {value:.6g}.")
    return _decayed(x, rate, weight_decay, _exempt(x, exempt, "exempt"))


def _decayed(x, rate, weight_decay, spared: set):
    # In this order of products, which is that of Keras and of `Rule`.
    if not _many(x):
        return x if None in spared else x - x * weight_decay * rate
    parts = {k: p if k in spared else p - p * weight_decay * rate for k, p in items(x)}
    return like(x, parts)


def _exempt(x: Parameters, exempt: Any, label: str) -> set:
    """Return the keys of the arrays that do not decay."""
    named = list(items(x)) if _many(x) else [(None, x)]
    if callable(exempt) and not isinstance(exempt, type):
        takes(exempt, label, "name", "array")
        answers = {key: exempt("" if key is None else key, part) for key, part in named}
        for answer in answers.values():
            if not isinstance(answer, (bool, np.bool_)):
                raise TypeError(
                    f"The function {label} must say True or False of a name and an array, but it "
                    f"returned {shown(answer)}."
                )
        return {key for key, answer in answers.items() if answer}
    if isinstance(exempt, str) or not isinstance(exempt, (Sequence, set, frozenset)):
        raise TypeError(
            f"{label} must be a list of patterns, such as ['b1', 'b2'], or a function of name and "
            f"array, but is {shown(exempt)}."
        )
    spared = set()
    for pattern in exempt:
        if not isinstance(pattern, str):
            raise TypeError(f"{label} holds {shown(pattern)}, which is no text to search for.")
        found = {key for key, _ in named if key is not None and _search(pattern, str(key), label)}
        if not found:
            names = [str(key) for key, _ in named if key is not None]
            raise ValueError(
                f"{label}: {pattern!r} is found in no name. "
                + (f"The arrays are called {names}." if names else "A single array has no name.")
            )
        spared |= found
    return spared


def _search(pattern: str, name: str, label: str, how: Callable = re.search) -> bool:
    try:
        return how(pattern, name) is not None
    except re.error:
        raise ValueError(
            f"{label}: {pattern!r} is no pattern that Python's re understands."
        ) from None


@explain_arguments
def average(mean: Parameters, x: Parameters, momentum: float) -> Parameters:
    r"""Take a step of a leaky average of the parameters.

    .. math:: a \leftarrow m\, a + (1 - m)\, x

    Parameters
    ----------
    mean, x : array, or list or dict of arrays
        The average so far and the parameters, alike in structure and shapes.
    momentum : float
        :math:`m`, in [0, 1). It is rounded to the precision of the parameters, as in Keras: 0.9998
        is 1 in half precision, and the average rests.

    Returns
    -------
    array, or list or dict of arrays
        The new average.

    Raises
    ------
    TypeError, ValueError
        If the two are not alike or not made of numbers, or the momentum is out of its range.

    References
    ----------
    Ruppert (1988); Polyak and Juditsky (1992), with equal weights.

    Examples
    --------
    >>> d2l.average(np.array([0.0, 4.0]), np.array([1.0, 0.0]), 0.75).tolist()
    [0.25, 3.0]
    """
    m = _fraction(momentum, "momentum")
    mean, x = _arrays(mean, "The average"), _arrays(x, "The parameters")
    same_structure(mean, x, "The average", "the parameters")

    def part(a, new):
        kept = new.dtype.type(m)  # Keras rounds it before it takes 1 - m
        return kept * a + (1 - kept) * new

    with quiet():
        return _each(part, mean, x)


@explain_arguments
def project(x: Parameters, constraint: Callable | Mapping[str, Callable]) -> Parameters:
    r"""Bring the parameters back to where they may be.

    .. math:: x \leftarrow P(x)

    Parameters
    ----------
    x : array, or list or dict of arrays
        The parameters.
    constraint : callable or dict of str to callable
        :math:`P`, a function of one array, for all of them; or such functions for the arrays of
        these names, while the others are free.

    Returns
    -------
    array, or list or dict of arrays
        The parameters after it.

    Raises
    ------
    TypeError, ValueError
        If the parameters are not made of numbers, a name is unknown, or the function does not
        return an array of the same shape.

    Examples
    --------
    >>> d2l.project(np.array([-1.0, 2.0]), lambda x: np.maximum(x, 0)).tolist()
    [0.0, 2.0]
    """
    x = _arrays(x, "The parameters")
    _check_constraint(constraint)
    if callable(constraint):
        return _each(lambda part: _projected(part, constraint), x)
    if not _many(x):
        raise TypeError("A constraint by name needs parameters in a dict, but this is one array.")
    named = {str(key): key for key, _ in items(x)}
    unknown = [name for name in constraint if name not in named]
    if unknown:
        raise ValueError(
            f"constraint: there is no array {unknown[0]!r}; they are called {list(named)}."
        )
    free = {key: constraint.get(name) for name, key in named.items()}
    parts = {key: _projected(p, free[key]) if free[key] else p for key, p in items(x)}
    return like(x, parts)


def _check_constraint(constraint: Any) -> None:
    functions = constraint.values() if isinstance(constraint, Mapping) else [constraint]
    if isinstance(constraint, type) or not all(
        callable(f) and not isinstance(f, type) for f in functions
    ):
        raise TypeError(
            "constraint must be a function of one array, such as lambda w: np.maximum(w, 0), or a "
            f"dict of such functions by name, but is {shown(constraint)}."
        )
    for function in functions:
        takes(function, "A constraint", "x")


def _projected(part: np.ndarray, constraint: Callable) -> np.ndarray:
    new = constraint(part.copy())  # it may work in place
    if new is None:
        raise TypeError("The constraint returned None. Is a return missing?")
    if not isinstance(new, (np.ndarray, np.floating)):
        new = float_array(new, "What the constraint returned")
    same_shape(new, part, "What the constraint returned", "its array")
    return np.asarray(new).astype(part.dtype, copy=False)


@explain_arguments
def sum_repeats(rows, values) -> tuple[np.ndarray, np.ndarray]:
    r"""Add the slices of a sparse gradient that belong to the same row.

    .. math:: g_r = \sum_{i:\, r_i = r} v_i

    A lookup in a table has a gradient with one slice for each row that was looked up. A row that
    was looked up twice has two, and what is not linear, as a square, must see their sum.

    Parameters
    ----------
    rows : array of int, shape (n,)
        The rows, in any order, with repeats.
    values : array of shape (n, ...)
        The slice of each.

    Returns
    -------
    rows : array of int
        The rows without repeats, in ascending order.
    values : array
        The sum of the slices of each.

    Raises
    ------
    TypeError, ValueError
        If the rows are no whole numbers from 0, or there is not one slice for each.

    Examples
    --------
    >>> rows, values = d2l.sum_repeats([7, 2, 7], [[1.0, 1.0], [5.0, 5.0], [2.0, 0.0]])
    >>> rows.tolist(), values.tolist()
    ([2, 7], [[5.0, 5.0], [3.0, 1.0]])
    """
    rows, values = np.asarray(rows), float_array(values, "The slices")
    if rows.dtype.kind not in "iu" or rows.ndim != 1:
        raise TypeError(
            "The rows must be a list of whole numbers, one for each slice, but these are "
            f"{kind(rows)} of {rows.dtype} with the shape {rows.shape}."
        )
    if values.ndim == 0 or len(values) != len(rows):
        many = "one number" if values.ndim == 0 else f"{len(values)}"
        raise ValueError(f"There must be one slice for each of {len(rows)} rows, but is {many}.")
    if len(rows) and rows.min() < 0:
        raise ValueError(
            f"Rows are counted from 0, but one is {rows.min()}: as the last one it might be there "
            "twice."
        )
    known, places = np.unique(rows, return_inverse=True)
    summed = np.zeros((len(known), *values.shape[1:]), values.dtype)
    with quiet():
        np.add.at(summed, places, values)
    return known, summed


# ---- the pipeline -------------------------------------------------------------------------------


class _Step:
    """What goes from stage to stage: one step in the making."""

    def __init__(self, x, g, state):
        self.x, self.g, self.waits = x, g, False
        self.k = state["t"]  # the gradients seen before this one
        self.inner, self.sum = state["rule"], state.get("sum")
        self.mean = state.get("average")


@explain_arguments
@unchangeable
@dataclass(frozen=True, eq=False, repr=False)
class Pipeline(Rule):
    r"""A rule with what stands around it in Keras: the step from a gradient to the weights.

    It is a rule itself: `minimize`, `train`, `training_steps`, `feed` and `agree` take it. Without
    further arguments it takes the steps of the rule. The weight decay is the rule's own.

    Parameters
    ----------
    rule : Rule
        The rule in the middle.
    loss_scale_factor : float, optional
        What the loss was multiplied with; gradients are divided by it.
    gradient_accumulation_steps : int, optional
        :math:`n`: a step is made of the mean of n gradients. A schedule of the rule is asked with
        the number of gradients, as Keras does, so that it runs n times as fast as the steps; one in
        a `RuleMap` or another pipeline inside is asked with the number of steps.
    clipnorm, global_clipnorm, clipvalue : float, optional
        The threshold of `clip_norm`, `clip_global_norm` or `clip_value`, one of the three.
    exclude_from_weight_decay : sequence of str or callable, default ()
        Which arrays do not decay; see `decay`.
    use_ema : bool, default False
        Keep a leaky average of the parameters, in the state as ``"average"``. It begins with the
        parameters after the first step. With accumulation it goes on at each gradient, as in Keras.
    ema_momentum : float, default 0.99
        The momentum of that average; see `average`.
    ema_overwrite_frequency : int, optional
        In every step whose number is a multiple of it the parameters become the average. With
        accumulation they do so at each gradient of that step, as in Keras.
    constraint : callable or dict of str to callable, optional
        What projects the parameters after each step; see `project`. Since it may look at a whole
        array, as a ball does, there are no runs side by side with one, as with a norm.
    stages : tuple of str
        The order of the stages; by default that of Keras. Any other is for experiments.

    Raises
    ------
    TypeError, ValueError
        If the rule is not a rule, an argument is not what it must be, or two do not go together.

    References
    ----------
    `keras.optimizers.Optimizer`, version 3.15.1.

    Examples
    --------
    >>> rule = d2l.Pipeline(d2l.SGD(0.5), global_clipnorm=1.0)
    >>> d2l.feed(rule, [[3.0, 4.0], [0.2, 0.0]]).round(3).tolist()
    [[0.0, 0.0], [-0.3, -0.4], [-0.4, -0.4]]
    >>> d2l.agree(d2l.Pipeline(d2l.Adam(0.01), clipvalue=0.1, gradient_accumulation_steps=4))
    equal bit for bit over 200 steps in float32
    """

    rule: Rule
    loss_scale_factor: float | None = None
    gradient_accumulation_steps: int | None = None
    clipnorm: float | None = None
    global_clipnorm: float | None = None
    clipvalue: float | None = None
    exclude_from_weight_decay: Sequence[str] | Callable[[str, np.ndarray], bool] = ()
    use_ema: bool = False
    ema_momentum: float = 0.99
    ema_overwrite_frequency: int | None = None
    constraint: Callable | Mapping[str, Callable] | None = None
    stages: tuple[str, ...] = STAGES

    def __post_init__(self) -> None:
        refuse_no_inner_rule(self.rule, "Pipeline")
        for name in ("loss_scale_factor", "clipnorm", "global_clipnorm", "clipvalue"):
            if getattr(self, name) is not None:
                self._set(name, _above_zero(getattr(self, name), f"Pipeline: {name}"))
        for name in ("gradient_accumulation_steps", "ema_overwrite_frequency"):
            if getattr(self, name) is not None:
                self._set(name, whole_number(getattr(self, name), f"Pipeline: {name}", 1))
        self._set("use_ema", true_or_false(self.use_ema, "Pipeline: use_ema"))
        self._set("ema_momentum", _fraction(self.ema_momentum, "Pipeline: ema_momentum"))
        given = [n for n in ("clipnorm", "global_clipnorm", "clipvalue") if getattr(self, n)]
        if len(given) > 1:
            raise ValueError(f"Pipeline clips in one way, but got {' and '.join(given)}.")
        if self.couples and self.rule.shape != ():
            raise ValueError(
                "A length, or a constraint, would be taken over all runs side by side: clip by "
                "value, or run one by one."
            )
        if self.ema_momentum != 0.99 and not self.use_ema:
            raise ValueError("ema_momentum needs use_ema=True: there is no average.")
        if self.ema_overwrite_frequency and not self.use_ema:
            raise ValueError("ema_overwrite_frequency needs use_ema=True: there is no average.")
        if self.constraint is not None:
            _check_constraint(self.constraint)
        if isinstance(self.exclude_from_weight_decay, (list, set, frozenset)):
            self._set("exclude_from_weight_decay", tuple(self.exclude_from_weight_decay))
        if isinstance(self.exclude_from_weight_decay, np.ndarray):
            raise TypeError(
                "Pipeline: exclude_from_weight_decay must be a list of patterns, such as ['b1', "
                "'b2'], or a function of name and array, but is an array."
            )
        if self.exclude_from_weight_decay != () and self.rule.weight_decay is None:
            raise ValueError(
                f"{self.rule} has no weight decay from which anything could be exempt: give it "
                "one, as in d2l.AdamW(weight_decay=0.1)."
            )
        if not isinstance(self.stages, (tuple, list)) or sorted(map(str, self.stages)) != sorted(
            STAGES
        ):
            raise ValueError(f"stages must be an order of {', '.join(STAGES)}.")
        self._set("stages", tuple(self.stages))
        # The decay is a stage of its own here; a pipeline inside this one keeps it to itself.
        bare = self.rule
        if isinstance(bare, Pipeline):
            if self.exclude_from_weight_decay != ():
                raise ValueError(
                    "exclude_from_weight_decay belongs to the pipeline inside: the decay is there."
                )
        elif bare.weight_decay is not None:
            bare = dataclasses.replace(bare, weight_decay=None)
        self._set("_bare", bare)

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        """Return the call that makes it; arguments at their defaults are not shown."""
        given = [repr(self.rule)]
        for field in dataclasses.fields(self)[1:]:
            value = getattr(self, field.name)
            if value is not field.default and value != field.default:
                given.append(
                    f"{field.name}={shown(value) if not callable(value) else '<function>'}"
                )
        return f"Pipeline({', '.join(given)})"

    @property
    def learning_rate(self):
        """The learning rate, or schedule, of the rule."""
        return self.rule.learning_rate

    @property
    def weight_decay(self):
        """The weight decay of the rule."""
        return self.rule.weight_decay

    @property
    def shape(self) -> tuple[int, ...]:
        """The common shape of the hyperparameters of the rule."""
        return self.rule.shape

    @property
    def couples(self) -> bool:
        """Whether a stage may look at several coordinates at once."""
        here = self.clipnorm or self.global_clipnorm or self.constraint is not None
        return bool(here or getattr(self.rule, "couples", False))

    def rate(self, t: int):
        """Return the learning rate of step t, where the first step is t = 1."""
        return self.rule.rate(t)

    @explain_arguments
    def init(self, x: Parameters) -> State:
        """Return the state before the first step.

        Parameters
        ----------
        x : array, or list or dict of arrays
            The parameters at the start; integers are taken as floats.

        Returns
        -------
        dict
            ``{"t": 0, "rule": ...}``, where t counts gradients, with the state of the rule;
            ``"sum"`` if gradients are accumulated; ``"average"`` if there is one.
        """
        x = as_parameters(x, "x")
        _exempt(x, self.exclude_from_weight_decay, "exclude_from_weight_decay")
        if self.constraint is not None:
            project(x, self.constraint)  # does it fit?
        state = StateOf(t=0, rule=dict(self._bare.init(x)))
        if self._waits_for > 1:
            state["sum"] = _each(np.zeros_like, x)
        if self.use_ema:
            state["average"] = _each(np.zeros_like, x)
        state.rule = type(self)
        return state

    def advance(self, x: Parameters, g: Parameters, state: State) -> tuple[Parameters, State]:
        """Take one step without any check."""
        step = _Step(x, g, state)
        for stage in self.stages:
            getattr(self, f"_{stage}")(step)
        new_state = StateOf(t=step.k + 1, rule=step.inner)
        if step.sum is not None:
            new_state["sum"] = step.sum
        if step.mean is not None:
            new_state["average"] = step.mean
        new_state.rule = type(self)
        return step.x, new_state

    @property
    def _waits_for(self) -> int:
        return self.gradient_accumulation_steps or 1

    def _unscale(self, step: _Step) -> None:
        if self.loss_scale_factor is not None:
            step.g = unscale(_as_precise(step.g, step.x), self.loss_scale_factor)

    def _accumulate(self, step: _Step) -> None:
        n = self._waits_for
        if n == 1:
            return
        total = accumulate(step.sum, _each(lambda a, like: a.astype(like.dtype), step.g, step.sum))
        step.waits = (step.k + 1) % n != 0
        if step.waits:
            step.sum = total
        else:
            step.g, step.sum = _each(lambda a: a / n, total), _each(np.zeros_like, total)

    def _clip(self, step: _Step) -> None:
        if self.clipvalue:
            step.g = clip_value(step.g, self.clipvalue)
        if self.clipnorm:
            step.g = clip_norm(step.g, self.clipnorm)
        if self.global_clipnorm:
            step.g = clip_global_norm(step.g, self.global_clipnorm)

    def _decay(self, step: _Step) -> None:
        if self._bare is self.rule or step.waits:
            return
        spared = _exempt(step.x, self.exclude_from_weight_decay, "exclude_from_weight_decay")
        rate = self.rule.rate(step.k + 1)
        step.x = _decayed(step.x, rate, self.rule.weight_decay, spared)

    def _update(self, step: _Step) -> None:
        if step.waits:
            return
        rule = self._bare
        asks = callable(self.rule.learning_rate) and self._waits_for > 1
        if asks and not isinstance(rule, Pipeline | RuleMap):
            # Keras asks the schedule with the number of gradients, the rule counts the steps.
            rule = dataclasses.replace(rule, learning_rate=self.rule.rate(step.k + 1))
        step.x, inner = rule.advance(step.x, step.g, step.inner)
        step.inner = dict(inner)

    def _average(self, step: _Step) -> None:
        if not self.use_ema:
            return
        done = step.k // self._waits_for
        step.mean = average(step.mean, step.x, self.ema_momentum if done else 0.0)
        if self.ema_overwrite_frequency and (done + 1) % self.ema_overwrite_frequency == 0:
            step.x = _each(np.copy, step.mean)

    def _project(self, step: _Step) -> None:
        if self.constraint is not None:
            step.x = project(step.x, self.constraint)

    def _explain(self, x, g, error) -> None:
        self.rule._explain(x, g, error)

    def refuse_zero_by_zero(self, new_x: Parameters, g: Parameters) -> None:
        """Raise a ValueError if zero gradients have become nan, for want of an epsilon.

        Parameters
        ----------
        new_x, g : array, or list or dict of arrays
            The parameters after a step, and the gradient of it.
        """
        self.rule.refuse_zero_by_zero(new_x, g)


def refuse_no_inner_rule(rule: Any, name: str) -> None:
    """Raise a TypeError unless what stands inside is a rule."""
    if isinstance(rule, Rule):
        return
    if isinstance(rule, type) and issubclass(rule, Rule):
        raise TypeError(f"{name} needs a rule with its hyperparameters: d2l.{rule.__name__}().")
    raise TypeError(
        f"{name} needs a rule, such as d2l.Adam(learning_rate=0.01), but got {shown(rule)}."
    )


def scaled_inside(rule: Rule) -> Rule | None:
    """Return the rule, of this one and those inside it, that divides by a scale of the loss."""
    if getattr(rule, "loss_scale_factor", None) is not None:
        return rule
    inside = (
        getattr(rule, "rule", None),
        getattr(rule, "default", None),
        *(getattr(rule, "rules", None) or {}).values(),
    )
    found = (scaled_inside(part) for part in inside if isinstance(part, Rule))
    return next((part for part in found if part is not None), None)


DEFAULT = "(default)"


@explain_arguments
@unchangeable
@dataclass(frozen=True, eq=False, repr=False)
class RuleMap(Rule):
    """A rule for each array of the parameters, by name; what has no name of its own gets the first.

    What a rule does with several arrays at once, such as clipping all together in a `Pipeline`, it
    does with its own. So does Keras' `MultiOptimizer`.

    Parameters
    ----------
    default : Rule
        The rule of all arrays for which there is no other.
    rules : dict of str to Rule
        For each name, or pattern that matches whole names, the rule of these arrays.

    Raises
    ------
    TypeError, ValueError
        If something is not a rule, a pattern matches no name, or two match the same.

    References
    ----------
    `keras.optimizers.MultiOptimizer` and `OptimizerMap`, since Keras 3.15.

    Examples
    --------
    >>> rule = d2l.RuleMap(d2l.SGD(0.1), {"b.*": d2l.SGD(0.5)})
    >>> x = {"W1": np.array([1.0]), "b1": np.array([1.0])}
    >>> rule.step(x, x, rule.init(x))[0]
    {'W1': array([0.9]), 'b1': array([0.5])}
    """

    default: Rule
    rules: Mapping[str, Rule]

    def __post_init__(self) -> None:
        refuse_no_inner_rule(self.default, "RuleMap")
        if not isinstance(self.rules, Mapping) or not self.rules:
            raise TypeError(
                "RuleMap needs rules by name, as in d2l.RuleMap(d2l.SGD(0.1), {'b1': d2l.SGD(1)}), "
                f"but got {shown(self.rules)}."
            )
        for pattern, rule in self.rules.items():
            if not isinstance(pattern, str):
                raise TypeError(f"RuleMap: {shown(pattern)} is no name and no pattern.")
            refuse_no_inner_rule(rule, f"RuleMap, for {pattern!r},")
        for rule in (self.default, *self.rules.values()):
            if rule.shape != ():
                raise ValueError(
                    "RuleMap takes one setting at a time, but a hyperparameter of a rule is an "
                    f"array of shape {rule.shape}."
                )
        object.__setattr__(self, "rules", dict(self.rules))

    def __repr__(self) -> str:
        """Return the call that makes it."""
        return f"RuleMap({self.default}, {self.rules})"

    @property
    def learning_rate(self):
        """The learning rate, or schedule, of the default."""
        return self.default.learning_rate

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one run."""
        return ()

    def rate(self, t: int):
        """Return the learning rate of the default in step t."""
        return self.default.rate(t)

    def groups(self, x: Parameters) -> dict[str, list]:
        """Return which arrays each rule has.

        Parameters
        ----------
        x : list or dict of arrays
            The parameters.

        Returns
        -------
        dict of str to list
            For each pattern, and ``"(default)"``, the keys of its arrays.

        Raises
        ------
        TypeError, ValueError
            If the parameters are one array, a pattern matches no name, or two match the same.
        """
        if not _many(x):
            raise TypeError(
                "RuleMap needs a list or a dict of arrays, each with a name, but this is "
                f"{kind(x)}."
            )
        found: dict[str, list] = {}
        for key, _ in items(x):
            name = str(key)
            mine = [name] if name in self.rules else []
            mine = mine or [p for p in self.rules if _search(p, name, "RuleMap", re.fullmatch)]
            if len(mine) > 1:
                raise ValueError(f"RuleMap: {name!r} matches {' and '.join(map(repr, mine))}.")
            found.setdefault(mine[0] if mine else DEFAULT, []).append(key)
        idle = [pattern for pattern in self.rules if pattern not in found]
        if idle:
            names = [str(key) for key, _ in items(x)]
            raise ValueError(
                f"RuleMap: {idle[0]!r} matches no whole name. The arrays are called {names}."
            )
        return found

    @explain_arguments
    def init(self, x: Parameters) -> State:
        """Return the state before the first step.

        Parameters
        ----------
        x : list or dict of arrays
            The parameters at the start.

        Returns
        -------
        dict
            ``{"t": 0, "rules": ...}``, with the state of each rule under its pattern.
        """
        x = as_parameters(x, "x")
        inside = {
            pattern: dict(self._rule(pattern).init({key: x[key] for key in keys}))
            for pattern, keys in self.groups(x).items()
        }
        state = StateOf(t=0, rules=inside)
        state.rule = type(self)
        return state

    def _rule(self, pattern: str) -> Rule:
        return self.rules.get(pattern, self.default)

    def advance(self, x: Parameters, g: Parameters, state: State) -> tuple[Parameters, State]:
        """Take one step without any check."""
        new, inside = {}, {}
        for pattern, keys in self.groups(x).items():
            part, after = self._rule(pattern).advance(
                {key: x[key] for key in keys},
                {key: g[key] for key in keys},
                state["rules"][pattern],
            )
            new |= part
            inside[pattern] = dict(after)
        new_state = StateOf(t=state["t"] + 1, rules=inside)
        new_state.rule = type(self)
        return like(x, {key: new[key] for key, _ in items(x)}), new_state

    def _explain(self, x, g, error) -> None:
        for pattern, keys in self.groups(x).items():
            mine = {key: x[key] for key in keys}
            self._rule(pattern)._explain(mine, {key: g[key] for key in keys}, error)

    def refuse_zero_by_zero(self, new_x: Parameters, g: Parameters) -> None:
        """Raise a ValueError if zero gradients have become nan, for want of an epsilon.

        Parameters
        ----------
        new_x, g : list or dict of arrays
            The parameters after a step, and the gradient of it.
        """
        for pattern, keys in self.groups(g).items():
            mine = ({key: p[key] for key in keys} for p in (new_x, g))
            self._rule(pattern).refuse_zero_by_zero(*mine)


# ---- half precision -----------------------------------------------------------------------------

LARGEST_SCALE = float(np.finfo(np.float32).max)
BEYOND = "are kept in single precision, which ends at 3.4e38"


@explain_arguments
def next_scale(
    scale: float,
    quiet_steps: int,
    finite: bool,
    *,
    dynamic_growth_steps: int = 2000,
    floor: float = 1.0,
) -> tuple[float, int]:
    r"""Return the loss scale after a step: doubled after a quiet time, halved after an overflow.

    .. math::
        S \leftarrow \begin{cases}
        \max(S/2, S_{\min}) & \text{if a gradient was not finite} \\
        2 S & \text{after } n \text{ finite ones without a break} \\
        S & \text{otherwise}
        \end{cases}

    It is not doubled beyond single precision, where it could never come back.

    Parameters
    ----------
    scale : float
        :math:`S`, the scale of the step.
    quiet_steps : int
        How many finite gradients there were since the scale last changed.
    finite : bool
        Whether that of this step was.
    dynamic_growth_steps : int, default 2000
        :math:`n`.
    floor : float, default 1.0
        :math:`S_{\min}`. Keras 3.15.1 has none, which is 0.

    Returns
    -------
    scale : float
        The new scale, rounded to single precision as Keras keeps it; TensorFlow may take numbers
        below 2^-126 for zero, and here they are kept.
    quiet_steps : int
        The new count.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what it must be.

    References
    ----------
    Micikevicius et al. (2018); `keras.optimizers.LossScaleOptimizer`, version 3.15.1.

    Examples
    --------
    >>> d2l.next_scale(1024.0, 7, finite=False)
    (512.0, 0)
    >>> d2l.next_scale(1024.0, 1999, finite=True)
    (2048.0, 0)
    """
    scale, floor = number(scale, "scale"), number(floor, "floor")
    count = whole_number(quiet_steps, "quiet_steps", 0)
    growth = whole_number(dynamic_growth_steps, "dynamic_growth_steps", 1)
    if scale < 0 or floor < 0:
        raise ValueError(f"scale and floor must not be negative, but are {scale} and {floor}.")
    if max(scale, floor) > LARGEST_SCALE:
        raise ValueError(f"scale and floor {BEYOND}, but are {scale:.6g} and {floor:.6g}.")
    with quiet():
        if not true_or_false(finite, "finite"):
            return max(float(np.float32(scale * 0.5)), floor), 0
        if count >= growth - 1:
            grown = float(np.float32(scale * 2))
            return (grown if np.isfinite(grown) else scale), 0
        return scale, count + 1


@explain_arguments
class LossScaler:
    """A rule for gradients of a loss that was multiplied by a scale, which adapts itself.

    It is no rule, since it wants other gradients: those of ``state["scale"]`` times the loss. A
    gradient that is not finite makes no step, and halves the scale.

    Parameters
    ----------
    rule : Rule
        What takes the steps, with gradients in true units.
    initial_scale : float, default 32768.0
        The scale at the start.
    dynamic_growth_steps : int, default 2000
        After so many finite gradients the scale is doubled.
    floor : float, default 1.0
        The smallest scale. Keras 3.15.1 has none: 0 does what it does.

    Raises
    ------
    TypeError, ValueError
        If the rule is not a rule, or a number is out of its range.

    References
    ----------
    `keras.optimizers.LossScaleOptimizer`, version 3.15.1.

    Examples
    --------
    >>> scaler = d2l.LossScaler(d2l.SGD(0.5), initial_scale=8.0)
    >>> x = np.array([1.0])
    >>> state = scaler.init(x)
    >>> x, state = scaler.step(x, state["scale"] * x, state)  # of 8 times the loss
    >>> x.tolist(), state["scale"]
    ([0.5], 8.0)
    >>> x, state = scaler.step(x, np.array([np.inf]), state)
    >>> x.tolist(), state["scale"], state["skipped"]
    ([0.5], 4.0, 1)
    """

    def __init__(
        self,
        rule: Rule,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        floor: float = 1.0,
    ) -> None:
        refuse_no_inner_rule(rule, "LossScaler")
        scaled = scaled_inside(rule)
        if scaled is not None:
            raise ValueError(
                f"LossScaler divides by the scale, and {scaled} would divide once more. Leave out "
                "its loss_scale_factor."
            )
        self.rule = rule
        self.initial_scale = _above_zero(initial_scale, "LossScaler: initial_scale")
        self.dynamic_growth_steps = whole_number(dynamic_growth_steps, "dynamic_growth_steps", 1)
        self.floor = number(floor, "LossScaler: floor")
        if self.initial_scale > LARGEST_SCALE:
            raise ValueError(f"LossScaler: scales {BEYOND}; got {self.initial_scale:.6g}.")
        if not 0 <= self.floor <= self.initial_scale:
            raise ValueError(
                "LossScaler: floor must be at least 0 and at most initial_scale, "
                f"{self.initial_scale:.6g}, but is {self.floor:.6g}."
            )

    @explain_arguments
    def init(self, x: Parameters) -> State:
        """Return the state before the first step.

        Parameters
        ----------
        x : array, or list or dict of arrays
            The parameters at the start.

        Returns
        -------
        dict
            The ``"scale"``, the ``"quiet"`` steps since it changed, how many were ``"skipped"``,
            and the state of the ``"rule"``.
        """
        return {
            "scale": self.initial_scale,
            "quiet": 0,
            "skipped": 0,
            "rule": self.rule.init(x),
        }

    @explain_arguments
    def step(self, x: Parameters, g: Parameters, state: State) -> tuple[Parameters, State]:
        """Take one step, or none if the gradient is not finite.

        Parameters
        ----------
        x, g : array, or list or dict of arrays
            The parameters, and the gradient of the scaled loss.
        state : dict
            What `init` or the step before returned.

        Returns
        -------
        x : array, or list or dict of arrays
            The new parameters.
        state : dict
            The new state.

        Raises
        ------
        TypeError, ValueError
            If the gradient is not shaped like the parameters, or the state is none of this.
        """
        x, g = as_parameters(x, "The parameters"), _arrays(g, "The gradient")
        same_structure(x, g)
        if not isinstance(state, dict) or set(state) != {"scale", "quiet", "skipped", "rule"}:
            raise TypeError("The state must be what scaler.init(x) or the step before returned.")
        finite = all(np.isfinite(p).all() for p in ([p for _, p in items(g)] if _many(g) else [g]))
        inner, scale = state["rule"], state["scale"]
        if finite:
            # Finiteness is looked at before the division, as in Keras: a scale of 0 makes nan.
            with quiet():
                g = _each(lambda part: _divided(part, scale), _as_precise(g, x))
                x, inner = self.rule.checked(x, g, inner)
        scale, count = next_scale(
            scale,
            state["quiet"],
            finite,
            dynamic_growth_steps=self.dynamic_growth_steps,
            floor=self.floor,
        )
        skipped = state["skipped"] + (not finite)
        return x, {"scale": scale, "quiet": count, "skipped": skipped, "rule": inner}


# ---- what it costs ------------------------------------------------------------------------------


@explain_arguments
def state_bytes(rule: Rule, x: Parameters) -> int:
    """Return how many bytes the state of a rule takes, beside the parameters.

    Parameters
    ----------
    rule : Rule
        The rule, or a pipeline around it.
    x : array, or list or dict of arrays
        The parameters, in the precision to be counted.

    Returns
    -------
    int
        The bytes of all arrays of the state.

    Raises
    ------
    TypeError, ValueError
        If the rule is not a rule, or the parameters are not made of numbers.

    Examples
    --------
    >>> d2l.state_bytes(d2l.Adam(), np.zeros(1000, dtype="float32"))
    8000
    """
    refuse_no_inner_rule(rule, "state_bytes")

    def count(value: Any) -> int:
        if isinstance(value, Mapping):
            return sum(map(count, value.values()))
        if isinstance(value, list):
            return sum(map(count, value))
        return value.nbytes if isinstance(value, np.ndarray) else 0

    return count(rule.init(x))


def neighbors_exchanged(stages: Sequence[str] = STAGES) -> list[tuple[str, ...]]:
    """Return the orders in which two neighboring stages are exchanged, one after the other."""
    orders = []
    for i, (first, second) in enumerate(itertools.pairwise(stages)):
        orders.append((*stages[:i], second, first, *stages[i + 2 :]))
    return orders
