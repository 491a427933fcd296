"""The ten-minute track: a benchmark of update rules for one laptop, with rules.

Four tasks, a target for each that no contestant has set, the same number of trials for every
contestant, other seeds for the result than for tuning, and a rule of significance that was
written down before the runs. ``python -m d2lmini.track`` runs all of it; `run_track` is the same in
Python. A run that is interrupted goes on where it was when it is started again.

The protocol
------------
1. A contestant is a rule and its search space: for each hyperparameter that is tuned an interval
   and a scale. All learning rates are searched over four powers of ten.
2. Every contestant has the same number of trials on every task: the first points of one Halton
   sequence in the unit cube, mapped to its space.
3. A run ends with the first of three evaluations in a row at or below the task's target: that is
   its number of steps. If there is none within the budget, or the run diverges, the run is
   censored: it took longer than the budget, and how long is not known.
4. A trial is tried with the tuning seeds. Its score is the median of their steps, a censored one
   counting as infinite; where medians are equal, the lower mean loss of the last evaluations
   decides, and then the earlier trial.
5. The best trial is run with the final seeds, none of which was a tuning seed. Only those count.
   The same seed means the same start and the same minibatches (or noise) for all contestants.
6. Of two contestants one is faster on a task if the sign test over the final seeds, corrected by
   Holm for all pairs of that task, has a p-value below 0.05. Otherwise they are not told apart.
"""

import argparse
import csv
import functools
import itertools
import json
import math
import os
import runpy
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from d2lmini.checks import did_you_mean, explain_arguments, number, shown, whole_number
from d2lmini.datasets import Dataset, diabetes, digits, minibatches
from d2lmini.models import MLP, LinearRegression
from d2lmini.optimizers import (
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Lion,
    Nadam,
    RMSprop,
)
from d2lmini.rule import Rule

TRIALS, TUNING_SEEDS, FINAL_SEEDS = 24, 3, 20
FIRST_FINAL_SEED = 1000  # tuning seeds are 0, 1, 2, …
IN_A_ROW = 3  # evaluations at or below the target
LEVEL = 0.05  # of significance
SCALES = ("log", "decay", "linear")


# ---- contestants --------------------------------------------------------------------------------


@explain_arguments
@dataclass(frozen=True)
class Contestant:
    r"""A rule that enters the track, and the space in which it is tuned.

    Parameters
    ----------
    make : callable
        Called with the hyperparameters by name, it returns a rule: the class of a rule, or a
        function.
    space : dict
        For each hyperparameter that is tuned ``(low, high, scale)``. The scale is ``"log"``
        (uniform in the logarithm), ``"decay"`` (uniform in the logarithm of one minus the value) or
        ``"linear"``.

    Raises
    ------
    TypeError, ValueError
        If there is no learning rate in the space, or an interval is none.

    Examples
    --------
    >>> entry = d2l.Contestant(d2l.SGD, {"learning_rate": (0.01, 100, "log")})
    >>> entry.trial(0)
    {'learning_rate': 1.0}
    >>> entry.make(**entry.trial(1))
    SGD(learning_rate=0.1)
    """

    make: Callable[..., Rule]
    space: Mapping[str, tuple[float, float, str]]

    def __post_init__(self) -> None:
        if isinstance(self.make, Rule) or not callable(self.make):
            raise TypeError(
                "The first argument must make rules, such as the class d2l.SGD, but is "
                f"{shown(self.make)}. What is tuned is set by the track."
            )
        space = self.space
        if not isinstance(space, Mapping) or "learning_rate" not in space:
            raise TypeError(
                "The space must be a dict with an interval for the learning rate at least, such as "
                f"{{'learning_rate': (1e-4, 1, 'log')}}, but is {shown(space)}."
            )
        for name, given in space.items():
            if not isinstance(given, (tuple, list)) or len(given) != 3 or given[2] not in SCALES:
                raise ValueError(
                    f"{name} must have an interval and a scale, (low, high, 'log'), 'decay' or "
                    f"'linear', but has {shown(given)}."
                )
            low, high = number(given[0], f"{name}: low"), number(given[1], f"{name}: high")
            if not low < high or (given[2] == "log" and low <= 0) or (
                given[2] == "decay" and not 0 <= low < high < 1
            ):
                raise ValueError(
                    f"{name} has the interval from {low:g} to {high:g} on the scale {given[2]!r}: "
                    "low must be below high, above 0 for 'log', and both in [0, 1) for 'decay'."
                )

    def trial(self, index: int) -> dict[str, float]:
        """Return the hyperparameters of a trial, from 0: a point of the Halton sequence."""
        index = whole_number(index, "index", 0)
        at = halton(index + 1, len(self.space))
        return {
            name: _place(u, *interval)
            for u, (name, interval) in zip(at, self.space.items(), strict=True)
        }


def halton(index: int, dimensions: int) -> list[float]:
    """Return a point of the Halton sequence, from 1: digits in prime bases, mirrored."""
    point = []
    for base in (2, 3, 5, 7, 11, 13)[:dimensions]:
        value, digit, rest = 0.0, 1.0, index
        while rest:
            digit /= base
            rest, last = divmod(rest, base)
            value += digit * last
        point.append(value)
    return point


def _place(u: float, low: float, high: float, scale: str) -> float:
    """Return the point of an interval at the fraction u of its scale, in four digits."""
    if scale == "decay":  # 0.9, 0.99, 0.999 are at equal distances
        value = 1 - math.exp((1 - u) * math.log(1 - low) + u * math.log(1 - high))
        return float(f"{value:.6f}")
    if scale == "log":
        low, high = math.log(low), math.log(high)
    value = (1 - u) * low + u * high
    return float(f"{math.exp(value) if scale == 'log' else value:.4g}")


def _rates(low: float) -> dict[str, tuple]:
    """Return the four powers of ten over which a learning rate is searched."""
    return {"learning_rate": (low, 1e4 * low, "log")}


BETA, SLOW = (0.5, 0.99, "decay"), (0.9, 0.999, "decay")
CONTESTANTS = {
    "SGD": Contestant(SGD, _rates(1e-3)),
    "momentum": Contestant(SGD, _rates(1e-4) | {"momentum": BETA}),
    "Nesterov": Contestant(
        functools.partial(SGD, nesterov=True), _rates(1e-4) | {"momentum": BETA}
    ),
    "Adagrad": Contestant(Adagrad, _rates(1e-3)),
    "RMSprop": Contestant(RMSprop, _rates(1e-5) | {"rho": SLOW}),
    "Adadelta": Contestant(Adadelta, _rates(1e-2) | {"epsilon": (1e-8, 1e-2, "log"), "rho": SLOW}),
    "Adam": Contestant(Adam, _rates(1e-4) | {"beta_1": BETA, "beta_2": SLOW}),
    "AMSGrad": Contestant(
        functools.partial(Adam, amsgrad=True), _rates(1e-4) | {"beta_1": BETA, "beta_2": SLOW}
    ),
    "AdamW": Contestant(
        AdamW,
        _rates(1e-4) | {"beta_1": BETA, "beta_2": SLOW, "weight_decay": (1e-4, 1e-1, "log")},
    ),
    "Adamax": Contestant(Adamax, _rates(1e-4) | {"beta_1": BETA, "beta_2": SLOW}),
    "Nadam": Contestant(Nadam, _rates(1e-4) | {"beta_1": BETA, "beta_2": SLOW}),
    "Lion": Contestant(Lion, _rates(1e-5) | {"beta_1": BETA, "beta_2": SLOW}),
}


# ---- tasks --------------------------------------------------------------------------------------


class Task(NamedTuple):
    """What is minimized, how good is good enough, and how many steps there are.

    `begin` is called with a seed and returns the first parameters, a function that returns the next
    noisy gradient at given parameters, and the function that is evaluated.
    """

    begin: Callable[[int], tuple[Any, Callable, Callable]]
    target: float
    steps: int
    every: int  # steps between two evaluations


def power_law(size: int = 100, power: float = 1.0, noise: float = 0.1) -> Callable:
    r"""Return a quadratic whose eigenvalues fall like a power, with noisy gradients.

    .. math:: f(x) = \tfrac12 x^\top U^\top \operatorname{diag}(i^{-a})\, U x

    `U` is the cosine transform, so that no eigenvector lies along an axis. A seed draws the start,
    normal in every direction, and the noise, normal and independent in every coordinate.
    """
    i = np.arange(size)
    turn = np.cos(np.pi * i[:, None] * (2 * i + 1) / (2 * size)) * np.sqrt(2 / size)
    turn[0] /= np.sqrt(2)
    eigenvalues = (i + 1.0) ** -power
    matrix = turn.T @ (eigenvalues[:, None] * turn)

    def begin(seed: int):
        rng = np.random.default_rng(seed)
        start = rng.normal(size=size)

        def gradient(x):
            return matrix @ x + noise * rng.normal(size=size)

        return start, gradient, lambda x: 0.5 * float(eigenvalues @ (turn @ x) ** 2)

    return begin


def learn(model: Callable, data: Dataset, held_out: Dataset, batch_size: int) -> Callable:
    """Return the training of a model, evaluated on `held_out`; a seed draws start and order."""

    def begin(seed: int):
        net, batches = model(seed), minibatches(len(data), batch_size, seed)

        def gradient(x):
            rows = next(batches)
            return net.gradient(x, data.x[rows], data.y[rows])

        return net.init(data), gradient, lambda x: float(net.loss(x, held_out.x, held_out.y))

    return begin


def halves(data: Dataset, every: int = 4) -> tuple[Dataset, Dataset]:
    """Return what is trained on, and every fourth example, which is held out."""
    out = np.arange(len(data)) % every == every - 1
    return tuple(Dataset(data.name, data.x[rows], data.y[rows]) for rows in (~out, out))


def _quadratic() -> Task:
    # A fiftieth of the mean loss at the start, which is half the sum of the eigenvalues.
    return Task(power_law(), 0.05, steps=1000, every=5)


def _diabetes() -> Task:
    # A hundredth of the way from the floor, which least squares has, to the loss at zero.
    data = diabetes()
    return Task(learn(lambda seed: LinearRegression(), data, data, 20), 0.2436, 1000, every=5)


def _digits() -> Task:
    train, held_out = halves(digits())
    return Task(learn(lambda seed: MLP(32, seed=seed), train, held_out, 50), 0.12, 600, every=10)


TASKS = {"quadratic": _quadratic, "diabetes": _diabetes, "digits": _digits}


@functools.cache
def task(name: str) -> Task:
    """Return a task of the track by its name, made once."""
    if name not in TASKS:
        raise ValueError(f"There is no task {shown(name)}. {did_you_mean(name, TASKS)}")
    return TASKS[name]()


# ---- one run ------------------------------------------------------------------------------------


class Run(NamedTuple):
    """What became of one run: steps to the target or None, losses, seconds of computing."""

    steps: int | None
    losses: list[float]
    seconds: float


def race(on: Task, rule: Rule, seed: int, to_the_end: bool = False) -> Run:
    """Run a rule on a task until the target is reached, or to the end of the budget."""
    x, gradient, loss = on.begin(seed)
    state, losses, seconds = rule.init(x), [loss(x)], 0.0
    step, began = rule.step, time.thread_time()
    with np.errstate(all="ignore"):  # a run that diverges is censored
        for t in range(1, on.steps + 1):
            x, state = step(x, gradient(x), state)
            step = rule.advance  # the first step has been checked
            if t % on.every:
                continue
            seconds += time.thread_time() - began
            losses.append(loss(x))
            if not losses[-1] <= 1000 * losses[0]:
                break
            if not to_the_end and reached(losses, on):
                break
            began = time.thread_time()
    return Run(reached(losses, on), losses, seconds)


def reached(losses: Sequence[float], on: Task, target: float | None = None) -> int | None:
    """Return the step of the first of three evaluations in a row that are at or below a target."""
    below = np.asarray(losses) <= (on.target if target is None else target)
    row = np.lib.stride_tricks.sliding_window_view(below, IN_A_ROW) if len(below) >= IN_A_ROW else []
    found = [i for i, all_below in enumerate(row) if all_below.all()]
    return on.every * found[0] if found else None
