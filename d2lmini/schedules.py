"""Learning-rate schedules: functions of the number of steps already taken, as Keras calls them.

Pass one as the `learning_rate` of any rule. The first step asks for step 0. Names and arguments
are among those of `tf.keras.optimizers.schedules`, which has more: stairs, a warm-up.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

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


class _Schedule:
    """What schedules share: their numbers are checked when they are made."""

    def __post_init__(self) -> None:
        for field in fields(self):
            label, given = f"{type(self).__name__}: {field.name}", getattr(self, field.name)
            many = isinstance(given, np.ndarray)
            value = float_array(given, label) if many else number(given, label)
            if np.any(value < 0):
                raise ValueError(f"{label} must not be negative, but is {shown(given)}.")
            if np.any(value > 1) and field.name == "alpha":
                raise ValueError(
                    f"{label} must be at most 1, because it is a fraction of the initial rate, "
                    f"but is {shown(given)}."
                )
            if np.any(value == 0) and field.name == "decay_steps":
                raise ValueError(f"{label} must be above 0: steps are divided by it.")
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
        return step if type(step) is int else number(step, "step")

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the rates: () for one, otherwise that of the runs side by side."""
        return np.broadcast_shapes(*(np.shape(getattr(self, field.name)) for field in fields(self)))


@explain_arguments
@unchangeable
@dataclass(frozen=True)
class ExponentialDecay(_Schedule):
    r"""Multiply the rate by `decay_rate` every `decay_steps` steps, smoothly.

    .. math:: \eta_k = \eta_0 d^{k / K}

    Parameters
    ----------
    initial_learning_rate : float
        :math:`\eta_0`.
    decay_steps : float
        :math:`K`, in steps.
    decay_rate : float
        :math:`d`.

    Examples
    --------
    >>> d2l.ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)(20)
    0.025
    """

    initial_learning_rate: float
    decay_steps: float
    decay_rate: float

    def __call__(self, step: int) -> float:
        """Return the rate after `step` steps."""
        k = self._count(step)
        return self.initial_learning_rate * self.decay_rate ** (k / self.decay_steps)


@explain_arguments
@unchangeable
@dataclass(frozen=True)
class InverseTimeDecay(_Schedule):
    r"""Divide the rate by a number that grows linearly.

    .. math:: \eta_k = \frac{\eta_0}{1 + d k / K}

    Parameters
    ----------
    initial_learning_rate : float
        :math:`\eta_0`.
    decay_steps : float
        :math:`K`, in steps.
    decay_rate : float
        :math:`d`.

    Examples
    --------
    >>> d2l.InverseTimeDecay(0.1, decay_steps=10, decay_rate=1.0)(10)
    0.05
    """

    initial_learning_rate: float
    decay_steps: float
    decay_rate: float

    def __call__(self, step: int) -> float:
        """Return the rate after `step` steps."""
        k = self._count(step)
        return self.initial_learning_rate / (1 + self.decay_rate * k / self.decay_steps)


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
        number(step, "step")
        return self.values[sum(step > boundary for boundary in self.boundaries)]


@explain_arguments
@unchangeable
@dataclass(frozen=True)
class CosineDecay(_Schedule):
    r"""Lower the rate along half a cosine wave, then hold it.

    .. math:: \eta_k = \eta_0 \left(\alpha + (1 - \alpha) \tfrac12
              (1 + \cos(\pi \min(k, K) / K))\right)

    Parameters
    ----------
    initial_learning_rate : float
        :math:`\eta_0`.
    decay_steps : int
        :math:`K`, in steps.
    alpha : float, default 0
        The fraction of the initial rate that is left at the end.

    Examples
    --------
    >>> round(d2l.CosineDecay(0.1, decay_steps=10)(5), 6)
    0.05
    """

    initial_learning_rate: float
    decay_steps: int
    alpha: float = 0.0

    def __call__(self, step: int) -> float:
        """Return the rate after `step` steps."""
        done = np.minimum(self._count(step) / self.decay_steps, 1.0)
        wave = (
            0.5 * (1 + np.cos(math.pi * done))
            if np.ndim(done)
            else (0.5 * (1 + math.cos(math.pi * done)))
        )
        return self.initial_learning_rate * (self.alpha + (1 - self.alpha) * wave)
