"""The ten-minute track: a benchmark of update rules for one laptop, with rules.

Four tasks, a target for each that no contestant has set, the same number of trials for every
contestant, other seeds for the result than for tuning, and one stated rule of significance.
``python -m d2lmini.track`` runs all of it; `run_track` is the same in Python. A run that is
interrupted goes on where it was when it is started again.

The protocol
------------
1. A contestant is a rule and its search space: for each hyperparameter that is tuned an interval
   and a scale. All learning rates are searched over four powers of ten. (Where a winner's rate is
   the lowest or the highest that was tried, move the interval: this is not done here.)
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
6. Of two contestants the one with fewer steps on more final seeds is faster on a task if the sign
   test, two-sided and corrected by Holm for all pairs of that task, has a p-value below 0.05.
   Otherwise they are not told apart.
"""

import argparse
import functools
import itertools
import json
import math
import os
import runpy
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from d2lmini.checks import (
    did_you_mean,
    explain_arguments,
    float_array,
    number,
    shown,
    whole_number,
)
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
from d2lmini.reviews import EmbeddingRNN, reviews
from d2lmini.rule import Rule

TRIALS, TUNING_SEEDS, FINAL_SEEDS = 12, 3, 20
FIRST_FINAL_SEED = 1000  # tuning seeds are 0, 1, 2, …
IN_A_ROW = 3  # evaluations at or below the target
LEVEL = 0.05  # of significance
RESULTS = "track_results.json"
SCALES = ("log", "decay", "linear")
KEY = ("task", "contestant", "phase", "trial")  # what names a trial


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
            if (
                not low < high
                or (given[2] == "log" and low <= 0)
                or (given[2] == "decay" and not 0 <= low < high < 1)
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
    "Adadelta": Contestant(Adadelta, _rates(1e-2) | {"epsilon": (1e-7, 1e-3, "log"), "rho": SLOW}),
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


def power_law(size: int = 100, power: float = 1.0, noise: float = 0.05) -> Callable:
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
    # The held-out loss of multinomial logistic regression, as scikit-learn fits it by default.
    train, held_out = halves(digits())
    return Task(learn(lambda seed: MLP(32, seed=seed), train, held_out, 50), 0.166, 600, every=10)


def _reviews() -> Task:
    # Half of ln 2, the loss of a guess, below which no count of words or of neighbors can get.
    train, held_out = reviews(2000, 0, remarks=0), reviews(200, 1, remarks=0)
    return Task(
        learn(lambda seed: _Reader(16, 16, seed), train, held_out, 16), 0.347, 500, every=20
    )


class _Reader(EmbeddingRNN):
    """The recurrent network of the book, with word vectors that start between -1 and 1."""

    def init(self, data: Dataset) -> dict[str, np.ndarray]:
        start = super().init(data)
        return start | {"E": np.random.default_rng(self.seed).uniform(-1, 1, start["E"].shape)}


TASKS = {"quadratic": _quadratic, "diabetes": _diabetes, "digits": _digits, "reviews": _reviews}


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
    row = (
        np.lib.stride_tricks.sliding_window_view(below, IN_A_ROW) if len(below) >= IN_A_ROW else []
    )
    found = [i for i, all_below in enumerate(row) if all_below.all()]
    return on.every * found[0] if found else None


# ---- the track ----------------------------------------------------------------------------------


class Job(NamedTuple):
    """One trial: a contestant with its hyperparameters on a task, with some seeds."""

    task: str
    contestant: str
    phase: str  # "tuning" or "final"
    trial: int
    rule: Rule
    seeds: tuple[int, ...]

    def what(self) -> str:
        """Return all that the result depends on, so that a file is not taken for another's."""
        on, code = task(self.task), type(self.rule).update.__code__
        constants = [c for c in code.co_consts if isinstance(c, (int, float, str))]
        equations = zlib.crc32(repr((code.co_code, code.co_names, constants)).encode())
        seeds = f"seeds {self.seeds[0]} to {self.seeds[-1]}"
        return f"{self.rule!r} ({equations:08x}), {on.target:g} in {on.steps} steps, {seeds}"


def carry_out(job: Job) -> dict[str, Any]:
    """Return one line of the file: what a trial found, for each seed."""
    runs = [race(task(job.task), job.rule, seed) for seed in job.seeds]
    ends = [float(np.mean(run.losses[-IN_A_ROW:])) for run in runs]
    return {
        **dict(zip(KEY, job, strict=False)),
        "what": job.what(),
        "rule": repr(job.rule),
        "steps": [run.steps for run in runs],
        "end": [float(f"{end:.6g}") if math.isfinite(end) else None for end in ends],
        "seconds": round(sum(run.seconds for run in runs), 5),
        "taken": task(job.task).every * sum(len(run.losses) - 1 for run in runs),
    }


def score(line: Mapping[str, Any]) -> tuple[float, float, int]:
    """Return what trials are compared by: median of the steps, then the mean loss at the end."""
    steps = np.median([math.inf if s is None else s for s in line["steps"]])
    ends = [math.inf if end is None else end for end in line["end"]]
    return float(steps), float(np.mean(ends)), line["trial"]


@explain_arguments
def run_track(
    contestants: Mapping[str, Contestant] | None = None,
    tasks: Sequence[str] | None = None,
    *,
    trials: int = TRIALS,
    tuning_seeds: int = TUNING_SEEDS,
    final_seeds: int = FINAL_SEEDS,
    file: str | os.PathLike | None = None,
    n_jobs: int = 1,
    bar: bool = True,
) -> dict[str, dict[str, dict]]:
    """Tune every contestant on every task, and run its best trial on fresh seeds.

    Parameters
    ----------
    contestants : dict of str to Contestant, optional
        Who takes part; by default the twelve rules of the book. A rule of yours enters with
        ``{**d2l.track.CONTESTANTS, "mine": d2l.Contestant(Mine, space)}``.
    tasks : list of str, optional
        Some of ``d2l.track.TASKS``; by default all four.
    trials, tuning_seeds, final_seeds : int, default 12, 3 and 20
        How many, the same for every contestant.
    file : path, optional
        Where each trial is written as soon as it is done, a line of JSON each. What stands there
        already is not run again.
    n_jobs : int, default 1
        Processes side by side; -1 takes all processors. The steps are the same with any number.
    bar : bool, default True
        Show how far it is.

    Returns
    -------
    dict
        For each task and contestant a dict: ``rule``, the chosen one as text; ``trial``, its
        number; ``reached``, in how many trials the median run reached the target; ``steps``, those
        of the final runs (None: not within the budget); ``tuning``, the steps of all trials; and
        ``seconds``, of computing for a thousand steps, which depend on the machine.

    Raises
    ------
    TypeError, ValueError
        If a contestant is none, a task is not known, a number is out of its range, or the file
        holds trials of another track.

    Examples
    --------
    >>> entries = {"SGD": d2l.track.CONTESTANTS["SGD"], "Adam": d2l.track.CONTESTANTS["Adam"]}
    >>> found = d2l.run_track(entries, ["diabetes"], trials=8, final_seeds=4)
    >>> found["diabetes"]["SGD"]["rule"], len(found["diabetes"]["SGD"]["steps"])
    ('SGD(learning_rate=0.03162)', 4)
    """
    contestants = _checked(CONTESTANTS if contestants is None else contestants)
    names = _tasks(tasks)
    trials = whole_number(trials, "trials", 1)
    tuning = tuple(range(whole_number(tuning_seeds, "tuning_seeds", 1)))
    count = whole_number(final_seeds, "final_seeds", 1)
    final = tuple(range(FIRST_FINAL_SEED, FIRST_FINAL_SEED + count))
    if len(tuning) > FIRST_FINAL_SEED:
        raise ValueError(
            f"tuning_seeds must be at most {FIRST_FINAL_SEED}: final seeds begin there."
        )
    n_jobs = whole_number(n_jobs, "n_jobs", -1)
    if n_jobs == 0:
        raise ValueError("n_jobs must be at least 1, or -1 for all processors, but is 0.")
    done = _read(file)
    tune = [
        Job(name, who, "tuning", i, _made(entry, who, i), tuning)
        for name in names
        for who, entry in contestants.items()
        for i in range(trials)
    ]
    from tqdm import tqdm  # here: it is not needed to import the book's package

    total = len(tune) + len(names) * len(contestants)
    with tqdm(total=total, unit=" trials", disable=None if bar else True, leave=False) as shown_bar:
        tried: dict[tuple, list] = {}
        for line in _all(tune, done, file, n_jobs, shown_bar.update):
            tried.setdefault((line["task"], line["contestant"]), []).append(line)
        best = {of: min(lines, key=score) for of, lines in tried.items()}
        finals = [
            Job(*of, "final", t["trial"], _made(contestants[of[1]], of[1], t["trial"]), final)
            for of, t in best.items()
        ]
        last = _all(finals, done, file, n_jobs, shown_bar.update)
    results: dict[str, dict[str, dict]] = {name: {} for name in names}
    for of, line in zip(best, last, strict=True):
        results[of[0]][of[1]] = {
            "rule": line["rule"],
            "trial": line["trial"],
            "reached": sum(math.isfinite(score(t)[0]) for t in tried[of]),
            "steps": line["steps"],
            "tuning": [t["steps"] for t in tried[of]],
            "seconds": 1000 * line["seconds"] / max(line["taken"], 1),
        }
    return results


def _made(entry: Contestant, who: str, index: int) -> Rule:
    rule = entry.make(**entry.trial(index))
    if not isinstance(rule, Rule):
        raise TypeError(
            f"{who!r} must make rules of the book's kind, but made {shown(rule)}. "
            "help(d2l.Rule) says how to write one."
        )
    return rule


def _checked(contestants: Any) -> dict[str, Contestant]:
    if not isinstance(contestants, Mapping) or not contestants:
        raise TypeError(
            "Contestants must be a dict with at least one, such as {'SGD': d2l.Contestant(d2l.SGD, "
            f"{{'learning_rate': (0.001, 10, 'log')}})}}, but are {shown(contestants)}."
        )
    for name, entry in contestants.items():
        if not isinstance(entry, Contestant):
            raise TypeError(
                f"{name!r} must be a Contestant, a rule with its search space, but is "
                f"{shown(entry)}. Write d2l.Contestant(rule, space)."
            )
    return {str(name): entry for name, entry in contestants.items()}


def _tasks(tasks: Any) -> list[str]:
    if tasks is None:
        return list(TASKS)
    if isinstance(tasks, str) or not isinstance(tasks, Iterable) or not (tasks := list(tasks)):
        raise TypeError(f"tasks must be a list of names, some of {list(TASKS)}.")
    for name in tasks:
        if name not in TASKS:
            raise ValueError(f"There is no task {shown(name)}. {did_you_mean(name, TASKS)}")
    return tasks


def _all(jobs: list[Job], done: dict, file: Any, n_jobs: int, tick: Callable) -> list[dict]:
    """Carry out the jobs that are not done, write each down at once, and return all in order."""
    missing = []
    for job in jobs:
        line = done.get(job[:4])
        if line is None:
            missing.append(job)
        elif line["what"] != job.what():
            raise ValueError(
                f"{file} holds another track: in it trial {job.trial} of {job.contestant} on "
                f"{job.task} was {line['what']}, but here it is {job.what()}. Name another file, "
                "or delete this one."
            )
        else:
            tick()
    for line in _side_by_side(missing, n_jobs):
        done[tuple(line[k] for k in KEY)] = line
        _append(file, line)
        tick()
    return [done[job[:4]] for job in jobs]


def _side_by_side(jobs: list[Job], n_jobs: int) -> Iterable[dict]:
    if n_jobs == 1:
        yield from map(carry_out, jobs)
        return
    from joblib import Parallel, delayed, parallel_config

    with parallel_config("loky", inner_max_num_threads=1):
        yield from Parallel(n_jobs, return_as="generator_unordered")(
            delayed(carry_out)(job) for job in jobs
        )


def _append(file: Any, line: dict) -> None:
    if file is None:
        return
    with open(file, "a", encoding="utf-8") as out:  # one write: whole, or cut off at its end
        out.write(json.dumps(line) + "\n")
        out.flush()
        os.fsync(out.fileno())


def _read(file: Any) -> dict[tuple, dict]:
    """Return the trials in a file; a last line that was cut off is removed from it."""
    if file is None:
        return {}
    path = Path(file)
    if not path.parent.is_dir():
        raise ValueError(
            f"There is no folder {path.parent} for the file {path.name}: make it first."
        )
    if not path.exists():
        return {}
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if whole != data:
        path.write_bytes(whole)
    try:
        lines = [json.loads(line) for line in whole.splitlines()]
        return {tuple(t[k] for k in KEY): t for t in lines if t["what"]}
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{path} holds no trials of the track. Name another file.") from None


# ---- what the results say -----------------------------------------------------------------------


def as_numbers(steps: Any) -> np.ndarray:
    """Return steps to a target as numbers, a censored run as infinity."""
    if isinstance(steps, (str, bytes, Mapping)) or not isinstance(steps, Iterable):
        raise TypeError(f"Steps must be a list, None for a run that is censored: {shown(steps)}.")
    found = [math.inf if s is None else s for s in steps]
    if not found:
        raise ValueError("There are no runs: the list of steps is empty.")
    try:
        found = np.array([math.inf if s == math.inf else number(s, "A step") for s in found])
    except (TypeError, ValueError) as error:
        if isinstance(error, ValueError) and "must" not in str(error):
            raise TypeError("Steps must be numbers, or None for a run that is censored.") from None
        raise
    if (found <= 0).any():
        raise ValueError("Steps to a target are above 0.")
    return found


@explain_arguments
def sign_test(a: Sequence[float | None], b: Sequence[float | None]) -> float:
    r"""Return the p-value of the sign test, by which one of two contestants may be faster.

    Of n seeds on which they differ one is faster on k. If it were a coin's toss which, then a
    result as uneven as this would have the probability

    .. math:: p = \min\Bigl(1,\; 2 \sum_{j \le \min(k, n-k)} \binom nj 2^{-n}\Bigr).

    A run that reached the target is faster than a censored one; of two that are censored, neither.

    Parameters
    ----------
    a, b : list of float or None
        Steps to the target, seed by seed; None or infinity for a censored run.

    Returns
    -------
    float
        The p-value, two-sided; 1 if they never differ.

    Raises
    ------
    TypeError, ValueError
        If the lists are empty or of different lengths, or hold no steps.

    References
    ----------
    Dixon and Mood (1946).

    Examples
    --------
    >>> d2l.sign_test([100, 90, 120, 110, 95], [130, 95, 150, None, 125])
    0.0625
    """
    a, b = as_numbers(a), as_numbers(b)
    if len(a) != len(b):
        raise ValueError(
            f"The runs are paired by their seeds, but one list has {len(a)} and the other {len(b)}."
        )
    faster, slower = int((a < b).sum()), int((a > b).sum())
    n, k = faster + slower, min(faster, slower)
    return min(1.0, 2 * sum(math.comb(n, j) for j in range(k + 1)) / 2**n)


@explain_arguments
def holm(p: Sequence[float]) -> np.ndarray:
    r"""Return p-values corrected for their number, by the method of Holm.

    Sorted, :math:`p_{(1)} \le \dots \le p_{(m)}` become
    :math:`\max_{j \le i} \min(1, (m - j + 1)\, p_{(j)})`. If all that fall below a level are called
    different, the probability that any of these calls is wrong is at most that level.

    Parameters
    ----------
    p : list of float
        The p-values of a family of tests.

    Returns
    -------
    array
        The corrected ones, in the order of `p`.

    Raises
    ------
    TypeError, ValueError
        If one is not a probability, or there are none.

    References
    ----------
    Holm (1979).

    Examples
    --------
    >>> d2l.holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    p = float_array(p, "p")
    if p.ndim != 1 or not p.size:
        raise ValueError(f"p must be a list of at least one p-value, but has shape {p.shape}.")
    if (p < 0).any() or (p > 1).any():
        raise ValueError("p must hold probabilities, from 0 to 1.")
    order = np.argsort(p, kind="stable")
    grown = np.maximum.accumulate(np.minimum(1, p[order] * np.arange(len(p), 0, -1)))
    corrected = np.empty_like(grown)
    corrected[order] = grown
    return corrected


@explain_arguments
def performance_profile(
    steps: Mapping[str, Sequence[float | None]], factors: Sequence[float]
) -> dict[str, np.ndarray]:
    r"""Return how often each contestant is within a factor of the fastest.

    .. math:: \rho_s(\tau) = \frac1n \, \#\Bigl\{ p : t_{p,s} \le \tau \min_{s'} t_{p,s'} \Bigr\}

    for the steps :math:`t_{p,s}` of contestant s on problem p. A censored run is within no factor.

    Parameters
    ----------
    steps : dict of str to list of float or None
        For each contestant the steps on the same problems, in the same order.
    factors : list of float
        The factors :math:`\tau`, at least 1.

    Returns
    -------
    dict of str to array
        For each contestant the fractions.

    Raises
    ------
    TypeError, ValueError
        If the lists are of different lengths, or a factor is below 1.

    References
    ----------
    Dolan and More (2002).

    Examples
    --------
    >>> found = d2l.performance_profile({"a": [10, 40], "b": [20, 20]}, [1, 2])
    >>> found["a"].tolist(), found["b"].tolist()
    ([0.5, 1.0], [0.5, 1.0])
    """
    if not isinstance(steps, Mapping) or not steps:
        raise TypeError(f"steps must be a dict with a list for each contestant: {shown(steps)}.")
    table = {name: as_numbers(values) for name, values in steps.items()}
    if len({len(values) for values in table.values()}) > 1:
        raise ValueError("Every contestant must have a number of steps for each of the problems.")
    factors = float_array(factors, "factors")
    if factors.ndim != 1 or (factors < 1).any():
        raise ValueError("factors must be a list of numbers of at least 1.")
    fastest = np.min(list(table.values()), axis=0)
    limit = np.where(np.isfinite(fastest), fastest, 0.0) * factors[:, None]
    return {name: (values <= limit).mean(axis=1) for name, values in table.items()}


def interval(steps: Sequence[float | None], level: float = 0.95, draws: int = 2000) -> tuple:
    """Return a bootstrap interval for the median: seeds are drawn anew, with replacement."""
    steps = as_numbers(steps)
    rng = np.random.default_rng(0)
    medians = np.median(rng.choice(steps, size=(draws, len(steps))), axis=1)
    tails = (1 - level) / 2, (1 + level) / 2
    return tuple(np.quantile(medians, tails, method="inverted_cdf").tolist())


def pairs(final: Mapping[str, Sequence], level: float = LEVEL) -> dict[tuple[str, str], float]:
    """Return for each ordered pair, the faster first, its p-value, if that is below the level."""
    both = list(itertools.combinations(final, 2))
    if not both:
        return {}
    p = holm([sign_test(final[a], final[b]) for a, b in both])
    found = {}
    for (a, b), value in zip(both, p, strict=True):
        if value < level:
            first, second = as_numbers(final[a]), as_numbers(final[b])
            ahead = (first < second).sum() > (first > second).sum()
            found[(a, b) if ahead else (b, a)] = float(value)
    return found


def results_of_the_book() -> dict[str, dict[str, dict]]:
    """Return what ``make track`` found when it was last run for the book, without the seconds."""
    text = resources.files("d2lmini").joinpath(RESULTS).read_text("utf-8")
    return json.loads(text)


def table(results: Mapping[str, Mapping[str, Mapping]]) -> str:
    """Return the medians of the final runs in Markdown, with intervals; '>' where censored."""
    names = list(results)
    lines = ["| | " + " | ".join(names) + " |", "|---|" + "---:|" * len(names)]
    for who in results[names[0]]:
        row = [_median(results[name][who]["steps"], name) for name in names]
        lines.append(f"| {who} | " + " | ".join(row) + " |")
    return "\n".join(lines)


def _median(steps: Sequence, name: str) -> str:
    """Return a median and its interval as text: '180 (160 to 200)'."""

    def text(value):
        return f"{value:.0f}" if math.isfinite(value) else f">{task(name).steps}"

    low, high = interval(steps)
    return f"{text(np.median(as_numbers(steps)))} ({text(low)} to {text(high)})"


def plot_steps(results: Mapping[str, Mapping], name: str, ax: Any) -> None:
    """Draw the final runs of one task: a mark for each seed, a bar at the median."""
    budget = task(name).steps
    for row, (who, found) in enumerate(results[name].items()):
        steps = np.minimum(as_numbers(found["steps"]), 1.15 * budget)
        style = _look(who) | {"linestyle": "", "markersize": 3.5, "alpha": 0.6}
        ax.plot(steps, np.full(len(steps), -row), **style)
        ax.plot(np.median(steps), -row, "|", color="#000000", markersize=13, markeredgewidth=2)
    ax.axvline(1.07 * budget, color="#767676", linewidth=0.8, linestyle=":")
    ax.set(xlabel="steps to the target", title=name, xscale="log")
    ax.set_yticks(-np.arange(len(results[name])), list(results[name]))


def plot_profiles(results: Mapping[str, Mapping], ax: Any) -> None:
    """Draw the performance profiles over all tasks and final seeds together."""
    factors = np.geomspace(1, 16, 97)
    whom = list(next(iter(results.values())))
    steps = {who: [s for found in results.values() for s in found[who]["steps"]] for who in whom}
    for who, fractions in performance_profile(steps, factors).items():
        ax.plot(factors, fractions, **(_look(who) | {"markevery": 16}), label=who)
    ax.set_xscale("log", base=2)
    ax.set_xticks([1, 2, 4, 8, 16], ["1", "2", "4", "8", "16"])
    ax.set(xlabel=r"factor $\tau$", ylabel="runs within it", ylim=(-0.02, 1.02))


def _look(who: str) -> dict[str, Any]:
    from d2lmini.figures import look

    entry = CONTESTANTS.get(who)
    if entry is None:
        return {"color": "#767676", "linestyle": "-", "marker": "."}
    return look(entry.make(**entry.trial(0)))


# ---- python -m d2lmini.track --------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the track, and write a table, two figures and the numbers into a folder."""
    parser = argparse.ArgumentParser(prog="python -m d2lmini.track", description=main.__doc__)
    parser.add_argument("--folder", type=Path, default=Path("track"), help="where results go")
    parser.add_argument("--own", type=Path, help="a file that defines a dict CONTESTANTS of yours")
    parser.add_argument("--tasks", nargs="+", choices=list(TASKS), help="some of the tasks")
    parser.add_argument("--jobs", type=int, default=-1, help="processes; -1: all processors")
    for name, default in (("trials", TRIALS), ("tuning-seeds", 3), ("final-seeds", FINAL_SEEDS)):
        parser.add_argument(f"--{name}", type=int, default=default, help=f"default {default}")
    given = parser.parse_args(arguments)
    contestants = dict(CONTESTANTS)
    if given.own:
        own = runpy.run_path(str(given.own)).get("CONTESTANTS")
        contestants |= _checked(own)
    given.folder.mkdir(parents=True, exist_ok=True)
    results = run_track(
        contestants,
        given.tasks,
        trials=given.trials,
        tuning_seeds=given.tuning_seeds,
        final_seeds=given.final_seeds,
        file=given.folder / "runs.jsonl",
        n_jobs=given.jobs,
    )
    write(results, given.folder)
    print(table(results))
    print(f"\nThe table, the figures and the numbers are in {given.folder}.")


def write(results: dict[str, dict[str, dict]], folder: Path) -> None:
    """Write the steps, the seconds apart from them, a table and two figures."""
    import matplotlib.pyplot as plt

    seconds = {n: {w: _seconds(found) for w, found in r.items()} for n, r in results.items()}
    rows = [f"  {json.dumps(n)}: {{\n" + ",\n".join(_rows(r)) + "\n  }" for n, r in results.items()]
    (folder / RESULTS).write_text("{\n" + ",\n".join(rows) + "\n}\n", "utf-8")
    (folder / "seconds.json").write_text(json.dumps(seconds, indent=1) + "\n", "utf-8")
    (folder / "table.md").write_text(table(results) + "\n", "utf-8")
    fig, axes = plt.subplots(1, len(results), figsize=(3.6 * len(results), 4), squeeze=False)
    for ax, name in zip(axes[0], results, strict=True):
        plot_steps(results, name, ax)
    fig.savefig(folder / "steps.png", bbox_inches="tight")
    fig, ax = plt.subplots(figsize=(6, 4))
    plot_profiles(results, ax)
    ax.legend(fontsize=8)
    fig.savefig(folder / "profiles.png", bbox_inches="tight")
    plt.close("all")


def _seconds(found: dict) -> dict[str, float | None]:
    """Take the seconds out of a result: of a thousand steps, and of the median to the target."""
    thousand, median = found.pop("seconds"), float(np.median(as_numbers(found["steps"])))
    to_target = thousand * median / 1000 if math.isfinite(median) else None
    return {"of a thousand steps": thousand, "to the target": to_target}


def _rows(results: Mapping[str, Mapping]) -> list[str]:
    return [f"    {json.dumps(who)}: {json.dumps(found)}" for who, found in results.items()]


if __name__ == "__main__":
    from d2lmini import track  # the module under its own name, which other processes know, too

    track.main()
