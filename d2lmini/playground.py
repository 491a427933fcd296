"""The playground: a figure that the reader sets in motion, in a notebook and on the website.

It is one custom element, ``<optimizer-playground>``, in plain JavaScript: the files of
``d2lmini/javascript``. Here they become one script, with the facts that they need from the package,
so that none stands twice; and the element gets its setting, and a computed figure that stands in
its place on paper, in a notebook that is not trusted, and wherever there is no JavaScript.

JavaScript knows the rules and the surfaces of the book. What is a reader's own runs here, in
Python, once; its element, ``<optimizer-recording>``, gets the record of these runs and plays it.
"""

import base64
import dataclasses
import functools
import html
import importlib.resources
import json
import math
import re
from typing import Any

import numpy as np

from d2lmini.checks import (
    did_you_mean,
    explain_arguments,
    float_array,
    plural,
    true_or_false,
    whole_number,
)
from d2lmini.checks import number as number_of
from d2lmini.checks import (
    shown as quoted,
)
from d2lmini.descend import FAR, Trace, minimize, refuse_no_rule
from d2lmini.objectives import OBJECTIVES, Objective, bowl
from d2lmini.optimizers import RULES, Adam, Adamax, AdamW
from d2lmini.rule import Rule, update_rule
from d2lmini.schedules import CosineDecay, InverseTimeDecay, Warmup

PARTS = ("surfaces", "rules", "run", "draw", "settings", "map", "words", "playground")
# The rules that rules.js has. One that only d2l.RULES has is recorded, like a reader's own.
LIVE = ("SGD", "Adagrad", "RMSprop", "Adadelta", "Adam", "AdamW", "Adamax", "Nadam", "Lion")
QUADRATIC = ("parabola", "bowl", "rotated_bowl", "saddle")
VIEWS = ("paths", "race", "map")
MOST_STEPS = 1000
# Points of the grid, across and up, on which a surface of a reader's own is recorded.
GRID = {1: 241, 2: 61}
# What can be on the axes of a map, from where to where; of a decay, one minus it.
RANGES = {
    "learning_rate": (1e-4, 10.0),
    **dict.fromkeys(("momentum", "rho", "beta_1", "beta_2"), (1e-4, 1.0)),
    "epsilon": (1e-12, 1.0),
    "initial_accumulator_value": (1e-6, 10.0),
    "weight_decay": (1e-4, 10.0),
    "rate_decay": (1e-3, 10.0),
    **dict.fromkeys(("warmup_steps", "decay_steps"), (1.0, 1000.0)),
}

WHOLE = ("warmup_steps", "decay_steps")

# ---- what the script knows ----------------------------------------------------------------------


def with_switch(rule: type[Rule]) -> type[Rule]:
    """Return a rule with a switch for its bias correction, which the package's own has not."""

    def update(self, x, g, t, eta, **fields):
        # After endlessly many steps there is nothing left to correct: 1 - beta^t is 1.
        return rule.update(self, x, g, t if self.bias_correction else math.inf, eta, **fields)

    body = {"__annotations__": {"bias_correction": bool}, "bias_correction": True, "update": update}
    return update_rule(type(rule.__name__, (rule,), body))


# The rules of the playground: those of the package, three of them with a switch.
PLAYED = {name: RULES[name] for name in LIVE} | {
    rule.__name__: with_switch(rule) for rule in (Adam, AdamW, Adamax)
}


def curvatures(objective: Objective) -> list[float]:
    """Return the eigenvalues of the Hessian of a quadratic surface, the smallest first."""
    hessian = np.reshape(objective.hessian(objective.start), (objective.dimension,) * 2)
    return [float(f"{value:.12g}") for value in np.linalg.eigvalsh(hessian)]


def facts() -> dict[str, Any]:
    """Return what the script takes from the package, so that it stands in one place."""
    from d2lmini.figures import LOOKS

    surfaces = {
        key: {
            "name": objective.name,
            "start": np.atleast_1d(objective.start).tolist(),
            "domain": objective.domain,
            "minimizers": objective.minimizers.tolist(),
            "curvatures": curvatures(objective) if key in QUADRATIC else None,
        }
        for key, objective in OBJECTIVES.items()
    }
    rules = {
        name: {field.name: field.default for field in dataclasses.fields(RULES[name])}
        for name in LIVE
    }
    return {
        "surfaces": surfaces,
        "rules": rules,
        "looks": LOOKS,
        "ranges": RANGES,
        "most_steps": MOST_STEPS,
        "far": FAR,
    }


@functools.cache
def script(recorded: bool = False) -> str:
    """Return the element as one classic script, which also runs from a folder on disk.

    That of the recorded runs is the same with one part more, which the others need not carry.
    """
    element = "optimizer-recording" if recorded else "optimizer-playground"
    folder = importlib.resources.files("d2lmini") / "javascript"

    def lines(name):
        text = (folder / name).read_text("utf-8")
        return [line.strip() for line in text.splitlines() if line.strip()]

    return "\n".join(
        [
            '(() => {\n"use strict";',
            # In a notebook every output brings the script.
            f'if (customElements.get("{element}")) return;',
            f"const BOOK = {json.dumps(facts(), separators=(',', ':'))};",
            f"const STYLE = {json.dumps(chr(10).join(lines('playground.css')))};",
            *(
                line
                for part in (*PARTS, *(["recorded"] if recorded else []))
                for line in lines(f"{part}.js")
                if not line.startswith("//")
            ),
            "})();\n",
        ]
    )


def noise_of(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    """Return the nearly normal numbers of run.js, step by step."""
    n = np.arange(1, 12 * math.prod(shape) + 1, dtype=np.uint32) + np.uint32(65536 * seed)
    n = n * np.uint32(0x9E3779B9)
    n = (n ^ (n >> 16)) * np.uint32(0x85EBCA6B)
    n = (n ^ (n >> 13)) * np.uint32(0xC2B2AE35)
    return ((n ^ (n >> 16)) / 2.0**32).reshape(*shape, 12).sum(axis=-1) - 6


# ---- learning rates -----------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Pace:
    """The learning rate of the element: it rises, and then it slows, or falls as a cosine, or both.

    Parameters
    ----------
    learning_rate : float or array
        The highest rate.
    rate_decay : float or array
        What an `InverseTimeDecay` adds to its divisor in a step.
    warmup_steps, decay_steps : int or array
        The steps of a `Warmup`, and those of a `CosineDecay` that comes after it; 0 means none.
    """

    learning_rate: float | np.ndarray
    rate_decay: float | np.ndarray = 0.0
    warmup_steps: int | np.ndarray = 0
    decay_steps: int | np.ndarray = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the rates: () for one, otherwise that of the runs side by side."""
        return np.broadcast_shapes(*map(np.shape, vars(self).values()))

    def __call__(self, step: int) -> float | np.ndarray:
        """Return the rate after `step` steps."""
        W, K = self.warmup_steps, self.decay_steps
        k = np.maximum(step - W, 0)
        rise = np.minimum((step + 1) / np.maximum(W, 1), 1)
        done = np.minimum(k / np.maximum(K, 1), 1) * (np.asarray(K) > 0)
        rate = (
            self.learning_rate / (1 + self.rate_decay * k) * rise * (1 + np.cos(np.pi * done)) / 2
        )
        return rate if np.ndim(rate) else float(rate)

    def schedule(self) -> Any:
        """Return the same rates as the package writes them: a number or a schedule, if one can."""
        eta, slowing, W, K = vars(self).values()
        if slowing and K:
            return self
        if slowing:
            eta = InverseTimeDecay(eta, 1, slowing)
        elif K:
            eta = CosineDecay(eta, K)
        return Warmup(eta, W) if W else eta

    @classmethod
    def of(cls, rate: Any) -> "Pace | None":
        """Return the pace that is this learning rate, None if none is."""
        if type(rate) is cls:
            return rate
        slowing = W = K = 0
        if type(rate) is Warmup:
            W, rate = rate.warmup_steps, rate.schedule
        if type(rate) is InverseTimeDecay and not rate.staircase:
            slowing, rate = rate.decay_rate / rate.decay_steps, rate.initial_learning_rate
        elif type(rate) is CosineDecay and rate.alpha == 0 and rate.warmup_target is None:
            K, rate = rate.decay_steps, rate.initial_learning_rate
        whole = all(steps == int(steps) <= MOST_STEPS for steps in (W, K))
        return None if callable(rate) or not whole else cls(rate, slowing, W, K)


# ---- settings -----------------------------------------------------------------------------------


def number(value: float) -> str:
    """Return a short text that means exactly this number."""
    return str(float(value)).removesuffix(".0")


def in_words(rule: Rule) -> str:
    """Return a rule as settings write it."""
    given = {}
    for field in dataclasses.fields(rule):
        value = getattr(rule, field.name)
        if field.name == "learning_rate" and callable(value):
            given |= {k: number(v) for k, v in vars(Pace.of(value)).items() if v or k == field.name}
        elif field.name == "learning_rate" or value != field.default:
            given[field.name] = number(value) if isinstance(value, float) else str(value)
    return f"{type(rule).__name__}({','.join(f'{k}={v}' for k, v in given.items())})"


def read_number(text: str, objective: Objective) -> float:
    """Return a number, which may be written over the largest curvature, as in 1.9/L."""
    digits, over, below = text.partition("/")
    parts = 1.0
    if over and below == "L":
        if all(objective is not OBJECTIVES[key] for key in QUADRATIC):
            raise ValueError(f"{text!r}: {objective.name} has no curvature L to divide by.")
        parts = curvatures(objective)[-1]
    try:
        return float(text if below != "L" else digits) / parts
    except ValueError:
        raise ValueError(f"{text!r} is not a number.") from None


def read_rule(text: str, objective: Objective) -> Rule:
    """Return the rule that a setting writes as ``SGD(learning_rate=1.9/L,nesterov=True)``."""
    name, _, inside = text.removesuffix(")").partition("(")
    known = RULES | PLAYED
    if name not in known or not text.endswith(")"):
        near = "" if name in known else f" {did_you_mean(name, known)}"
        raise ValueError(
            f"The rule {text!r} must be written as in 'SGD(learning_rate=0.1,momentum=0.9)'.{near}"
        )
    words = {"True": True, "False": False, "None": None}
    given = {}
    for part in filter(None, inside.split(",")):
        key, equals, value = part.strip().partition("=")
        if not equals:
            raise ValueError(f"{text!r}: each number has a name, as in learning_rate={part}.")
        given[key] = words[value] if value in words else read_number(value, objective)
    changes = {key: given.pop(key, 0) for key in ("rate_decay", *WHOLE)}
    for key in WHOLE:
        changes[key] = int(changes[key]) if changes[key] == changes[key] // 1 else changes[key]
        within(changes[key], key, 0, MOST_STEPS)
    rule = known[name](**given)
    pace = Pace(rule.learning_rate, **changes)
    return dataclasses.replace(rule, learning_rate=pace.schedule())


def from_setting(text: str) -> "Playground":
    """Return the playground of a setting: its parts between ``&``; of one given twice the last."""
    parts = [part for part in text.split("&") if part]
    given = dict(part.partition("=")[::2] for part in parts if "(" not in part)
    key = given.pop("surface", "bowl")
    if key not in OBJECTIVES:
        raise ValueError(f"There is no surface {key!r}. {did_you_mean(key, OBJECTIVES)}")
    objective = OBJECTIVES[key]

    def numbers(value):
        return [read_number(each, objective) for each in value.split(",")]

    def whole(value):
        (found,) = numbers(value)
        return int(found) if found.is_integer() else found

    readers = {
        **{"from": numbers, "axes": lambda value: value.split(","), "view": str},
        **{"noise": lambda value: read_number(value, objective), "predict": lambda v: v == "1"},
        **dict.fromkeys(("steps", "step", "seed", "select"), whole),
    }
    for word in given:
        if word not in readers:
            raise ValueError(f"{word!r} is not part of a setting. {did_you_mean(word, readers)}")
    read = {word: readers[word](value) for word, value in given.items()}
    if "from" in read:
        read["start"] = read.pop("from")
    return playground(objective, *(part for part in parts if "(" in part), **read)


@explain_arguments
def playground(
    objective: Objective = bowl,
    *rules: Rule | str,
    start=None,
    steps: int = 40,
    step: int | None = None,
    noise: float = 0.0,
    seed: int = 0,
    view: str = "paths",
    axes: tuple[str, str] | None = None,
    predict: bool = False,
    select: int = 0,
) -> "Playground":
    """Return a figure that the reader sets in motion, the output of a notebook's cell.

    On a surface of the book with rules of the book the reader can change everything, also a rate
    that is an `InverseTimeDecay`, a `CosineDecay` to 0, or a `Warmup` to either or to a number.
    What is your own (a surface, a rule, another schedule) only Python knows: then all runs are
    computed when the playground is made, and the figure plays what was recorded. The reader moves
    the step; the numbers are changed in the cell.

    Parameters
    ----------
    objective : Objective, default bowl
        One of `OBJECTIVES`, or one of your own, of one or two coordinates.
    *rules : Rule or str
        The rules that run, with a number for every hyperparameter; the learning rate may be a
        schedule. By default ``SGD(0.1)``. Or in the words of a setting, which know more:
        ``"SGD(learning_rate=1.9/L)"``, where ``L`` is the largest curvature,
        ``"Adam(bias_correction=False)"``, ``"SGD(learning_rate=0.1,rate_decay=0.05)"``,
        ``"SGD(learning_rate=0.1,warmup_steps=10,decay_steps=50)"``.
    start : array, optional
        Where the runs begin; where those of the objective do by default.
    steps : int, default 40
        How many steps they take, at most 1000.
    step : int, optional
        The step that is shown first; the last by default.
    noise : float, default 0
        The standard deviation of what is added to every gradient.
    seed : int, default 0
        Where the noise comes from, at most 9999.
    view : {"paths", "race", "map"}, default "paths"
        All paths in one picture; a picture for each rule; or what becomes of the selected rule
        under many settings, or from many starts, which cannot be recorded.
    axes : tuple of (str, str), optional
        Across and up on a map: two of the hyperparameters and of ``"x1"``, ``"x2"``, the
        coordinates of the start.
    predict : bool, default False
        Whether the reader says what will happen before it is shown; not of recorded runs.
    select : int, default 0
        The number of the rule, from 0, whose hyperparameters are shown first.

    Returns
    -------
    Playground
        With its ``setting``, which links to it are made of (None of recorded runs), and its
        computed ``figure()``.

    Raises
    ------
    TypeError, ValueError
        If the objective or a rule is none, or has too many coordinates or runs, if a surface of
        your own is not finite on its domain, or if a number is out of its range.

    Examples
    --------
    >>> d2l.playground(d2l.bowl, d2l.SGD(0.4), steps=20)
    <playground surface=bowl&steps=20&SGD(learning_rate=0.4)>
    >>> mine = d2l.Objective("mine", lambda x: x[0] ** 4 + x[1] ** 2, start=[-1.5, 1.0])
    >>> d2l.playground(mine, d2l.Adam(0.2), steps=60)
    <playground of recorded runs: Adam(learning_rate=0.2) on mine, 60 steps>
    """
    if not isinstance(objective, Objective):
        plain = objective is None or isinstance(objective, (str, Rule))
        raise TypeError(
            "The playground needs the surface first, such as d2l.bowl, not "
            f"{repr(objective) if plain else f'a {type(objective).__name__}'}. Of a function of "
            "your own make one with d2l.Objective(name, value, start=…)."
        )
    if objective.dimension > 2:
        raise ValueError(
            "The playground draws surfaces of one or two coordinates, but "
            f"{objective.name} has {objective.dimension}. d2l.minimize runs a rule on any."
        )
    rules = tuple(
        read_rule(rule, objective) if isinstance(rule, str) else rule
        for rule in rules or ("SGD(learning_rate=0.1)",)
    )
    for rule in rules:
        refuse_no_rule(rule)
        if rule.shape != ():
            raise TypeError(
                "The playground runs rules with a number for each hyperparameter, such as "
                f"d2l.SGD(0.1), not {rule!r}. d2l.minimize runs many side by side."
            )
    recorded = key_of(objective) is None or not all(map(is_live, rules))
    start = float_array(objective.start if start is None else start, "The start")
    if start.size != objective.dimension:
        raise ValueError(
            f"A start on {objective.name} has {plural(objective.dimension, 'coordinate')}, but "
            f"this one has {start.size}."
        )
    steps = within(steps, "steps", 1, MOST_STEPS)
    if not isinstance(view, str) or view not in VIEWS:
        raise ValueError(f"There is no view {quoted(view)}. {did_you_mean(str(view), VIEWS)}")
    if axes is not None and view != "map":
        raise ValueError("axes are those of a map: add view='map', or leave them out.")
    predict = true_or_false(predict, "predict")
    select = within(select, "select", 0, len(rules) - 1)
    noise = number_of(noise, "noise")
    if noise < 0:
        raise ValueError(f"noise must not be negative, but is {noise!r}.")
    if recorded and (view == "map" or predict):
        what, which = (
            ("predict=True", "a prediction needs") if predict else ("view='map'", "maps need")
        )
        raise ValueError(
            f"Leave out {what}: {which} runs that the figure computes itself, which it can with "
            "the rules and surfaces of the book only. These are recorded."
        )
    if view == "map":
        fields = [field.name for field in dataclasses.fields(rules[select])]
        possible = [name for name in RANGES if name in [*fields, "rate_decay", *WHOLE]]
        starts = ["x1", "x2"][: objective.dimension]
        if axes is None:
            several = len(starts) == 2 and len(objective.minimizers) > 1
            axes = starts if several else [name for name in possible if name != "epsilon"][:2]
        axes = axes if isinstance(axes, (list, tuple)) else [axes]
        if len(axes) != 2 or axes[0] == axes[1] or any(a not in possible + starts for a in axes):
            raise ValueError(
                f"The axes of this map must be two of {', '.join(possible + starts)}, "
                f"but are {', '.join(map(quoted, axes))}."
            )
    made = Playground(
        objective,
        rules,
        start.reshape(objective.start.shape),
        steps,
        steps if step is None else within(step, "step", 0, steps),
        noise,
        within(seed, "seed", 0, 9999),
        view,
        tuple(axes) if axes and view == "map" else None,
        predict,
        select,
    )
    if not recorded:
        return made
    _ = objective.ready, made.heights  # what is wrong with a surface is said before it runs
    return dataclasses.replace(made, traces=tuple(map(made.run, rules)))


def key_of(objective: Objective) -> str | None:
    """Return the name of a surface of the book, None of another."""
    return next((key for key, known in OBJECTIVES.items() if known is objective), None)


def of_the_book(rule: Rule) -> bool:
    """Say whether a rule is one of the package, not one that a reader made of it."""
    return type(rule) in [*RULES.values(), *PLAYED.values()]


def is_live(rule: Rule) -> bool:
    """Say whether the element itself can run a rule."""
    known = Pace.of(rule.learning_rate) is not None
    return known and of_the_book(rule) and type(rule).__name__ in LIVE


def within(value: Any, name: str, low: int, high: int) -> int:
    """Return a whole number in a range, or say what was expected."""
    if whole_number(value, name, low) > high:
        raise ValueError(f"{name} must be at most {high}, but is {value}.")
    return int(value)


def packed(values: Any, kind: str = "<f8") -> str:
    """Return numbers as text: their bytes, in base64."""
    return base64.b64encode(np.asarray(values, dtype=kind).tobytes()).decode()


def states_of(trace: Trace) -> tuple[list[str], np.ndarray]:
    """Return the letters of the state of a run, and their values: a row for each step, from 0.

    A row holds the letters of the first coordinate, then those of the second. A number for all
    coordinates is that of each; what does not go with the coordinates is left out.
    """
    point = np.shape(trace.x[0])
    states = [trace.rule.init(trace.x[0]), *trace.states]
    letters = [n for n, value in states[0].items() if n != "t" and np.shape(value) in {(), point}]
    table = np.zeros((len(states), np.size(trace.x[0]), len(letters)))
    for row, state in zip(table, states, strict=True):
        for j, letter in enumerate(letters):
            row[:, j] = np.ravel(state[letter])
    return letters, table


# ---- the figure ---------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Playground:
    """A figure that the reader sets in motion; `playground` makes one.

    Parameters
    ----------
    objective, rules, start, steps, step, noise, seed, view, axes, predict, select
        As in `playground`.
    traces : tuple of Trace
        The runs that were recorded; none if the element runs the rules itself.
    """

    objective: Objective
    rules: tuple[Rule, ...]
    start: np.ndarray
    steps: int
    step: int
    noise: float
    seed: int
    view: str
    axes: tuple[str, str] | None
    predict: bool
    select: int
    traces: tuple[Trace, ...] = ()

    @property
    def setting(self) -> str | None:
        """The setting as text: what the element begins with, and a link may change.

        None of recorded runs: no text says what is a reader's own.
        """
        if self.traces:
            return None
        parts = {
            "surface": key_of(self.objective),
            "from": ",".join(map(number, np.atleast_1d(self.start)))
            if np.any(self.start != self.objective.start)
            else "",
            "steps": self.steps,
            "step": self.step if self.step < self.steps else "",
            "noise": number(self.noise) if self.noise else "",
            "seed": self.seed or "",
            "view": self.view if self.view != "paths" else "",
            "axes": ",".join(self.axes or ()),
            "predict": "1" if self.predict else "",
            "select": self.select or "",
        }
        given = [f"{name}={value}" for name, value in parts.items() if value != ""]
        return "&".join([*given, *map(in_words, self.rules)])

    def __repr__(self) -> str:
        """Return its setting, or what was recorded."""
        if self.traces:
            return f"<playground of recorded runs: {self._calls()}, {self.steps} steps>"
        return f"<playground {self.setting}>"

    def _calls(self) -> str:
        """Return what ran on what, without addresses of functions."""
        calls = [re.sub(r" at 0x[0-9a-fA-F]+", "", repr(rule)) for rule in self.rules]
        listed = " and ".join(filter(None, [", ".join(calls[:-1]), calls[-1]]))
        noise = f" with noise {number(self.noise)}, seed {self.seed}" if self.noise else ""
        return f"{listed} on {self.objective.name}{noise}"

    def run(self, rule: Rule, start=None, *, record: bool = True) -> Trace:
        """Run a rule, with the same noise as the element."""
        quiet = objective = self.objective
        if self.noise:
            z = iter(self.noise * noise_of(self.seed, (self.steps, *objective.start.shape)))
            objective = dataclasses.replace(
                quiet,
                gradient=lambda x: quiet.gradient(x) + next(z),
                noisy=True,
                domain=quiet.domain if quiet.known_domain else None,
            )
        start = self.start if start is None else start
        return minimize(objective, rule, start=start, steps=self.steps, record=record)

    def runs(self) -> tuple[Trace, ...]:
        """Return the run of each rule: the one that was recorded, if it was."""
        return self.traces or tuple(map(self.run, self.rules))

    @functools.cached_property
    def heights(self) -> np.ndarray:
        """The values of the surface on a grid over its domain.

        Raises
        ------
        ValueError
            If they cannot be drawn.
        """
        objective, points = self.objective, 2 * GRID[self.objective.dimension] - 1
        lines = [np.linspace(low, high, points) for low, high in objective.domain]
        grid = lines[0] if objective.dimension == 1 else np.stack(np.meshgrid(*lines), axis=-1)
        advice = "Pass a domain on which it can be computed, as in domain=[(0.1, 2), (-1, 3)]"
        where = f"the domain {[*objective.domain]} of {objective.name}"
        try:
            with np.errstate(all="ignore"):
                values = np.asarray(objective.values(grid), dtype=float)
        except Exception as error:  # whatever a reader's function raises
            words = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(".")
            raise ValueError(f"On {where} its value fails: {words}. {advice}.") from None
        finite = np.isfinite(values)
        if not finite.all():
            point = np.atleast_1d(grid[tuple(np.argwhere(~finite)[0])]).tolist()
            raise ValueError(f"On {where} its value is not finite, as at {point}. {advice}.")
        if np.ptp(values) == 0:
            raise ValueError(
                f"On {where} its value is {values.flat[0] + 0.0:g} everywhere: there is "
                "nothing to descend."
            )
        return values[(slice(None, None, 2),) * objective.dimension]

    def _surface(self) -> dict[str, Any]:
        """Return what the element must know of a surface that JavaScript cannot compute."""
        from d2lmini import stills

        low, least = self.heights.min(), stills.least(self.objective)
        span = np.ptp(self.heights)
        return {
            "name": self.objective.name,
            "domain": self.objective.domain,
            "minimizers": self.objective.minimizers.tolist(),
            "least": least if least is None or math.isfinite(least) else None,
            "low": float(low),
            "span": float(span),
            # Rounded to seven digits, which are more than a picture shows.
            "heights": packed((self.heights - low) / span, "<f4"),
        }

    def record(self) -> dict[str, Any]:
        """Return the recorded runs, as the element plays them.

        Returns
        -------
        dict
            What JSON can hold; tables of numbers are packed to the last bit.
        """
        from d2lmini import stills

        runs = []
        for trace, shown in zip(self.traces, stills.shown(self), strict=True):
            letters, states = states_of(trace)
            slopes = trace.gradient if trace.steps else self.objective.slopes(trace.x[:1])
            look = [shown["look"][part] for part in ("color", "linestyle", "marker")]
            runs.append(
                {
                    **shown,
                    "look": look,
                    # Only of the book's rules the letters have a meaning that is known.
                    "known": of_the_book(trace.rule),
                    "letters": letters,
                    "lostAt": trace.diverged_at or 0,
                    "x": packed(trace.x),
                    "value": packed(trace.value),
                    "gradient": packed(slopes),
                    "states": packed(states),
                }
            )
        key = key_of(self.objective)
        return {
            "words": f"Computed in Python beforehand: {self._calls()}, so that only the step can "
            "be moved here; change the numbers in the cell.",
            "surface": self._surface() if key is None else key,
            "from": np.atleast_1d(self.start).tolist(),
            **{name: getattr(self, name) for name in ("steps", "step", "view", "select")},
            "runs": runs,
        }

    def figure(self):
        """Return the computed figure, of matplotlib, that stands where nothing can move."""
        from d2lmini import stills

        return {"paths": stills.paths, "race": stills.race, "map": stills.outcomes}[self.view](self)

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        """Return the element with its figure inside, and the figure as notebooks keep figures."""
        from d2lmini import stills

        data, metadata = stills.pictures(self.figure())
        alt, tag, name, text = stills.words(self), "optimizer-playground", "setting", self.setting
        if self.traces:
            tag, name = "optimizer-recording", "record"
            text = json.dumps(self.record(), separators=(",", ":"), allow_nan=False)
        data["text/html"] = (
            f'<script>{script(bool(self.traces))}</script>\n<{tag} {name}="{html.escape(text)}">'
            f'<img src="data:image/png;base64,{data["image/png"]}" alt="{html.escape(alt)}">'
            f"</{tag}>"
        )
        data["text/plain"] = repr(self)
        return data, metadata
