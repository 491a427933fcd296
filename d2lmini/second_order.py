"""Beyond first order: Newton, Gauss–Newton, conjugate gradients, BFGS, L-BFGS, a line search.

They run on an `Objective`, or on a value and a gradient of your own, in double precision, and count
what they evaluate. Parameters are one vector here: `flatten` makes one of a list or dict of arrays.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from d2lmini.checks import (
    array_of,
    explain_arguments,
    float_array,
    number,
    plural,
    same_shape,
    shown,
    takes,
    true_or_false,
    unchangeable,
    whole_number,
)
from d2lmini.descend import Trace, with_bar
from d2lmini.objectives import Objective
from d2lmini.rule import Parameters, Rule, as_parameters, items, like

ROUNDING = np.finfo(float).eps
NO_LOWER = "No step lowers the value any more: what is left is rounding."
# How a figure may draw them, as `looks` of `d2l.plot_traces`: by the names of the functions.
LOOKS = {
    "newton": {"color": "#0072b2", "linestyle": "-", "marker": "o"},
    "newton_cg": {"color": "#56b4e9", "linestyle": "--", "marker": "h"},
    "gauss_newton": {"color": "#332288", "linestyle": "-.", "marker": "d"},
    "conjugate_gradient": {"color": "#e69f00", "linestyle": "-", "marker": "s"},
    "nonlinear_cg": {"color": "#e69f00", "linestyle": "--", "marker": "^"},
    "bfgs": {"color": "#009e73", "linestyle": "-", "marker": "D"},
    "lbfgs": {"color": "#cc79a7", "linestyle": ":", "marker": "v"},
}


@dataclass(frozen=True)
class Method:
    """What stands in the place of a rule in the trace of a method of this module."""

    name: str
    settings: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Return the name and the settings, as in a call."""
        settings = ", ".join(f"{name}={value!r}" for name, value in self.settings.items())
        return f"{self.name}({settings})"


@unchangeable
@dataclass(frozen=True, eq=False)
class Descent(Trace):
    """The path of a method of second order on a surface, with what it cost.

    Parameters
    ----------
    objective : Objective
        What was minimized.
    rule : Method
        The method and its settings.
    x : array of shape (steps + 1, ...)
        The points, the start first.
    value : array of shape (steps + 1,)
        The objective at those points.
    gradient : array of shape (steps + 1, ...)
        The gradient at those points; of shape (steps, ...), without the last, in a `Trace`.
    states : list
        Empty here.
    diverged_at : None
        These methods stop instead, and `stopped` says why.
    steps : int
        The number of steps that were taken.
    step_sizes : array of shape (steps,)
        What each direction was multiplied by.
    evaluations : dict of str to array
        For each of "value", "gradient", "hessian", "product" and "jacobian" how many there had been
        when a point was reached: arrays of shape (steps + 1,).
    stopped : str
        Why the run ended, in a sentence.

    Examples
    --------
    >>> run = d2l.bfgs(d2l.rosenbrock)
    >>> run.x[-1].round(6).tolist()
    [1.0, 1.0]
    >>> sorted(run.evaluations)
    ['gradient', 'hessian', 'jacobian', 'product', 'value']
    """

    step_sizes: np.ndarray
    evaluations: dict[str, np.ndarray]
    stopped: str

    @property
    def cost(self) -> np.ndarray:
        """What had been spent at each point, in gradients: shape (steps + 1,).

        A value counts as one, with the gradient at the same point; a product with the Hessian as
        two, a Hessian of N coordinates as 2 N, a Jacobian as N.
        """
        count, size = self.evaluations, max(1, self.x[0].size)
        second = 2 * count["product"] + 2 * size * count["hessian"]
        return count["value"] + second + size * count["jacobian"]

    def __repr__(self) -> str:
        """Return where the run began, how it ended, and what it cost."""
        counts = ", ".join(
            plural(int(count[-1]), "Hessian" if what == "hessian" else what)
            for what, count in self.evaluations.items()
            if count[-1]
        )
        return (
            f"{self.rule} on {self.objective.name}: {self.value[0]:.4g} -> {self.value[-1]:.4g} in "
            f"{plural(self.steps, 'step')} ({counts}). {self.stopped}"
        )


class LineSearch(NamedTuple):
    """What a line search found.

    Parameters
    ----------
    step : float
        The step length. If none was found, the last that lowered the value enough, or 0.
    value : float
        The value there.
    gradient : array
        The gradient there.
    wolfe : bool
        Whether both strong Wolfe conditions hold, the first up to rounding of the value.
    trials : int
        At how many points the value was asked for.
    reason : str
        Why there is no such step, if there is none.

    Examples
    --------
    >>> d2l.line_search(lambda x: x @ x, lambda x: 2 * x, [2.0, 0.0], [-1.0, 0.0]).wolfe
    True
    """

    step: float
    value: float
    gradient: np.ndarray
    wolfe: bool
    trials: int
    reason: str


class _Spent(Exception):  # noqa: N818
    """The budget of evaluations is used up."""


class _Problem:
    """A value and its derivatives as functions of a vector, counted, with the path so far."""

    def __init__(self, caller, f, gradient, hessian, start, budget=None):
        if isinstance(f, Objective):
            if gradient is not None or hessian is not None:
                raise TypeError(
                    f"{caller} takes an Objective alone: {f.name} has its own gradient and Hessian."
                )
            self.objective = f
        else:
            if not callable(f) or isinstance(f, (type, Rule)):
                raise TypeError(
                    f"{caller} needs an Objective, such as d2l.rosenbrock, or a function of the "
                    f"parameters, its gradient and a start; but got {shown(f)}."
                )
            if gradient is None or start is None:
                raise TypeError(
                    f"{caller} needs {'the gradient' if gradient is None else 'a start'} besides "
                    f"the function, as in {caller}(f, gradient, start=[1.0, 2.0])."
                )
            name = getattr(f, "__name__", "f").strip("<>")
            start = np.array(float_array(start, "The start"), dtype=float)
            self.objective = Objective(name, f, gradient, hessian, start=start)
        start = self.objective.start if start is None else float_array(start, "The start")
        self.x = np.array(self.objective.point(start), dtype=float)
        if self.x.ndim != self.objective.start.ndim:
            raise ValueError(
                f"{caller} runs from one start at a time, but got an array of shape "
                f"{self.x.shape}. Loop over the starts."
            )
        self.shape, self.x = self.x.shape, self.x.ravel()
        self.budget = math.inf if budget is None else whole_number(budget, "budget", 1)
        self.counts = dict.fromkeys(("value", "gradient", "hessian", "product", "jacobian"), 0)
        self.path, self.values, self.slopes, self.lengths, self.costs = [], [], [], [], []

    def begin(self):
        """Return the value and the gradient at the start, or say what is wrong with them."""
        name = self.objective.name
        with np.errstate(all="ignore"):
            self.counts["value"] += 1
            value = array_of(
                self.objective._asked("value", self.x.reshape(self.shape)), f"{name}: the value"
            )
            if value.shape != () or value.dtype.kind not in "fiu":
                what = f"an array of shape {value.shape}" if value.shape else shown(value[()])
                raise TypeError(f"{name}: the value at a point must be a number, but is {what}.")
            self.counts["gradient"] += 1
            given = self.objective._asked("gradient", self.x.reshape(self.shape))
        value = number(value, f"{name}: the value at the start")
        g = float_array(given, f"{name}: the gradient at the start")
        same_shape(g, np.empty(self.shape), f"{name}: the gradient", "the start")
        g = np.array(g, dtype=float).ravel()
        self.note(self.x, value, g)
        return self.x, value, g

    def value(self, x):
        if self.counts["value"] >= self.budget:
            raise _Spent
        self.counts["value"] += 1
        return float(self.objective.value(x.reshape(self.shape)))

    def gradient(self, x):
        self.counts["gradient"] += 1
        g = np.asarray(self.objective.gradient(x.reshape(self.shape)), dtype=float)
        if g.shape != self.shape:  # a function whose shapes depend on the point
            same_shape(g, np.empty(self.shape), f"{self.objective.name}: the gradient", "the point")
        return g.ravel()

    def hessian(self, x):
        self.counts["hessian"] += 1
        Q = np.array(self.objective.hessian(x.reshape(self.shape)), dtype=float)
        if Q.size != x.size**2:
            raise ValueError(
                f"{self.objective.name}: the Hessian must have the shape {(x.size, x.size)}, but "
                f"has {Q.shape}."
            )
        return Q.reshape(x.size, x.size)

    def note(self, x, value, g, length=None):
        self.path.append(x.reshape(self.shape))
        self.values.append(value)
        self.slopes.append(g.reshape(self.shape))
        self.costs.append(tuple(self.counts.values()))
        if length is not None:
            self.lengths.append(length)

    def result(self, method, stopped):
        return Descent(
            self.objective,
            method,
            np.array(self.path),
            np.array(self.values),
            np.array(self.slopes),
            [],
            None,
            len(self.lengths),
            step_sizes=np.array(self.lengths),
            evaluations=dict(zip(self.counts, np.array(self.costs).T, strict=True)),
            stopped=stopped,
        )


# ---- the line search ----------------------------------------------------------------------------


class _Along:
    """A function along a line: its value and slope at a step, and the gradient last asked for."""

    def __init__(self, value, gradient, x, direction):
        self._value, self._gradient, self.x, self.direction = value, gradient, x, direction
        self.trials, self.at, self.g = 0, None, None

    def value(self, step):
        self.trials += 1
        return self._value(self.x + step * self.direction)

    def slope(self, step):
        self.at, self.g = step, self._gradient(self.x + step * self.direction)
        return self.g @ self.direction


def _between(low, high):
    """Return a trial inside a bracket: the minimum of a cubic or parabola through its ends."""
    (a, fa, sa), (b, fb, sb) = low, high
    width = b - a
    trial = a + 0.5 * width
    with np.errstate(all="ignore"):
        if math.isfinite(fb) and sb is not None:
            theta = sa + sb - 3 * (fb - fa) / width
            root = np.sqrt(np.float64(theta**2 - sa * sb)) * np.sign(width)
            fitted = b - width * (sb + root - theta) / (sb - sa + 2 * root)
        elif math.isfinite(fb):
            fitted = a - 0.5 * sa * width**2 / (fb - fa - sa * width)
        else:
            fitted = trial
    if not math.isfinite(fitted):
        return trial
    inner = sorted((a + 0.1 * width, b - 0.1 * width))
    return float(min(max(fitted, inner[0]), inner[1]))


def _wolfe(along: _Along, value, slope, g, first, c1, c2, trials) -> LineSearch:
    """Return a step of the strong Wolfe conditions: bracket it, then zoom in."""
    slack = 10 * ROUNDING * abs(value)  # differences of values below this are rounding
    low, high, best = (0.0, value, slope), None, (0.0, value, g)
    step = first
    while along.trials < trials:
        found = along.value(step)
        enough = found <= value + c1 * step * slope + slack
        if not enough or (low[0] > 0 and found >= low[1] + slack):
            high = (step, found, None)  # too far
        else:
            new_slope = along.slope(step)
            best = (step, found, along.g)
            if abs(new_slope) <= -c2 * slope:
                return LineSearch(step, found, along.g, True, along.trials, "")
            if new_slope * ((high[0] if high else math.inf) - low[0]) >= 0:
                high = low
            previous, low = low, (step, found, new_slope)
        if high is None:  # not far enough: follow the change of the slope
            bend = (low[2] - previous[2]) / (low[0] - previous[0])
            step = low[0] - low[2] / bend if bend > 0 else math.inf
            step = float(min(max(step, 1.5 * low[0]), 10 * low[0]))
            if step > 1e20:
                break
        else:
            if abs(high[0] - low[0]) <= 4 * ROUNDING * max(abs(high[0]), abs(low[0])):
                break
            step = _between(low, high)
    reason = f"No step of {plural(along.trials, 'trial')} meets the Wolfe conditions."
    return LineSearch(*best, False, along.trials, reason)


def _diagnosis(value_of, x, direction, slope) -> str:
    """Say whether a line search failed because the slope that is claimed is not that measured.

    Values of single precision are compared farther apart, and with more patience for rounding.
    """
    unit = max(1.0, np.abs(x).max()) / max(np.abs(direction).max(), 1e-300)
    for precision in (np.float64, np.float32):
        rounding = float(np.finfo(precision).eps)
        h = rounding ** (1 / 3) * unit
        up, down = value_of(x + h * direction), value_of(x - h * direction)
        if up != np.float32(up) or down != np.float32(down):
            break  # more digits than single precision has
    measured = (up - down) / (2 * h)
    noise = 100 * rounding * max(abs(up), abs(down)) / h
    if not math.isfinite(measured):
        return "The value beside this point is not finite."
    if abs(measured - slope) > 0.01 * max(abs(slope), abs(measured)) + noise:
        return (
            f"The gradient claims a slope of {slope:.3g} along the direction, but differences of "
            f"the value give {measured:.3g}. Is it the gradient of this value?"
        )
    return ""


@explain_arguments
def line_search(
    f: Callable,
    gradient: Callable,
    x,
    direction,
    *,
    first_step: float = 1.0,
    c1: float = 1e-4,
    c2: float = 0.9,
    trials: int = 40,
) -> LineSearch:
    r"""Return a step along a direction that meets the strong Wolfe conditions.

    .. math::
        f(x + \alpha d) \le f(x) + c_1 \alpha\, g^\top d, \qquad
        |\nabla f(x + \alpha d)^\top d| \le c_2\, |g^\top d|

    The step is lengthened until a bracket is found; then trials from cubics and parabolas
    narrow it: algorithms 3.5 and 3.6 of Nocedal and Wright, Numerical Optimization (2006).

    Parameters
    ----------
    f, gradient : callable
        Functions of a vector; f may be an Objective.
    x : array of shape (d,)
        Where to start; a number for a function of a number.
    direction : array of shape (d,)
        Where to go: the value must fall that way.
    first_step : float, default 1.0
        The first trial.
    c1, c2 : float, default 1e-4 and 0.9
        How much of the promised decrease is asked for, and how much of the slope may be left;
        0 < c1 < c2 < 1.
    trials : int, default 40
        At how many points to ask for the value, at most.

    Returns
    -------
    LineSearch
        The step, value and gradient there; if no step was found, the reason.

    Raises
    ------
    ValueError
        If the direction does not lead down, or shapes or constants do not fit.

    Examples
    --------
    >>> found = d2l.line_search(lambda x: x @ x, lambda x: 2 * x, [2.0, 0.0], [-1.0, 0.0])
    >>> found.wolfe, round(found.step, 3)
    (True, 1.0)
    """
    f = f.value if isinstance(f, Objective) else f
    for function, what in ((f, "The value"), (gradient, "The gradient")):
        if not callable(function) or isinstance(function, type):
            raise TypeError(f"{what} must be a function of a vector, but is {shown(function)}.")
        takes(function, what, "x")
    x = np.array(float_array(x, "The point"), dtype=float)
    direction = np.array(float_array(direction, "The direction"), dtype=float)
    same_shape(direction, x, "The direction", "the point")
    c1, c2 = number(c1, "c1"), number(c2, "c2")
    if not 0 < c1 < c2 < 1:
        raise ValueError(f"0 < c1 < c2 < 1 must hold, but c1 is {c1!r} and c2 is {c2!r}.")
    first = number(first_step, "first_step")
    if not first > 0:
        raise ValueError(f"first_step must be above 0, but is {first!r}.")
    trials = whole_number(trials, "trials", 1)
    problem, direction = _Problem("line_search", f, gradient, None, x), direction.ravel()
    x, value, g = problem.begin()
    slope = g @ direction
    with np.errstate(all="ignore"):
        if not slope < 0:
            raise ValueError(
                f"The slope along the direction is {slope:.4g}, so it does not lead down. Has it "
                "lost its sign? The gradient itself leads up."
            )
        along = _Along(problem.value, problem.gradient, x, direction)
        found = _wolfe(along, value, slope, g, first, c1, c2, trials)
        if not found.wolfe:
            reason = _diagnosis(problem.value, x, direction, slope)
            found = found._replace(reason=f"{found.reason} {reason}".strip())
    return found


# ---- the common loop ----------------------------------------------------------------------------


class _Steepest:
    """The direction of steepest descent, and what the other directions share."""

    first = 1.0  # the first trial of a line search, where the method knows nothing better

    def direction(self, x, g):
        return -g

    def learn(self, s, y, g):
        """Take in a step and the change of the gradient over it."""

    def forget(self):
        """Start anew from the gradient; say whether there was anything to forget."""
        return False

    def trial(self, x, g, d):
        """Return the first step length to try."""
        return self.first


def _descend(problem, method, way, *, steps, tolerance, c2=0.9, exact=False, search=True):
    """Run a method: direction, step length, step, and what it learns from it."""
    steps = whole_number(steps, "steps", 0)
    tolerance = number(tolerance, "tolerance")
    if tolerance < 0:
        raise ValueError(f"tolerance must not be negative, but is {tolerance!r}.")
    x, value, g = problem.begin()
    far = 1e9 * max(1.0, np.abs(x).max())
    stopped = f"It took all its {plural(steps, 'step')}."
    with np.errstate(all="ignore"):
        try:
            for _ in with_bar(range(steps)):
                if np.abs(g).max() <= tolerance:
                    break
                d = way.direction(x, g)
                if search and not g @ d < 0 and way.forget():
                    d = way.direction(x, g)
                if not search or exact:
                    length = 1.0
                    if exact:
                        problem.counts["product"] += 1
                        Q = problem.objective.hessian(x.reshape(problem.shape))
                        bend = d @ np.reshape(Q, (x.size, x.size)) @ d
                        if not bend > 0:
                            stopped = "The curvature along the direction is not above 0."
                            break
                        length = -(g @ d) / bend
                    new_x = x + length * d
                    if not np.isfinite(new_x).all():
                        stopped = "The next point is not finite."
                        break
                    new_value, new_g = problem.value(new_x), problem.gradient(new_x)
                    if not (math.isfinite(new_value) and np.isfinite(new_g).all()):
                        stopped = "The value or the gradient at the next point is not finite."
                        break
                else:
                    along = _Along(problem.value, problem.gradient, x, d)
                    first = way.trial(x, g, d)
                    found = _wolfe(along, value, g @ d, g, first, 1e-4, c2, 40)
                    if not found.wolfe and way.forget():
                        d = way.direction(x, g)
                        along = _Along(problem.value, problem.gradient, x, d)
                        first = way.trial(x, g, d)
                        found = _wolfe(along, value, g @ d, g, first, 1e-4, c2, 40)
                    if not found.wolfe:
                        why = _diagnosis(problem.value, x, d, g @ d)
                        if why or not found.value < value:
                            stopped = why or NO_LOWER
                            break
                    length, new_value, new_g = found[:3]
                    new_x = x + length * d
                if np.abs(new_x).max() > far:
                    stopped = f"A coordinate is beyond {far:g}, and the value falls without end."
                    break
                way.learn(new_x - x, new_g - g, new_g)
                x, value, g = new_x, new_value, new_g
                problem.note(x, value, g, length)
            if np.abs(g).max() <= tolerance:
                stopped = f"No entry of the gradient is beyond {tolerance:g}."
        except _Spent:
            stopped = f"The budget of {problem.budget} values is spent."
    return problem.result(method, stopped)


# ---- Newton -------------------------------------------------------------------------------------


def newton_direction(Q: np.ndarray, g: np.ndarray, damped: bool = True) -> np.ndarray:
    """Return minus the inverse of Q times g; damped, with Q shifted until all curvature is up."""
    shift = 0.0
    if damped:
        curvatures = np.linalg.eigvalsh(Q)
        least = 1e-3 * np.abs(curvatures).max()
        if curvatures[0] <= 1e-8 * least:
            shift = least - curvatures[0]
    return np.linalg.solve(Q + shift * np.eye(g.size), -g)


class _Newton(_Steepest):
    def __init__(self, problem, damped):
        self.problem, self.damped = problem, damped

    def direction(self, x, g):
        Q = self.problem.hessian(x)
        if not np.isfinite(Q).all():
            raise ValueError(
                f"{self.problem.objective.name}: the Hessian is not finite at a point."
            )
        try:
            return newton_direction(Q, g, self.damped)
        except np.linalg.LinAlgError:
            if self.damped:  # a Hessian of zeros
                return -g
            raise ValueError(
                "The Hessian has no inverse at a point of this run. damped=True shifts it."
            ) from None


@explain_arguments
def newton(
    f: Objective | Callable,
    gradient: Callable | None = None,
    hessian: Callable | None = None,
    *,
    start=None,
    steps: int = 100,
    damped: bool = True,
    tolerance: float = 1e-6,
    budget: int | None = None,
) -> Descent:
    r"""Minimize by Newton's method.

    .. math:: x_t = x_{t-1} - \alpha_t\, (Q_t + \tau_t I)^{-1} g_t

    Damped, the shift :math:`\tau_t` is 0 where all curvatures of the Hessian :math:`Q_t` are above
    0 (by 1e-11 of the largest), and lifts the least of them to a thousandth of the largest
    elsewhere; a line search chooses
    :math:`\alpha_t`, with 1 as its first trial. Not damped, there is neither.

    Parameters
    ----------
    f : Objective or callable
        The surface, or a function of a vector.
    gradient, hessian : callable, optional
        Of the function; those of an Objective are its own. Without a Hessian, differences of the
        gradient: 2 d of them, counted as one Hessian.
    start : array, optional
        The first point; that of the Objective by default.
    steps : int, default 100
        How many steps to take at most.
    damped : bool, default True
        Whether to shift and to search.
    tolerance : float, default 1e-6
        Stop where no entry of the gradient is beyond it.
    budget : int, optional
        How many values to ask for at most.

    Returns
    -------
    Descent
        The points, values and gradients, what they cost, and why the run ended.

    Raises
    ------
    TypeError, ValueError
        If functions, start or settings do not fit.

    Examples
    --------
    >>> d2l.newton(d2l.rosenbrock).steps
    26
    >>> d2l.newton(d2l.bowl, damped=False).steps  # a quadratic
    1
    """
    damped = true_or_false(damped, "damped")
    problem = _Problem("newton", f, gradient, hessian, start, budget)
    way = _Newton(problem, damped)
    method = Method("newton", {"damped": damped})
    return _descend(problem, method, way, steps=steps, tolerance=tolerance, search=damped)


@explain_arguments
def hessian_product(gradient: Callable, x, v, h: float | None = None) -> np.ndarray:
    r"""Return the Hessian times a vector, from two gradients.

    .. math:: Q v \approx \frac{\nabla f(x + h v) - \nabla f(x - h v)}{2h}

    Parameters
    ----------
    gradient : callable
        A function of a vector.
    x, v : array of shape (d,)
        Where, and times what.
    h : float, optional
        How far the largest entry moves; by default 6e-6, times the largest entry of the point if
        that is above 1: near the cube root of the precision, as in `numerical_gradient`.

    Returns
    -------
    array of shape (d,)
        The product.

    Raises
    ------
    TypeError, ValueError
        If the gradient is not a function, or shapes do not fit.

    Examples
    --------
    >>> d2l.hessian_product(d2l.bowl.gradient, [1.0, 1.0], [1.0, 2.0]).round(6).tolist()
    [0.2, 8.0]
    """
    if not callable(gradient) or isinstance(gradient, type):
        raise TypeError(f"The gradient must be a function of a vector, but is {shown(gradient)}.")
    takes(gradient, "The gradient", "x")
    x = np.array(float_array(x, "The point"), dtype=float)
    v = np.array(float_array(v, "The vector"), dtype=float)
    same_shape(v, x, "The vector", "the point")
    size = np.abs(v).max(initial=0)
    if size == 0:
        return np.zeros_like(x)
    h = 6e-6 * max(1.0, np.abs(x).max()) if h is None else number(h, "h")
    if not h > 0:
        raise ValueError(f"h must be above 0, but is {h!r}: differences need a step.")
    unit = v / size  # its largest entry is 1, so that h is in units of the point
    with np.errstate(all="ignore"):
        sides = [
            float_array(gradient(x + k * unit), "The gradient beside the point") for k in (h, -h)
        ]
        same_shape(sides[0], x, "The gradient", "the point")
        return (sides[0] - sides[1]) / (2 * h) * size


class _NewtonCG(_Steepest):
    def __init__(self, problem, product):
        self.problem, self.product = problem, product

    def direction(self, x, g):
        """Solve Q d = -g roughly, by conjugate gradients, up to a curvature that is not up."""
        size = np.linalg.norm(g)
        enough = min(0.1, np.sqrt(size)) * size
        d, r, p = np.zeros_like(g), g, -g
        for k in range(2 * g.size):
            Qp = self.times(x, p)
            bend = p @ Qp
            if not bend > 0:
                return d if k else -g
            alpha = r @ r / bend
            d, new = d + alpha * p, r + alpha * Qp
            if np.linalg.norm(new) <= enough:
                break
            r, p = new, -new + (new @ new) / (r @ r) * p
        return d

    def times(self, x, p):
        problem = self.problem
        problem.counts["product"] += 1
        if self.product is not None:
            Qp = np.asarray(self.product(x.reshape(problem.shape), p), dtype=float)
            if Qp.size != p.size:
                raise ValueError(
                    f"The product with the Hessian must have {p.size} entries, as the start has, "
                    f"but has the shape {Qp.shape}."
                )
            return Qp.ravel()
        h = 6e-6 * max(1.0, np.abs(x).max()) / np.abs(p).max()
        return (problem.gradient(x + h * p) - problem.gradient(x - h * p)) / (2 * h)


@explain_arguments
def newton_cg(
    f: Objective | Callable,
    gradient: Callable | None = None,
    product: Callable | None = None,
    *,
    start=None,
    steps: int = 100,
    tolerance: float = 1e-6,
    budget: int | None = None,
) -> Descent:
    r"""Minimize by Newton's method without a Hessian: its equation is solved roughly, by products.

    Conjugate gradients solve :math:`Q d = -g` until the residual is
    :math:`\min(\tfrac{1}{10}, \sqrt{\norm{g}})` times :math:`\norm{g}`, or until they meet
    curvature that is not above 0: algorithm 7.1 of Nocedal and Wright (2006), which has a half for
    the tenth.

    Parameters
    ----------
    f : Objective or callable
        The surface, or a function of a vector.
    gradient : callable, optional
        Of the function; that of an Objective is its own.
    product : callable, optional
        A function of a point and a vector, the Hessian there times the vector. Without it two
        gradients, which are counted.
    start : array, optional
        The first point; that of the Objective by default.
    steps : int, default 100
        How many steps to take at most.
    tolerance : float, default 1e-6
        Stop where no entry of the gradient is beyond it.
    budget : int, optional
        How many values to ask for at most.

    Returns
    -------
    Descent
        The points, values and gradients, what they cost, and why the run ended.

    Raises
    ------
    TypeError, ValueError
        If functions, start or settings do not fit.

    Examples
    --------
    >>> d2l.newton_cg(d2l.rosenbrock).x[-1].round(6).tolist()
    [1.0, 1.0]
    """
    if product is not None:
        if not callable(product):
            raise TypeError(f"product must be a function of x and v, but is {shown(product)}.")
        takes(product, "product", "x", "v")
    problem = _Problem("newton_cg", f, gradient, None, start, budget)
    way = _NewtonCG(problem, product)
    return _descend(problem, Method("newton_cg"), way, steps=steps, tolerance=tolerance)


@explain_arguments
def gauss_newton(
    residuals: Callable,
    jacobian: Callable,
    start=None,
    *,
    damping: float = 1e-3,
    steps: int = 100,
    tolerance: float = 1e-6,
) -> Descent:
    r"""Minimize half a sum of squares by the method of Gauss and Newton.

    .. math::
        f(x) = \tfrac12 \norm{r(x)}^2, \qquad
        x_t = x_{t-1} - (J^\top J + \tau_t I)^{-1} J^\top r

    With damping, after Levenberg (1944) and Marquardt (1963, who scales the coordinates first),
    :math:`\tau_1` is the damping times the largest entry on the diagonal of :math:`J^\top J`; a
    step that lowers the value is taken, and :math:`\tau` divided by 3; another is not, and
    :math:`\tau` is doubled.

    Parameters
    ----------
    residuals : callable
        A function of a vector of d parameters: a vector of n residuals.
    jacobian : callable
        Its derivatives, of shape (n, d).
    start : array of shape (d,)
        The first point.
    damping : float, default 1e-3
        What :math:`\tau` starts with; 0 for none, and every step is taken.
    steps : int, default 100
        How many steps to try at most.
    tolerance : float, default 1e-6
        Stop where no entry of the gradient :math:`J^\top r` is beyond it.

    Returns
    -------
    Descent
        The points, values and gradients; residuals count as values.

    Raises
    ------
    TypeError, ValueError
        If functions, shapes or settings do not fit.

    Examples
    --------
    >>> t = np.arange(5.0)
    >>> run = d2l.gauss_newton(
    ...     lambda x: x[0] * np.exp(-x[1] * t) - 2 * np.exp(-0.5 * t),
    ...     lambda x: np.stack([np.exp(-x[1] * t), -x[0] * t * np.exp(-x[1] * t)], axis=1),
    ...     start=[1.0, 1.0],
    ... )
    >>> run.x[-1].round(4).tolist()
    [2.0, 0.5]
    """
    for function, what in ((residuals, "residuals"), (jacobian, "jacobian")):
        if not callable(function) or isinstance(function, type):
            raise TypeError(f"{what} must be a function of a vector, but is {shown(function)}.")
        takes(function, what, "x")
    if start is None:
        raise TypeError("gauss_newton needs a start, as in start=[1.0, 2.0].")
    damping, tolerance = number(damping, "damping"), number(tolerance, "tolerance")
    if damping < 0 or tolerance < 0:
        raise ValueError("damping and tolerance must not be negative.")
    steps = whole_number(steps, "steps", 0)

    def value(x):
        r = np.asarray(residuals(x), dtype=float)
        return 0.5 * np.sum(r * r)

    def slope(x):
        return jacobian(x).T @ residuals(x)

    problem = _Problem("gauss_newton", value, slope, None, start)
    x = problem.x.reshape(problem.shape)
    if x.ndim != 1:
        raise ValueError("gauss_newton needs a vector of parameters as its start.")

    def evaluate(x):
        r = float_array(residuals(x), "The residuals")
        problem.counts["value"] += 1
        return r, 0.5 * float(r @ r)

    def differentiate(x):
        J = float_array(jacobian(x), "The Jacobian")
        problem.counts["jacobian"] += 1
        if J.shape != (r.size, x.size):
            raise ValueError(
                f"The Jacobian must have a row for each of the {r.size} residuals and a column for "
                f"each of the {x.size} parameters, but has the shape {J.shape}."
            )
        return J

    r = float_array(residuals(x), "The residuals")
    if r.ndim != 1:
        raise ValueError(f"The residuals must be a vector, but have the shape {r.shape}.")
    stopped = f"It tried all its {plural(steps, 'step')}."
    with np.errstate(all="ignore"):
        problem.counts["value"] += 1
        f = 0.5 * float(r @ r)
        J = differentiate(x)
        g = J.T @ r
        problem.note(x, f, g)
        tau = damping * max((J * J).sum(axis=0).max(), 1e-300)
        for _ in with_bar(range(steps)):
            if np.abs(g).max() <= tolerance:
                break
            try:
                d = np.linalg.solve(J.T @ J + tau * np.eye(x.size), -g)
            except np.linalg.LinAlgError:
                stopped = "J'J has no inverse: damping above 0 would give it one."
                break
            try:
                new_r, new_f = evaluate(x + d)
            except ValueError:  # residuals that are not finite
                new_r, new_f = r, math.inf
            if damping and not new_f < f:
                tau *= 2
                if tau > 1e16 * max((J * J).sum(axis=0).max(), 1e-300):
                    stopped = "No step lowers the value any more."
                    break
                continue
            if not math.isfinite(new_f):
                stopped = "The residuals at the next point are not finite."
                break
            x, r, f = x + d, new_r, new_f
            J = differentiate(x)
            g, tau = J.T @ r, tau / 3
            problem.note(x, f, g, 1.0)
        if np.abs(g).max() <= tolerance:
            stopped = f"No entry of the gradient is beyond {tolerance:g}."
    return problem.result(Method("gauss_newton", {"damping": damping}), stopped)


# ---- conjugate gradients ------------------------------------------------------------------------


@explain_arguments
def conjugate_gradient(
    Q,
    b=None,
    start=None,
    *,
    steps: int | None = None,
    tolerance: float = 0.0,
    preconditioner: Callable | None = None,
) -> Descent:
    r"""Minimize :math:`\tfrac12 x^\top Q x - b^\top x`, that is, solve :math:`Qx = b`.

    .. math::
        \alpha_t = \frac{r^\top z}{d^\top Q d}, \quad
        x_t = x_{t-1} + \alpha_t d, \quad
        r \leftarrow r - \alpha_t Q d, \quad
        d \leftarrow z + \frac{r^\top z}{(r^\top z)_{\text{before}}}\, d

    Here r is the residual :math:`b - Qx`, and z is r, or what the preconditioner makes of it
    (Hestenes and Stiefel, 1952).

    Parameters
    ----------
    Q : array of shape (d, d) or callable
        A symmetric matrix with curvature above 0 in every direction, or a function that multiplies
        a vector by it.
    b : array of shape (d,), optional
        By default zero, with all ones as the start.
    start : array of shape (d,), optional
        The first point; zero by default.
    steps : int, optional
        How many steps to take at most; by default the number d of coordinates.
    tolerance : float, default 0
        Stop where no entry of the residual is beyond it.
    preconditioner : callable, optional
        A function of r, such as division by the diagonal of Q: symmetric, and up in every
        direction.

    Returns
    -------
    Descent
        The points, values and gradients :math:`Qx - b`, and the number of products.

    Raises
    ------
    TypeError, ValueError
        If matrix, shapes or settings do not fit.

    Examples
    --------
    >>> run = d2l.conjugate_gradient([[2.0, 1.0], [1.0, 3.0]], [3.0, 4.0])
    >>> run.x[-1].round(9).tolist()
    [1.0, 1.0]
    """
    if callable(Q) and not hasattr(Q, "__array__"):
        takes(Q, "Q", "v")
        times = Q
        if b is None:
            raise TypeError("Where Q is a function, conjugate_gradient needs b, as a vector.")
    else:
        matrix = float_array(Q, "The matrix")
        square = matrix.ndim == 2 and matrix.shape[0] == matrix.shape[1] > 1
        slack = 1e-8 * np.abs(matrix).max(initial=0.0)  # so that small entries are compared too
        if not square or not np.allclose(matrix, matrix.T, atol=slack):
            raise ValueError(
                "conjugate_gradient needs a square, symmetric matrix of two rows or more; got the "
                f"shape {matrix.shape}. For other matrices A, Q = A.T @ A and b = A.T @ y fit y."
            )

        def times(v):
            return matrix @ v

    if b is None:
        b, start = np.zeros(len(matrix)), np.ones(len(matrix)) if start is None else start
    b = np.array(float_array(b, "b"), dtype=float)
    if b.ndim != 1 or b.size < 2:
        raise ValueError(f"b must be a vector of two numbers or more, but has shape {b.shape}.")
    if not callable(Q):
        same_shape(b, matrix[0], "b", "a row of the matrix")
    x = np.zeros_like(b) if start is None else np.array(float_array(start, "The start"), float)
    same_shape(x, b, "The start", "b")
    if preconditioner is not None:
        if not callable(preconditioner):
            raise TypeError(
                f"The preconditioner must be a function of r, but is {shown(preconditioner)}."
            )
        takes(preconditioner, "The preconditioner", "r")
    steps = b.size if steps is None else whole_number(steps, "steps", 0)
    tolerance = number(tolerance, "tolerance")

    def multiply(v):
        problem.counts["product"] += 1
        return same(times(v), "The product with Q")

    def same(v, name):
        v = float_array(v, name)
        same_shape(v, b, name, "b")
        return v

    def surface_value(x):
        return 0.5 * x @ times(x) - b @ x

    surface = Objective("quadratic", surface_value, lambda x: times(x) - b, start=x)
    problem = _Problem("conjugate_gradient", surface, None, None, None)
    stopped = f"It took all its {plural(steps, 'step')}."
    r = b - multiply(x)
    z = r if preconditioner is None else same(preconditioner(r), "What the preconditioner returns")
    d, rz = z, r @ z
    problem.note(x, -0.5 * x @ (r + b), -r)  # x'Qx/2 - b'x, from the residual
    for _ in with_bar(range(steps)):
        if np.abs(r).max() <= tolerance or rz == 0:
            stopped = f"No entry of the residual is beyond {tolerance:g}."
            break
        Qd = multiply(d)
        bend = d @ Qd
        if not bend > 0 or not rz > 0:
            if np.abs(r).max() <= 1e3 * ROUNDING * max(np.abs(b).max(), np.abs(x).max()):
                stopped = "What is left of the residual is rounding."
                break
            what = "Q" if rz > 0 else "the preconditioner"
            raise ValueError(
                f"Conjugate gradients met a direction in which {what} has no curvature above 0: "
                "the matrix must be positive definite."
            )
        alpha = rz / bend
        x, r = x + alpha * d, r - alpha * Qd
        z = r if preconditioner is None else same(preconditioner(r), "The preconditioner's result")
        before, rz = rz, r @ z
        d = z + rz / before * d
        problem.note(x, -0.5 * x @ (r + b), -r, alpha)
    return problem.result(Method("conjugate_gradient"), stopped)


def cg_beta(variant: str, new: np.ndarray, old: np.ndarray) -> float:
    """Return how much of the last direction is kept, from the new gradient and the old one."""
    if variant == "fletcher-reeves":
        return new @ new / (old @ old)
    return max(0.0, new @ (new - old) / (old @ old))  # "polak-ribiere", never below 0


class _ConjugateGradient(_Steepest):
    def __init__(self, variant):
        self.variant, self.d, self.g, self.beta = variant, None, None, 0.0
        self.length = self.slope = None

    def direction(self, x, g):
        self.d = -g if self.d is None else -g + self.beta * self.d
        self.g = g
        return self.d

    def learn(self, s, y, g):
        self.beta = cg_beta(self.variant, g, self.g)
        self.length, self.slope = np.linalg.norm(s) / np.linalg.norm(self.d), self.g @ self.d

    def forget(self):
        known = self.beta != 0 and self.d is not None
        if known:
            self.d = self.length = None
        return known

    def trial(self, x, g, d):
        if self.length is None:
            return min(1.0, 1 / np.abs(g).sum())
        return min(1e3 * self.length, self.length * self.slope / (g @ d))


@explain_arguments
def nonlinear_cg(
    f: Objective | Callable,
    gradient: Callable | None = None,
    start=None,
    variant: str = "polak-ribiere",
    *,
    steps: int = 1000,
    tolerance: float = 1e-6,
    budget: int | None = None,
    exact: bool = False,
) -> Descent:
    r"""Minimize by conjugate gradients where the surface is no quadratic.

    .. math::
        d_t = -g_t + \beta_t d_{t-1}, \qquad
        \beta_t^{\text{FR}} = \frac{g_t^\top g_t}{g_{t-1}^\top g_{t-1}}, \quad
        \beta_t^{\text{PR}} =
            \max\Bigl(0, \frac{g_t^\top (g_t - g_{t-1})}{g_{t-1}^\top g_{t-1}}\Bigr)

    A line search with strong Wolfe conditions and :math:`c_2 = 0.1` chooses the step. A direction
    that does not lead down is replaced by the negative gradient.

    Parameters
    ----------
    f : Objective or callable
        The surface, or a function of a vector.
    gradient : callable, optional
        Of the function; that of an Objective is its own.
    start : array, optional
        The first point; that of the Objective by default.
    variant : {"polak-ribiere", "fletcher-reeves"}, default "polak-ribiere"
        Whose :math:`\beta_t` (Polak and Ribière, 1969; Fletcher and Reeves, 1964).
    steps : int, default 1000
        How many steps to take at most.
    tolerance : float, default 1e-6
        Stop where no entry of the gradient is beyond it.
    budget : int, optional
        How many values to ask for at most.
    exact : bool, default False
        Take the step to the minimum of the parabola along the direction, from the Hessian: exact on
        a quadratic.

    Returns
    -------
    Descent
        The points, values and gradients, what they cost, and why the run ended.

    Raises
    ------
    TypeError, ValueError
        If functions, start or settings do not fit.

    Examples
    --------
    >>> d2l.nonlinear_cg(d2l.rosenbrock).x[-1].round(4).tolist()
    [1.0, 1.0]
    """
    if variant not in ("polak-ribiere", "fletcher-reeves"):
        raise ValueError(
            f"variant must be 'polak-ribiere' or 'fletcher-reeves', but is {shown(variant)}."
        )
    exact = true_or_false(exact, "exact")
    problem = _Problem("nonlinear_cg", f, gradient, None, start, budget)
    return _descend(
        problem,
        Method("nonlinear_cg", {"variant": variant}),
        _ConjugateGradient(variant),
        steps=steps,
        tolerance=tolerance,
        c2=0.1,
        exact=exact,
    )


# ---- quasi-Newton -------------------------------------------------------------------------------


def bfgs_update(P: np.ndarray, s: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return an inverse Hessian P after a step s over which the gradient changed by y."""
    rho, Py = 1 / (s @ y), P @ y  # the equation multiplied out: no product of two matrices
    back = rho * (1 + rho * (y @ Py)) * np.outer(s, s)
    return P - rho * (np.outer(s, Py) + np.outer(Py, s)) + back


def two_loop(g: np.ndarray, steps: Sequence, changes: Sequence, scale: float = 1.0) -> np.ndarray:
    """Return the inverse Hessian of all these steps, oldest first, times g, without a matrix."""
    q, weights = np.array(g, dtype=float), []
    for s, y in zip(reversed(steps), reversed(changes), strict=True):
        a = s @ q / (s @ y)
        q = q - a * y
        weights.append(a)
    r = scale * q
    for s, y, a in zip(steps, changes, reversed(weights), strict=True):
        r = r + (a - y @ r / (s @ y)) * s
    return r


def _bends(s, y) -> bool:
    """Say whether the gradient has changed as over a valley: otherwise a pair is left out."""
    return s @ y > 1e-12 * np.linalg.norm(s) * np.linalg.norm(y)


class _QuasiNewton(_Steepest):
    def __init__(self, memory, scaling):
        self.memory, self.scaling = memory, scaling
        self.forget()

    def direction(self, x, g):
        if self.memory is None:
            return -g if self.P is None else -self.P @ g
        return -two_loop(g, self.steps, self.changes, self.scale)

    def learn(self, s, y, g):
        if not _bends(s, y):
            return
        if self.scaling == "newest" or (self.scaling == "first" and not self.known):
            self.scale = s @ y / (y @ y)
        if self.memory is None:
            P = self.scale * np.eye(s.size) if self.P is None else self.P
            self.P = bfgs_update(P, s, y)
        else:
            self.steps, self.changes = (
                [*kept, new][-self.memory :] for kept, new in ((self.steps, s), (self.changes, y))
            )
        self.known = True

    def forget(self):
        known = getattr(self, "known", False)
        self.P, self.steps, self.changes, self.scale, self.known = None, [], [], 1.0, False
        return known

    def trial(self, x, g, d):
        return 1.0 if self.known else min(1.0, 1 / np.abs(g).sum())


@explain_arguments
def bfgs(
    f: Objective | Callable,
    gradient: Callable | None = None,
    *,
    start=None,
    steps: int = 1000,
    tolerance: float = 1e-6,
    scaling: str = "first",
    budget: int | None = None,
    exact: bool = False,
) -> Descent:
    r"""Minimize by the method of Broyden, Fletcher, Goldfarb and Shanno.

    .. math::
        x_t = x_{t-1} - \alpha_t P_{t-1} g_t, \qquad
        P_t = (I - \rho\, s y^\top)\, P_{t-1}\, (I - \rho\, y s^\top) + \rho\, s s^\top,
        \quad \rho = \frac{1}{s^\top y}

    with the step :math:`s = x_t - x_{t-1}` and the change :math:`y = g_{t+1} - g_t` of the gradient
    over it. P is d × d, and :math:`P_t y = s`.

    Parameters
    ----------
    f : Objective or callable
        The surface, or a function of a vector.
    gradient : callable, optional
        Of the function; that of an Objective is its own.
    start : array, optional
        The first point; that of the Objective by default.
    steps : int, default 1000
        How many steps to take at most.
    tolerance : float, default 1e-6
        Stop where no entry of the gradient is beyond it.
    scaling : {"first", "none"}, default "first"
        What :math:`P_0` is: the identity times :math:`s^\top y / y^\top y` of the first step, once
        that is known, or the identity.
    budget : int, optional
        How many values to ask for at most.
    exact : bool, default False
        Take the step to the minimum of the parabola along the direction, from the Hessian: exact on
        a quadratic.

    Returns
    -------
    Descent
        The points, values and gradients, what they cost, and why the run ended.

    Raises
    ------
    TypeError, ValueError
        If functions, start or settings do not fit.

    Examples
    --------
    >>> d2l.bfgs(d2l.rosenbrock).x[-1].round(6).tolist()
    [1.0, 1.0]
    """
    if scaling not in ("first", "none"):
        raise ValueError(f"scaling must be 'first' or 'none', but is {shown(scaling)}.")
    exact = true_or_false(exact, "exact")
    problem = _Problem("bfgs", f, gradient, None, start, budget)
    way = _QuasiNewton(None, scaling)
    return _descend(problem, Method("bfgs"), way, steps=steps, tolerance=tolerance, exact=exact)


@explain_arguments
def lbfgs(
    f: Objective | Callable,
    gradient: Callable | None = None,
    *,
    start=None,
    memory: int = 10,
    steps: int = 1000,
    tolerance: float = 1e-6,
    scaling: str = "newest",
    budget: int | None = None,
    exact: bool = False,
) -> Descent:
    r"""Minimize by BFGS with a limited memory.

    The last `memory` steps and changes of the gradient stand for the matrix of `bfgs`; two loops
    over them give its product with the gradient (Liu and Nocedal, 1989).

    Parameters
    ----------
    f : Objective or callable
        The surface, or a function of a vector.
    gradient : callable, optional
        Of the function; that of an Objective is its own.
    start : array, optional
        The first point; that of the Objective by default.
    memory : int, default 10
        How many pairs to keep: 2 · memory · d numbers.
    steps : int, default 1000
        How many steps to take at most.
    tolerance : float, default 1e-6
        Stop where no entry of the gradient is beyond it.
    scaling : {"newest", "first", "none"}, default "newest"
        What the matrix is before the pairs are put in: the identity times
        :math:`s^\top y / y^\top y` of the newest pair or of the first one, or the identity.
    budget : int, optional
        How many values to ask for at most.
    exact : bool, default False
        Take the step to the minimum of the parabola along the direction, from the Hessian: exact on
        a quadratic.

    Returns
    -------
    Descent
        The points, values and gradients, what they cost, and why the run ended.

    Raises
    ------
    TypeError, ValueError
        If functions, start or settings do not fit.

    Examples
    --------
    >>> d2l.lbfgs(d2l.rosenbrock).x[-1].round(6).tolist()
    [1.0, 1.0]
    """
    if scaling not in ("newest", "first", "none"):
        raise ValueError(f"scaling must be 'newest', 'first' or 'none', but is {shown(scaling)}.")
    memory, exact = whole_number(memory, "memory", 1), true_or_false(exact, "exact")
    problem = _Problem("lbfgs", f, gradient, None, start, budget)
    way = _QuasiNewton(memory, scaling)
    method = Method("lbfgs", {"memory": memory})
    return _descend(problem, method, way, steps=steps, tolerance=tolerance, exact=exact)


@explain_arguments
def flatten(parameters: Parameters) -> tuple[np.ndarray, Callable[[np.ndarray], Parameters]]:
    """Return parameters as one vector, and the function that makes them of such a vector again.

    Parameters
    ----------
    parameters : array, or list or dict of arrays
        The parameters of a model.

    Returns
    -------
    vector : array of shape (d,)
        All their entries, in double precision.
    restore : callable
        Makes of a vector an array, or a list or dict of arrays, shaped like the parameters: copies,
        in double precision.

    Raises
    ------
    TypeError, ValueError
        If these are no parameters; from the function, if a vector has another length.

    Examples
    --------
    >>> vector, restore = d2l.flatten({"w": np.ones((2, 2)), "b": np.zeros(1)})
    >>> vector.tolist(), restore(vector)["w"].shape
    ([1.0, 1.0, 1.0, 1.0, 0.0], (2, 2))
    """
    parameters = as_parameters(parameters, "The parameters")
    many = isinstance(parameters, (list, dict))
    named = items(parameters) if many else [("", np.asarray(parameters))]
    parts = [(name, np.asarray(part)) for name, part in named]
    vector = np.concatenate([np.zeros(0), *(part.ravel() for _, part in parts)]).astype(float)

    def restore(vector):
        vector = float_array(vector, "The vector")
        if vector.shape != (size,):
            raise ValueError(f"The vector must have the shape ({size},), but has {vector.shape}.")
        pieces, place = {}, 0
        for name, part in parts:
            pieces[name] = vector[place : place + part.size].reshape(part.shape).copy()
            place += part.size
        return like(parameters, pieces) if many else pieces[""]

    size = vector.size
    return vector, restore
