"""Where frameworks, the book "Dive into Deep Learning" and the papers part, question by question.

A question is an experiment: a few gradients, fed to an optimizer from x = 1, for which every answer
predicts another way. So an answer need not be believed, or looked up in a source: `Question.ask`
finds it out from any optimizer. What the book says is in `says`, one answer for each of `COLUMNS`;
`table` writes it down. The build asks Keras, and the tests ask the others.
"""

import dataclasses
import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from d2lmini import concise
from d2lmini.frameworks import CALLS, SWITCHES
from d2lmini.optimizers import RULES

COLUMNS = {
    "keras": "Keras 3",
    "legacy": "tf.keras to 2.10",
    "torch": "PyTorch",
    "optax": "Optax",
    "d2l": "D2L",
    "paper": "paper",
}
NOTHING = "–"  # there is no such optimizer or no such argument

Walk = Callable[[str, dict[str, Any], Sequence[float], Sequence[float] | None], float | None]


@dataclass(frozen=True)
class Question:
    """A question about a rule, as an experiment that answers it.

    Parameters
    ----------
    rule : str
        The name of the rule in the book.
    asks : str
        The question in a few words.
    settings : dict
        Hyperparameters, under the names of the book.
    gradients : tuple of float
        What the optimizer is fed with, from x = 1.
    answers : dict
        For each possible answer, how far x has gone down in the end.
    says : tuple of str
        The answer of each column.
    rates : tuple of float, optional
        The learning rates, if they change from step to step.
    """

    rule: str
    asks: str
    settings: dict[str, Any]
    gradients: tuple[float, ...]
    answers: dict[str, float]
    says: tuple[str, ...]
    rates: tuple[float, ...] | None = None

    def ask(self, walk: Walk) -> str:
        """Return the answer of an optimizer.

        Parameters
        ----------
        walk : callable
            ``walk(rule, settings, gradients, rates)`` makes the optimizer, feeds it with the
            gradients from x = 1 and returns how far x went down; None if there is no such
            optimizer, or if it has no such argument.

        Returns
        -------
        str
            One of the answers, or "–".

        Raises
        ------
        ValueError
            If the way is not what any answer predicts.
        """
        way = walk(self.rule, self.settings, self.gradients, self.rates)
        if way is None:
            return NOTHING
        for answer, predicted in self.answers.items():
            if math.isclose(way, predicted, rel_tol=1e-5, abs_tol=1e-6):
                return answer
        raise ValueError(
            f"{self.rule}, {self.asks}: x went down by {way:.6g}, which no answer predicts: "
            + ", ".join(f"{answer} {value:.6g}" for answer, value in self.answers.items())
        )


def walk_of_the_book(
    rule: str,
    settings: dict[str, Any],
    gradients: Sequence[float],
    rates: Sequence[float] | None = None,
) -> float | None:
    """Return how far a rule of the book goes down from x = 1; None if it has no such argument."""
    arguments = dict(settings)
    if rates is not None:
        arguments["learning_rate"] = lambda k: rates[k]
    try:
        made = RULES[rule](**arguments)
    except TypeError:
        return None
    x = np.ones(1)
    state = made.init(x)
    for g in gradients:
        x, state = made.step(x, np.full(1, float(g)), state)
    return float(1 - x[0])


def walk_of_keras(
    rule: str,
    settings: dict[str, Any],
    gradients: Sequence[float],
    rates: Sequence[float] | None = None,
) -> float | None:
    """Return how far a Keras optimizer goes down from x = 1; None if it has no such argument."""
    keras = concise.keras()
    kind = getattr(keras.optimizers, rule)
    if not set(settings) <= set(inspect.signature(kind).parameters):
        return None
    optimizer, x = kind(**settings), keras.Variable([1.0])
    for k, g in enumerate(gradients):
        if rates is not None:
            optimizer.learning_rate = rates[k]
        optimizer.apply([keras.ops.convert_to_tensor([float(g)])], [x])
    return 1 - float(x.numpy()[0])


def _penalty(rule: str, **settings: Any) -> float:
    """Return the first step along 0.5, the gradient of an L2 penalty of that weight at x = 1."""
    return walk_of_the_book(rule, settings, (0.5,))


def _look_ahead(exponent: float | None, rate: float = 0.1, steps: int = 3) -> float:
    """Return the way of Nadam for gradients 1, with momenta that warm up by 0.96 to that power."""
    b, m, product, way = 0.9, 0.0, 1.0, 0.0
    for t in range(1, steps + 1):
        if exponent is None:
            now = ahead = b
        else:
            now, ahead = (b * (1 - 0.5 * 0.96 ** (exponent * k)) for k in (t, t + 1))
        product *= now
        m = b * m + (1 - b)
        way += rate * (ahead * m / (1 - product * ahead) + (1 - now) / (1 - product))
    return way


_S, _E = 0.25, 0.5  # 1 - rho, and an epsilon that cannot be overlooked
_RMS = {"learning_rate": 1.0, "rho": 1 - _S, "epsilon": _E}
_INSIDE = {"inside": 1 / math.sqrt(_S + _E), "outside": 1 / (math.sqrt(_S) + _E)}
_SPREAD = _S - _S**2
_CENTERED = {"inside": 1 / math.sqrt(_SPREAD + _E), "outside": 1 / (math.sqrt(_SPREAD) + _E)}
_S_2 = _S * (1 - _S) + _S
_DELTA = math.sqrt(1e-2 / (_S + 1e-2))  # the first step of Adadelta


def _second(first: float) -> float:
    """Return the second step of Adadelta, if the first counts as this in its average."""
    return math.sqrt(_S * first**2 + 1e-2) / math.sqrt(_S_2 + 1e-2)


_DECAY = {"learning_rate": 0.1, "weight_decay": 0.5}
ONLY_KERAS = ("decoupled", NOTHING, "L2", NOTHING, NOTHING, NOTHING)
QUESTIONS = [
    Question(
        "SGD",
        "place of $\\eta$",
        {"learning_rate": 1.0, "momentum": 0.5},
        (1, 0),
        {"inside": 1 + 0.5, "outside": 1 + 0.05},
        ("inside", "inside", "outside", "outside", "outside", "inside"),
        rates=(1.0, 0.1),
    ),
    Question(
        "SGD",
        "weight of a gradient",
        {"learning_rate": 1.0, "momentum": 0.75},
        (1,),
        {"1": 1.0, "$1 - \\beta$": 0.25},
        ("1",) * 6,
    ),
    Question(
        "SGD",
        "kept by Nesterov",
        {"learning_rate": 1.0, "momentum": 0.5, "nesterov": True},
        (1, 0),
        {"look-ahead": 1.5 + 0.25, "the ball": 1 + 0.5},
        ("look-ahead",) * 4 + (NOTHING, "the ball"),
    ),
    Question(
        "SGD",
        "weight decay",
        {"learning_rate": 0.1, "momentum": 0.5, "weight_decay": 0.5},
        (0, 0),
        {"decoupled": 1 - 0.95**2, "L2": 0.05 + 0.025 + 0.05 * 0.95},
        ONLY_KERAS,
    ),
    Question(
        "SGD",
        "argument `decay`",
        {"learning_rate": 1.0, "decay": 1.0},
        (0.5, 0.5),
        {"$\\eta/(1 + d k)$": 0.5 + 0.25},
        (NOTHING, "$\\eta/(1 + d k)$") + (NOTHING,) * 4,
    ),
    Question(
        "Adagrad",
        "place of $\\epsilon$",
        {"learning_rate": 1.0, "initial_accumulator_value": 0.0, "epsilon": _E},
        (1,),
        {"inside": 1 / math.sqrt(1 + _E), "outside": 1 / (1 + _E)},
        ("inside", "outside", "outside", "inside", "inside", "outside"),
    ),
    Question(
        "Adagrad",
        "$s_0$",
        {"learning_rate": 1.0, "epsilon": 1e-7},
        (0.5,),
        {"0.1": 0.5 / math.sqrt(0.35), "0": 1.0},
        ("0.1", "0.1", "0", "0.1", "0", "0"),
    ),
    Question(
        "Adagrad",
        "weight decay",
        _DECAY,
        (0,),
        {
            "decoupled": 0.05,
            "L2": _penalty("Adagrad", learning_rate=0.1, initial_accumulator_value=0),
        },
        ONLY_KERAS,
    ),
    Question(
        "RMSprop",
        "place of $\\epsilon$",
        _RMS,
        (1,),
        _INSIDE,
        ("inside", "outside", "outside", "inside", "inside", "none"),
    ),
    Question(
        "RMSprop",
        "… with momentum",
        {**_RMS, "momentum": 0.5},
        (1,),
        _INSIDE,
        ("inside", "inside", "outside", "inside", NOTHING, "inside"),
    ),
    Question(
        "RMSprop",
        "… centered",
        {**_RMS, "centered": True},
        (1,),
        _CENTERED,
        ("inside", "outside", "outside", "inside", NOTHING, "inside"),
    ),
    Question(
        "RMSprop",
        "$s_0$; corrected?",
        {"learning_rate": 1.0, "rho": 0.75, "epsilon": 1e-7},
        (1,),
        {"0; no": 2.0, "0; yes": 1.0},
        ("0; no",) * 5 + (NOTHING,),
    ),
    Question(
        "RMSprop",
        "place of $\\eta$",
        {"learning_rate": 1.0, "rho": 0.75, "momentum": 0.5, "epsilon": 1e-9},
        (1, 0),
        {"inside": 2 + 1, "outside": 2 + 0.1},
        ("inside", "inside", "outside", "inside", NOTHING, "inside"),
        rates=(1.0, 0.1),
    ),
    Question(
        "RMSprop",
        "weight decay",
        {**_DECAY, "rho": 0.75},
        (0,),
        {"decoupled": 0.05, "L2": _penalty("RMSprop", learning_rate=0.1, rho=0.75)},
        ONLY_KERAS,
    ),
    Question(
        "Adadelta",
        "place of $\\epsilon$",
        {"learning_rate": 1.0, "rho": 0.75, "epsilon": 1e-2},
        (1,),
        {"inside": _DELTA, "outside": 1e-2 / (0.5 + 1e-2)},
        ("inside",) * 6,
    ),
    Question(
        "Adadelta",
        "$u$ averages",
        {"learning_rate": 0.5, "rho": 0.75, "epsilon": 1e-2},
        (1, 1),
        {
            "$\\Delta^2$": 0.5 * (_DELTA + _second(_DELTA)),
            "$(\\eta\\Delta)^2$": 0.5 * (_DELTA + _second(0.5 * _DELTA)),
        },
        ("$\\Delta^2$",) * 4 + (NOTHING,) * 2,
    ),
    Question(
        "Adadelta",
        "weight decay",
        {**_DECAY, "epsilon": 1e-2},
        (0,),
        {
            "decoupled": 0.05,
            "L2": _penalty("Adadelta", learning_rate=0.1, rho=0.9, epsilon=1e-2),
        },
        ("decoupled", NOTHING, "L2", "L2", NOTHING, NOTHING),
    ),
    Question(
        "Adam",
        "$\\epsilon$ is beside",
        {"learning_rate": 1.0, "beta_2": 0.75, "epsilon": _E},
        (1,),
        {
            "$\\sqrt{s}$": 0.5 / (0.5 + _E),
            "$\\sqrt{\\hat s}$": 1 / (1 + _E),
            "nothing": 1 / math.sqrt(1 + _E),
        },
        ("$\\sqrt{s}$",) * 2 + ("$\\sqrt{\\hat s}$",) * 4,
    ),
    Question(
        "Adam",
        "corrected averages",
        {"learning_rate": 1.0, "beta_1": 0.5, "beta_2": 0.75, "epsilon": 1e-9},
        (1, 1),
        {"both": 2.0, "none": 1 + 0.75 / math.sqrt(_S_2), "only $s$": 0.5 + 0.75},
        ("both",) * 6,
    ),
    Question(
        "Adam",
        "largest, in AMSGrad",
        {"learning_rate": 1.0, "beta_1": 0.0, "beta_2": 0.5, "epsilon": 1e-9, "amsgrad": True},
        (10, 1),
        {
            "$s$, corrected": 1 + math.sqrt(0.75 / 50),
            "$\\hat s$": 1 + 0.1,
            "$s$": 11 / math.sqrt(50),
        },
        (*("$s$, corrected",) * 3, "$\\hat s$", NOTHING, "$s$"),
    ),
    Question(
        "Adam",
        "weight decay",
        _DECAY,
        (0,),
        {"decoupled": 0.05, "L2": _penalty("Adam", learning_rate=0.1, epsilon_hat=False)},
        ONLY_KERAS,
    ),
    Question(
        "AdamW",
        "a step takes off",
        _DECAY,
        (0,),
        {"$\\eta\\lambda x$": 0.05, "$\\lambda x$": 0.5},
        ("$\\eta\\lambda x$", NOTHING) + ("$\\eta\\lambda x$",) * 2 + (NOTHING, "$\\lambda x$"),
    ),
    Question(
        "Adamax",
        "place of $\\epsilon$",
        {"learning_rate": 0.1, "beta_1": 0.0, "beta_2": 0.5, "epsilon": 0.1},
        (1, 0.25),
        {"beside": 0.1 / 1.1 + 0.025 / 0.6, "inside": 0.1 / 1.1 + 0.025 / 0.55},
        ("beside", "beside", "inside", "inside", NOTHING, "none"),
    ),
    Question(
        "Adamax",
        "weight decay",
        _DECAY,
        (0,),
        {"decoupled": 0.05, "L2": 0.1},
        ONLY_KERAS,
    ),
    Question(
        "Nadam",
        "warm-up",
        {"learning_rate": 0.1, "epsilon": 1e-9},
        (1, 1, 1),
        {
            "$0.96^t$": _look_ahead(1),
            "$0.96^{t/250}$": _look_ahead(1 / 250),
            "none": _look_ahead(None),
        },
        ("$0.96^t$", "$0.96^{t/250}$", "$0.96^{t/250}$", "none", NOTHING, "$0.96^{t/250}$"),
    ),
    Question(
        "Nadam",
        "weight decay",
        _DECAY,
        (0,),
        {
            "decoupled": 0.05,
            "L2": _look_ahead(1 / 250, steps=1),
        },
        ONLY_KERAS,
    ),
    Question(
        "Lion",
        "decays",
        {"learning_rate": 0.1, "beta_1": 0.9, "beta_2": 0.5, "weight_decay": 0.0},
        (1, -1),
        {"two": 0.2, "one": 0.0},
        ("two", NOTHING, NOTHING, "two", NOTHING, "two"),
    ),
    Question(
        "Lion",
        "weight decay",
        _DECAY,
        (0,),
        {"decoupled": 0.05, "L2": 0.1},
        ("decoupled", NOTHING, NOTHING, "decoupled", NOTHING, "decoupled"),
    ),
]

# Defaults that are nowhere else in the package. The older tf.keras had those of Keras 3.
LEGACY = ("SGD", "Adagrad", "RMSprop", "Adadelta", "Adam", "Adamax", "Nadam")
D2L = {
    "Adagrad": {"initial_accumulator_value": 0.0, "epsilon": 1e-6},
    "RMSprop": {"rho": 0.9, "epsilon": 1e-6},
    "Adadelta": {"rho": 0.9, "epsilon": 1e-5},
    "Adam": {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-6},
}
PAPER = {
    "Adagrad": {"initial_accumulator_value": 0.0},
    "RMSprop": {"rho": 0.9},
    "Adadelta": {"rho": 0.95, "epsilon": 1e-6},
    "Adam": {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8},
    "AdamW": {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8},
    "Adamax": {"learning_rate": 0.002, "beta_1": 0.9, "beta_2": 0.999},
    "Lion": {"beta_1": 0.9, "beta_2": 0.99},
}
SYMBOLS = {
    "learning_rate": "$\\eta$",
    "initial_accumulator_value": "$s_0$",
    "momentum": "$\\beta$",
    "rho": "$\\rho$",
    "beta_1": "$\\beta_1$",
    "beta_2": "$\\beta_2$",
    "epsilon": "$\\epsilon$",
    "weight_decay": "$\\lambda$",
}


def defaults(rule: str) -> dict[str, tuple[float | None, ...]]:
    """Return the default of each hyperparameter in each column; None where there is none.

    Parameters
    ----------
    rule : str
        The name of the rule in the book.

    Returns
    -------
    dict
        For each hyperparameter that is a number, a tuple in the order of `COLUMNS`.
    """
    calls = {
        framework: next(
            (
                call
                for name, call in CALLS.items()
                if name.startswith(framework) and issubclass(call.rule, RULES[rule])
            ),
            None,
        )
        for framework in ("keras", "torch", "optax")
    }
    found = {}
    for field in dataclasses.fields(RULES[rule]):
        name = field.name
        if name in SWITCHES or isinstance(field.default, bool) or field.default is None:
            continue
        there = {key: call.default(name) if call else None for key, call in calls.items()}
        if name == "momentum":  # Optax has None for 0
            there["optax"] = 0.0
        found[name] = (
            there["keras"],
            there["keras"] if rule in LEGACY else None,
            there["torch"],
            there["optax"],
            D2L.get(rule, {}).get(name),
            PAPER.get(rule, {}).get(name),
        )
    return found


def table(rule: str) -> str:
    """Return all that is known of a rule, as a table in Markdown.

    Parameters
    ----------
    rule : str
        The name of the rule in the book.

    Returns
    -------
    str
        A row for each question, then one for each default.
    """
    rows = [("", *COLUMNS.values()), ("---",) * (len(COLUMNS) + 1)]
    asked = [q for q in QUESTIONS if q.rule == rule]
    rows += [(q.asks, *q.says) for q in asked]
    for name, values in defaults(rule).items():
        if SYMBOLS[name] in [q.asks for q in asked]:
            continue
        shown = [NOTHING if v is None else f"{v:g}".replace("e-0", "e-") for v in values]
        rows.append((f"default {SYMBOLS[name]}", *shown))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
