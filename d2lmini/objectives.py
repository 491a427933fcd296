"""Test surfaces: a value, its gradient and Hessian by hand, and where the minima are known to be.

In two dimensions or more the last axis of `x` holds the coordinates, and all axes before it are
runs side by side. In one dimension `x` has no such axis: every entry is a run.
"""

import dataclasses
import functools
import pickle
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from d2lmini.checks import (
    array_of,
    explain_arguments,
    float_array,
    plural,
    same_shape,
    shown,
    takes,
    true_or_false,
    unchangeable,
)


@explain_arguments
@unchangeable
@dataclass(frozen=True, eq=False)
class Objective:
    """A function to minimize, called as ``f(x)``.

    Of your own function the value and, if you have it, the gradient suffice.

    Parameters
    ----------
    name : str
        What figures call it.
    value : callable
        A function of a point. The book's own are functions of many points at once: with
        `dimension` 1 they act on each entry by itself, otherwise the last axis holds the
        coordinates, and ``x[..., 0]`` is the first. One that is written for a single point, with
        ``x[0]``, is evaluated point by point.
    gradient : callable, optional
        Of the same kind, shaped like the point. Without it central differences of `value` take its
        place: 2 d values for each gradient.
    hessian : callable, optional
        Of the same kind, with one more axis of coordinates.
    start : array, optional
        Where runs begin. Without it, `domain` is needed, whose middle is taken.
    domain : sequence of (low, high), optional
        The part of space that figures show, an interval for each coordinate; by default the start
        and as far around it as it is from zero, at least 2.
    minimizers : array of shape (k, dimension), optional
        The minimizers, local ones too, if they are isolated; by default none.
    formula : str
        The function in LaTeX.
    noisy : bool, default False
        Whether the gradient has noise, so that it need not be that of the value, and must not be
        asked for between steps.

    Raises
    ------
    TypeError, ValueError
        If what should be a function is none, or if start, domain and minimizers do not fit.

    Examples
    --------
    >>> mine = d2l.Objective("mine", lambda x: (x[0] - 1) ** 2 + 3 * x[1] ** 2, start=[-3.0, 1.0])
    >>> d2l.minimize(mine, d2l.SGD(0.1), steps=50)
    SGD(learning_rate=0.1) on mine: 19 -> 3.259e-09 in 50 steps
    """

    name: str
    value: Callable[[np.ndarray], np.ndarray]
    gradient: Callable[[np.ndarray], np.ndarray] | None = None
    hessian: Callable[[np.ndarray], np.ndarray] | None = None
    start: np.ndarray | None = None
    domain: tuple[tuple[float, float], ...] | None = None
    minimizers: np.ndarray | None = None
    formula: str = ""
    noisy: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise TypeError(
                f"The name must be text, but is {shown(self.name)}. It comes first: "
                "d2l.Objective('mine', f, start=…)."
            )
        for what, needed in (("value", True), ("gradient", False), ("hessian", False)):
            given = getattr(self, what)
            if not callable(given) and (needed or given is not None):
                raise TypeError(
                    f"{self.name}: {what} must be a function of a point, such as "
                    f"lambda x: x[0] ** 2 + x[1] ** 2, but is {shown(given)}."
                )
            if given is not None:
                takes(given, f"{self.name}: the {what}", "x")
        object.__setattr__(self, "noisy", true_or_false(self.noisy, f"{self.name}: noisy"))
        if not isinstance(self.formula, str):
            raise TypeError(f"{self.name}: the formula must be text, but is {shown(self.formula)}.")
        if self.start is None and self.domain is None:
            raise ValueError(f"{self.name} needs a start, such as start=[-3.0, 1.0].")
        start = self.start
        if start is None:
            start = _intervals(self.domain, self.name).mean(axis=1)
            start = start[0] if len(start) == 1 else start
        start = np.array(float_array(start, f"{self.name}: the start"))
        if start.ndim > 1 or start.shape == (0,):
            raise ValueError(
                f"{self.name}: the start must be one point, a number or a vector of coordinates, "
                f"but has shape {start.shape}. Many starts at once are for d2l.minimize."
            )
        if start.shape == (1,):
            raise ValueError(
                f"{self.name}: a function of one coordinate is a function of a number here: pass "
                f"start={float(start[0])!r}, and write x, not x[0]."
            )
        reach = 2 * np.maximum(1.0, np.abs(np.atleast_1d(start)).max())
        domain = np.array([[-reach, reach]] * start.size)
        if self.domain is not None:
            domain = _intervals(self.domain, self.name)
        if len(domain) != start.size:
            raise ValueError(
                f"{self.name}: the domain has {plural(len(domain), 'interval')}, but the start has "
                f"{plural(start.size, 'coordinate')}. There must be one (low, high) for each."
            )
        minimizers = np.empty((0, start.size))
        if self.minimizers is not None and np.size(self.minimizers):
            minimizers = np.array(float_array(self.minimizers, f"{self.name}: the minimizers"))
            if minimizers.ndim != 2 or minimizers.shape[1] != start.size:
                raise ValueError(
                    f"{self.name}: minimizers must have the shape (k, {start.size}), one point a "
                    f"row, but have {minimizers.shape}."
                )
        # What runs and figures share must not change when a reader writes x -= ….
        start.flags.writeable = minimizers.flags.writeable = False
        object.__setattr__(self, "known_domain", self.domain is not None)
        object.__setattr__(self, "start", start)
        object.__setattr__(self, "domain", tuple((float(a), float(b)) for a, b in domain))
        object.__setattr__(self, "minimizers", minimizers)
        # Anew also where `dataclasses.replace` brought the differences of another value.
        if self.gradient is None or _is_method(self.gradient, Objective._differences):
            object.__setattr__(self, "gradient", self._differences)
        if self.hessian is None or _is_method(self.hessian, Objective._second_differences):
            object.__setattr__(self, "hessian", self._second_differences)

    def __repr__(self) -> str:
        """Return the name and the number of coordinates."""
        return f"<Objective {self.name!r} of {plural(self.dimension, 'coordinate')}>"

    @property
    def dimension(self) -> int:
        """The number of coordinates."""
        return self.start.size

    @explain_arguments(name="a surface")
    def __call__(self, x) -> np.ndarray:
        """Return the value at `x`.

        Parameters
        ----------
        x : array
            A point, or points along the axes before the last.

        Returns
        -------
        array
            One value for each point.

        Raises
        ------
        ValueError
            If the last axis does not hold the coordinates.
        """
        with np.errstate(all="ignore"):  # what is too large is infinite in the result
            return self.values(self.point(x))

    def point(self, x) -> np.ndarray:
        """Return `x` as an array of floats, or say what shape a point has."""
        return _point(x, self.name, self.dimension)

    def values(self, x: np.ndarray) -> np.ndarray:
        """Return the value at each point of `x`, also where `value` takes a single point only."""
        if not self.ready["value together"]:
            return self._each(self.value, x)
        values = np.asarray(self.value(x))
        expected = x.shape if self.dimension == 1 else x.shape[:-1]
        same_shape(values, np.empty(expected), f"{self.name}: the value", "the table of points")
        return values

    def slopes(self, x: np.ndarray) -> np.ndarray:
        """Return the gradient at each point of `x`, shaped like `x`."""
        together = self.ready["gradient together"] or x.ndim == self.start.ndim
        g = np.asarray(self.gradient(x) if together else self._each(self.gradient, x))
        if g.shape != x.shape:
            same_shape(g, x, f"{self.name}: the gradient", "the point")
        return g

    def unchecked_slopes(self, x: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        """Return what gives the gradient at points of the shape of `x`, as fast as can be."""
        together = self.ready["gradient together"] or x.ndim == self.start.ndim
        if together and self.ready["gradient is an array"]:
            return self.gradient
        return self.slopes

    def _each(self, function: Callable, x: np.ndarray) -> np.ndarray:
        points = x.reshape(-1, *self.start.shape)
        found = np.array([function(point) for point in points])
        return found.reshape(x.shape[: x.ndim - self.start.ndim] + found.shape[1:])

    @functools.cached_property
    def ready(self) -> dict[str, bool]:
        """Whether `value` and `gradient` take many points at once; tried once, at the start.

        Raises
        ------
        TypeError, ValueError
            If the value is not a number, or the gradient is not shaped like the point.

        Warns
        -----
        UserWarning
            If the gradient there is not that of the value.
        """
        x = self.start  # neither it nor the table can be changed by a reader's function
        many = np.stack([x] * (self.dimension + 1 + (self.dimension == 1)))
        many.flags.writeable = False
        with np.errstate(all="ignore"):
            given = self._asked("value", x)
            value = array_of(given, f"{self.name}: the value")
            if value.shape != () or value.dtype.kind not in "fiu":
                what = f"an array of shape {value.shape}" if value.shape else shown(value[()])
                raise TypeError(
                    f"{self.name}: the value at a point must be a real number, but is {what}."
                )
            found = {"value together": self._takes(self.value, many, value)}
            if _is_method(self.gradient, Objective._differences) and not np.array_equal(
                value, self.value(x), equal_nan=True
            ):
                raise ValueError(
                    f"{self.name}: the value has noise, it is another one each time, so that its "
                    "differences are no gradient. Pass a gradient, and noisy=True."
                )
            if self.noisy:  # to ask for a gradient would use up noise
                together = found["value together"]
                return found | {"gradient together": together, "gradient is an array": False}
            given = self._asked("gradient", x)
            if given is None:
                raise TypeError(f"{self.name}: the gradient returned None. Is a return missing?")
            slope = array_of(given, f"{self.name}: the gradient")
            if slope.dtype.kind not in "fiu":
                raise TypeError(
                    f"{self.name}: the gradient must be an array of real numbers, but holds "
                    f"values of type {slope.dtype}."
                )
            found["gradient is an array"] = isinstance(given, (np.ndarray, np.floating))
            same_shape(slope, x, f"{self.name}: the gradient", "the point")
            found["gradient together"] = self._takes(self.gradient, many, slope)
            if np.array_equal(slope, self.gradient(x)):  # the same at the same point: no noise
                self._compare(x, slope, self._differences(x), float(value))
        return found

    def _asked(self, what: str, x: np.ndarray) -> Any:
        """Return what a reader's function makes of the start, or say what shape that has."""
        try:
            return getattr(self, what)(x)
        except (IndexError, TypeError, ValueError) as error:
            if "read-only" in str(error):
                raise ValueError(
                    f"{self.name}: the {what} changes the point that it is given. Write "
                    "x = x - …, not x -= …."
                ) from None
            if not isinstance(error, IndexError) and "index" not in str(error):
                raise
            point = "a number" if x.ndim == 0 else f"a vector of {plural(x.size, 'coordinate')}"
            raise ValueError(
                f"{self.name}: the {what} asks for a coordinate that the point does not have. The "
                f"start is {x.tolist()}, so that x is {point}."
            ) from None

    @staticmethod
    def _takes(function: Callable, many: np.ndarray, single: np.ndarray) -> bool:
        """Say whether a function of many equal points returns what it returns for one, each."""
        try:
            together = np.asarray(function(many))
            return together.shape == (len(many), *single.shape) and np.allclose(
                together, single, equal_nan=True
            )
        except Exception:  # whatever a reader's function of a single point makes of a table
            return False

    def _compare(self, x, slope, differences, value: float) -> None:
        """Warn if a gradient is not that of the value."""
        size = max(np.abs(slope).max(), np.abs(differences).max())
        off = np.abs(slope - differences).max()
        if np.isfinite(off) and off > 1e-3 * size + 1e-6 * (1 + abs(value)):
            warnings.warn(
                f"{self.name}: at the start {x.tolist()} the gradient is {slope.tolist()}, but "
                f"differences of the value give {np.round(differences, 6).tolist()}. Is there a "
                "slip in one of them? If the gradient is meant to have noise, say noisy=True.",
                stacklevel=6,
            )

    def _differences(self, x: np.ndarray) -> np.ndarray:
        """Return central differences of the value, in place of a gradient."""
        x = np.asarray(x, dtype=float)
        slopes = np.empty_like(x)
        for index in np.ndindex(x.shape):
            point = x[index[: x.ndim - self.start.ndim]]
            shift = np.zeros(self.start.shape)
            # The cube root of the precision: errors of the formula and of rounding balance.
            shift[index[x.ndim - self.start.ndim :]] = h = 6e-6 * max(1.0, abs(float(x[index])))
            slopes[index] = (self.value(point + shift) - self.value(point - shift)) / (2 * h)
        return slopes

    def _second_differences(self, x: np.ndarray) -> np.ndarray:
        """Return central differences of the gradient, in place of a Hessian."""
        x = np.asarray(x, dtype=float)
        h = 6e-6 * max(1.0, float(np.abs(x).max(initial=0)))
        if self.dimension == 1:
            return (self.slopes(x + h) - self.slopes(x - h)) / (2 * h)
        columns = [
            (self.slopes(x + shift) - self.slopes(x - shift)) / (2 * h)
            for shift in h * np.eye(self.dimension)
        ]
        return np.stack(columns, axis=-1)

    def __reduce__(self):
        """Pickle the book's surfaces by name, and of others what can be pickled."""
        for key, known in OBJECTIVES.items():
            if known is self:
                return _of_the_book, (key,)
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        for what in ("value", "gradient", "hessian"):
            if getattr(fields[what], "__self__", None) is self:  # differences: made anew
                fields[what] = None
            try:
                pickle.dumps(fields[what])
            except Exception:  # a lambda, or a function of a function
                fields[what] = _Unsaved(f"{self.name}: the {what}")
        return _unpickled, (fields,)


def _of_the_book(key: str) -> Objective:
    return OBJECTIVES[key]


def _unpickled(fields: dict) -> Objective:
    return Objective(**fields)


@dataclass(frozen=True)
class _Unsaved:
    """Stands for a function that could not be saved with its objective."""

    what: str

    def __call__(self, x):
        raise ValueError(
            f"{self.what} was not saved: a lambda cannot be pickled. Define it with def, at the "
            "top of a file that can be imported, or make the objective anew."
        )


def _point(x, name: str, dimension: int) -> np.ndarray:
    x = float_array(x, f"{name}: the point")
    if dimension > 1 and (x.ndim == 0 or x.shape[-1] != dimension):
        raise ValueError(
            f"{name} is a function of {dimension} coordinates, which the last axis of the point "
            f"must hold; got an array of shape {x.shape}."
        )
    return x


@dataclass(frozen=True)
class _AtPoints:
    """A gradient or a Hessian of the book's, which refuses what is no point of its surface."""

    function: Callable
    name: str
    dimension: int

    def __call__(self, x):
        plain = type(x) is np.ndarray and x.dtype.kind == "f"
        if not (plain and (self.dimension == 1 or x.shape[-1:] == (self.dimension,))):
            x = _point(x, self.name, self.dimension)
        return self.function(x)


def _of_points(surface: Objective) -> Objective:
    """Return a surface whose derivatives refuse what is no point, as its value does."""
    for what in ("gradient", "hessian"):
        asked = _AtPoints(getattr(surface, what), surface.name, surface.dimension)
        object.__setattr__(surface, what, asked)
    return surface


def _is_method(function, method) -> bool:
    return getattr(function, "__func__", None) is method


def _intervals(domain, name: str) -> np.ndarray:
    """Return a domain as a table of (low, high), or say how it is written."""
    try:
        table = float_array(domain, f"{name}: the domain")
    except TypeError:
        table = np.empty(0)
    if table.ndim != 2 or table.shape[1] != 2 or (table[:, 0] >= table[:, 1]).any():
        raise ValueError(
            f"{name}: the domain must be a (low, high) for each coordinate, such as "
            f"[(-2, 2), (-1, 3)], but is {shown(domain)}."
        )
    return table


@explain_arguments
def quadratic(matrix, start=None, name: str = "quadratic", domain=None) -> Objective:
    r"""Return :math:`f(x) = \tfrac12 x^\top Q x`, the surface near a minimum with curvature.

    Parameters
    ----------
    matrix : array of shape (d, d)
        :math:`Q`, symmetric. Unless all eigenvalues are positive no minimizer is listed: with a
        negative one there is none, with a zero one a whole line or more.
    start : array of shape (d,), optional
        Where runs begin; all ones by default.
    name : str, default "quadratic"
        What figures call it.
    domain : sequence of (low, high), optional
        What figures show; by default twice the reach of the start, at least from -2 to 2.

    Returns
    -------
    Objective
        With the gradient :math:`Qx` and the Hessian :math:`Q`.

    Raises
    ------
    ValueError
        If the matrix is not square and symmetric, or has a single entry.

    Examples
    --------
    >>> surface = d2l.quadratic([[2.0, 1.0], [1.0, 2.0]])
    >>> surface([1.0, 1.0]).item(), surface.gradient(np.array([1.0, 1.0])).tolist()
    (3.0, [3.0, 3.0])
    """
    Q = float_array(matrix, "The matrix")
    if Q.ndim != 2 or Q.size == 0 or Q.shape[0] != Q.shape[1] or not np.allclose(Q, Q.T):
        raise ValueError(
            "A quadratic needs a square, symmetric matrix, because only the symmetric part of Q "
            f"enters x'Qx; got shape {Q.shape}. Pass (Q + Q.T) / 2."
        )
    d = len(Q)
    if d == 1:
        raise ValueError(
            "A quadratic of one coordinate has no axis of coordinates here: use d2l.parabola, or "
            "d2l.Objective with functions of a number."
        )
    start = np.ones(d) if start is None else float_array(start, "The start")
    if start.shape != (d,):
        raise ValueError(
            f"The matrix is for {d} coordinates, but the start has the shape {start.shape}."
        )
    reach = 2 * max(1.0, float(np.abs(start).max()))
    positive = bool((np.linalg.eigvalsh(Q) > 0).all())
    surface = Objective(
        name=name,
        value=functools.partial(_quadratic_value, Q),
        gradient=functools.partial(_quadratic_gradient, Q),
        hessian=functools.partial(_quadratic_hessian, Q),
        start=start,
        domain=domain if domain is not None else ((-reach, reach),) * d,
        minimizers=np.zeros((1, d)) if positive else np.empty((0, d)),
        formula=r"\tfrac12 x^\top Q x",
    )
    return _of_points(surface)


# Functions of a module, unlike lambdas, can be pickled with what they belong to.
def _quadratic_value(Q, x):
    return 0.5 * np.einsum("...i,ij,...j->...", x, Q, x)


def _quadratic_gradient(Q, x):
    return x @ Q


def _quadratic_hessian(Q, x):
    return np.broadcast_to(Q, (*x.shape, len(Q)))


def _stack(*coordinates):
    return np.stack(np.broadcast_arrays(*coordinates), axis=-1)


def _matrix(a, b, c, d):
    return _stack(_stack(a, b), _stack(c, d))


def _rosenbrock_hessian(x):
    x1, x2 = x[..., 0], x[..., 1]
    return _matrix(1200 * x1**2 - 400 * x2 + 2, -400 * x1, -400 * x1, 200.0)


def _beale_residuals(x):
    x1, x2 = x[..., 0], x[..., 1]
    powers = [x2, x2**2, x2**3]
    slopes = [np.ones_like(x2), 2 * x2, 3 * x2**2]
    curves = [np.zeros_like(x2), 2 * np.ones_like(x2), 6 * x2]
    targets = (1.5, 2.25, 2.625)
    # Residuals r = c - x1 (1 - x2^k) with their first and second derivatives.
    return [
        (c - x1 * (1 - p), p - 1, x1 * s, s, x1 * q)
        for c, p, s, q in zip(targets, powers, slopes, curves, strict=True)
    ]


def _beale_gradient(x):
    terms = _beale_residuals(x)
    return _stack(
        sum(2 * r * r1 for r, r1, _, _, _ in terms), sum(2 * r * r2 for r, _, r2, _, _ in terms)
    )


def _beale_hessian(x):
    terms = _beale_residuals(x)
    mixed = sum(2 * (r1 * r2 + r * r12) for r, r1, r2, r12, _ in terms)
    return _matrix(
        sum(2 * r1**2 for _, r1, _, _, _ in terms),
        mixed,
        mixed,
        sum(2 * (r2**2 + r * r22) for r, _, r2, _, r22 in terms),
    )


def _himmelblau_gradient(x):
    a, b = x[..., 0] ** 2 + x[..., 1] - 11, x[..., 0] + x[..., 1] ** 2 - 7
    return _stack(4 * a * x[..., 0] + 2 * b, 2 * a + 4 * b * x[..., 1])


def _himmelblau_hessian(x):
    x1, x2 = x[..., 0], x[..., 1]
    mixed = 4 * (x1 + x2)
    return _matrix(12 * x1**2 + 4 * x2 - 42, mixed, mixed, 12 * x2**2 + 4 * x1 - 26)


parabola = Objective(
    name="parabola",
    value=lambda x: 0.5 * x**2,
    gradient=lambda x: 1.0 * x,
    hessian=lambda x: np.ones_like(x),
    start=np.array(5.0),
    domain=((-6.0, 6.0),),
    minimizers=np.zeros((1, 1)),
    formula=r"\tfrac12 x^2",
)

tilted_wells = Objective(
    name="tilted wells",
    value=lambda x: 0.25 * x**4 - 0.5 * x**2 + 0.2 * x,
    gradient=lambda x: x**3 - x + 0.2,
    hessian=lambda x: 3 * x**2 - 1,
    start=np.array(1.8),
    domain=((-1.9, 1.9),),
    # The slope x^3 - x + 0.2 has three roots; the outer two are the wells.
    minimizers=np.sort(np.roots([1.0, 0.0, -1.0, 0.2]).real)[[0, 2], None],
    formula=r"\tfrac14 x^4 - \tfrac12 x^2 + 0.2 x",
)

bowl = Objective(
    name="bowl",
    # Written out, so that p and q are seen to have nothing to do with each other.
    value=lambda x: 0.1 * x[..., 0] ** 2 + 2 * x[..., 1] ** 2,
    gradient=lambda x: _stack(0.2 * x[..., 0], 4 * x[..., 1]),
    hessian=lambda x: np.broadcast_to(np.diag([0.2, 4.0]), (*x.shape, 2)),
    start=np.array([-5.0, -2.0]),
    domain=((-5.5, 1.5), (-3.0, 2.0)),
    minimizers=np.zeros((1, 2)),
    formula="0.1 p^2 + 2 q^2",
)

_TURN = np.array([[1.0, -1.0], [1.0, 1.0]]) / np.sqrt(2)  # by 45 degrees

rotated_bowl = quadratic(
    _TURN @ np.diag([0.2, 4.0]) @ _TURN.T,
    start=_TURN @ np.array([-5.0, -2.0]),
    name="rotated bowl",
    domain=((-5.5, 3.5), (-6.0, 3.0)),
)

saddle = Objective(
    name="saddle",
    value=lambda x: x[..., 0] ** 2 - x[..., 1] ** 2,
    gradient=lambda x: _stack(2 * x[..., 0], -2 * x[..., 1]),
    hessian=lambda x: np.broadcast_to(np.diag([2.0, -2.0]), (*x.shape, 2)),
    start=np.array([-1.5, 0.01]),
    domain=((-2.0, 2.0), (-2.0, 2.0)),
    minimizers=np.empty((0, 2)),
    formula="p^2 - q^2",
)

rosenbrock = Objective(
    name="Rosenbrock's valley",
    value=lambda x: (1 - x[..., 0]) ** 2 + 100 * (x[..., 1] - x[..., 0] ** 2) ** 2,
    gradient=lambda x: _stack(
        -2 * (1 - x[..., 0]) - 400 * x[..., 0] * (x[..., 1] - x[..., 0] ** 2),
        200 * (x[..., 1] - x[..., 0] ** 2),
    ),
    hessian=_rosenbrock_hessian,
    start=np.array([-1.5, 2.5]),
    domain=((-2.0, 2.0), (-1.0, 3.0)),
    minimizers=np.array([[1.0, 1.0]]),
    formula="(1 - p)^2 + 100 (q - p^2)^2",
)

beale = Objective(
    name="Beale's function",
    value=lambda x: sum(r**2 for r, *_ in _beale_residuals(x)),
    gradient=_beale_gradient,
    hessian=_beale_hessian,
    start=np.array([1.0, 1.5]),
    domain=((-1.0, 4.5), (-2.0, 2.0)),
    minimizers=np.array([[3.0, 0.5]]),
    formula=r"\sum_{k=1}^{3} (c_k - p (1 - q^k))^2, \quad c = (1.5, 2.25, 2.625)",
)

# The tilted wells along p, a parabola along q.
two_wells = Objective(
    name="two wells",
    value=lambda x: tilted_wells.value(x[..., 0]) + 0.5 * x[..., 1] ** 2,
    gradient=lambda x: _stack(tilted_wells.gradient(x[..., 0]), x[..., 1]),
    hessian=lambda x: _matrix(tilted_wells.hessian(x[..., 0]), 0.0, 0.0, 1.0),
    start=np.array([1.6, 1.2]),
    domain=((-1.9, 1.9), (-1.6, 1.6)),
    minimizers=np.pad(tilted_wells.minimizers, ((0, 0), (0, 1))),
    formula=tilted_wells.formula.replace("x", "p") + r" + \tfrac12 q^2",
)

himmelblau = Objective(
    name="Himmelblau's function",
    value=lambda x: (x[..., 0] ** 2 + x[..., 1] - 11) ** 2 + (x[..., 0] + x[..., 1] ** 2 - 7) ** 2,
    gradient=_himmelblau_gradient,
    hessian=_himmelblau_hessian,
    start=np.array([-0.5, -1.0]),
    domain=((-5.0, 5.0), (-5.0, 5.0)),
    # One minimizer is exact; the other three are roots of the gradient to double precision.
    minimizers=np.array(
        [
            [3.0, 2.0],
            [-2.805118086952745, 3.131312518250573],
            [-3.779310253377747, -3.283185991286170],
            [3.584428340330492, -1.848126526964404],
        ]
    ),
    formula="(p^2 + q - 11)^2 + (p + q^2 - 7)^2",
)

OBJECTIVES = {
    "parabola": parabola,
    "tilted_wells": tilted_wells,
    "bowl": bowl,
    "rotated_bowl": rotated_bowl,
    "saddle": saddle,
    "rosenbrock": rosenbrock,
    "beale": beale,
    "two_wells": two_wells,
    "himmelblau": himmelblau,
}
for _surface in OBJECTIVES.values():
    if not isinstance(_surface.gradient, _AtPoints):  # quadratic() has done it
        _of_points(_surface)
