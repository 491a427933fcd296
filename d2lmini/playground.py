"""The playground: a figure that the reader sets in motion, in a notebook and on the website.

It is one custom element, ``<optimizer-playground>``, in plain JavaScript: the files of
``d2lmini/javascript``. Here they become one script, with the facts that they need from the package,
so that none stands twice; and the element gets its setting, and a computed figure that stands in
its place on paper, in a notebook that is not trusted, and wherever there is no JavaScript.
"""

import dataclasses
import functools
import html
import importlib.resources
import json
import math
from typing import Any

import numpy as np

from d2lmini.checks import did_you_mean, explain_arguments, float_array, whole_number
from d2lmini.checks import number as number_of
from d2lmini.descend import FAR, Trace, minimize
from d2lmini.objectives import OBJECTIVES, Objective, bowl
from d2lmini.optimizers import RULES, Adam, Adamax, AdamW
from d2lmini.rule import Rule, update_rule
from d2lmini.schedules import InverseTimeDecay

PARTS = ("surfaces", "rules", "run", "draw", "settings", "map", "words", "playground")
QUADRATIC = ("parabola", "bowl", "rotated_bowl", "saddle")
VIEWS = ("paths", "race", "map")
MOST_STEPS = 1000
# What can be on the axes of a map, from where to where; of a decay, one minus it.
RANGES = {
    "learning_rate": (1e-4, 10.0),
    **dict.fromkeys(("momentum", "rho", "beta_1", "beta_2"), (1e-4, 1.0)),
    "epsilon": (1e-12, 1.0),
    "initial_accumulator_value": (1e-6, 10.0),
    "weight_decay": (1e-4, 10.0),
    "rate_decay": (1e-3, 10.0),
}

# ---- what the script knows ----------------------------------------------------------------------


def with_switch(rule: type[Rule]) -> type[Rule]:
    """Return a rule with a switch for its bias correction, which the package's own has not."""

    def update(self, x, g, t, eta, **fields):
        # After endlessly many steps there is nothing left to correct: 1 - beta^t is 1.
        return rule.update(self, x, g, t if self.bias_correction else math.inf, eta, **fields)

    body = {"__annotations__": {"bias_correction": bool}, "bias_correction": True, "update": update}
    return update_rule(type(rule.__name__, (rule,), body))


# The rules of the playground: those of the package, three of them with a switch.
PLAYED = RULES | {rule.__name__: with_switch(rule) for rule in (Adam, AdamW, Adamax)}


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
        name: {field.name: field.default for field in dataclasses.fields(rule)}
        for name, rule in RULES.items()
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
def script() -> str:
    """Return the element as one classic script, which also runs from a folder on disk."""
    folder = importlib.resources.files("d2lmini") / "javascript"

    def lines(name):
        text = (folder / name).read_text("utf-8")
        return [line.strip() for line in text.splitlines() if line.strip()]

    return "\n".join(
        [
            '(() => {\n"use strict";',
            # In a notebook every output brings the script.
            'if (customElements.get("optimizer-playground")) return;',
            f"const BOOK = {json.dumps(facts(), separators=(',', ':'))};",
            f"const STYLE = {json.dumps(chr(10).join(lines('playground.css')))};",
            *(line for p in PARTS for line in lines(f"{p}.js") if not line.startswith("//")),
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


# ---- settings -----------------------------------------------------------------------------------


def number(value: float) -> str:
    """Return a short text that means exactly this number."""
    return str(float(value)).removesuffix(".0")


def in_words(rule: Rule) -> str:
    """Return a rule as settings write it."""
    given = {}
    for field in dataclasses.fields(rule):
        value = getattr(rule, field.name)
        if isinstance(value, InverseTimeDecay):
            given[field.name] = number(value.initial_learning_rate)
            given["rate_decay"] = number(value.decay_rate / value.decay_steps)
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
    if name not in PLAYED or not text.endswith(")"):
        near = "" if name in PLAYED else f" {did_you_mean(name, PLAYED)}"
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
    slowing = given.pop("rate_decay", 0)
    rule = PLAYED[name](**given)
    if slowing:
        return dataclasses.replace(rule, learning_rate=InverseTimeDecay(rule.rate(1), 1, slowing))
    return rule


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

    Parameters
    ----------
    objective : Objective, default bowl
        One of `OBJECTIVES`.
    *rules : Rule or str
        The rules that run, with a number for every hyperparameter; the learning rate may be an
        `InverseTimeDecay`. By default ``SGD(0.1)``. Or in the words of a setting, which know more:
        ``"SGD(learning_rate=1.9/L)"``, where ``L`` is the largest curvature,
        ``"Adam(bias_correction=False)"``, ``"SGD(learning_rate=0.1,rate_decay=0.05)"``.
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
        under many settings, or from many starts.
    axes : tuple of (str, str), optional
        Across and up on a map: two of the hyperparameters and of ``"x1"``, ``"x2"``, the
        coordinates of the start.
    predict : bool, default False
        Whether the reader says what will happen before it is shown.
    select : int, default 0
        The number of the rule, from 0, whose hyperparameters are shown first.

    Returns
    -------
    Playground
        With its ``setting``, which links to it are made of, and its computed ``figure()``.

    Raises
    ------
    TypeError, ValueError
        If the objective or a rule is not one of the package, or a number is out of its range.
    """
    if not any(objective is known for known in OBJECTIVES.values()):
        raise ValueError(
            "The playground has only the surfaces of d2l.OBJECTIVES, not "
            f"{getattr(objective, 'name', repr(objective))}. d2l.minimize and d2l.plot_traces run "
            "and draw any."
        )
    rules = tuple(
        read_rule(rule, objective) if isinstance(rule, str) else rule
        for rule in rules or ("SGD(learning_rate=0.1)",)
    )
    for rule in rules:
        if type(rule) not in {*RULES.values(), *PLAYED.values()} or rule.shape != ():
            raise TypeError(
                f"The playground runs the rules of d2l.RULES, such as d2l.SGD(0.1), with a number "
                f"for each hyperparameter, not {rule!r}. d2l.minimize runs any."
            )
        if callable(rule.learning_rate) and not isinstance(rule.learning_rate, InverseTimeDecay):
            raise TypeError(
                "Of the schedules the playground knows InverseTimeDecay only, not "
                f"{type(rule.learning_rate).__name__}. d2l.minimize runs any."
            )
    start = float_array(objective.start if start is None else start, "The start")
    if start.size != objective.dimension:
        raise ValueError(
            f"A start on {objective.name} has {objective.dimension} coordinate(s), but this one "
            f"has {start.size}."
        )
    steps = within(steps, "steps", 1, MOST_STEPS)
    if view not in VIEWS:
        raise ValueError(f"There is no view {view!r}. {did_you_mean(str(view), VIEWS)}")
    select = within(select, "select", 0, len(rules) - 1)
    noise = number_of(noise, "noise")
    if noise < 0:
        raise ValueError(f"noise must not be negative, but is {noise!r}.")
    if view == "map":
        fields = [field.name for field in dataclasses.fields(rules[select])]
        possible = [name for name in RANGES if name in [*fields, "rate_decay"]]
        starts = ["x1", "x2"][: objective.dimension]
        if axes is None:
            several = len(starts) == 2 and len(objective.minimizers) > 1
            axes = starts if several else [name for name in possible if name != "epsilon"][:2]
        if len(axes) != 2 or axes[0] == axes[1] or not {*axes} <= {*possible, *starts}:
            raise ValueError(
                f"The axes of this map must be two of {', '.join(possible + starts)}, "
                f"but are {axes!r}."
            )
    return Playground(
        objective,
        rules,
        start.reshape(objective.start.shape),
        steps,
        steps if step is None else within(step, "step", 0, steps),
        noise,
        within(seed, "seed", 0, 9999),
        view,
        tuple(axes) if axes and view == "map" else None,
        bool(predict),
        select,
    )


def within(value: Any, name: str, low: int, high: int) -> int:
    """Return a whole number in a range, or say what was expected."""
    if whole_number(value, name, low) > high:
        raise ValueError(f"{name} must be at most {high}, but is {value}.")
    return int(value)


# ---- the figure ---------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Playground:
    """A figure that the reader sets in motion; `playground` makes one.

    Parameters
    ----------
    objective, rules, start, steps, step, noise, seed, view, axes, predict, select
        As in `playground`.
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

    @property
    def setting(self) -> str:
        """The setting as text: what the element begins with, and a link may change."""
        (key,) = (key for key, known in OBJECTIVES.items() if known is self.objective)
        parts = {
            "surface": key,
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
        """Return its setting."""
        return f"<playground {self.setting}>"

    def run(self, rule: Rule, start=None, *, record: bool = True) -> Trace:
        """Run a rule, with the same noise as the element."""
        quiet = objective = self.objective
        if self.noise:
            z = iter(self.noise * noise_of(self.seed, (self.steps, *objective.start.shape)))
            objective = dataclasses.replace(
                quiet, gradient=lambda x: quiet.gradient(x) + next(z), noisy=True
            )
        start = self.start if start is None else start
        return minimize(objective, rule, start=start, steps=self.steps, record=record)

    def figure(self):
        """Return the computed figure, of matplotlib, that stands where nothing can move."""
        from d2lmini import stills

        return {"paths": stills.paths, "race": stills.race, "map": stills.outcomes}[self.view](self)

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        """Return the element with its figure inside, and the figure as notebooks keep figures."""
        from d2lmini import stills

        data, metadata = stills.pictures(self.figure())
        alt, setting = html.escape(stills.words(self)), html.escape(self.setting)
        data["text/html"] = (
            f'<script>{script()}</script>\n<optimizer-playground setting="{setting}">'
            f'<img src="data:image/png;base64,{data["image/png"]}" alt="{alt}">'
            "</optimizer-playground>"
        )
        data["text/plain"] = repr(self)
        return data, metadata
