"""What all update rules share: named hyperparameters, checks, lists and dicts of parameters.

An update rule is a pure function of the point, the gradient and a state. A subclass, here in
`d2lmini.optimizers` or one of your own, supplies two methods: `zero_state`, the state before the
first step, and `update`, the equations. Everything else is here, once.
"""

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from d2lmini.checks import (
    did_you_mean,
    explain_arguments,
    float_array,
    kind,
    number,
    plural,
    same_shape,
    shown,
    true_or_false,
)

Hyperparameter: TypeAlias = float | np.ndarray
Schedule: TypeAlias = Callable[[int], float]
Parameters: TypeAlias = np.ndarray | list[np.ndarray] | dict[str, np.ndarray]
State: TypeAlias = dict[str, Any]

# What averages and velocities keep of themselves in a step. At 1 nothing new would enter an average
# and a velocity would never fade; beyond 1 both grow by themselves.
DECAYS = {"momentum", "rho", "beta_1", "beta_2"}

# What other libraries and papers call the same thing.
ALIASES = {
    "lr": "learning_rate",
    "eta": "learning_rate",
    "step_size": "learning_rate",
    "schedule": "learning_rate",
    "wd": "weight_decay",
    "alpha": "rho",
    "gamma": "rho",
    "decay_rate": "rho",
    "beta": "momentum",
    "eps": "epsilon",
    "b1": "beta_1",
    "b2": "beta_2",
}

# Arguments that other libraries have and the rules here have not, and what to do instead.
ELSEWHERE = {
    "betas": "Write the two decays apart, as beta_1=0.9, beta_2=0.999.",
    "params": "A rule does not hold the parameters: give them to init and step.",
    **dict.fromkeys(
        ("decay", "lr_decay"),
        "A rate that falls is a schedule: learning_rate=d2l.InverseTimeDecay(0.01, 1, 0.1).",
    ),
    "dampening": "Every gradient enters the velocity in full: leave it out.",
    "maximize": "To climb, pass the gradient with the other sign.",
    **dict.fromkeys(
        ("clipnorm", "clipvalue", "global_clipnorm"),
        "It stands around the rule: d2l.Pipeline(rule, global_clipnorm=1.0) and the like.",
    ),
    **dict.fromkeys(
        ("use_ema", "ema_momentum", "gradient_accumulation_steps", "loss_scale_factor"),
        "It stands around the rule: d2l.Pipeline(rule, use_ema=True) and the like.",
    ),
    **dict.fromkeys(
        ("name", "foreach", "fused", "jit_compile"),
        "It would not change the steps: leave it out.",
    ),
}
API = ("init", "step", "rate", "shape")  # what a rule has besides its hyperparameters
# Methods that optimizers of other libraries have.
METHODS = {
    **dict.fromkeys(
        ("apply", "apply_gradients", "minimize", "zero_grad", "param_groups", "variables", "build"),
        "A rule holds no parameters: state = rule.init(x), then x, state = rule.step(x, g, state) "
        "for each gradient g; or d2l.minimize and d2l.train do it for you.",
    ),
    **dict.fromkeys(
        ("lr", "eta", "param", "get_config", "state_dict", "defaults"),
        "Its hyperparameters are attributes, such as rule.learning_rate; vars(rule) has them all.",
    ),
    **dict.fromkeys(
        ("state", "iterations"),
        "The state is apart: state = rule.init(x) makes it, and state['t'] counts the steps.",
    ),
}


class StateOf(dict):
    """The state of a rule: a dict that remembers whose it is, and for which shapes."""

    rule: type | None = None
    # The rule and the shapes for which it was checked; a state that was changed is checked again.
    checked: tuple | None = None

    def __reduce__(self):
        return _state_of, (self.rule, dict(self))


def _state_of(rule: type, fields: dict[str, Any]) -> StateOf:
    state = StateOf(fields)
    state.rule = rule
    return state


def _unchecked(method):
    def change(self, *args, **arguments):
        self.checked = None
        return getattr(super(StateOf, self), method)(*args, **arguments)

    return change


for _method in ("__setitem__", "__delitem__", "__ior__", "update", "pop", "setdefault"):
    setattr(StateOf, _method, _unchecked(_method))


class Rule:
    r"""An update rule with its hyperparameters, which never change after construction.

    Hyperparameters may be numbers, or arrays that broadcast against the parameters: then one run
    is many runs side by side. `learning_rate` may also be a schedule, a function that is called
    with the number of steps already taken (0 before the first step), as Keras does.

    A rule of your own is a subclass with hyperparameters, of which one is ``learning_rate``, and
    with the method ``update(self, x, g, t, eta, **state)``: the parameters `x` and the gradient `g`
    there, one array each, the number `t` of the step, from 1, its learning rate `eta`, and a letter
    for each array of the state. It returns the new parameters and a dict of the new state, and
    changes nothing that it was given. ``zero_state(self, x)`` returns the state before the first
    step; by default there is none. A field ``weight_decay`` is optional: with it, the decay is
    taken off `x` before `update` is called, as in the rules of the book.

    Parameters
    ----------
    *args, **hyperparameters
        The hyperparameters that the subclass has as fields, in their order or by name.

    Raises
    ------
    TypeError, ValueError
        If an argument is unknown, not a number, or out of its range.

    Examples
    --------
    Signum, the sign of a leaky average:

    .. math:: m_t = \beta m_{t-1} + (1 - \beta) g_t, \qquad
              x_t = x_{t-1} - \eta \operatorname{sign}(m_t)

    >>> @d2l.update_rule
    ... class Signum(d2l.Rule):
    ...     learning_rate: float = 0.001
    ...     momentum: float = 0.9
    ...
    ...     def zero_state(self, x):
    ...         return {"m": np.zeros_like(x)}
    ...
    ...     def update(self, x, g, t, eta, m):
    ...         m = self.momentum * m + (1 - self.momentum) * g
    ...         return x - eta * np.sign(m), {"m": m}
    >>> d2l.minimize(d2l.bowl, Signum(0.1), steps=40)
    Signum(learning_rate=0.1) on bowl: 10.5 -> 0.42 in 40 steps
    """

    weight_decay = None  # no field: a rule may have one

    def __init__(self, *args: Any, **hyperparameters: Any) -> None:
        # Only a class without the decorator below comes here: it has no arguments yet.
        raise TypeError(
            f"{type(self).__name__} is not a rule yet: write @d2l.update_rule above its class, and "
            "give it hyperparameters such as 'learning_rate: float = 0.01'. help(d2l.Rule) has an "
            "example."
        )

    def __post_init__(self) -> None:
        if not type(self).__dataclass_params__.frozen:
            raise TypeError(
                f"{type(self).__name__} is not a rule yet: write @d2l.update_rule above its class, "
                "in place of @dataclass."
            )
        names = [field.name for field in dataclasses.fields(self)]
        forgotten = [n for n in vars(type(self)).get("__annotations__", {}) if n not in names]
        if forgotten or "learning_rate" not in names:
            what = f"{forgotten[0]!r} of it is" if forgotten else "it has no learning_rate"
            raise TypeError(
                f"{type(self).__name__} is not a rule yet: "
                + (
                    f"{what} no hyperparameter. Write @d2l.update_rule above the class."
                    if forgotten
                    else f"{what}. Give it a field 'learning_rate: float = 0.01'."
                )
            )
        for field in dataclasses.fields(self):
            value = self._checked(field.name, getattr(self, field.name), field.default)
            object.__setattr__(self, field.name, value)
        try:
            _ = self.shape
        except ValueError:
            raise ValueError(
                f"{self}: these arrays of hyperparameters do not fit together. For runs side by "
                "side give them one shape; for all pairs of two, shapes (n, 1) and (1, m)."
            ) from None

    def _checked(self, name: str, value: Any, default: Any) -> Any:
        """Return the value of a hyperparameter in the form the equations use, or refuse it."""
        label = f"{type(self).__name__}: {name}"
        if isinstance(default, bool):
            return true_or_false(value, label)
        if name == "learning_rate" and is_schedule(value):
            refuse_other_arguments(value, label)
            return value
        if value is None and (default is None or name == "weight_decay"):
            return None
        if isinstance(default, str):  # a switch with more than two positions
            return value
        if isinstance(value, (bool, np.bool_)):
            raise TypeError(f"{label} must be a number, but is {value!r}.")
        if isinstance(value, (list, tuple)):
            raise TypeError(
                f"{label} must be one number, but is {kind(value)}. "
                f"{self._about_a_sequence(name, value)}"
            )
        if isinstance(value, dict) and any(isinstance(v, np.ndarray) for v in value.values()):
            raise TypeError(f"{label} must be one number, but is a dict. {ELSEWHERE['params']}")
        if isinstance(value, type) or callable(value):
            what = getattr(value, "__name__", type(value).__name__).strip("<>")
            advice = (
                f"Pass an instance of it, {what}(…)."
                if isinstance(value, type)
                else "Only the learning rate may be a function of the step."
            )
            raise TypeError(f"{label} must be a number, but is {what}. {advice}")
        array = float_array(value, label)
        if np.asarray(value).dtype.kind == "b":
            raise TypeError(f"{label} must be numbers, but these are True or False.")
        if array.size == 0:
            raise ValueError(f"{label} is an array without entries, so there is nothing to run.")
        if (array < 0).any():
            advice = (
                " The rule already subtracts: a negative learning rate climbs."
                if name == "learning_rate"
                else ""
            )
            raise ValueError(f"{label} must not be negative, but is {shown(value)}.{advice}")
        if name in DECAYS and (array >= 1).any():
            raise ValueError(
                f"{label} must be in [0, 1), because it is the weight that a leaky average gives "
                f"to its own past; got {shown(value)}."
            )
        # A Python float leaves float32 parameters float32; a NumPy float64 would promote them.
        return float(array) if array.ndim == 0 else array

    def _about_a_sequence(self, name: str, value: list | tuple) -> str:
        """Say what a list or a tuple was probably meant to be."""
        if any(isinstance(part, np.ndarray) for part in value):
            return ELSEWHERE["params"]
        if name == "beta_1" and len(value) == 2:
            return "The two decays are arguments of their own: beta_1=…, beta_2=…."
        return "For runs side by side pass an array: np.array(values)[:, None] has one in each row."

    def __repr__(self) -> str:
        """Return the call that makes this rule.

        Arguments left at their defaults are not shown, but for the learning rate. Numbers are
        written in as few digits as mean exactly them.
        """
        if not hasattr(self, "__dataclass_params__"):  # a class with an __init__ of its own
            return f"<{type(self).__name__}, which is no rule yet>"
        given = []
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                given.append(f"{field.name}=<array of shape {value.shape}>")
            elif field.name == "learning_rate" or value != field.default:
                written = _in_digits(value) if isinstance(value, float) else repr(value)
                if inspect.isroutine(value):  # its repr has an address
                    written = f"<{value.__name__.strip('<>')}>"
                elif callable(value) and " at 0x" in written:
                    written = f"<{type(value).__name__}>"
                given.append(f"{field.name}={written}")
        return f"{type(self).__name__}({', '.join(given)})"

    @property
    def shape(self) -> tuple[int, ...]:
        """The common shape of the hyperparameters: () for one run, otherwise that of many."""
        values = (getattr(self, field.name) for field in dataclasses.fields(self))
        # A schedule may hold rates for many runs, too.
        return np.broadcast_shapes(*(getattr(value, "shape", ()) for value in values))

    def rate(self, t: int) -> Hyperparameter:
        """Return the learning rate of step t, where the first step is t = 1.

        Raises
        ------
        TypeError, ValueError
            If a schedule does not return a number that is finite and not negative, or one for each
            of the runs side by side.
        """
        if not callable(self.learning_rate):
            return self.learning_rate
        try:
            rate = self.learning_rate(t - 1)
        except (ZeroDivisionError, FloatingPointError):
            raise ValueError(
                f"The schedule of {type(self).__name__} divides by zero at step {t}."
            ) from None
        if type(rate) is float and 0 <= rate < np.inf:  # nearly always
            return rate
        name = f"What the schedule of {type(self).__name__} returned for step {t}"
        many = np.ndim(rate) > 0 and np.shape(rate) == self.shape  # one for each run side by side
        # A float, as in _checked: a NumPy float64 would promote float32 parameters.
        rate = float_array(rate, name) if many else number(rate, name)
        if np.any(rate < 0):
            raise ValueError(
                f"The schedule of {type(self).__name__} returned {np.min(rate):.6g} for step {t}: "
                "the rule already subtracts, so that a negative learning rate climbs."
            )
        return rate

    def __getattr__(self, name: str) -> Any:
        """Say what a rule has in place of a method that optimizers have elsewhere."""
        if name.startswith("__"):  # Python's own inquiries
            raise AttributeError(name)
        fields = [field.name for field in dataclasses.fields(self)]
        advice = METHODS.get(name) or did_you_mean(ALIASES.get(name, name), [*fields, *API])
        raise AttributeError(f"A rule has no {name!r}. {advice}")

    def __call__(self, *args: Any, **arguments: Any) -> None:
        """Refuse to be called: a rule is no function."""
        raise TypeError(f"A rule is not called. {METHODS['apply']}")

    @explain_arguments
    def init(self, x: Parameters) -> State:
        """Return the state before the first step.

        Parameters
        ----------
        x : array, or list or dict of arrays
            The parameters at the start; integers are taken as floats.

        Returns
        -------
        dict
            ``{"t": 0, ...}`` with a field for each letter of the rule, each shaped like `x` (but
            for Nadam's P, which is one number).
        """
        x = as_parameters(x, "x")
        if isinstance(x, np.ndarray):
            fields = self._zeros(x)
        else:
            fields = gather(x, {key: self._zeros(part) for key, part in items(x)})
        return _state_of(type(self), {"t": 0, **fields})

    def _zeros(self, x: np.ndarray) -> State:
        """Return the zero state of one array, in its precision, or say how it is written."""
        fields = self.zero_state(x)
        if not isinstance(fields, dict) or "t" in fields:
            given = "has a 't', which is kept for it" if isinstance(fields, dict) else shown(fields)
            raise TypeError(
                f"zero_state of {_of(self)} must return a dict with an array for each letter, such "
                f"as {{'v': np.zeros_like(x)}}, but this {'' if 'kept' in given else 'is '}{given}."
            )
        return {name: in_precision(value, x.dtype) for name, value in fields.items()}

    @explain_arguments
    def step(self, x: Parameters, g: Parameters, state: State) -> tuple[Parameters, State]:
        """Take one step; nothing that is passed in is changed.

        Parameters
        ----------
        x, g : array, or list or dict of arrays
            The parameters and the gradient there, alike in structure and shapes.
        state : dict
            What `init` or the step before returned.

        Returns
        -------
        x : array, or list or dict of arrays
            The new parameters.
        state : dict
            The new state.

        Raises
        ------
        TypeError, ValueError
            If the gradient is not shaped like the parameters, either is not finite, or the state
            is not that of this rule for these parameters.
        """
        x, g = as_parameters(x, "The parameters"), as_parameters(g, "The gradient")
        shapes = structure(x)
        if type(state) is not StateOf or state.checked != (self, shapes) or structure(g) != shapes:
            x, state = self.checked(x, g, state)
            self.refuse_zero_by_zero(x, g)
            return x, state
        checked = state.checked  # by the step before: nothing can have changed
        x, state = self.advance(x, g, state)
        state.checked = checked
        return x, state

    def checked(self, x: Parameters, g: Parameters, state: State) -> tuple[Parameters, State]:
        """Take one step as `advance` does, and check all that goes in and comes out.

        Numbers that are not finite pass: a run that diverges is not a mistake of this kind.

        Parameters
        ----------
        x, g, state : as in `step`
            The parameters, the gradient and the state.

        Returns
        -------
        x, state
            As `step` does.

        Raises
        ------
        TypeError, ValueError
            As `step`, and if a rule of your own changes what it is given, or returns another thing
            than the new parameters and the new state.
        """
        same_structure(x, g)
        self._check_state(x, state)
        try:
            with np.errstate(all="ignore"):  # what is lost is nan or infinite in the result
                new_x, new_state = self.advance(read_only(x), read_only(g), read_only(state))
            fits = (self.shape != () or alike(x, new_x)) and are_real(new_x, "f")
            fits = fits and (
                self.shape != ()  # the first step may make one run into many
                or (
                    len(state) == len(new_state)
                    and all(alike(value, new_state[name]) for name, value in state.items())
                )
            )
        except (TypeError, ValueError, LookupError, AttributeError, NotImplementedError) as error:
            self._explain(x, g, error)
            raise
        if not fits:
            self._explain(x, g, None)
        if isinstance(new_x, np.ndarray) and not new_x.flags.writeable:
            new_x = new_x.copy()  # the update returned the very array that it was given
        new_state.checked = (self, structure(new_x))
        return new_x, new_state

    def refuse_zero_by_zero(self, new_x: Parameters, g: Parameters) -> None:
        """Raise a ValueError if zero gradients have become nan, for want of an epsilon.

        Parameters
        ----------
        new_x, g : array, or list or dict of arrays
            The parameters after a step, and the gradient of it.
        """
        if self.shape != () or getattr(self, "epsilon", 1) != 0:
            return
        parts = (
            [(new_x[k], p) for k, p in items(g)] if isinstance(g, (list, dict)) else [(new_x, g)]
        )
        if any((np.isnan(part) & (np.asarray(slope) == 0)).any() for part, slope in parts):
            raise ValueError(
                f"{self} divides zero by zero where a gradient is zero: it has not diverged, but "
                "its step is not defined. Give it an epsilon above 0, such as 1e-7."
            )

    def _check_state(self, x: Parameters, state: Any) -> None:
        """Refuse what is no state of this rule for these parameters."""
        mine, owner = _of(self), getattr(state, "rule", None) or type(self)
        if not issubclass(type(self), owner) and not issubclass(owner, type(self)):
            raise ValueError(f"This is a state of {owner.__name__}, not of {mine}. {BEGIN}")
        if not isinstance(state, dict) or "t" not in state:
            given = (
                f"a dict with the keys {list(state)}" if isinstance(state, dict) else shown(state)
            )
            raise TypeError(f"The state must be a dict with the step 't', but is {given}. {BEGIN}")
        t = state["t"]
        if isinstance(t, bool) or not isinstance(t, (int, np.integer)) or t < 0:
            raise ValueError(
                f"The state's 't' must be a whole number from 0, but is {shown(t)}. {BEGIN}"
            )
        expected = self.init(x)
        if state.keys() != expected.keys():
            raise ValueError(
                f"A state of {mine} has the fields {list(expected)}, but this one has "
                f"{list(state)}. {BEGIN}"
            )
        for letter, zero in expected.items():
            if letter != "t" and self.shape == () and not are_real(state[letter]):
                raise TypeError(f"The state's {letter!r} must hold real numbers. {BEGIN}")
            if self.shape == () and not alike(zero, state[letter]):
                raise ValueError(
                    f"The state's {letter!r} is not shaped like the parameters: "
                    f"{_shapes(state[letter])} instead of {_shapes(zero)}. {BEGIN}"
                )

    def _explain(self, x: Parameters, g: Parameters, error: Exception | None) -> None:
        """Say in a sentence why a step failed, or why what it returned cannot be right."""
        mine = _of(self)
        if isinstance(error, NotImplementedError):
            raise TypeError(
                f"{mine} has no equations yet: give it a method update(self, x, g, t, eta, …). "
                "help(d2l.Rule) has an example."
            ) from None
        if "read-only" in str(error):
            raise ValueError(
                f"The update of {mine} changes its arguments in place, and with them the points "
                "that a trace keeps. Write x = x - …, not x -= …, for x and for the state."
            ) from None
        if error is not None and self._is_of_the_book():
            return
        # An update of a reader's own: look at what it returns for the first array.
        key, part = next(iter(items(x))) if isinstance(x, (list, dict)) else (None, x)
        slope = g if key is None else g[key]
        fields = self._zeros(part)
        try:
            inspect.signature(self.update).bind(part, slope, 1, self.rate(1), **fields)
        except TypeError:
            given = ", ".join(["self", "x", "g", "t", "eta", *fields])
            raise TypeError(
                f"The update of {mine} is called with the arguments ({given}), the last ones as "
                "zero_state names them, but takes others."
            ) from None
        try:
            returned = self.update(part, slope, 1, self.rate(1), **fields)
        except Exception:
            return  # the error of the reader's own code says more
        wanted = f"update of {mine} must return the new parameters and a dict of the new state"
        if not isinstance(returned, tuple) or len(returned) != 2:
            raise TypeError(
                f"The {wanted}, as in 'return new_x, {{…}}', but it returned {kind(returned)}."
            ) from None
        new_part, new_fields = returned
        if not isinstance(new_fields, dict) or set(new_fields) != set(fields):
            given = list(new_fields) if isinstance(new_fields, dict) else kind(new_fields)
            raise TypeError(
                f"The {wanted}, with the fields {list(fields)}, but the second was {given}."
            ) from None
        if getattr(new_part, "dtype", np.dtype(object)).kind != "f":
            what = kind(new_part)
            if isinstance(new_part, np.ndarray | np.generic):
                what = f"of the type {new_part.dtype}"
            raise TypeError(
                f"The {wanted}, an array of floating-point numbers, but the new parameters are "
                f"{what}."
            ) from None
        if np.shape(new_part) != np.shape(part):
            raise ValueError(
                f"The {wanted}, shaped as they were, {np.shape(part)}, but the new parameters have "
                f"the shape {np.shape(new_part)}."
            ) from None
        for letter, value in new_fields.items():
            if np.shape(value) != np.shape(fields[letter]):
                raise ValueError(
                    f"The {wanted}, shaped as it was, but {letter!r} went from "
                    f"{np.shape(fields[letter])} to {np.shape(value)}."
                ) from None

    def _is_of_the_book(self) -> bool:
        return type(self).__module__.startswith("d2lmini.")

    def advance(self, x: Parameters, g: Parameters, state: State) -> tuple[Parameters, State]:
        """Take one step without any check; `step` and `checked` are the same with them."""
        t = state["t"] + 1
        eta = self.rate(t)
        if not isinstance(x, (list, dict)):
            fields = dict(state)
            del fields["t"]
            x, fields = self._decay_and_update(x, g, t, eta, fields)
            new_state = StateOf(t=t, **fields)
        else:
            new_x, new_fields = {}, {}
            for key, part in items(x):
                fields = {name: value[key] for name, value in state.items() if name != "t"}
                part, new_fields[key] = self._decay_and_update(part, g[key], t, eta, fields)
                new_x[key] = np.asarray(part)  # arithmetic on arrays without axes gives numbers
            x, new_state = like(x, new_x), StateOf(t=t, **gather(x, new_fields))
        new_state.rule = type(self)
        return x, new_state

    def _decay_and_update(self, x, g, t, eta, fields):
        dtype = x.dtype
        if getattr(g, "dtype", dtype) is not dtype:  # the parameters decide, as in Keras
            g = in_precision(g, dtype)
        # Decoupled weight decay acts first, on the parameters alone; g was computed before it.
        if self.weight_decay is not None:
            x = x - x * self.weight_decay * eta
        x, fields = self.update(x, g, t, eta, **fields)
        if x.dtype is not dtype:  # hyperparameters that are arrays have a precision of their own
            x = in_precision(x, dtype)
            fields = {name: in_precision(value, dtype) for name, value in fields.items()}
        return x, fields

    def zero_state(self, x: np.ndarray) -> State:
        """Return the fields of the state of one array before the first step."""
        return {}

    def update(self, x, g, t, eta, **fields):
        """Return the new array and the new fields: the equations of the rule."""
        raise NotImplementedError


@explain_arguments
def update_rule(rule: type) -> type:
    """Make a class of hyperparameters and equations into a rule that never changes.

    Written above a subclass of `Rule`, whose documentation has an example.

    Parameters
    ----------
    rule : type
        A subclass of `Rule`, with a default for each hyperparameter.

    Returns
    -------
    type
        The same class; its arguments are the hyperparameters, and they are checked.

    Raises
    ------
    TypeError
        If it is not a subclass of `Rule`.

    Examples
    --------
    >>> @d2l.update_rule
    ... class SignSGD(d2l.Rule):
    ...     learning_rate: float = 0.1
    ...
    ...     def update(self, x, g, t, eta):
    ...         return x - eta * np.sign(g), {}
    >>> d2l.feed(SignSGD(), [3.0, -2.0, 0.5]).round(4).tolist()
    [0.0, -0.1, 0.0, -0.1]
    """
    if not (isinstance(rule, type) and issubclass(rule, Rule)):
        name = getattr(rule, "__name__", shown(rule))
        raise TypeError(
            f"@d2l.update_rule stands above a subclass of d2l.Rule, but {name} is none."
        )
    taken = [n for n in vars(rule).get("__annotations__", {}) if callable(getattr(Rule, n, None))]
    taken += ["shape"] * ("shape" in vars(rule))
    if taken:
        raise TypeError(
            f"{rule.__name__}: a hyperparameter cannot be called {taken[0]!r}, because every rule "
            "has a method or a property of this name. Choose another."
        )
    if "__setattr__" in vars(rule):
        raise TypeError(
            f"{rule.__name__} is a rule already: the decorator stands above your own class."
        )
    for name in vars(rule).get("__annotations__", {}):
        if isinstance(vars(rule).get(name), (list, dict, set)):
            raise TypeError(
                f"{rule.__name__}: the default of {name!r} must be a number, True, False or text, "
                f"but is {kind(vars(rule)[name])}."
            )
    cls = dataclasses.dataclass(frozen=True, eq=False, repr=False)(rule)
    plain_init = cls.__init__
    names = [field.name for field in dataclasses.fields(cls)]
    if "learning_rate" not in names:
        raise TypeError(
            f"{cls.__name__} is not a rule yet: it has no learning_rate. Give it a field "
            "'learning_rate: float = 0.01', with its type."
        )

    def __init__(self, *args, **hyperparameters):  # noqa: N807
        for name in hyperparameters:
            if name not in names:
                near = ALIASES.get(name) if ALIASES.get(name) in names else name
                advice = ELSEWHERE.get(name) or did_you_mean(near, names)
                raise TypeError(f"{cls.__name__} has no hyperparameter {name!r}. {advice}")
        if len(args) > len(names):
            raise TypeError(
                f"{cls.__name__} has {len(names)} hyperparameters, but got {len(args)} values: "
                f"{', '.join(names)}. Name them, as in learning_rate=0.01."
            )
        for name in names[: len(args)]:
            if name in hyperparameters:
                raise TypeError(f"{cls.__name__} got {name!r} twice: by place and by name.")
        missing = [
            field.name
            for field in dataclasses.fields(cls)[len(args) :]
            if field.default is dataclasses.MISSING and field.name not in hyperparameters
        ]
        if missing:
            raise TypeError(
                f"{cls.__name__} needs {' and '.join(map(repr, missing))}. Give each "
                "hyperparameter of a rule a default, as in learning_rate: float = 0.01."
            )
        plain_init(self, *args, **hyperparameters)

    def __setattr__(self, name, *value):  # noqa: N807
        raise dataclasses.FrozenInstanceError(
            f"A rule never changes, so {name} cannot be set or deleted. Make a new one, such as "
            f"{cls.__name__}({name}={shown(value[0]) if value else '…'}); "
            f"dataclasses.replace(rule, {name}=…) keeps the rest."
        )

    __init__.__signature__ = inspect.signature(plain_init)
    cls.__init__, cls.__setattr__, cls.__delattr__ = __init__, __setattr__, __setattr__
    return cls


def refuse_other_arguments(schedule: Schedule, label: str) -> None:
    """Raise a TypeError unless a schedule can be called with one number."""
    try:
        inspect.signature(schedule).bind(0)
    except TypeError:
        raise TypeError(
            f"{label}: a schedule is called with one number, how many steps have been taken, as in "
            "lambda step: 0.1 / (1 + step); this one takes other arguments."
        ) from None
    except ValueError:  # a function without a signature, such as one of NumPy's
        return


def is_schedule(value: Any) -> bool:
    """Say whether a learning rate is a function of the step, and no class or rule."""
    return callable(value) and not isinstance(value, (type, Rule))


# ---- parameters as an array, a list of arrays or a dict of arrays ------------------------------


def items(x):
    """Return (key, part) pairs of a list or a dict of arrays."""
    return x.items() if isinstance(x, dict) else enumerate(x)


def like(x, parts: dict):
    """Return the parts as a list or a dict, as `x` is."""
    return parts if isinstance(x, dict) else list(parts.values())


def structure(x: Any) -> Any:
    """Return the shape of an array, or those of a list or a dict of arrays."""
    if isinstance(x, dict):
        return {key: part.shape for key, part in x.items()}
    return [part.shape for part in x] if isinstance(x, list) else x.shape


def in_precision(value: Any, dtype: np.dtype) -> Any:
    """Return an array of floating-point numbers in a precision; anything else as it is."""
    if getattr(value, "dtype", dtype) == dtype or value.dtype.kind != "f":
        return value
    return value.astype(dtype)


def _in_digits(value: float) -> str:
    """Return a float in the fewest digits that mean exactly it, six at least."""
    short = f"{value:.6g}"
    return short if float(short) == value else repr(value)


def gather(x, parts: dict[Any, State]) -> State:
    """Turn {part: {letter: value}} into {letter: values structured like x}."""
    letters = next(iter(parts.values())).keys()
    return {n: like(x, {key: part[n] for key, part in parts.items()}) for n in letters}


def as_parameters(x: Any, name: str) -> Parameters:
    """Return parameters or gradients as floating-point arrays, keeping a list or dict of arrays."""
    if isinstance(x, dict) or (
        isinstance(x, (list, tuple))
        and (len(x) == 0 or any(isinstance(part, np.ndarray) for part in x))
    ):
        parts = {key: float_array(part, f"{name}[{key!r}]") for key, part in items(x)}
        if not parts:
            raise ValueError(
                f"{name}: the {type(x).__name__} is empty, so there is nothing to optimize."
            )
        return like(x, parts)
    return float_array(x, name)


def alike(x: Any, y: Any) -> bool:
    """Say whether two things have the same structure of arrays of the same shapes."""
    if isinstance(x, (list, dict)):
        return (
            isinstance(y, type(x))
            and len(x) == len(y)
            and (isinstance(x, list) or x.keys() == y.keys())
            and all(alike(part, y[key]) for key, part in items(x))
        )
    return not isinstance(y, (list, dict)) and np.shape(x) == np.shape(y)


def are_real(x: Any, kinds: str = "fiub") -> bool:
    """Say whether parameters or a part of a state hold real numbers, or those of some kinds."""
    if isinstance(x, (list, dict)):
        return all(are_real(part, kinds) for _, part in items(x))
    return np.asarray(x).dtype.kind in kinds


def read_only(x: Any) -> Any:
    """Return parameters, a gradient or a state as arrays that cannot be changed in place."""
    if isinstance(x, dict):
        return {key: read_only(part) for key, part in x.items()}
    if isinstance(x, list):
        return [read_only(part) for part in x]
    if isinstance(x, np.ndarray):
        x = x.view()
        x.flags.writeable = False
    return x


def same_structure(
    x: Parameters, g: Parameters, g_name: str = "The gradient", x_name: str = "the parameters"
) -> None:
    """Refuse a gradient that is not shaped exactly like its parameters."""
    if not isinstance(x, (list, dict)) and not isinstance(g, (list, dict)):
        same_shape(g, x, g_name, x_name.removesuffix("s") if "param" in x_name else x_name)
        return
    x_keys, g_keys = (
        [k for k, _ in items(p)] if isinstance(p, (list, dict)) else None for p in (x, g)
    )
    if type(x) is not type(g) or set(x_keys) != set(g_keys):
        raise ValueError(
            f"{g_name} must be built like {x_name}: "
            f"those are a {_describe(x, x_keys)}, but {g_name.lower()} is a {_describe(g, g_keys)}."
        )
    for key, part in items(x):
        same_shape(g[key], part, f"{g_name} of parameter {key!r}", "the parameter")


BEGIN = "Begin with state = rule.init(x), and pass on the state that each step returns."


def _of(rule: Rule) -> str:
    return type(rule).__name__


def _shapes(x: Any) -> str:
    """Return the shapes of parameters or of a part of a state, in words."""
    if isinstance(x, (list, dict)):
        return (
            f"{type(x).__name__} of the shapes {', '.join(str(np.shape(p)) for _, p in items(x))}"
        )
    return f"shape {np.shape(x)}" if isinstance(x, np.ndarray) else kind(x)


def _describe(x, keys) -> str:
    if keys is None:
        return "single array"
    if isinstance(x, dict):
        return f"dict with keys {keys}"
    return f"list of {plural(len(keys), 'array')}"
