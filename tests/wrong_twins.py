"""Update rules that are wrong on purpose, each in one way (and the means to make models so).

A wrong twin is a rule's own source with one edit, so it shares every other line with the rule. Most
of the edits are mistakes that books, blog posts and libraries have made. The comparison that passes
the rules must fail the twins: `test_rules_against_keras`.

When a rule is rewritten its edits no longer apply; then the text they replace is adapted here.
"""

import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from d2lmini.rule import Rule


def edited(thing, edits: dict[str, str], method: str = "update"):
    """Return a rule or a model with pieces of the source of a method replaced."""
    original = getattr(type(thing), method)
    original = inspect.unwrap(original)
    source = textwrap.dedent(inspect.getsource(original))
    for old, new in edits.items():
        found = source.count(old)
        assert found == 1, f"{old!r} is {found} times in {original.__qualname__}: adapt the twin"
        source = source.replace(old, new)
    namespace = dict(original.__globals__)
    exec(compile(source, f"<wrong {original.__qualname__}>", "exec"), namespace)
    cls = type(thing)
    wrong = object.__new__(type(f"Wrong{cls.__name__}", (cls,), {method: namespace[method]}))
    vars(wrong).update(vars(thing))
    return wrong


@dataclass(frozen=True)
class Twin:
    """One mistake: what it is, what it is made in, and where it shows.

    Parameters
    ----------
    mistake : str
        What is wrong.
    edits : dict or callable
        Pieces of source and what they are replaced by; or a function from a rule to a wrong rule.
    method : str
        The method whose source is edited.
    variant : str
        The variant of the setting in which the mistake shows (see `comparison.setting`).
    structure : str
        How the parameters must be kept for it to show.
    """

    mistake: str
    edits: dict[str, str] | Callable[[Rule], Rule]
    method: str = "update"
    variant: str = "plain"
    structure: str = "array"

    def of(self, rule: Rule) -> Rule:
        """Return the wrong twin of a rule."""
        return self.edits(rule) if callable(self.edits) else edited(rule, self.edits, self.method)


# ---- mistakes that can be made in any rule ------------------------------------------------------


def point_changed_in_place(rule: Rule) -> Rule:
    class Wrong(type(rule)):
        def advance(self, x, g, state):
            if state["t"] == 0:
                x = x.copy()  # or it would spoil the start of the tests after this one
            x[...], state = super().advance(x, g, state)
            return x, state

    return Wrong(**vars(rule))


def state_changed_in_place(rule: Rule) -> Rule:
    class Wrong(type(rule)):
        def update(self, x, g, t, eta, **fields):
            x, new = super().update(x, g, t, eta, **fields)
            for name, value in fields.items():
                if isinstance(value, np.ndarray):
                    value[...] = new[name]
                    new[name] = value
            return x, new

    return Wrong(**vars(rule))


def state_kept_from_the_last_run(rule: Rule) -> Rule:
    kept = {}

    class Wrong(type(rule)):
        def advance(self, x, g, state):
            x, kept["state"] = super().advance(x, g, kept.get("state", state))
            return x, kept["state"]

    return Wrong(**vars(rule))


def gradient_of_the_step_before(rule: Rule) -> Rule:
    class Wrong(type(rule)):
        def init(self, x):
            return super().init(x) | {"last": np.zeros_like(x)}

        def advance(self, x, g, state):
            state = dict(state)
            last = state.pop("last")
            x, state = super().advance(x, last, state)
            return x, state | {"last": g}

    return Wrong(**vars(rule))


ANY_RULE = [
    Twin("point changed in place", point_changed_in_place),
    Twin("gradient of the step before", gradient_of_the_step_before),
    Twin("uphill", {"self.update(x, g,": "self.update(x, -g,"}, "_decay_and_update"),
    Twin("schedule asked a step too late", {"(t - 1)": "(t)"}, "rate", variant="schedule"),
    Twin("schedule frozen at its start", {"(t - 1)": "(0)"}, "rate", variant="schedule"),
    Twin("t from 0", {'state["t"] + 1': 'state["t"]'}, "advance", variant="schedule"),
    Twin("decay forgotten", {"self.weight_decay is not None": "False"},
         "_decay_and_update", variant="weight decay"),
    Twin("decay not multiplied by the rate", {"self.weight_decay * eta": "self.weight_decay"},
         "_decay_and_update", variant="weight decay"),
    Twin("decay after the step", {
        "x = x - x * self.weight_decay * eta\n": "pass\n",
        "x, fields = self.update(x, g, t, eta, **fields)":
            "x, fields = self.update(x, g, t, eta, **fields)\n"
            "    x = x - x * self.weight_decay * eta",
    }, "_decay_and_update", variant="weight decay"),
]  # fmt: skip
# Lion takes no notice of the size of a gradient.
NOT_LION = [
    Twin("gradient of a loss without its half", {"self.update(x, g,": "self.update(x, 2 * g,"},
         "_decay_and_update"),
]  # fmt: skip
WITH_STATE = [
    Twin("state kept from the last run", state_kept_from_the_last_run),
    Twin("state changed in place", state_changed_in_place),
    # In plain descent the two are the same; that they are not in the others is what AdamW is about.
    Twin("L2 penalty in place of decay",
         {"x = x - x * self.weight_decay * eta": "g = g + self.weight_decay * x"},
         "_decay_and_update", variant="weight decay"),
]  # fmt: skip
WITH_T = [
    Twin("t frozen at 1", {'state["t"] + 1': "1"}, "advance"),
    Twin("t from 0, without a schedule", {'state["t"] + 1': 'state["t"]'}, "advance"),
    Twin("t counted once for each array",
         {"new_x[key] =": "t += 1\n            new_x[key] ="}, "advance", structure="dict"),
]  # fmt: skip

# ---- mistakes in one rule -----------------------------------------------------------------------

VELOCITY = "v = self.momentum * v - eta * g"
_DAMPED = {VELOCITY: "v = self.momentum * v - (1 - self.momentum) * eta * g"}
_FORGOTTEN = {
    "momentum": {"return x + v, {": "return x + v, {'v': 0 * v} or {"},
    "Nesterov": {"eta * g), {": "eta * g), {'v': 0 * v} or {"},
}

# "Corrected" averages, as the rules write them.
_FILLED = "m_filled, s_filled = filled(self.beta_1, t, x), filled(self.beta_2, t, x)"
_NO_CORRECTION = {_FILLED: "m_filled = s_filled = x.dtype.type(1)"}
_EPSILON_OUTSIDE = {"self.epsilon_inside_root": "False"}

OWN = {
    "SGD": [
        Twin("unit steps", {"return x - eta * g, {}": "return x - eta * np.sign(g), {}"}),
        Twin("normalized gradient",
             {"return x - eta * g, {}": "return x - eta * g / np.sqrt((g**2).sum()), {}"}),
        Twin("one step for all elements",
             {"return x - eta * g, {}": "return x - eta * g.mean(), {}"}),
    ],
    "SGD, momentum": [
        Twin("damped by 1 - beta", _DAMPED),
        Twin("rate outside the velocity",
             {VELOCITY: "v = self.momentum * v - g", "return x + v,": "return x + eta * v,"},
             variant="schedule"),
        Twin("velocity forgotten", _FORGOTTEN["momentum"]),
        Twin("steps with the old velocity",
             {VELOCITY: f"old, {VELOCITY.replace('=', '= v,')}",
              "return x + v,": "return x + old,"}),
        Twin("Nesterov's step", {"if self.nesterov": "if not self.nesterov"}),
    ],
    "SGD, Nesterov": [
        Twin("looks ahead with the old velocity",
             {VELOCITY: f"old, {VELOCITY.replace('=', '= v,')}",
              "x + (self.momentum * v": "x + (self.momentum * old"}),
        Twin("does not look ahead", {"if self.nesterov": "if not self.nesterov"}),
        Twin("gradient counted twice", {"x + (self.momentum * v": "x + (v"}),
        Twin("damped by 1 - beta", _DAMPED),
        Twin("rate outside the velocity",
             {VELOCITY: "v = self.momentum * v - g",
              "(self.momentum * v - eta * g)": "eta * (self.momentum * v - g)"},
             variant="schedule"),
        Twin("velocity forgotten", _FORGOTTEN["Nesterov"]),
    ],
    "Adagrad": [
        Twin("sum of absolute gradients", {"s + g**2": "s + np.abs(g)"}),
        Twin("epsilon outside the root", _EPSILON_OUTSIDE),
        Twin("no epsilon", {"self.epsilon,": "0.0,"}),
        Twin("starts at 0", {"+ self.initial_accumulator_value": ""}, "zero_state"),
        Twin("starts at the root of its start", {"_value}": "_value**0.5}"}, "zero_state"),
        Twin("divides by the sum before this step", {"s = s + g**2": "old, s = s, s + g**2",
                                                     "root(s,": "root(old,"}),
        Twin("no root", {"/ root(": "/ np.square(root(", "inside_root)": "inside_root))"}),
        Twin("average, not sum", {"s + g**2": "s + (g**2 - s) / t"}),
    ],
    "RMSprop": [
        Twin("epsilon outside the root", _EPSILON_OUTSIDE),
        Twin("no epsilon", {"spread, self.epsilon,": "spread, 1e-30,"}),
        Twin("epsilon added before the average",
             {"* g**2": "* (g**2 + self.epsilon)", "spread, self.epsilon,": "spread, 0.0,"}),
        Twin("average of absolute gradients", {"g**2": "np.abs(g)"}),
        Twin("sum, not average", {"(1 - self.rho) * g**2": "g**2"}),
        Twin("rho and 1 - rho swapped",
             {"self.rho * s + (1 - self.rho) * g**2": "(1 - self.rho) * s + self.rho * g**2"}),
        Twin("starts at 1", {"np.zeros_like": "np.ones_like"}, "zero_state"),
        Twin("bias corrected as in Adam", {'{"s": s}, s': '{"s": s}, s / filled(self.rho, t, x)'}),
        Twin("divides by the average before this step",
             {"s = self.rho * s": "old, s = s, self.rho * s", '{"s": s}, s': '{"s": s}, old'}),
        Twin("no root", {"/ root(": "/ np.square(root(", "inside_root)": "inside_root))"}),
    ],
    "RMSprop, centered": [
        Twin("not centered", {"s - m**2": "s"}),
        Twin("mean not squared", {"s - m**2": "s - np.abs(m)"}),
        Twin("mean of the step before", {'m = state["m"]': 'state["m"]'}),
        Twin("epsilon outside the root", {
            "root(spread, self.epsilon, self.epsilon_inside_root)":
                "(np.sqrt(np.maximum(spread, 0)) + self.epsilon)"}),
        Twin("mean of squares", {"(1 - self.rho) * g\n": "(1 - self.rho) * g**2\n"}),
        Twin("centers the step too", {"step = eta * g": "step = eta * (g - m)"}),
        Twin("mean of the gradient's absolute value",
             {"(1 - self.rho) * g\n": "(1 - self.rho) * np.abs(g)\n"}),
    ],
    "RMSprop, momentum": [
        Twin("rate outside the velocity", {"step = eta * g": "step = g", "x + v": "x + eta * v"},
             variant="schedule"),
        Twin("damped by 1 - beta", {"v - step": "v - (1 - self.momentum) * step"}),
        Twin("velocity of raw gradients",
             {"v - step": "v - eta * g", "x + v": "x + v * step / np.where(g == 0, 1, eta * g)"}),
        Twin("no velocity", {"x + v": "x - step"}),
        Twin("velocity forgotten", {"self.momentum * v": "0 * v"}),
        Twin("epsilon outside the root", _EPSILON_OUTSIDE),
        Twin("Nesterov's look-ahead", {"x + v": "x + self.momentum * v - step"}),
    ],
    "RMSprop, centered, momentum": [
        Twin("rate outside the velocity", {"step = eta * g": "step = g", "x + v": "x + eta * v"},
             variant="schedule"),
        Twin("damped by 1 - beta", {"v - step": "v - (1 - self.momentum) * step"}),
        Twin("not centered", {"s - m**2": "s"}),
        Twin("no velocity", {"x + v": "x - step"}),
    ],
    "Adadelta": [
        Twin("epsilon outside both roots",
             {"root(u, self.epsilon)": "root(u, self.epsilon, False)",
              "root(s, self.epsilon)": "root(s, self.epsilon, False)"}),
        Twin("epsilon in one root only",
             {"root(s, self.epsilon)": "np.maximum(np.sqrt(s), 1e-30)"}),
        Twin("absolute updates accumulated", {"delta**2": "np.abs(delta)"}),
        Twin("updates accumulated with the rate", {"delta**2": "(eta * delta)**2"}),
        Twin("squared gradients accumulated twice",
             {"u = self.rho * u + (1 - self.rho) * delta**2": "u = s"}),
        Twin("divides by the average before this step",
             {"s = self.rho * s": "old, s = s, self.rho * s", "root(s, self": "root(old, self"}),
        Twin("rate left out", {"x + eta * delta": "x + delta"}),
        Twin("average of absolute gradients", {"g**2": "np.abs(g)"}),
        Twin("updates not averaged", {"u = self.rho * u + (1 - self.rho) * delta**2":
                                      "u = delta**2"}),
        Twin("epsilon of PyTorch", {"root(u, self.epsilon)": "root(u, 10 * self.epsilon)",
                                    "root(s, self.epsilon)": "root(s, 10 * self.epsilon)"}),
    ],
    "Adam": [
        Twin("no bias correction", _NO_CORRECTION),
        Twin("first average not corrected", {"filled(self.beta_1, t, x),": "1.0,"}),
        Twin("second average not corrected", {", filled(self.beta_2, t, x)": ", x.dtype.type(1)"}),
        Twin("power t missing", {_FILLED: _FILLED.replace(" t,", " 1,")}),
        Twin("corrected average fed back",
             {'state = {"m": m,': 'state = {"m": m / filled(self.beta_1, t, x),'}),
        Twin("epsilon beside the corrected root", {"if self.epsilon_hat": "if False"}),
        Twin("epsilon inside the root", {"(np.sqrt(s) + self.epsilon), state":
                                         "np.sqrt(s + self.epsilon), state"}),
        Twin("epsilon beside the fraction", {
            "(np.sqrt(s) + self.epsilon), state":
                "np.maximum(np.sqrt(s), 1e-30) + self.epsilon, state"}),
        Twin("average of absolute gradients", {"g**2": "np.abs(g)"}),
        Twin("centered", {"g**2": "(g - m)**2"}),
        Twin("decays swapped", {"m = m + (1 - self.beta_1)": "m = m + (1 - self.beta_2)",
                                "s = s + (1 - self.beta_2)": "s = s + (1 - self.beta_1)"}),
        Twin("gradient in place of its average", {"return x - m * alpha": "return x - g * alpha"}),
    ],
    "AMSGrad": [
        Twin("largest of the corrected averages", {
            "np.maximum(s_max, s)": "np.maximum(s_max, s / filled(self.beta_2, t, x))",
            "eta * np.sqrt(s_filled)": "eta"}),
        Twin("largest not kept", {"np.maximum(s_max, s)": "s"}),
        Twin("largest fed back into the average", {
            'state["s_max"] = np.maximum': 'state["s_max"] = state["s"] = np.maximum'}),
        Twin("largest squared gradient", {"np.maximum(s_max, s)": "np.maximum(s_max, g**2)"}),
        Twin("not corrected, as in the paper", _NO_CORRECTION),
        Twin("smallest", {"np.maximum(s_max, s)":
                          "np.minimum(np.where(s_max == 0, np.inf, s_max), s)"}),
    ],
    "AdamW": [
        Twin("no bias correction", _NO_CORRECTION),
        Twin("power t missing", {_FILLED: _FILLED.replace(" t,", " 1,")}),
        Twin("decay forgotten by default", {"self.weight_decay is not None": "False"},
             "_decay_and_update"),
        Twin("L2 penalty by default",
             {"x = x - x * self.weight_decay * eta": "g = g + self.weight_decay * x"},
             "_decay_and_update"),
        Twin("decay divided by the root, too",
             {"return x - m * alpha": "return x - (m + self.weight_decay * x) * alpha"}),
    ],
    "Adamax": [
        Twin("epsilon inside the maximum", {"np.abs(g))": "np.abs(g) + self.epsilon)",
                                            "(r + self.epsilon)": "r"}),
        Twin("no epsilon", {"r + self.epsilon": "r + 1e-30"}),
        Twin("no bias correction", {"filled(self.beta_1, t, x) * ": ""}),
        Twin("power t missing", {"filled(self.beta_1, t, x)": "filled(self.beta_1, 1, x)"}),
        Twin("maximum corrected too",
             {"r + self.epsilon": "r / filled(self.beta_2, t, x) + self.epsilon"}),
        Twin("maximum does not decay", {"self.beta_2 * r": "r"}),
        Twin("maximum of gradients without their sign dropped", {"np.abs(g)": "g"}),
        Twin("maximum of squares", {"np.abs(g)": "g**2"}),
        Twin("Adam's average of squares", {
            "np.maximum(self.beta_2 * r, np.abs(g))":
                "np.sqrt(self.beta_2 * r**2 + (1 - self.beta_2) * g**2)"}),
    ],
    "Nadam": [
        Twin("0.96 to the power 0.004 t, as before Keras 3",
             {"0.96**t": "0.96**(0.004 * t)", "0.96 ** (t + 1)": "0.96 ** (0.004 * (t + 1))"}),
        Twin("constant momentum",
             {"(1 - 0.5 * 0.96**t)": "1", "(1 - 0.5 * 0.96 ** (t + 1))": "1"}),
        Twin("no half in the schedule",
             {"0.5 * 0.96**t": "0.96**t", "0.5 * 0.96 ** (t": "0.96 ** (t"}),
        Twin("schedule from 0", {"0.96**t": "0.96**(t - 1)", "0.96 ** (t + 1)": "0.96**t"}),
        Twin("no look-ahead", {"mu_next * m": "mu * m"}),
        Twin("momenta not multiplied up", {"P = P * mu": "P = mu"}),
        Twin("product one step ahead", {"P = P * mu": "P = P * mu_next"}),
        Twin("averaged with the schedule", {"m + filled(self.beta_1, 1, x)": "m + (1 - mu)"}),
        Twin("gradient not corrected", {"(1 - mu) * g / (1 - P)": "(1 - mu) * g"}),
        Twin("squares not corrected", {"s / filled(self.beta_2, t, x)": "s"}),
        Twin("squares corrected with t = 1", {"s / filled(self.beta_2, t, x)":
                                              "s / filled(self.beta_2, 1, x)"}),
        Twin("Dozat's factor on the squares", {"s / filled": "self.beta_2 * s / filled"}),
        Twin("epsilon inside the root", {"(np.sqrt(s_hat) + self.epsilon)":
                                         "np.sqrt(s_hat + self.epsilon)"}),
    ],
    "Lion": [
        Twin("average updated before the step", {
            "np.sign(self.beta_1 * m + filled(self.beta_1, 1, x) * g)":
                "np.sign(self.beta_2 * m + filled(self.beta_2, 1, x) * g)"}),
        Twin("decays swapped", {
            "np.sign(self.beta_1 * m + filled(self.beta_1, 1, x) * g)":
                "np.sign(self.beta_2 * m + filled(self.beta_2, 1, x) * g)",
            "self.beta_2 * m + filled(self.beta_2, 1, x) * g}":
                "self.beta_1 * m + filled(self.beta_1, 1, x) * g}"}),
        Twin("sign of the gradient", {"np.sign(self.beta_1 * m + filled(self.beta_1, 1, x) * g)":
                                      "np.sign(g)"}),
        Twin("sign of the average", {"np.sign(self.beta_1 * m + filled(self.beta_1, 1, x) * g)":
                                     "np.sign(m)"}),
        Twin("no sign", {"np.sign(": "("}),
        Twin("average of signs", {"* g}": "* np.sign(g)}"}),
        Twin("one average for both", {"self.beta_2 * m + filled(self.beta_2, 1, x) * g}":
                                      "self.beta_1 * m + filled(self.beta_1, 1, x) * g}"}),
    ],
}  # fmt: skip

TWINS = [
    (name, twin)
    for name, own in OWN.items()
    for twin in (
        *own,
        *ANY_RULE,
        *(NOT_LION if name != "Lion" else []),
        *(WITH_STATE if name != "SGD" else []),
        *(WITH_T if name in ("Adam", "AMSGrad", "AdamW", "Adamax", "Nadam") else []),
    )
]
