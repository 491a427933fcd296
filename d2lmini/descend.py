"""Run a rule: on a surface, step by step, or on a model and data, minibatch by minibatch."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from d2lmini.checks import float_array, whole_number
from d2lmini.datasets import Dataset, minibatches
from d2lmini.objectives import Objective
from d2lmini.rule import Parameters, Rule, State, items

# Where a coordinate is larger than this nothing in the book has a minimum: the run has diverged.
FAR = 1e6


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
        The step at which a coordinate of a run went beyond 1e6 or stopped being finite. For one
        run None if that did not happen; for runs side by side an array, with 0 where it did not.
    """

    objective: Objective
    rule: Rule
    x: np.ndarray
    value: np.ndarray
    gradient: np.ndarray
    states: list[State]
    diverged_at: int | np.ndarray | None

    @property
    def steps(self) -> int:
        """The number of steps that were recorded: 1 if only the start and the end were kept."""
        return len(self.x) - 1

    def __repr__(self) -> str:
        """Return where the run began and how it ended, in one line."""
        head = f"{self.rule} on {self.objective.name}"
        if isinstance(self.diverged_at, np.ndarray):
            many = int(np.count_nonzero(self.diverged_at))
            return f"{head}: {self.diverged_at.size} runs, of which {many} diverged"
        if self.diverged_at is not None:
            return f"{head}: diverged at step {self.diverged_at}"
        return f"{head}: {self.value[0]:.4g} -> {self.value[-1]:.4g} in {self.steps} steps"


def minimize(
    objective: Objective, rule: Rule, start=None, steps: int = 20, *, record: bool = True
) -> Trace:
    """Run a rule on a surface.

    With hyperparameters that are arrays, or a start with axes before the coordinates, the runs go
    side by side, as one vectorized computation.

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
        If the objective is not an `Objective` or the rule not a rule.
    ValueError
        If the start does not fit the objective, or is not finite.
    """
    if not isinstance(objective, Objective):
        raise TypeError(
            f"minimize needs an Objective, such as d2l.bowl, but got {type(objective).__name__}. "
            "Make one of your own function with d2l.Objective(name, value, gradient, …)."
        )
    _refuse_no_rule(rule)
    steps = whole_number(steps, "steps", 0)
    x = objective.point(objective.start if start is None else float_array(start, "The start"))
    # One array holds all the runs: the coordinates stay last, hyperparameters broadcast before.
    try:
        x = np.array(np.broadcast_to(x, np.broadcast_shapes(x.shape, rule.shape)))
    except ValueError:
        raise ValueError(
            f"The hyperparameters have shape {rule.shape}, the start has shape {x.shape}, and its "
            "last axis holds the coordinates. For n runs side by side give each hyperparameter the "
            "shape (n, 1), for example values[:, None]."
        ) from None
    runs = x.shape if objective.dimension == 1 else x.shape[:-1]
    single = runs == ()

    state = rule.init(x)
    xs, gradients, states = [x], [], []
    diverged_at = np.zeros(runs, dtype=int)
    with np.errstate(all="ignore"):  # a diverging run is reported below, once, in words
        for t in range(1, steps + 1):
            g = objective.gradient(x)
            new_x, state = rule.advance(x, g, state)
            lost = ~(np.abs(new_x) <= FAR)
            if objective.dimension > 1:
                lost = lost.any(axis=-1)
            diverged_at[(diverged_at == 0) & lost] = t
            if single and lost:
                break
            x = new_x
            if record:
                xs.append(x)
                gradients.append(g)
                states.append(state)
        if not record:
            xs.append(x)
        xs = np.array(xs)
        values = objective.value(xs)
    return Trace(
        objective,
        rule,
        xs,
        values,
        np.array(gradients),
        states,
        (int(diverged_at) or None) if single else diverged_at,
    )


def feed(rule: Rule, gradients, start: float = 0.0) -> np.ndarray:
    """Hand a rule given gradients, one a step, and return the points that it visits.

    Parameters
    ----------
    rule : Rule
        The update rule.
    gradients : array of shape (n, ...)
        The gradients, the first one first, whatever the points are.
    start : float, default 0
        Every coordinate of the first point.

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
    _refuse_no_rule(rule)
    gradients = float_array(gradients, "The gradients")
    if gradients.ndim == 0:
        raise ValueError("feed needs a sequence of gradients, one for each step, not one number.")
    x = np.full(gradients.shape[1:], start, dtype=gradients.dtype)
    x = np.array(np.broadcast_to(x, np.broadcast_shapes(x.shape, rule.shape)))
    points, state = [x], rule.init(x)
    for g in gradients:
        x, state = rule.advance(x, g, state)
        points.append(x)
    return np.array(points)


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
        The step at which a parameter went beyond 1e6 or stopped being finite; the parameters and
        losses are those before it.
    """

    rule: Any
    epoch: np.ndarray
    loss: np.ndarray
    parameters: Parameters
    diverged_at: int | None = None

    def __repr__(self) -> str:
        """Return how the training went, in one line."""
        if self.diverged_at is not None:
            return f"{self.rule}: diverged at step {self.diverged_at}"
        return f"{self.rule}: loss {self.loss[0]:.4f} -> {self.loss[-1]:.4f}"


def train(
    model,
    rule: Rule,
    data: Dataset,
    *,
    epochs: int = 2,
    batch_size: int = 10,
    seed: int = 0,
    evaluate_every: int | None = None,
) -> History:
    """Train a model from scratch on minibatches.

    Parameters
    ----------
    model : object
        With ``init(data)``, ``loss(parameters, x, y)`` and ``gradient(parameters, x, y)``, such as
        `LinearRegression`.
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

    Returns
    -------
    History
        The losses, from before the first step, and the final parameters.

    Raises
    ------
    TypeError, ValueError
        If the rule is not a rule, the data is empty or smaller than a minibatch, or a number is
        out of its range.
    """
    _refuse_no_rule(rule)
    if rule.shape != ():
        raise ValueError(
            "train runs one setting at a time, but a hyperparameter of the rule is an array of "
            f"shape {rule.shape}. Call train once for each value."
        )
    epochs = whole_number(epochs, "epochs", 1)
    batches = minibatches(len(data), batch_size, seed)
    steps_per_epoch = -(-len(data) // batch_size)
    every = steps_per_epoch if evaluate_every is None else evaluate_every
    every = whole_number(every, "evaluate_every", 1)

    parameters = model.init(data)
    state = rule.init(parameters)
    epoch, loss = [0.0], [model.loss(parameters, data.x, data.y)]
    diverged_at = None
    with np.errstate(all="ignore"):  # a diverging run is reported below, once, in words
        for t in range(1, epochs * steps_per_epoch + 1):
            rows = next(batches)
            g = model.gradient(parameters, data.x[rows], data.y[rows])
            new_parameters, state = rule.advance(parameters, g, state)
            if _is_far(new_parameters):
                diverged_at = t
                break
            parameters = new_parameters
            if t % every == 0 or t == epochs * steps_per_epoch:
                epoch.append(t / steps_per_epoch)
                loss.append(model.loss(parameters, data.x, data.y))
    return History(rule, np.array(epoch), np.array(loss), parameters, diverged_at)


def _is_far(parameters: Parameters) -> bool:
    parts = (
        [part for _, part in items(parameters)]
        if isinstance(parameters, (list, dict))
        else [parameters]
    )
    return any(not (np.abs(part).max(initial=0) <= FAR) for part in parts)


def _refuse_no_rule(rule: Any) -> None:
    if isinstance(rule, Rule):
        return
    if isinstance(rule, type) and issubclass(rule, Rule):
        raise TypeError(
            f"Pass a rule with its hyperparameters: d2l.{rule.__name__}(), not the class."
        )
    raise TypeError(
        f"An update rule such as d2l.RMSprop(learning_rate=0.01) is needed here, but got {rule!r}. "
        "By name you get one from d2l.get_rule('rmsprop')."
    )
