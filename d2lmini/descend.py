"""Run a rule: on a surface, step by step, or on a model and data, minibatch by minibatch."""

import inspect
import itertools
import operator
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from d2lmini.checks import (
    explain_arguments,
    float_array,
    number,
    plural,
    same_shape,
    shown,
    takes,
    true_or_false,
    unchangeable,
    whole_number,
)
from d2lmini.datasets import Dataset, minibatches
from d2lmini.models import one_number
from d2lmini.objectives import Objective
from d2lmini.pipeline import clip_global_norm, scaled_inside
from d2lmini.rule import (
    Parameters,
    Rule,
    State,
    as_parameters,
    items,
    read_only,
    same_structure,
)

# Where a coordinate is larger than this nothing in the book has a minimum: the run has diverged.
# What a reader brings may be larger: see `_far`, and `train`.
FAR = 1e6


@unchangeable
@dataclass(frozen=True, eq=False)
class Trace:
    """The path of a rule on a surface.

    Parameters
    ----------
    objective, rule : Objective, Rule
        What was run.
    x : array
        The points, the start first: shape (steps + 1, …), or (2, …) with only the start and the
        end if the run was not recorded. A single run that diverges ends before the step at which
        it is lost.
    value : array
        The objective at those points.
    gradient : array
        The gradient at each point that a step was taken from; empty if not recorded.
    states : list of dict
        The state after each step; empty if not recorded.
    diverged_at : None, int or array of int
        The step at which a coordinate of a run went beyond 1e6, or stopped being finite. (The 1e6
        is larger where start, domain or minimizers are beyond 10; and where an objective has no
        domain of its own, a run beyond it diverges only if its value is above that at the start.)
        For one run None if that did not happen; for runs side by side an array, with 0 where it did
        not.
    steps : int
        The number of steps that were taken.

    Examples
    --------
    >>> trace = d2l.minimize(d2l.bowl, d2l.SGD(0.1), steps=3)
    >>> trace.x.shape
    (4, 2)
    >>> trace.value.round(4).tolist()
    [10.5, 5.281, 3.3427, 2.5879]
    """

    objective: Objective
    rule: Rule
    x: np.ndarray
    value: np.ndarray
    gradient: np.ndarray
    states: list[State]
    diverged_at: int | np.ndarray | None
    steps: int

    def __repr__(self) -> str:
        """Return where the run began and how it ended, in one line."""
        head = f"{self.rule} on {self.objective.name}"
        if isinstance(self.diverged_at, np.ndarray):
            many = int(np.count_nonzero(self.diverged_at))
            return f"{head}: {self.diverged_at.size} runs, of which {many} diverged"
        if self.diverged_at is not None:
            if (
                getattr(self.rule, "epsilon", 1) == 0
                and not self.objective.slopes(self.x[-1]).all()
            ):
                return (
                    f"{head}: zero by zero at step {self.diverged_at}, where a gradient is zero "
                    "and so is epsilon"
                )
            return f"{head}: diverged at step {self.diverged_at}"
        if np.ndim(self.value[0]):
            return f"{head}: {np.size(self.value[0])} runs"
        return f"{head}: {self.value[0]:.4g} -> {self.value[-1]:.4g} in {self.steps} steps"


@explain_arguments
def minimize(
    objective: Objective, rule: Rule, *, start=None, steps: int = 20, record: bool = True
) -> Trace:
    """Run a rule on a surface.

    With hyperparameters that are arrays, or a start with axes before the coordinates, the runs go
    side by side, as one vectorized computation. A run of more than two seconds shows how far it is;
    one that is interrupted, with Ctrl-C, returns what it has done so far.

    Parameters
    ----------
    objective : Objective
        The surface.
    rule : Rule
        The update rule, for example ``d2l.RMSprop(learning_rate=0.4)``.
    start : array, optional
        The first point; that of the objective by default. Integers are taken as floats.
    steps : int, default 20
        How many steps to take. A single run stops earlier if it diverges.
    record : bool, default True
        Keep every point; otherwise keep the start and the end, for a map of many runs.

    Returns
    -------
    Trace
        The points, values, gradients and states, and whether and when the run diverged.

    Raises
    ------
    TypeError
        If the objective is not an `Objective` or the rule not a rule, or if they are your own and
        do not return what they should.
    ValueError
        If the start does not fit the objective, or is not finite.

    Examples
    --------
    >>> d2l.minimize(d2l.bowl, d2l.RMSprop(learning_rate=0.4))
    RMSprop(learning_rate=0.4) on bowl: 10.5 -> 1.123e-05 in 20 steps
    """
    if not isinstance(objective, Objective):
        raise TypeError(
            f"minimize needs an Objective, such as d2l.bowl, but got {shown(objective)}. "
            + (
                "It takes the objective first, then the rule."
                if isinstance(objective, Rule)
                else "Make one of your own function with d2l.Objective(name, value, start=…)."
            )
        )
    refuse_no_rule(rule)
    refuse_scaled(rule)
    steps, record = whole_number(steps, "steps", 0), true_or_false(record, "record")
    x = objective.point(objective.start if start is None else float_array(start, "The start"))
    # One array holds all the runs: the coordinates stay last, hyperparameters broadcast before.
    try:
        if objective.dimension > 1 and rule.shape and rule.shape[-1] > 1:
            raise ValueError  # a rate for each coordinate is no run side by side
        x = np.array(np.broadcast_to(x, np.broadcast_shapes(x.shape, rule.shape)))
    except ValueError:
        raise ValueError(
            f"The hyperparameters have shape {rule.shape}, the start has shape {x.shape}, and its "
            "last axis holds the coordinates. For n runs side by side give each hyperparameter the "
            "shape (n, 1), for example values[:, None]."
        ) from None
    runs = x.shape if objective.dimension == 1 else x.shape[:-1]
    if runs != () and getattr(rule, "couples", False):
        raise ValueError(
            f"{rule} clips by a length or has a constraint, which would be taken over all the runs "
            "side by side: minimize them one by one."
        )
    single, is_number = runs == (), x.ndim == 0
    far, first_value = _far(objective, x), None

    state = rule.init(x)
    xs, gradients, states, g = [x], [], [], x
    diverged_at, taken = np.zeros(runs, dtype=int), 0
    with np.errstate(all="ignore"):  # a diverging run is reported below, once, in words
        gradient, advance = objective.slopes, rule.checked
        try:
            for t in with_bar(range(1, steps + 1)):
                if isinstance(x, np.ndarray):
                    x.flags.writeable = False  # it is kept: nobody may change it in place
                g = gradient(x)
                if t == 1 and single:
                    float_array(g, f"{objective.name}: the gradient at the start")
                new_x, state = advance(x, g, state)
                if t == 1:  # after that nothing can have changed its shape
                    gradient, advance = objective.unchecked_slopes(new_x), rule.advance
                near = abs(new_x) <= far
                if not (near if is_number else near.all()):
                    lost = ~near
                    if not objective.known_domain:
                        # The minimum may be out there: is it lower than where the run began?
                        if first_value is None:
                            first_value = objective.values(xs[0])
                        lower = objective.values(new_x) < first_value
                        lost &= ~(lower if objective.dimension == 1 else lower[..., None])
                    if objective.dimension > 1:
                        lost = lost.any(axis=-1)
                    diverged_at[(diverged_at == 0) & lost] = t
                    if single and lost:
                        break
                x, taken = new_x, t
                if record:
                    xs.append(x)
                    gradients.append(np.array(g))  # a reader may use one array for all
                    states.append(state)
        except TypeError:
            if g is not None:
                raise
            raise TypeError(
                f"{objective.name}: the gradient returned None at step {t}. Is a return missing?"
            ) from None
        except ValueError as error:
            if "read-only" not in str(error) or t == 1:
                raise
            raise ValueError(
                f"The update of {type(rule).__name__} writes into an array that it returned "
                "before, and with it the points that a trace keeps. Return a new one each time."
            ) from None
        except KeyboardInterrupt:
            _say_interrupted(taken, steps, "The trace ends there.")
            xs, states = xs[: taken + 1], states[:taken]
        if not record:
            xs.append(x)
        try:
            xs, gradients = np.array(xs), np.array(gradients[:taken])
        except ValueError:
            raise ValueError(
                f"{objective.name}: the gradient does not keep the shape that it has at the start."
            ) from None
        if xs.dtype.kind != "f":
            raise TypeError(
                f"{objective.name}: the gradient does not stay real, so that the points have "
                f"become {xs.dtype}. Take the part that you mean, with .real or abs()."
            )
        values = objective.values(xs)
    return Trace(
        objective,
        rule,
        xs,
        values,
        gradients,
        states,
        (int(diverged_at) or None) if single else diverged_at,
        taken,
    )


def _far(objective: Objective, x: np.ndarray) -> float:
    """Return where a run on an objective is lost: `FAR`, or more if all of it is larger."""
    sizes = [x, objective.minimizers, objective.domain if objective.known_domain else 0.0]
    return FAR * max(1.0, *(float(np.abs(size).max(initial=0)) / 10 for size in sizes))


def with_bar(steps: Iterable, total: int | None = None) -> Iterator:
    """Yield the steps, with a bar that appears after two seconds and goes at the end."""
    # Made here only when it is needed: most runs take milliseconds, and so does a bar.
    steps, due = iter(steps), time.monotonic() + 2
    for taken, step in enumerate(steps, start=1):
        yield step
        if time.monotonic() > due:
            from tqdm import tqdm

            total = total or taken + operator.length_hint(steps)
            yield from tqdm(steps, initial=taken, total=total, leave=False, unit=" steps")


def _say_interrupted(taken: int, steps: int, what: str) -> None:
    warnings.warn(f"Interrupted after {taken} of {steps} steps. {what}", stacklevel=4)


@explain_arguments
def feed(rule: Rule, gradients, start: float | np.ndarray = 0.0) -> np.ndarray:
    """Hand a rule given gradients, one a step, and return the points that it visits.

    Parameters
    ----------
    rule : Rule
        The update rule.
    gradients : array of shape (n, ...)
        The gradients, the first one first, whatever the points are.
    start : float or array, default 0
        The first point, shaped like a gradient or, for runs side by side, like one row of it; or
        one number for all coordinates.

    Returns
    -------
    array of shape (n + 1, ...)
        The points, the start first.

    Raises
    ------
    TypeError, ValueError
        If the rule is not a rule, or the gradients are not finite numbers.

    Examples
    --------
    >>> d2l.feed(d2l.SGD(0.5), [1.0, 1.0, -4.0]).tolist()
    [0.0, -0.5, -1.0, 1.0]
    """
    refuse_no_rule(rule)
    gradients = float_array(gradients, "The gradients")
    if gradients.ndim == 0:
        raise ValueError("feed needs a sequence of gradients, one for each step, not one number.")
    start = float_array(start, "start")
    x = np.zeros(gradients.shape[1:], dtype=gradients.dtype)
    if start.shape != x.shape[x.ndim - start.ndim :]:  # one start for all runs will do
        same_shape(start, x, "The start", "a gradient")
    x = x + start.astype(gradients.dtype)
    x = np.array(np.broadcast_to(x, np.broadcast_shapes(x.shape, rule.shape)))
    points, state = [x], rule.init(x)
    with np.errstate(all="ignore"):  # what is lost is nan or infinite in the result
        for t, g in enumerate(gradients):
            x, state = (rule.advance if t else rule.checked)(x, np.broadcast_to(g, x.shape), state)
            points.append(x)
    return np.array(points)


@unchangeable
@dataclass(frozen=True, eq=False)
class History:
    """The loss of a model while a rule trains it.

    Parameters
    ----------
    rule : Any
        The rule, or the Keras optimizer, that trained.
    epoch : array
        The epochs done at each evaluation, from 0; fractions lie within an epoch.
    loss : array
        The loss on all the data at these moments.
    parameters : array, or list or dict of arrays
        The parameters at the end.
    diverged_at : int or None
        The step at which a parameter or the loss stopped being finite, or a parameter went beyond
        1e6 while the loss was more than a thousand times that of the start; the parameters and
        losses are those before it.
    validation_loss : array
        The loss on the validation data at these moments; empty without such data.
    metrics : dict of str to array
        What was asked for, at these moments; on the validation data, if there is any.
    state : dict or None
        The state of the rule at the end, from which `train` goes on.
    steps : int
        The number of steps that were taken.
    steps_per_epoch : int
        The number of minibatches in an epoch; 0 if `train` cannot go on from here.

    Examples
    --------
    >>> history = d2l.train(d2l.LinearRegression(), d2l.SGD(0.1), d2l.diabetes())
    >>> history.epoch.tolist()
    [0.0, 1.0, 2.0]
    >>> history.loss.round(2).tolist()
    [0.5, 0.39, 0.3]
    """

    rule: Any
    epoch: np.ndarray
    loss: np.ndarray
    parameters: Parameters
    diverged_at: int | None = None
    validation_loss: np.ndarray = field(default_factory=lambda: np.empty(0))
    metrics: dict[str, np.ndarray] = field(default_factory=dict)
    state: State | None = None
    steps: int = 0
    steps_per_epoch: int = 0

    def __repr__(self) -> str:
        """Return how the training went, in one line."""
        rule = self.rule if isinstance(self.rule, Rule) else f"Keras' {type(self.rule).__name__}"
        if self.diverged_at is not None:
            return f"{rule}: diverged at step {self.diverged_at}"
        digits = ".4f" if self.loss.max() < 1e4 else ".4g"
        return f"{rule}: loss {self.loss[0]:{digits}} -> {self.loss[-1]:{digits}}"


@unchangeable
@dataclass(frozen=True, eq=False)
class Step:
    """A step of a training, as `training_steps` yields it.

    Parameters
    ----------
    t : int
        The number of the step; the first one is 1.
    epoch : float
        The epochs done after it.
    rows : array of int
        The examples of its minibatch.
    gradient : array, or list or dict of arrays
        The gradient, as the rule got it.
    parameters : array, or list or dict of arrays
        The parameters after the step.
    state : dict
        The state of the rule after the step.

    Examples
    --------
    >>> steps = d2l.training_steps(d2l.LinearRegression(), d2l.SGD(0.1), d2l.diabetes())
    >>> step = next(steps)
    >>> step.t, len(step.rows), sorted(step.gradient)
    (1, 10, ['b', 'w'])
    """

    t: int
    epoch: float
    rows: np.ndarray
    gradient: Parameters
    parameters: Parameters
    state: State


@explain_arguments
def training_steps(
    model,
    rule: Rule,
    data: Dataset,
    *,
    batch_size: int = 10,
    seed: int = 0,
    global_clipnorm: float | None = None,
    start: Parameters | History | None = None,
) -> Iterator[Step]:
    """Train a model one step at a time, without end; what `train` is made of.

    Parameters
    ----------
    model, rule, data, batch_size, seed, global_clipnorm, start : Any
        As in `train`.

    Returns
    -------
    iterator of Step
        For each step its gradient, and the parameters and the state after it.

    Raises
    ------
    TypeError, ValueError
        As `train`.

    Examples
    --------
    Stop as soon as the gradient of a minibatch is short:

    >>> data = d2l.diabetes()
    >>> for step in d2l.training_steps(d2l.LinearRegression(), d2l.SGD(0.1), data, batch_size=442):
    ...     if np.linalg.norm(step.gradient["w"]) < 0.05:
    ...         break
    >>> step.t
    23
    """
    steps = _begun(model, rule, data, batch_size, seed, global_clipnorm, start)[-1]
    return _as_steps(steps, -(-len(data) // batch_size))


def _begun(model, rule, data, batch_size, seed, clipnorm, start):
    """Check what a training is given; return parameters, state, steps done, and those to come."""
    refuse_no_model(model)
    refuse_no_rule(rule)
    refuse_scaled(rule)
    refuse_no_data(data)
    if rule.shape != ():
        raise ValueError(
            "train runs one setting at a time, but a hyperparameter of the rule is an array of "
            f"shape {rule.shape}. Call train once for each value."
        )
    batches = minibatches(len(data), batch_size, seed)
    if clipnorm is not None:
        clipnorm = number(clipnorm, "global_clipnorm")
        if clipnorm <= 0:
            raise ValueError(f"global_clipnorm must be above 0, but is {clipnorm!r}.")
    for method, *arguments in (
        ("init", "data"),
        ("loss", "parameters", "x", "y"),
        ("gradient", "parameters", "x", "y"),
    ):
        called = f"{method}({', '.join(arguments)})"
        takes(getattr(model, method), f"The model's {called}", *arguments)
    initial = as_parameters(model.init(data), "What the model's init returns")
    if isinstance(start, History):
        if start.state is None:
            raise ValueError(
                "This history has no state of a rule, as those of train_concise have none: pass "
                "start=history.parameters to begin anew from its parameters."
            )
        steps_per_epoch = -(-len(data) // batch_size)
        if start.steps_per_epoch not in (0, steps_per_epoch):
            raise ValueError(
                f"This history has {start.steps_per_epoch} minibatches in an epoch, but "
                f"{plural(len(data), 'example')} in minibatches of {batch_size} make "
                f"{steps_per_epoch}. Go on with the same data and batch_size, or begin anew with "
                "start=history.parameters."
            )
        parameters, state, done = start.parameters, start.state, start.steps
        rule.checked(parameters, parameters, state)  # is the state this rule's?
    else:
        given = initial if start is None else as_parameters(start, "The parameters to start from")
        parameters, state, done = given, rule.init(given), 0
    same_structure(initial, parameters, "What to start from", "what the model's init returns")
    steps = _steps(model, rule, data, batches, clipnorm, parameters, state, done)
    return parameters, state, done, steps


def _steps(model, rule, data, batches, clipnorm, parameters, state, done):
    advance, checked = rule.advance, False
    for t, rows in enumerate(itertools.islice(batches, done, None), start=done + 1):
        x, y = data.x[rows], data.y[rows]
        if checked:
            g = model.gradient(parameters, x, y)
        else:
            # x and y are copies: those a model may change.
            ask = lambda p, x=x, y=y: model.gradient(p, x, y)  # noqa: E731
            g = _asked("The model's gradient", ask, parameters)
        if isinstance(g, tuple):
            g = list(g)
        if not checked:  # after the first time nothing can have changed its shape
            if g is None:
                raise TypeError("The model's gradient returned None. Is a return missing?")
            g = as_parameters(g, "The gradient")
        if clipnorm is not None:
            g = clip_global_norm(g, clipnorm)
        parameters, state = (advance if checked else rule.checked)(parameters, g, state)
        checked = True
        yield t, rows, g, parameters, state


def _as_steps(steps: Iterator, steps_per_epoch: int) -> Iterator[Step]:
    while True:
        with np.errstate(all="ignore"):  # a run that diverges is no reason for a warning
            t, *rest = next(steps)
        rows, g, parameters, state = rest
        yield Step(t, t / steps_per_epoch, rows, g, parameters, state)


@explain_arguments
def train(
    model,
    rule: Rule,
    data: Dataset,
    *,
    epochs: int = 2,
    batch_size: int = 10,
    seed: int = 0,
    evaluate_every: int | None = None,
    start: Parameters | History | None = None,
    validation: Dataset | None = None,
    metrics: Mapping[str, Callable] | None = None,
    global_clipnorm: float | None = None,
) -> History:
    """Train a model from scratch on minibatches.

    A training of more than two seconds shows how far it is; one that is interrupted, with Ctrl-C,
    returns what it has done so far. To look in at every step, or to stop early, loop over
    `training_steps`.

    Parameters
    ----------
    model : object
        With ``init(data)``, which returns the first parameters, an array or a list or dict of
        arrays; ``loss(parameters, x, y)``, a number; and ``gradient(parameters, x, y)``, shaped
        like the parameters. Such as `LinearRegression`.
    rule : Rule
        The update rule.
    data : Dataset
        The examples.
    epochs : int, default 2
        Passes over the data.
    batch_size : int, default 10
        Examples in a minibatch.
    seed : int, default 0
        Where the order of the examples comes from.
    evaluate_every : int, optional
        Steps between two evaluations of the loss on all the data; by default one epoch.
    start : parameters or History, optional
        Parameters to start from; by default those of the model. A history goes on where it ended,
        with the state of the rule and the order of the minibatches, for `epochs` more: the result
        is that of one training, if nothing else was changed.
    validation : Dataset, optional
        Examples that are not trained on. Their loss is evaluated too.
    metrics : dict of str to callable, optional
        What else to evaluate: functions of the true targets and ``model.predict(parameters, x)``,
        such as ``{"accuracy": d2l.accuracy}``.
    global_clipnorm : float, optional
        The longest gradient that the rule gets, over all its arrays together; a longer one is made
        so long, in the same direction.

    Returns
    -------
    History
        The losses, from before the first step, and the final parameters.

    Raises
    ------
    TypeError, ValueError
        If the rule is not a rule, the data is empty or smaller than a minibatch, a number is out of
        its range, or a model of your own does not return what it should.

    Examples
    --------
    >>> data = d2l.diabetes()
    >>> half = d2l.train(d2l.LinearRegression(), d2l.Adam(0.01), data, epochs=1)
    >>> half
    Adam(learning_rate=0.01): loss 0.5000 -> 0.2514
    >>> whole = d2l.train(d2l.LinearRegression(), d2l.Adam(0.01), data, epochs=1, start=half)
    >>> bool(whole.loss[-1] == d2l.train(d2l.LinearRegression(), d2l.Adam(0.01), data).loss[-1])
    True
    """
    parameters, state, done, steps = _begun(
        model, rule, data, batch_size, seed, global_clipnorm, start
    )
    epochs = whole_number(epochs, "epochs", 1)
    steps_per_epoch = -(-len(data) // batch_size)
    every = steps_per_epoch if evaluate_every is None else evaluate_every
    every = whole_number(every, "evaluate_every", 1)
    if validation is not None:
        refuse_no_data(validation)
    metrics = _checked_metrics(metrics, model)
    last = done + epochs * steps_per_epoch
    found = {"epoch": [], "loss": [], **({"validation_loss": []} if validation else {})}
    measured = {name: [] for name in metrics}

    def evaluate(t: int) -> float:
        found["epoch"].append(t / steps_per_epoch)
        found["loss"].append(loss_of(model, parameters, data))
        if validation:
            found["validation_loss"].append(loss_of(model, parameters, validation))
        held_out = validation or data
        for name, metric in metrics.items():
            predicted = model.predict(parameters, held_out.x)
            value = _asked(f"The metric {name!r}", metric, held_out.y, predicted)
            measured[name].append(number(value, f"The metric {name!r}"))
        return found["loss"][-1]

    first_loss = evaluate(done)
    if not np.isfinite(first_loss):
        raise ValueError(
            f"The loss of the parameters at the start is {first_loss}, so there is nothing to "
            "descend from. Look at what the model's loss makes of them and of the data."
        )
    diverged_at, t = None, done
    with np.errstate(all="ignore"):  # a diverging run is reported below, once, in words
        try:
            for step in with_bar(itertools.islice(steps, last - done), last - done):
                if _is_lost(model, step[3], data, first_loss):
                    diverged_at = step[0]
                    rule.refuse_zero_by_zero(step[3], step[2])
                    break
                t, _, _, parameters, state = step
                if (t % every == 0 or t == last) and not np.isfinite(evaluate(t)):
                    diverged_at = t
                    for values in (*found.values(), *measured.values()):
                        values.pop()
                    break
        except KeyboardInterrupt:
            _say_interrupted(t, last, "train(…, start=history) goes on from there.")
    if isinstance(start, History):  # the last of its evaluations is the first of these
        unknown = np.full(len(start.epoch), np.nan)  # what was not asked for then
        before = {n: v if len(v := getattr(start, n)) else unknown for n in found}
        found = {n: [*before[n], *values[1:]] for n, values in found.items()}
        measured = {n: [*start.metrics.get(n, unknown), *v[1:]] for n, v in measured.items()}
    return History(
        rule,
        **{name: np.array(values) for name, values in found.items()},
        parameters=parameters,
        diverged_at=diverged_at,
        metrics={name: np.array(values) for name, values in measured.items()},
        state=state,
        steps=t,
        steps_per_epoch=steps_per_epoch,
    )


def _is_lost(model, parameters: Parameters, data: Dataset, first_loss: float) -> bool:
    """Say whether parameters are not finite, or far out where the loss is large, too."""
    parts = (
        [v for _, v in items(parameters)] if isinstance(parameters, (list, dict)) else [parameters]
    )
    if all(np.vdot(part, part) <= FAR**2 for part in parts):  # quick; only then look closer
        return False
    largest = [np.abs(part).max(initial=0) for part in parts]
    if all(size <= FAR for size in largest):
        return False
    if not np.isfinite(largest).all():
        return True
    # Data in small or large units has its minimum out there.
    return not loss_of(model, parameters, data) <= 1000 * first_loss


def loss_of(model, parameters: Parameters, data: Dataset) -> float:
    """Return the loss of a model on data as a float, or say why it is none."""
    return one_number(_asked("The model's loss", model.loss, parameters, data.x, data.y))


def _asked(name: str, function: Callable, *arguments: Any) -> Any:
    """Return what a reader's function makes of arguments that it must not change."""
    try:
        return function(*map(read_only, arguments))
    except ValueError as error:
        if "read-only" not in str(error):
            raise
        raise ValueError(
            f"{name} changes its arguments in place, and with them the data or the parameters. "
            "Write x = x - …, not x -= …."
        ) from None


def _checked_metrics(metrics: Any, model: Any) -> dict[str, Callable]:
    """Return the metrics, or say how they are written."""
    if metrics is None:
        return {}
    if not isinstance(metrics, Mapping) or not all(callable(m) for m in metrics.values()):
        raise TypeError(
            "metrics must be functions of the true targets and the predicted ones, by name, as in "
            f"{{'accuracy': d2l.accuracy}}, but is {shown(metrics)}."
        )
    if not callable(getattr(model, "predict", None)):
        raise TypeError(
            f"Metrics need predictions, but {type(model).__name__} has no method "
            "predict(parameters, x)."
        )
    takes(model.predict, "The model's predict(parameters, x)", "parameters", "x")
    for name, metric in metrics.items():
        takes(metric, f"The metric {name!r}", "y", "predicted")
    return dict(metrics)


def refuse_no_model(model: Any) -> None:
    """Raise a TypeError unless this has what `train` needs of a model."""
    wanted = "init(data), loss(parameters, x, y) and gradient(parameters, x, y)"
    if isinstance(model, type):
        raise TypeError(f"Pass a model, {model.__name__}(…), not its class.")
    missing = [n for n in ("init", "loss", "gradient") if not callable(getattr(model, n, None))]
    if isinstance(model, (Rule, Objective)):
        raise TypeError(
            "train takes the model first, then the rule and the data."
            if isinstance(model, Rule)
            else f"{model.name} is a surface, not a model: d2l.minimize runs a rule on it."
        )
    if missing:
        raise TypeError(
            f"A model needs the methods {wanted}, but {type(model).__name__} has no "
            f"{' and no '.join(missing)}. Those of Keras and PyTorch have others; "
            "d2l.train_concise trains with Keras."
        )


def refuse_no_data(data: Any) -> None:
    """Raise a TypeError unless this is a Dataset."""
    if isinstance(data, Dataset):
        return
    if inspect.isfunction(data):
        raise TypeError(f"The examples must be a Dataset: call it, d2l.{data.__name__}().")
    raise TypeError(
        f"The examples must be a Dataset, but are {shown(data)}. Make one of your arrays with "
        "d2l.Dataset('mine', X, y)."
    )


def refuse_no_rule(rule: Any) -> None:
    """Raise a TypeError unless this is a rule."""
    if isinstance(rule, Rule):
        if not hasattr(rule, "__dataclass_params__"):  # a class with an __init__ of its own
            Rule.__init__(rule)
        return
    if isinstance(rule, type) and issubclass(rule, Rule):
        raise TypeError(
            f"Pass a rule with its hyperparameters: d2l.{rule.__name__}(), not the class."
        )
    advice = "By name you get one from d2l.get_rule('rmsprop')."
    if isinstance(rule, str):
        advice = f"By name you get one from d2l.get_rule({rule!r})."
    elif isinstance(rule, (list, tuple)) and any(isinstance(r, Rule) for r in rule):
        advice = "Run several one by one."
    elif hasattr(rule, "param_groups") or hasattr(rule, "apply_gradients"):
        advice = "d2l.rule_like(…) gives the rule of an optimizer of PyTorch, Keras or Optax."
    raise TypeError(
        "An update rule such as d2l.RMSprop(learning_rate=0.01) is needed here, but got "
        f"{shown(rule)}. {advice}"
    )


def refuse_scaled(rule: Rule) -> None:
    """Raise a ValueError if a rule waits for gradients of a loss that was multiplied."""
    scaled = scaled_inside(rule)
    if scaled is not None:
        raise ValueError(
            f"{scaled} expects gradients of {scaled.loss_scale_factor:.6g} times the loss, but "
            "these are of the loss itself. Leave out loss_scale_factor, or take the steps yourself."
        )
