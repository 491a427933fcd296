"""Which framework does what: the same steps in Keras, PyTorch and Optax, and back.

`recipe` goes from a rule of the book to the call that makes the same optimizer elsewhere;
`rule_like` goes back. Both read `CALLS`, where each argument and each default of each framework is
written down once. The versions are those of `VERSIONS`. Nothing here imports a framework: a recipe
is text to paste.
"""

import dataclasses
import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from d2lmini.checks import did_you_mean, explain_arguments, kind, shown, unchangeable
from d2lmini.descend import refuse_no_rule
from d2lmini.optimizers import (
    RULES,
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Lion,
    Nadam,
    RMSprop,
    filled,
)
from d2lmini.rule import Rule, update_rule

VERSIONS = {"keras": "Keras 3.15.1", "torch": "PyTorch 2.13.0", "optax": "Optax 0.2.8"}
NAMES = {"keras": "Keras", "torch": "PyTorch", "optax": "Optax"}


@update_rule
class AdamaxInside(Adamax):
    r"""Adamax as PyTorch and Optax write it, with :math:`\epsilon` inside the maximum.

    .. math:: r_t = \max(\beta_2 r_{t-1}, |g_t| + \epsilon), \qquad
              x_t = x_{t-1} - \frac{\eta}{1 - \beta_1^t} \frac{m_t}{r_t}
    """

    def update(self, x, g, t, eta, m, r):
        """Return the new array and the new fields."""
        m = m + (1 - self.beta_1) * (g - m)
        r = np.maximum(self.beta_2 * r, np.abs(g) + self.epsilon)
        return x - eta * m / (filled(self.beta_1, t, x) * r), {"m": m, "r": r}


# ---- the arguments of every framework, each written down once -----------------------------------


@dataclass(frozen=True)
class Call:
    """How a framework's optimizer is called, and which rule of the book it is.

    Parameters
    ----------
    rule : type
        The rule.
    form : dict
        Switches of the rule that have no argument here.
    arguments : dict
        For each argument the hyperparameter it stands for (a pair for PyTorch's ``betas``), and
        its default.
    only : dict
        Arguments for which the book has no rule unless they have this value.
    """

    rule: type
    form: dict[str, Any] = field(default_factory=dict)
    arguments: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    only: dict[str, Any] = field(default_factory=dict)

    def default(self, hyperparameter: str) -> Any:
        """Return the default of a hyperparameter; None if it is no argument of this call."""
        for fields, value in self.arguments.values():
            if fields == hyperparameter:
                return value
            if isinstance(fields, tuple) and hyperparameter in fields:
                return value[fields.index(hyperparameter)]
        return None


BETAS = ("beta_1", "beta_2")
SWITCHES = ("epsilon_inside_root", "epsilon_hat")
# Arguments that say how to compute, not what.
HARMLESS = {
    *("name", "ema_momentum", "ema_overwrite_frequency", "is_legacy_optimizer", "jit_compile"),
    *("foreach", "fused", "capturable", "differentiable", "mu_dtype", "accumulator_dtype"),
}
KERAS_ONLY = {"clipnorm": None, "clipvalue": None, "global_clipnorm": None, "use_ema": False}
KERAS_ONLY |= {"loss_scale_factor": None, "gradient_accumulation_steps": None}
TORCH_ONLY = {"weight_decay": 0, "maximize": False}
OUTSIDE, PAPER = {"epsilon_inside_root": False}, {"epsilon_hat": False}


def _torch(rate: float, eps: float | None = None, **others: tuple) -> dict[str, tuple]:
    own = {"lr": ("learning_rate", rate), **others}
    return own | ({"eps": ("epsilon", eps)} if eps is not None else {})


def _optax(eps: float | None = None, **others: tuple) -> dict[str, tuple]:
    own = {"learning_rate": ("learning_rate", None), **others}
    return own | ({"eps": ("epsilon", eps)} if eps is not None else {})


_PAIR = {"betas": (BETAS, (0.9, 0.999))}
_B = {"b1": ("beta_1", 0.9), "b2": ("beta_2", 0.999)}
_DECOUPLED = TORCH_ONLY | {"decoupled_weight_decay": False}

CALLS = {
    # Keras has the arguments and the defaults of the book's rules: those have Keras'.
    f"keras.optimizers.{name}": Call(
        rule,
        {f.name: True for f in dataclasses.fields(rule) if f.name in SWITCHES},
        {f.name: (f.name, f.default) for f in dataclasses.fields(rule) if f.name not in SWITCHES},
        KERAS_ONLY,
    )
    for name, rule in RULES.items()
} | {
    "torch.optim.SGD": Call(
        SGD,
        {},
        _torch(0.001, momentum=("momentum", 0.0), nesterov=("nesterov", False)),
        TORCH_ONLY | {"dampening": 0},
    ),
    "torch.optim.Adagrad": Call(
        Adagrad,
        OUTSIDE,
        _torch(0.01, 1e-10, initial_accumulator_value=("initial_accumulator_value", 0.0)),
        TORCH_ONLY | {"lr_decay": 0},
    ),
    "torch.optim.RMSprop": Call(
        RMSprop,
        OUTSIDE,
        _torch(
            0.01,
            1e-8,
            alpha=("rho", 0.99),
            momentum=("momentum", 0.0),
            centered=("centered", False),
        ),
        TORCH_ONLY,
    ),
    "torch.optim.Adadelta": Call(Adadelta, {}, _torch(1.0, 1e-6, rho=("rho", 0.9)), TORCH_ONLY),
    "torch.optim.Adam": Call(
        Adam, PAPER, _torch(0.001, 1e-8, **_PAIR, amsgrad=("amsgrad", False)), _DECOUPLED
    ),
    "torch.optim.AdamW": Call(
        AdamW,
        PAPER,
        _torch(
            0.001, 1e-8, **_PAIR, amsgrad=("amsgrad", False), weight_decay=("weight_decay", 0.01)
        ),
        {"maximize": False, "decoupled_weight_decay": True},
    ),
    "torch.optim.Adamax": Call(AdamaxInside, {}, _torch(0.002, 1e-8, **_PAIR), TORCH_ONLY),
    "torch.optim.NAdam": Call(
        Nadam, {}, _torch(0.002, 1e-8, **_PAIR), _DECOUPLED | {"momentum_decay": 1}
    ),
    "optax.sgd": Call(
        SGD, {}, _optax(momentum=("momentum", None), nesterov=("nesterov", False)), {}
    ),
    "optax.adagrad": Call(
        Adagrad, {}, _optax(1e-7, initial_accumulator_value=("initial_accumulator_value", 0.1))
    ),
    "optax.rmsprop": Call(
        RMSprop,
        {},
        _optax(
            1e-8,
            decay=("rho", 0.9),
            eps_in_sqrt=("epsilon_inside_root", True),
            centered=("centered", False),
            momentum=("momentum", None),
        ),
        {"initial_scale": 0.0, "nesterov": False, "bias_correction": False},
    ),
    "optax.adadelta": Call(
        Adadelta,
        {},
        _optax(1e-6, rho=("rho", 0.9)),
        {"weight_decay": 0.0, "weight_decay_mask": None},
    ),
    "optax.adam": Call(Adam, PAPER, _optax(1e-8, **_B), {"eps_root": 0.0, "nesterov": False}),
    "optax.adamw": Call(
        AdamW,
        PAPER,
        _optax(1e-8, **_B, weight_decay=("weight_decay", 1e-4)),
        {"eps_root": 0.0, "nesterov": False, "mask": None},
    ),
    # For its defaults: the book has no such rule.
    "optax.nadam": Call(Nadam, {}, _optax(1e-8, **_B), {"eps_root": 0.0, "nesterov": True}),
    "optax.adamax": Call(AdamaxInside, {}, _optax(1e-8, **_B)),
    "optax.adamaxw": Call(
        AdamaxInside,
        {},
        _optax(1e-8, **_B, weight_decay=("weight_decay", 1e-4)),
        {"mask": None},
    ),
    "optax.lion": Call(
        Lion,
        {},
        _optax(b1=("beta_1", 0.9), b2=("beta_2", 0.99), weight_decay=("weight_decay", 1e-3)),
        {"mask": None},
    ),
}

# What the book has no rule for, and what cannot be said in a framework.
CLIP = "the gradient is clipped before the rule sees it; clip it yourself, and leave this out"
# Arguments whose default is not the value that the book's rule has.
OTHER_DEFAULTS = {"momentum_decay": 0.004}
CONSTANT = "its momentum is constant, where Keras warms it up by 0.96 to the power t"
NO_RULE = {
    "optax.nadam": CONSTANT,
    "optax.nadamw": CONSTANT,
    "optax.amsgrad": "it keeps the largest corrected average of squares, where Keras, PyTorch and "
    "the paper keep the largest uncorrected one",
    "weight_decay": "there it is an L2 penalty, added to the gradient; in the book decay is taken "
    "off the parameters",
    "momentum_decay": "the momentum warms up with this exponent, and only at 1 as in Keras",
    "dampening": "every gradient after the first enters the velocity with the weight 1 - dampening",
    "lr_decay": "the learning rate falls with the steps; use a schedule",
    "maximize": "it climbs",
    "clipnorm": CLIP,
    "clipvalue": CLIP,
    "global_clipnorm": CLIP,
}


# ---- from a rule to a call ----------------------------------------------------------------------


@unchangeable
@dataclass(frozen=True)
class Recipe:
    """A call in a framework, and how near to a rule it comes.

    Parameters
    ----------
    rule : Rule
        What was asked for.
    framework : {"keras", "torch", "optax"}
        Where it is wanted.
    code : str
        The call to paste. In PyTorch it needs ``params``.
    takes : Rule
        The rule whose steps are then taken: `rule`, another setting that comes to the same, or the
        nearest that the framework has.
    ratio : tuple of float
        The shortest and the longest step that the call takes, in any element, when that of `rule`
        is 1; (1, 1) if they are the same. With momentum: what each step adds to the velocity.
    above : float
        The size of gradients (if centered, of their spread) far above which the steps are the same
        in any case.
    each_step : str
        Code to run before each step, or "". In it ``t`` is the number of the step, from 1.
    constant_rate : bool
        Whether this holds only as long as the learning rate is not changed.
    why : str
        What differs, if anything does, in a sentence.

    Examples
    --------
    >>> made = d2l.recipe(d2l.SGD(0.1), "torch")
    >>> made.code
    'torch.optim.SGD(params, lr=0.1, momentum=0.0, nesterov=False)'
    >>> made.exact
    True
    """

    rule: Rule
    framework: str
    code: str
    takes: Rule
    ratio: tuple[float, float] = (1.0, 1.0)
    above: float = 0.0
    each_step: str = ""
    constant_rate: bool = False
    why: str = ""

    @property
    def exact(self) -> bool:
        """Whether the steps are the same in exact arithmetic, while the rate is constant."""
        return self.ratio == (1.0, 1.0)

    @property
    def _momentum(self) -> bool:
        return bool(getattr(self.rule, "momentum", 0))

    @property
    def agreement(self) -> str:
        """What agreement to expect, in a sentence."""
        if not self.exact:
            low, high = self.ratio
            off = max(high - 1, 1 - low)
            size = f"{low:.2g} to {high:.2g} times as long"
            if off < 0.01:
                size = f"as long to within {off:.0e} of it"
            centered = getattr(self.rule, "centered", False)
            step = "what a step adds to the velocity" if self._momentum else "every step"
            step += ", without the decay," if self.rule.weight_decay else ""
            spread = "that vary by far more than" if centered else "far above"
            return (
                f"Approximately: {step} is {size}, and the same for gradients {spread} "
                f"{self.above:.0e}. {self.why}"
            )
        if self.constant_rate:
            return f"The same steps, as long as the learning rate is constant. {self.why}"
        return f"The same steps, up to rounding. {self.why}".strip()

    def __repr__(self) -> str:
        """Return the recipe as it is pasted, with the agreement as a comment."""
        comment = textwrap.fill(self.agreement, 76, initial_indent="# ", subsequent_indent="# ")
        lines = [comment, _wrapped(self.code)]
        if self.each_step:
            lines += ["# before each step t = 1, 2, 3, ...", self.each_step]
        return "\n".join(lines)


@explain_arguments
def recipe(rule: Rule, framework: str) -> Recipe:
    """Return the call that takes the steps of a rule in another framework.

    Every argument is written out, so that the call does not depend on a default.

    Parameters
    ----------
    rule : Rule
        Such as ``d2l.RMSprop(learning_rate=0.01)``, with a constant learning rate.
    framework : {"keras", "torch", "optax"}
        Where it is wanted.

    Returns
    -------
    Recipe
        The call, what to do before each step if the call alone does not suffice, and the agreement.

    Raises
    ------
    TypeError
        If `rule` is not a rule.
    ValueError
        If the framework has nothing like it, or if the rule holds a schedule or arrays.

    Examples
    --------
    >>> d2l.recipe(d2l.RMSprop(learning_rate=0.01), "optax")
    # The same steps, up to rounding.
    optax.rmsprop(
        learning_rate=0.01, decay=0.9, eps_in_sqrt=True, centered=False,
        momentum=None, eps=1e-07,
    )
    """
    if isinstance(framework, Rule) and not isinstance(rule, Rule):
        raise TypeError("recipe takes the rule first, such as d2l.RMSprop(), then the framework.")
    refuse_no_rule(rule)
    if _family(rule) is None:
        raise TypeError(
            f"A recipe is for a rule of the book, such as d2l.RMSprop(), not for {rule}. "
            f"{type(rule).__name__} has equations of its own, which no call elsewhere takes."
        )
    if not isinstance(framework, str) or framework not in NAMES:
        named = str(framework).lower()
        parts = {"tensorflow": "keras", "tf": "keras", "keras": "keras", "jax": "optax"}
        parts |= {"flax": "optax", "pytorch": "torch", "torch": "torch"}
        meant = next((ours for part, ours in parts.items() if part in named.split(".")), named)
        raise ValueError(f"There is no recipe for {shown(framework)}. {did_you_mean(meant, NAMES)}")
    for name, value in vars(rule).items():
        if callable(value) or isinstance(value, np.ndarray):
            what = "a schedule" if callable(value) else "an array"
            raise ValueError(
                f"A recipe is written with numbers, but {name} is {what}. Ask for the recipe with "
                "one number, and give the schedule to the framework in its own way."
            )
    return {"keras": _in_keras, "torch": _in_torch, "optax": _in_optax}[framework](rule)


def _family(rule: Rule) -> str | None:
    """Return the name of the rule in the book that this is; None if it is a reader's own."""
    known = {rule: name for name, rule in RULES.items()} | {AdamaxInside: "Adamax"}
    return known.get(type(rule))


RATE_OUTSIDE = (
    "There the learning rate multiplies the whole velocity; here each gradient enters it."
)


def _in_keras(rule: Rule) -> Recipe:
    takes, ratio, why = rule, (1.0, 1.0), ""
    above = getattr(rule, "epsilon", 0.0)
    if getattr(rule, "epsilon_inside_root", True) is False:
        takes, ratio = _inside(rule)
        above, why = _on_gradients(rule, above), EPSILON_INSIDE
    if getattr(rule, "epsilon_hat", True) is False:
        takes = dataclasses.replace(rule, epsilon_hat=True)
        ratio = (math.sqrt(1 - rule.beta_2), 1.0)
        above = rule.epsilon / ratio[0]
        why = (
            "Keras adds epsilon to the root of the uncorrected average, where it counts for more "
            "until beta_2 ** t is small."
        )
    if isinstance(rule, AdamaxInside):
        takes, ratio = Adamax(**vars(rule)), (0.5, 1.0)
        why = "Keras has epsilon beside the maximum, not inside it."
    if isinstance(rule, AdamW) and rule.weight_decay is None:
        takes = dataclasses.replace(takes, weight_decay=0.0)  # Keras insists on a number
    if getattr(rule, "epsilon", 0) == 0:
        ratio, why = (1.0, 1.0), ""
    code = _written(f"keras.optimizers.{_family(rule)}", takes)
    return Recipe(rule, "keras", code, takes, ratio, above, why=why)


def _in_torch(rule: Rule) -> Recipe:
    family, takes, ratio, why, extra, each_step = _family(rule), rule, (1.0, 1.0), [], {}, []
    decay, above = rule.weight_decay or 0.0, getattr(rule, "epsilon", 0.0)
    if family == "Lion":
        raise ValueError(
            f"{VERSIONS['torch']} has no Lion. The rule is short: step along the sign of "
            "beta_1 * m + (1 - beta_1) * g, then m = beta_2 * m + (1 - beta_2) * g."
        )
    if family == "Adam" and decay:
        family = "AdamW"  # the same rule, and PyTorch's name for it
    if family in ("AdamW", "Nadam") or (family == "SGD" and not rule.momentum):
        if decay or family == "AdamW":  # whose default is not 0
            extra["weight_decay"] = decay
        if decay and family == "Nadam":
            extra["decoupled_weight_decay"] = True
    elif decay:
        each_step += [
            "with torch.no_grad():",
            "    for group in optimizer.param_groups:",
            "        for p in group['params']:",
            f"            p.mul_(1 - group['lr'] * {decay!r})",
        ]
        why.append(f"There weight_decay is an L2 penalty; {THE_LINES} decouple it.")
    if family == "Nadam":
        extra["momentum_decay"] = 1.0  # the exponent in the schedule of momenta, which is 1 here
    if family == "Adagrad" and rule.epsilon_inside_root:
        start = _tidy(rule.initial_accumulator_value + rule.epsilon)
        takes = dataclasses.replace(
            rule, initial_accumulator_value=start, epsilon=0.0, epsilon_inside_root=False
        )
        why.append("Under the root s_0 and epsilon are added up: they are one number.")
    if family == "RMSprop" and rule.epsilon_inside_root and rule.epsilon:
        takes = dataclasses.replace(
            rule, epsilon=_tidy(math.sqrt(rule.epsilon)), epsilon_inside_root=False
        )
        ratio, above = (math.sqrt(0.5), 1.0), _on_gradients(rule, takes.epsilon)
        why.append(
            "There epsilon stands outside the root, so it must be as large as its root here to act "
            f"on the same gradients. If all are far above, eps={rule.epsilon!r} comes nearer."
        )
    if getattr(rule, "epsilon_hat", False) and rule.epsilon:
        each_step += [
            "for group in optimizer.param_groups:",
            f"    group['eps'] = {rule.epsilon!r} / (1 - {rule.beta_2!r} ** t) ** 0.5",
        ]
        longer = 1 / math.sqrt(1 - rule.beta_2)
        why.append(
            f"{THE_LINES.capitalize()} put epsilon where Keras has it. Without them steps along "
            f"tiny gradients begin {longer:.3g} times as long."
        )
    if family == "Adamax" and not isinstance(rule, AdamaxInside):
        takes, ratio = AdamaxInside(**vars(rule)), (1.0, 2.0)
        why.append(EPSILON_MAXIMUM)
    if getattr(rule, "epsilon", 0) == 0:
        ratio = (1.0, 1.0)
    if momentum := bool(getattr(rule, "momentum", 0)):
        why.append(RATE_OUTSIDE)
    name = "torch.optim." + {"Nadam": "NAdam"}.get(family, family)
    code = _written(name, takes, "params", **extra)
    each = "\n".join(each_step)
    return Recipe(rule, "torch", code, takes, ratio, above, each, momentum, " ".join(why))


def _in_optax(rule: Rule) -> Recipe:
    family, takes, ratio, why = _family(rule), rule, (1.0, 1.0), []
    decay, above = rule.weight_decay or 0.0, getattr(rule, "epsilon", 0.0)
    if family == "Nadam":
        raise ValueError(f"{VERSIONS['optax']} has no such Nadam: {NO_RULE['optax.nadam']}.")
    if family == "Adagrad" and not rule.epsilon_inside_root:
        takes, ratio = _inside(rule)
        why.append(EPSILON_INSIDE)
    if family == "Adamax" and not isinstance(rule, AdamaxInside):
        takes, ratio = AdamaxInside(**vars(rule)), (1.0, 2.0)
        why.append(EPSILON_MAXIMUM)
    if getattr(rule, "epsilon", 0) == 0:
        ratio = (1.0, 1.0)
    # A hyperparameter may be a function of the number k of steps already taken.
    corrected = f"(1 - {getattr(rule, 'beta_2', 0)!r} ** (k + 1)) ** 0.5"
    has_decay = family in ("AdamW", "Lion")
    if getattr(rule, "amsgrad", False):
        # Without its own correction optax.amsgrad keeps the largest uncorrected average; the
        # correction can be left to the learning rate, as the paper on Adam does.
        epsilon = repr(rule.epsilon)
        if rule.epsilon and not rule.epsilon_hat:
            epsilon = f"lambda k: {epsilon} * {corrected}"
        code = (
            "optax.inject_hyperparams(optax.amsgrad, static_args='bias_correction_nu')("
            f"learning_rate=lambda k: {rule.learning_rate!r} * {corrected}, "
            f"b1={rule.beta_1!r}, b2={rule.beta_2!r}, eps={epsilon}, bias_correction_nu=False)"
        )
        has_decay = False
        why.append("The learning rate corrects the largest average; its own option would not do.")
    elif family == "SGD" and rule.momentum:
        code = (
            f"optax.chain(optax.scale_by_learning_rate({rule.learning_rate!r}), "
            f"optax.trace(decay={rule.momentum!r}, nesterov={rule.nesterov}))"
        )
        why.append("In this order the learning rate enters the velocity; in optax.sgd it does not.")
    else:
        if family in ("Adam", "Adamax") and decay:
            family, has_decay = family + "W", True
        name = f"optax.{family.lower()}"
        code = _written(name, takes, **({"weight_decay": decay} if has_decay else {}))
        if getattr(rule, "epsilon_hat", False) and rule.epsilon:
            code = code.replace(
                f"eps={rule.epsilon!r}", f"eps=lambda k: {rule.epsilon!r} / {corrected}"
            ).replace(f"{name}(", f"optax.inject_hyperparams({name})(", 1)
            why.append("Epsilon is a function of the step, which puts it where Keras has it.")
    appended = bool(decay) and not has_decay
    if appended:
        last = f"optax.add_decayed_weights(-{rule.learning_rate!r} * {decay!r})"
        chain = code.startswith("optax.chain(")
        code = f"{code[:-1]}, {last})" if chain else f"optax.chain({code}, {last})"
        why.append("The decay comes last, with the learning rate and the sign written out.")
    why = " ".join(why)
    return Recipe(rule, "optax", code, takes, ratio, above, constant_rate=appended, why=why)


THE_LINES = "the lines before each step"
EPSILON_INSIDE = "There epsilon stands inside the root; this one is as large where s is smallest."
EPSILON_MAXIMUM = "There epsilon stands inside the maximum, not beside it."


def _inside(rule: Rule) -> tuple[Rule, tuple[float, float]]:
    """Move epsilon into the root, so that the roots are equal where s is smallest.

    Then sqrt(s) + epsilon is at least the new root, and at most as many times as long as is
    returned, which happens at sqrt(s) = 2 sqrt(s_0) + epsilon: set the derivative to zero.
    """
    smallest = math.sqrt(getattr(rule, "initial_accumulator_value", 0.0))
    epsilon = _tidy(rule.epsilon * (2 * smallest + rule.epsilon))
    longest = math.sqrt(1 + rule.epsilon / ((2 * smallest + rule.epsilon) or 1))
    return dataclasses.replace(rule, epsilon=epsilon, epsilon_inside_root=True), (1.0, longest)


def _on_gradients(rule: Rule, epsilon: float) -> float:
    """Return the gradient whose accumulator is the square of epsilon, for an epsilon beside a root.

    A leaky average of squares holds (1 - rho) g^2 after one gradient; a sum holds all of it.
    """
    return epsilon / math.sqrt(1 - getattr(rule, "rho", 0.0))


def _tidy(value: float) -> float:
    """Return a computed number without the noise of its last digits."""
    return float(f"{value:.13g}")


def _written(name: str, rule: Rule, first: str = "", **extra: Any) -> str:
    """Write a call with all its arguments; those in `extra` instead of the rule's."""
    arguments = {}
    for argument, (fields, default) in CALLS[name].arguments.items():
        pair = isinstance(fields, tuple)
        value = tuple(getattr(rule, f) for f in fields) if pair else getattr(rule, fields)
        # Optax writes "no momentum" as None, which saves the memory.
        arguments[argument] = default if fields == "momentum" and not value else value
    if arguments.get("nesterov") and not arguments.get("momentum"):
        arguments["nesterov"] = False  # it changes nothing then, and PyTorch refuses it
    arguments |= extra
    parts = [first] * bool(first) + [f"{key}={value!r}" for key, value in arguments.items()]
    return f"{name}({', '.join(parts)})"


def _wrapped(code: str, room: int = 80) -> str:
    """Break a call after its commas, from the outermost on, until its lines fit."""
    if len(code) <= room or not code.endswith(")"):
        return code
    depth, start, pieces = 0, 0, []
    for i in reversed(range(len(code))):  # the parenthesis that the last one closes
        depth += (code[i] == ")") - (code[i] == "(")
        if depth == 0:
            head, body = code[: i + 1], code[i + 1 : -1]
            break
    for i, letter in enumerate(body):
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            pieces.append(body[start:i].strip())
            start = i + 1
    pieces.append(body[start:].strip())
    lines = [""]
    for piece in pieces:
        if lines[-1] and len(lines[-1]) + len(piece) + 2 <= room - 4:
            lines[-1] += f" {piece},"
        else:
            lines.append(f"{_wrapped(piece, room - 5)},")
    inside = textwrap.indent("\n".join(lines[1:]), "    ")
    return f"{head}\n{inside}\n)"


# ---- from a call to a rule ----------------------------------------------------------------------


@explain_arguments
def rule_like(call: str, arguments: Mapping[str, Any] | None = None) -> Rule:
    """Return the rule that takes the steps of an optimizer elsewhere.

    Parameters
    ----------
    call : str
        Its full name, such as ``"keras.optimizers.RMSprop"``, ``"torch.optim.RMSprop"`` or
        ``"optax.rmsprop"``.
    arguments : mapping, optional
        Its arguments: what `get_config()` returns in Keras, ``defaults`` or an entry of
        ``param_groups`` in PyTorch, the keyword arguments in Optax. Where one is missing, the
        framework's default counts.

    Returns
    -------
    Rule
        For example ``RMSprop(learning_rate=0.01, rho=0.99, epsilon=1e-08,
        epsilon_inside_root=False)``. With momentum in PyTorch, and in `optax.sgd`, the steps are
        the same as long as the learning rate is constant.

    Raises
    ------
    TypeError
        If the optimizer has no such argument, or if its learning rate is missing.
    ValueError
        If there is no such optimizer, or if the book has no rule for what it does.

    Examples
    --------
    >>> d2l.rule_like("torch.optim.RMSprop", {"lr": 0.02})
    RMSprop(learning_rate=0.02, rho=0.99, epsilon=1e-08, epsilon_inside_root=False)
    """
    if not isinstance(call, str):
        raise TypeError(
            "The optimizer is named in text, such as 'torch.optim.RMSprop', and its arguments are "
            f"a dict such as optimizer.defaults; got {shown(call)}."
        )
    if arguments is not None and not isinstance(arguments, Mapping):
        advice = ""
        if isinstance(arguments, list):
            advice = " In PyTorch take one entry of it: optimizer.param_groups[0]."
        elif hasattr(arguments, "param_groups"):
            advice = " In PyTorch pass optimizer.defaults."
        elif hasattr(arguments, "get_config"):
            advice = " In Keras pass optimizer.get_config()."
        raise TypeError(
            "The arguments must be a dict, such as {'lr': 0.1}, but are "
            f"{kind(arguments)}.{advice}"
        )
    name = str(call).removeprefix("tf.").removeprefix("tensorflow.")
    if name in NO_RULE:
        raise ValueError(f"The book has no rule for {name}: {NO_RULE[name]}.")
    if name not in CALLS:
        same = [known for known in CALLS if known.rpartition(".")[2].lower() == name.lower()]
        advice = f"Did you mean {' or '.join(map(repr, same))}?" if same else ""
        raise ValueError(f"There is no rule for {call!r}. {advice or did_you_mean(name, CALLS)}")
    known, given = CALLS[name], dict(arguments or {})
    for argument in given:
        if argument not in {*known.arguments, *known.only, *HARMLESS, "params", "initial_lr"}:
            both = {"learning_rate": "lr", "lr": "learning_rate"}
            meant = both.get(argument, argument)
            meant = meant if meant in known.arguments else argument
            raise TypeError(
                f"{name} has no argument {argument!r}. "
                f"{did_you_mean(str(meant), {*known.arguments, *known.only})}"
            )
    fields = dict(known.form)
    for argument, (target, default) in known.arguments.items():
        value = given.get(argument, default)
        if isinstance(target, tuple):
            if isinstance(value, str) or not isinstance(value, Sequence) or len(value) != 2:
                raise TypeError(
                    f"{name}: {argument} must be 2 numbers, such as {default}, but is "
                    f"{shown(value)}."
                )
            fields |= zip(target, value, strict=True)
        else:
            fields[target] = value
    if fields["learning_rate"] is None:
        if name != "optax.adadelta":
            raise TypeError(f"{name} needs a learning_rate: it has no default.")
        fields["learning_rate"] = 1.0
    if isinstance(fields["learning_rate"], Mapping) and "config" in fields["learning_rate"]:
        schedule = fields["learning_rate"].get("class_name")
        raise ValueError(
            f"This learning rate is a schedule, {schedule}, as Keras keeps it. Make it here, such "
            f"as d2l.{schedule}(**config['learning_rate']['config']), and pass it in its place."
        )
    fields["learning_rate"] = _readable(fields["learning_rate"])
    if "momentum" in fields and fields["momentum"] is None:
        fields["momentum"] = 0.0
    if given.get("weight_decay") and "weight_decay" in known.only:
        plain = name == "torch.optim.SGD" and not fields["momentum"]  # there the two are one
        if plain or given.get("decoupled_weight_decay"):
            fields["weight_decay"] = given["weight_decay"]
            given.pop("weight_decay")
    given.pop("decoupled_weight_decay", None)
    for argument, value in known.only.items():
        found = given.get(argument, OTHER_DEFAULTS.get(argument, value))
        if found != value:
            reason = NO_RULE.get(argument, f"leave it at {value!r}")
            raise ValueError(
                f"The book has no rule for {name} with {argument}={found!r}: {reason}."
            )
    return known.rule(**fields)


def _readable(rate: Any) -> Any:
    """Undo that Keras keeps its learning rate in single precision: 0.01 is 0.00999999977… there."""
    if isinstance(rate, float) and rate == float(np.float32(rate)):
        return float(str(np.float32(rate)))
    return rate
