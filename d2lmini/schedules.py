"""Learning-rate schedules: functions of the number of steps already taken, as Keras calls them.

Pass one as the `learning_rate` of any rule. The first step asks for step 0. Those that
`tf.keras.optimizers.schedules` has too have its names and arguments; `InverseRootDecay`, `Warmup`,
`OneCycle` and `WarmupStableDecay` are not in Keras.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from d2lmini.checks import (
    explain_arguments,
    float_array,
    kind,
    number,
    shown,
    unchangeable,
    whole_number,
)
from d2lmini.rule import is_schedule, refuse_other_arguments

# What an argument must be, beside a number that is not negative.
FRACTIONS = {"alpha": "it is a fraction of the initial rate", "pct_start": "it is a fraction"}
POSITIVE = {
    "decay_steps": "steps are divided by it",
    "first_decay_steps": "steps are divided by it",
    "div_factor": "the rate is divided by it",
    "final_div_factor": "the rate is divided by it",
}
SWITCHES = ("staircase", "cycle")


class _Schedule:
    """What schedules share: their numbers are checked when they are made."""

    def __post_init__(self) -> None:
        for field in fields(self):
            label, given = f"{type(self).__name__}: {field.name}", getattr(self, field.name)
            if field.name in SWITCHES:
                if not isinstance(given, bool):
                    raise TypeError(f"{label} must be True or False, but is {shown(given)}.")
                continue
            if (given is None and field.default is None) or field.name == "schedule":
                continue
            many = isinstance(given, np.ndarray)
            value = float_array(given, label) if many else number(given, label)
            if np.any(value < 0):
                raise ValueError(f"{label} must not be negative, but is {shown(given)}.")
            if np.any(value > 1) and field.name in FRACTIONS:
                raise ValueError(
                    f"{label} must be at most 1, because {FRACTIONS[field.name]}, "
                    f"but is {shown(given)}."
                )
            if np.any(value == 0) and field.name in POSITIVE:
                raise ValueError(f"{label} must be above 0: {POSITIVE[field.name]}.")
        try:
            _ = self.shape
        except ValueError:
            shapes = {f.name: np.shape(getattr(self, f.name)) for f in fields(self)}
            raise ValueError(
                f"{type(self).__name__}: these arrays do not fit together, with the shapes "
                f"{shapes}. For runs side by side give them one shape."
            ) from None

    def _count(self, step: int) -> float:
        """Return how many steps have been taken, or say what was expected."""
        return _taken(step)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the rates: () for one, otherwise that of the runs side by side."""
        return np.broadcast_shapes(*(np.shape(getattr(self, field.name)) for field in fields(self)))


def _taken(step: Any) -> float:
    """Return a number of steps taken, or say what was expected."""
    k = step if type(step) is int else number(step, "step")
    if k < 0:
        raise ValueError(f"step counts the steps taken, from 0 on, but is {shown(step)}.")
    return k


def _half_wave(done: Any) -> Any:
    """Return half a cosine wave, which falls from 1, where `done` is 0, to 0, where it is 1."""
    cosine = np.cos if np.ndim(done) else math.cos  # a float from floats
    return 0.5 * (1 + cosine(math.pi * done))


def _floor(p: Any) -> Any:
    return np.floor(p) if np.ndim(p) else math.floor(p)


def _whole(schedule: Any, *names: str) -> None:
    """Check that these arguments of a schedule are whole numbers."""
    for name in names:
        whole_number(getattr(schedule, name), f"{type(schedule).__name__}: {name}", 0)


@explain_arguments
@unchangeable
@dataclass(frozen=True)
class ExponentialDecay(_Schedule):
    r"""Multiply the rate by `decay_rate` every `decay_steps` steps, smoothly or in stairs.

    .. math:: \eta_k = \eta_0 d^{k / K}

    Parameters
    ----------
    initial_learning_rate : float
        :math:`\eta_0`.
    decay_steps : float
        :math:`K`, in steps.
    decay_rate : float
        :math:`d`. Above 1, the rate rises.
    staircase : bool, default False
        Whether to round the exponent down: then the rate changes every :math:`K` steps only.

    Examples
    --------
    >>> d2l.ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)(20)
    0.025
    >>> d2l.ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5, staircase=True)(19)
    0.05
    """

    initial_learning_rate: float
    decay_steps: float
    decay_rate: float
    staircase: bool = False

    def __call__(self, step: int) -> float:
        """Return the rate after `step` steps."""
        p = self._count(step) / self.decay_steps
        p = _floor(p) if self.staircase else p
        return self.initial_learning_rate * self.decay_rate**p


@explain_arguments
@unchangeable
@dataclass(frozen=True)
class InverseTimeDecay(_Schedule):
    r"""Divide the rate by a number that grows linearly, smoothly or in stairs.

    .. math:: \eta_k = \frac{\eta_0}{1 + d k / K}

    Parameters
    ----------
    initial_learning_rate : float
        :math:`\eta_0`.
    decay_steps : float
        :math:`K`, in steps.
    decay_rate : float
        :math:`d`.
    staircase : bool, default False
        Whether to round :math:`k / K` down: then the rate changes every :math:`K` steps only.

    Examples
    --------
    >>> d2l.InverseTimeDecay(0.1, decay_steps=10, decay_rate=1.0)(10)
    0.05
    """

    initial_learning_rate: float
    decay_steps: float
    decay_rate: float
    staircase: bool = False

    def __call__(self, step: int) -> float:
        """Return the rate after `step` steps."""
        k = self._count(step)
        if self.staircase:
            return self.initial_learning_rate / (1 + self.decay_rate * _floor(k / self.decay_steps))
        return self.initial_learning_rate / (1 + self.decay_rate * k / self.decay_steps)


@explain_arguments
@unchangeable
@dataclass(frozen=True)
class InverseRootDecay(_Schedule):
    r"""Divide the rate by a root that grows with the steps.

    .. math:: \eta_k = \frac{\eta_0}{\sqrt{1 + k / K}}

    With :math:`K = 1` it is :math:`\eta_0 / \sqrt t` at step :math:`t`. After a warm-up of
    :math:`K` steps it is the schedule of Vaswani et al. (2017), one step late. Keras does not
    have it.

    Parameters
    ----------
    initial_learning_rate : float
        :math:`\eta_0`.
    decay_steps : float, default 1
        :math:`K`, in steps: after :math:`3 K` of them the rate has halved.

    Examples
    --------
    >>> d2l.InverseRootDecay(0.1)(3)
    0.05
    """

    initial_learning_rate: float
    decay_steps: float = 1.0

    def __call__(self, step: int) -> float:
        """Return the rate after `step` steps."""
        return self.initial_learning_rate / (1 + self._count(step) / self.decay_steps) ** 0.5


@explain_arguments
@unchangeable
@dataclass(frozen=True)
class PiecewiseConstantDecay:
    """Hold the rate, and change it after given steps.

    Parameters
    ----------
    boundaries : sequence of int
        Increasing step numbers; up to and including the first, the first value holds.
    values : sequence of float
        The rates: one more than there are boundaries.

    Raises
    ------
    ValueError
        If the lengths do not fit or the boundaries do not increase.

    Examples
    --------
    >>> schedule = d2l.PiecewiseConstantDecay([10], [0.1, 0.01])
    >>> schedule(10), schedule(11)
    (0.1, 0.01)
    """

    boundaries: Sequence[int]
    values: Sequence[float]

    def __post_init__(self) -> None:
        for name, least in (("boundaries", None), ("values", 0)):
            given = getattr(self, name)
            if isinstance(given, str) or not isinstance(given, Sequence):
                raise TypeError(
                    f"PiecewiseConstantDecay: {name} must be a list of numbers, but is "
                    f"{kind(given)}."
                )
            for value in given:
                if least is None:
                    whole_number(value, f"PiecewiseConstantDecay: each of the {name}", 0)
                elif number(value, f"PiecewiseConstantDecay: each of the {name}") < 0:
                    raise ValueError(
                        f"PiecewiseConstantDecay: one of the rates is negative, {value!r}."
                    )
        if len(self.values) != len(self.boundaries) + 1:
            raise ValueError(
                f"{len(self.boundaries)} boundaries cut the steps into "
                f"{len(self.boundaries) + 1} stretches, so as many values are needed; "
                f"got {len(self.values)}."
            )
        if any(a >= b for a, b in zip(self.boundaries, self.boundaries[1:], strict=False)):
            raise ValueError(f"The boundaries must increase; got {list(self.boundaries)}.")

    def __call__(self, step: int) -> float:
        """Return the rate after `step` steps."""
        step = _taken(step)
        return self.values[sum(step > boundary for boundary in self.boundaries)]


@explain_arguments
@unchangeable
@dataclass(frozen=True)
class PolynomialDecay(_Schedule):
    r"""Lower the rate to another one along a power of the time that is left, then hold it.

    .. math:: \eta_k = (\eta_0 - \eta_K) \left(1 - \frac{\min(k, K)}{K}\right)^p + \eta_K

    With :math:`p = 1` it is a straight line.

    Parameters
    ----------
    initial_learning_rate : float
        :math:`\eta_0`.
    decay_steps : int
        :math:`K`, in steps.
    end_learning_rate : float, default 0.0001
        :math:`\eta_K`. Not 0, as one might expect: Keras' default.
    power : float, default 1
        :math:`p`.
    cycle : bool, default False
        Whether to start again instead of holding the rate. Then :math:`K` is multiplied by
        :math:`\lceil k / K \rceil`, so that each cycle starts lower than the one before.

    Examples
    --------
    >>> d2l.PolynomialDecay(0.1, decay_steps=10, end_learning_rate=0.0)(5)
    0.05
    """

    initial_learning_rate: float
    decay_steps: int
    end_learning_rate: float = 0.0001
    power: float = 1.0
    cycle: bool = False

    def __call__(self, step: int) -> float:
        """Return the rate after `step` steps."""
        k, K = self._count(step), self.decay_steps
        done = k / K
        if self.cycle:
            done = done / np.maximum(np.ceil(done), 1.0)
        left = 1 - np.minimum(done, 1.0)
        left = left if np.ndim(left) else float(left)
        fall = self.initial_learning_rate - self.end_learning_rate
        return fall * left**self.power + self.end_learning_rate


@explain_arguments
@unchangeable
@dataclass(frozen=True)
class CosineDecay(_Schedule):
    r"""Lower the rate along half a cosine wave, then hold it; first warm up, if asked to.

    .. math:: \eta_k = \eta_0 \left(\alpha + (1 - \alpha) \tfrac12
              (1 + \cos(\pi \min(k, K) / K))\right)

    With a `warmup_target` the rate first goes in a straight line from :math:`\eta_0` to the target,
    in `warmup_steps` steps, and then along the wave from the target, in :math:`K` further steps.

    Parameters
    ----------
    initial_learning_rate : float
        :math:`\eta_0`.
    decay_steps : int
        :math:`K`, in steps, not counting those of the warm-up.
    alpha : float, default 0
        The fraction of the highest rate that is left at the end.
    warmup_target : float, optional
        Where the warm-up ends. Without it there is none.
    warmup_steps : int, default 0
        How many steps it takes.

    Raises
    ------
    ValueError
        If there are `warmup_steps` without a `warmup_target`: Keras ignores them silently.

    Examples
    --------
    >>> round(d2l.CosineDecay(0.1, decay_steps=10)(5), 6)
    0.05
    >>> schedule = d2l.CosineDecay(0.0, decay_steps=10, warmup_target=0.1, warmup_steps=4)
    >>> schedule(0), schedule(2), schedule(4)
    (0.0, 0.05, 0.1)
    """

    initial_learning_rate: float
    decay_steps: int
    alpha: float = 0.0
    warmup_target: float | None = None
    warmup_steps: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        _whole(self, "warmup_steps")
        if self.warmup_target is None and self.warmup_steps > 0:
            raise ValueError(
                "CosineDecay: warmup_steps without a warmup_target would do nothing. Give the rate "
                "at which the warm-up ends; initial_learning_rate is where it starts."
            )

    def __call__(self, step: int) -> float:
        """Return the rate after `step` steps."""
        k, top = self._count(step), self.initial_learning_rate
        if self.warmup_target is not None:
            top = self.warmup_target
            if k < self.warmup_steps:
                rise = top - self.initial_learning_rate
                return rise * (k / self.warmup_steps) + self.initial_learning_rate
            k = k - self.warmup_steps
        done = np.minimum(k / self.decay_steps, 1.0)
        return top * (self.alpha + (1 - self.alpha) * _half_wave(done))


@explain_arguments
@unchangeable
@dataclass(frozen=True)
class CosineDecayRestarts(_Schedule):
    r"""Lower the rate along half a cosine wave, and start again, each time for longer.

    .. math:: \eta_k = \eta_0 \left(\alpha + (1 - \alpha) M^i \tfrac12
              (1 + \cos(\pi (k - k_i) / K_i))\right), \quad K_i = K M_t^i, \quad
              k_i = K_0 + \dots + K_{i-1}

    for :math:`k_i \le k < k_{i+1}` (Loshchilov and Hutter, 2017).

    Parameters
    ----------
    initial_learning_rate : float
        :math:`\eta_0`.
    first_decay_steps : int
        :math:`K`, the steps of the first wave.
    t_mul : float, default 2
        :math:`M_t`, at least 1: how many times longer each wave is than the one before.
    m_mul : float, default 1
        :math:`M`: how many times as high.
    alpha : float, default 0
        The fraction of the initial rate below which it does not fall.

    Examples
    --------
    >>> schedule = d2l.CosineDecayRestarts(0.1, first_decay_steps=10)
    >>> schedule(0), schedule(10), schedule(30)
    (0.1, 0.1, 0.1)
    """

    initial_learning_rate: float
    first_decay_steps: int
    t_mul: float = 2.0
    m_mul: float = 1.0
    alpha: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("first_decay_steps", "t_mul"):
            number(getattr(self, name), f"CosineDecayRestarts: {name}")
        if self.t_mul < 1:
            raise ValueError(
                "CosineDecayRestarts: t_mul must be at least 1, because waves that get shorter end "
                f"after a while, but is {shown(self.t_mul)}."
            )

    def __call__(self, step: int) -> float:
        """Return the rate after `step` steps."""
        done, length, height = self._count(step), self.first_decay_steps, 1.0
        while done >= length:
            done, length, height = done - length, length * self.t_mul, height * self.m_mul
        wave = height * _half_wave(done / length)
        return self.initial_learning_rate * (self.alpha + (1 - self.alpha) * wave)


@explain_arguments
@unchangeable
@dataclass(frozen=True)
class Warmup(_Schedule):
    r"""Raise the rate in a straight line, then follow a schedule.

    .. math:: \eta_k = \frac{k + 1}{W} \, s(0) \text{ for } k < W, \qquad
              \eta_k = s(k - W) \text{ from there on}

    Step :math:`t = k + 1` of the first :math:`W` gets :math:`t / W` of the rate: no step is wasted
    on a rate of 0, as the first one is in Keras' `CosineDecay` that warms up from 0.

    Parameters
    ----------
    schedule : float, array or callable
        :math:`s`: what follows. A number is a rate that is held; an array, those of runs side by
        side.
    warmup_steps : int
        :math:`W`, how many steps the rise takes.

    Examples
    --------
    >>> schedule = d2l.Warmup(d2l.CosineDecay(0.1, decay_steps=10), warmup_steps=4)
    >>> schedule(0), schedule(3), schedule(4), schedule(14)
    (0.025, 0.1, 0.1, 0.0)
    """

    schedule: Any
    warmup_steps: int

    def __post_init__(self) -> None:
        super().__post_init__()
        _whole(self, "warmup_steps")
        if is_schedule(self.schedule):
            refuse_other_arguments(self.schedule, "Warmup: schedule")
        elif callable(self.schedule):  # a class or a rule
            raise TypeError(
                "Warmup: schedule must be a rate or an instance of a schedule, such as "
                f"d2l.CosineDecay(0.1, 90), but is {shown(self.schedule)}. A rule takes the whole: "
                "d2l.SGD(d2l.Warmup(0.1, 10))."
            )
        else:
            many = isinstance(self.schedule, np.ndarray)  # rates side by side
            value = (float_array if many else number)(self.schedule, "Warmup: schedule")
            if np.any(value < 0):
                raise ValueError(
                    f"Warmup: schedule must not be a negative rate, but is {shown(self.schedule)}."
                )

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the rates of the schedule that follows."""
        return getattr(self.schedule, "shape", ())

    def __call__(self, step: int) -> float:
        """Return the rate after `step` steps."""
        k, W = self._count(step), self.warmup_steps
        after = self.schedule if callable(self.schedule) else lambda k: self.schedule
        return after(0) * ((k + 1) / W) if k < W else after(k - W)


@explain_arguments
@unchangeable
@dataclass(frozen=True)
class OneCycle(_Schedule):
    r"""Raise the rate along half a cosine wave to its highest, then lower it to almost nothing.

    The rates of one run of `total_steps` steps, with the arguments and the values of PyTorch's
    ``OneCycleLR`` (after Smith and Topin, 2018): from `max_lr` / `div_factor` up to `max_lr`, at
    step ``pct_start * total_steps - 1``, and down to the first rate / `final_div_factor`, at the
    last step. PyTorch turns the momentum the other way at the same time; this does not.

    Parameters
    ----------
    max_lr : float
        The highest rate.
    total_steps : int
        The steps of the run. After them the last rate is held.
    pct_start : float, default 0.3
        The fraction of the steps in which the rate rises (a fraction, in spite of its name).
    div_factor : float, default 25
        How many times smaller than the highest the first rate is.
    final_div_factor : float, default 1e4
        How many times smaller than the first the last rate is.

    Raises
    ------
    ValueError
        If the steps are too few: the rise must end after the first step and before the last one.

    Examples
    --------
    >>> schedule = d2l.OneCycle(0.1, total_steps=10)
    >>> round(schedule(0), 6), schedule(2)
    (0.004, 0.1)
    """

    max_lr: float
    total_steps: int
    pct_start: float = 0.3
    div_factor: float = 25.0
    final_div_factor: float = 1e4

    def __post_init__(self) -> None:
        super().__post_init__()
        _whole(self, "total_steps")
        top = number(self.pct_start, "OneCycle: pct_start") * self.total_steps - 1
        if not 0 < top < self.total_steps - 1:
            raise ValueError(
                "OneCycle: the rise ends at step pct_start * total_steps - 1, counted from 0, "
                f"which must lie above 0 and below the last one, but is {top:g} of "
                f"{self.total_steps - 1}. Take more steps, or another pct_start."
            )

    def __call__(self, step: int) -> float:
        """Return the rate after `step` steps."""
        last = self.total_steps - 1
        k, top = min(self._count(step), last), self.pct_start * self.total_steps - 1
        first = self.max_lr / self.div_factor
        if k <= top:
            return self.max_lr + (first - self.max_lr) * _half_wave(k / top)
        end = first / self.final_div_factor
        return end + (self.max_lr - end) * _half_wave((k - top) / (last - top))


@explain_arguments
@unchangeable
@dataclass(frozen=True)
class WarmupStableDecay(_Schedule):
    r"""Raise the rate in a straight line, hold it, and lower it in a straight line.

    .. math:: \eta_k = \eta \cdot \begin{cases} (k + 1) / W & k < W \\ 1 & W \le k < W + S \\
              1 - (k - W - S) / D & W + S \le k \le W + S + D \end{cases}

    Where it is held, a run can be prolonged, or cooled down at any time (Hu et al., 2024).

    Parameters
    ----------
    learning_rate : float
        :math:`\eta`, the rate that is held.
    warmup_steps, stable_steps, decay_steps : int
        :math:`W`, :math:`S` and :math:`D`.

    Examples
    --------
    >>> schedule = d2l.WarmupStableDecay(0.1, warmup_steps=2, stable_steps=5, decay_steps=4)
    >>> schedule(0), schedule(1), schedule(7), schedule(9), schedule(11)
    (0.05, 0.1, 0.1, 0.05, 0.0)
    """

    learning_rate: float
    warmup_steps: int
    stable_steps: int
    decay_steps: int

    def __post_init__(self) -> None:
        super().__post_init__()
        _whole(self, "warmup_steps", "stable_steps", "decay_steps")

    def __call__(self, step: int) -> float:
        """Return the rate after `step` steps."""
        k, W = self._count(step), self.warmup_steps
        if k < W:
            return self.learning_rate * ((k + 1) / W)
        return self.learning_rate * (
            1 - min(max(k - W - self.stable_steps, 0) / self.decay_steps, 1.0)
        )
