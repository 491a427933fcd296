"""What all update rules share: named hyperparameters, checks, lists and dicts of parameters.

An update rule is a pure function of the point, the gradient and a state. A subclass in
`d2lmini.optimizers` supplies two methods: `zero_state`, the state before the first step, and
`update`, the equations. Everything else is here, once.
"""

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from d2lmini.checks import did_you_mean, float_array, same_shape

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
    "alpha": "rho",
    "gamma": "rho",
    "decay_rate": "rho",
    "beta": "momentum",
    "eps": "epsilon",
    "betas": "beta_1",
}


class Rule:
    """An update rule with its hyperparameters, which never change after construction.

    Hyperparameters may be numbers, or arrays that broadcast against the parameters: then one run
    is many runs side by side. `learning_rate` may also be a schedule, a function that is called
    with the number of steps already taken (0 before the first step), as Keras does.
    """

    def __post_init__(self) -> None:
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
            if not isinstance(value, (bool, np.bool_)):
                raise TypeError(f"{label} must be True or False, but is {value!r}.")
            return bool(value)
        if name == "learning_rate" and callable(value):
            return value
        if value is None and name == "weight_decay":
            return None
        array = float_array(value, label)
        if (array < 0).any():
            advice = (
                " The rule already subtracts: a negative learning rate climbs."
                if name == "learning_rate"
                else ""
            )
            raise ValueError(f"{label} must not be negative, but is {value!r}.{advice}")
        if name in DECAYS and (array >= 1).any():
            raise ValueError(
                f"{label} must be in [0, 1), because it is the weight that a leaky average gives "
                f"to its own past; got {value!r}."
            )
        # A Python float leaves float32 parameters float32; a NumPy float64 would promote them.
        return float(array) if array.ndim == 0 else array

    def __repr__(self) -> str:
        """Return the call that makes this rule, its numbers rounded to six digits.

        Arguments left at their defaults are not shown, but for the learning rate.
        """
        given = []
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                given.append(f"{field.name}=<array of shape {value.shape}>")
            elif field.name == "learning_rate" or value != field.default:
                shown = f"{value:.6g}" if isinstance(value, float) else value
                given.append(f"{field.name}={shown}")
        return f"{type(self).__name__}({', '.join(given)})"

    @property
    def shape(self) -> tuple[int, ...]:
        """The common shape of the hyperparameters: () for one run, otherwise that of many."""
        values = (getattr(self, field.name) for field in dataclasses.fields(self))
        return np.broadcast_shapes(*(v.shape for v in values if isinstance(v, np.ndarray)))

    def rate(self, t: int) -> Hyperparameter:
        """Return the learning rate of step t, where the first step is t = 1."""
        if not callable(self.learning_rate):
            return self.learning_rate
        rate = self.learning_rate(t - 1)
        # As in _checked: a NumPy float64 would promote float32 parameters.
        return float(rate) if np.ndim(rate) == 0 else rate

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
            return {"t": 0, **self.zero_state(x)}
        parts = {key: self.zero_state(part) for key, part in items(x)}
        return {"t": 0, **gather(x, parts)}

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
        ValueError
            If the gradient is not shaped like the parameters, or either is not finite.
        """
        x, g = as_parameters(x, "The parameters"), as_parameters(g, "The gradient")
        same_structure(x, g)
        return self.advance(x, g, state)

    def advance(self, x: Parameters, g: Parameters, state: State) -> tuple[Parameters, State]:
        """Take one step without any check; `step` is the same with them."""
        t = state["t"] + 1
        eta = self.rate(t)
        fields = {name: value for name, value in state.items() if name != "t"}
        if not isinstance(x, (list, dict)):
            x, fields = self._decay_and_update(x, g, t, eta, fields)
            return x, {"t": t, **fields}
        new_x, new_fields = {}, {}
        for key, part in items(x):
            part_fields = {name: value[key] for name, value in fields.items()}
            part, new_fields[key] = self._decay_and_update(part, g[key], t, eta, part_fields)
            new_x[key] = np.asarray(part)  # arithmetic turns arrays without axes into bare numbers
        return like(x, new_x), {"t": t, **gather(x, new_fields)}

    def _decay_and_update(self, x, g, t, eta, fields):
        # Decoupled weight decay acts first, on the parameters alone; g was computed before it.
        if self.weight_decay is not None:
            x = x - x * self.weight_decay * eta
        return self.update(x, g, t, eta, **fields)

    def zero_state(self, x: np.ndarray) -> State:
        """Return the fields of the state of one array before the first step."""
        raise NotImplementedError

    def update(self, x, g, t, eta, **fields):
        """Return the new array and the new fields: the equations of the rule."""
        raise NotImplementedError


def update_rule(cls: type) -> type:
    """Make a class of hyperparameters and equations into a rule that never changes."""
    cls = dataclasses.dataclass(frozen=True, eq=False, repr=False)(cls)
    plain_init = cls.__init__
    names = [field.name for field in dataclasses.fields(cls)]

    def __init__(self, *args, **hyperparameters):  # noqa: N807
        for name in hyperparameters:
            if name not in names:
                near = ALIASES.get(name) if ALIASES.get(name) in names else name
                raise TypeError(
                    f"{cls.__name__} has no hyperparameter {name!r}. {did_you_mean(near, names)}"
                )
        plain_init(self, *args, **hyperparameters)

    __init__.__signature__ = inspect.signature(plain_init)
    cls.__init__ = __init__
    return cls


# ---- parameters as an array, a list of arrays or a dict of arrays ------------------------------


def items(x):
    """Return (key, part) pairs of a list or a dict of arrays."""
    return x.items() if isinstance(x, dict) else enumerate(x)


def like(x, parts: dict):
    """Return the parts as a list or a dict, as `x` is."""
    return parts if isinstance(x, dict) else list(parts.values())


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


def same_structure(x: Parameters, g: Parameters) -> None:
    """Refuse a gradient that is not shaped exactly like its parameters."""
    if not isinstance(x, (list, dict)) and not isinstance(g, (list, dict)):
        same_shape(g, x, "The gradient", "the parameter")
        return
    x_keys, g_keys = (
        [k for k, _ in items(p)] if isinstance(p, (list, dict)) else None for p in (x, g)
    )
    if type(x) is not type(g) or set(x_keys) != set(g_keys):
        raise ValueError(
            "The gradient must be built like the parameters: "
            f"those are a {_describe(x, x_keys)}, but the gradient is a {_describe(g, g_keys)}."
        )
    for key, part in items(x):
        same_shape(g[key], part, f"The gradient of parameter {key!r}", "the parameter")


def _describe(x, keys) -> str:
    if keys is None:
        return "single array"
    return f"dict with keys {keys}" if isinstance(x, dict) else f"list of {len(keys)} arrays"
