"""The other side of every comparison: the same model, rule and data in `tf.keras`.

TensorFlow is imported when a function of this module is first called, not before.
"""

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from d2lmini.checks import whole_number
from d2lmini.datasets import Dataset, minibatches
from d2lmini.descend import FAR, History
from d2lmini.rule import Rule


def keras():
    """Return the module `tf.keras`, imported quietly.

    Returns
    -------
    module
        The module.

    Raises
    ------
    ModuleNotFoundError
        If TensorFlow is not installed.
    """
    # TensorFlow reads these when it is first imported, and prints notes to stderr without them.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    try:
        import tensorflow as tf
    except ModuleNotFoundError as missing:
        if missing.name != "tensorflow":
            raise
        raise ModuleNotFoundError(
            "The tf.keras comparison needs TensorFlow, which is not installed here. Install it "
            "with 'pip install tensorflow' (or 'tensorflow-cpu'); everything else in d2lmini works "
            "without it."
        ) from None
    # After a few trainings in one session it would warn that it compiles anew for each.
    tf.get_logger().setLevel("ERROR")
    return tf.keras


def twin(rule: Rule):
    """Return the Keras optimizer of the same name with the same hyperparameters.

    Parameters
    ----------
    rule : Rule
        Such as ``d2l.RMSprop(learning_rate=0.01)``.

    Returns
    -------
    tf.keras.optimizers.Optimizer
        Such as ``tf.keras.optimizers.RMSprop(learning_rate=0.01)``.

    Raises
    ------
    ValueError
        If the rule is set to something that Keras does not have.
    """
    optimizers = keras().optimizers
    arguments = {}
    for name, value in vars(rule).items():
        if name in ("epsilon_inside_root", "epsilon_hat"):
            if not value:
                raise ValueError(
                    f"Keras' {type(rule).__name__} has no {name}=False: its epsilon stands where "
                    f"{name}=True puts it."
                )
        elif isinstance(value, np.ndarray):
            raise ValueError(
                f"Keras takes one number for {name}, but the rule holds an array of shape "
                f"{value.shape}."
            )
        elif callable(value):
            arguments[name] = _keras_schedule(value)
        else:
            arguments[name] = value
    return getattr(optimizers, type(rule).__name__)(**arguments)


def _keras_schedule(schedule):
    schedules = keras().optimizers.schedules
    like = getattr(schedules, type(schedule).__name__, None)
    if like is None:
        raise ValueError(
            f"Keras has no schedule {type(schedule).__name__}; use one of d2lmini.schedules."
        )
    arguments = {k: list(v) if isinstance(v, tuple) else v for k, v in vars(schedule).items()}
    return like(**arguments)


@dataclass(frozen=True)
class Agreement:
    """How far a rule and a Keras optimizer are apart when they are fed the same gradients.

    Parameters
    ----------
    steps : int
        How many steps were taken.
    dtype : str
        The precision of the parameters.
    difference : float
        The largest absolute difference of the parameters over all steps; 0.0 is bit for bit.
    first_step : int or None
        The first step after which they differ; None if they never do.
    moved : float
        The largest distance that a parameter went, as a yardstick.
    """

    steps: int
    dtype: str
    difference: float
    first_step: int | None
    moved: float

    def __repr__(self) -> str:
        """Return the agreement as a sentence."""
        if self.first_step is None:
            return f"equal bit for bit over {self.steps} steps in {self.dtype}"
        return (
            f"at most {self.difference:.1e} apart over {self.steps} steps in {self.dtype}, "
            f"first at step {self.first_step} (the parameters moved by up to {self.moved:.2g})"
        )


def agree(
    rule: Rule, optimizer: Any = None, *, steps: int = 200, gradients=None, dtype: str = "float32"
) -> Agreement:
    """Feed the same gradients to a rule and to a Keras optimizer, and compare their parameters.

    Trajectories on a surface would not do: a difference in the last place changes the next
    gradient, and where the dynamics are chaotic it grows. The same gradients compare the rules.

    Parameters
    ----------
    rule : Rule
        Ours.
    optimizer : tf.keras.optimizers.Optimizer, optional
        Theirs, fresh; by default the one of the same name and hyperparameters.
    steps : int, default 200
        How many steps to take, if no gradients are given.
    gradients : array of shape (steps, n), optional
        The gradients; by default seeded normal numbers on 5 scales, a third of them exactly zero.
    dtype : {"float32", "float64"}, default "float32"
        The precision of the parameters.

    Returns
    -------
    Agreement
        The largest difference, and where it begins.

    Raises
    ------
    ModuleNotFoundError
        If TensorFlow is not installed.
    ValueError
        If the rule has no twin in Keras and no optimizer is given.
    """
    module = keras()
    optimizer = twin(rule) if optimizer is None else optimizer
    if gradients is None:
        gradients = example_gradients(whole_number(steps, "steps", 1))
    gradients = np.asarray(gradients, dtype=dtype)
    x = np.linspace(-1, 1, gradients.shape[1]).astype(dtype)
    start, state = x, rule.init(x)
    variable = module.Variable(x, dtype=dtype)
    difference, first_step = 0.0, None
    for t, g in enumerate(gradients, start=1):
        x, state = rule.step(x, g, state)
        optimizer.apply([module.ops.convert_to_tensor(g)], [variable])
        # The difference itself is taken in float64, so that it is not rounded away.
        apart = np.abs(x.astype(np.float64) - variable.numpy().astype(np.float64)).max()
        if apart > 0 and first_step is None:
            first_step = t
        difference = max(difference, float(apart))
    return Agreement(len(gradients), dtype, difference, first_step, float(np.abs(x - start).max()))


def example_gradients(steps: int, n: int = 20, seed: int = 0) -> np.ndarray:
    """Return gradients that visit the places where rules differ.

    Parameters
    ----------
    steps, n : int
        The shape.
    seed : int, default 0
        Where they come from.

    Returns
    -------
    array of shape (steps, n)
        Normal numbers times a scale from 1e-4 to 1 for each column, a third of them exactly zero.
    """
    rng = np.random.default_rng(seed)
    scale = np.logspace(-4, 0, n)
    return rng.normal(size=(steps, n)) * scale * (rng.random((steps, n)) > 1 / 3)


def linear_regression(features: int, optimizer: Any):
    """Return a compiled Keras model: the twin of `d2lmini.LinearRegression`, weights at zero.

    Parameters
    ----------
    features : int
        The number of columns of x.
    optimizer : tf.keras.optimizers.Optimizer
        What trains it.

    Returns
    -------
    tf.keras.Model
        One dense unit. The loss is half the mean squared error, like ours.
    """
    module = keras()
    model = module.Sequential(
        [module.Input((features,)), module.layers.Dense(1, kernel_initializer="zeros")]
    )

    def half_mse(y, prediction):
        return 0.5 * module.ops.mean(module.ops.square(prediction - y))

    model.compile(optimizer=optimizer, loss=half_mse)
    return model


def train_concise(
    optimizer: Any, data: Dataset, *, epochs: int = 2, batch_size: int = 10, seed: int = 0
) -> History:
    """Train linear regression with `tf.keras` on the minibatches that `train` uses.

    Parameters
    ----------
    optimizer : Rule or tf.keras.optimizers.Optimizer
        A rule stands for its twin.
    data : Dataset
        The examples.
    epochs, batch_size, seed : int
        As in `d2lmini.train`.

    Returns
    -------
    History
        With one loss an epoch, as `d2lmini.train` evaluates it by default.

    Raises
    ------
    ModuleNotFoundError
        If TensorFlow is not installed.
    ValueError
        If the data is empty or smaller than a minibatch.
    """
    if isinstance(optimizer, Rule):
        optimizer = twin(optimizer)
    epochs = whole_number(epochs, "epochs", 1)
    batches = minibatches(len(data), batch_size, seed)
    steps_per_epoch = -(-len(data) // batch_size)
    model = linear_regression(data.x.shape[1], optimizer)
    x, y = data.x.astype(np.float32), data.y.astype(np.float32)[:, None]

    loss = [float(model.evaluate(x, y, batch_size=len(x), verbose=0))]
    diverged_at = None
    for epoch in range(epochs):
        for k in range(steps_per_epoch):
            rows = next(batches)
            model.train_on_batch(x[rows], y[rows])
            if diverged_at is None and not all(np.abs(w).max() <= FAR for w in model.get_weights()):
                diverged_at = epoch * steps_per_epoch + k + 1
        if diverged_at is not None:
            break
        loss.append(float(model.evaluate(x, y, batch_size=len(x), verbose=0)))
    weights, bias = model.get_weights()
    parameters = {"w": weights[:, 0], "b": bias}
    return History(optimizer, np.arange(len(loss)), np.array(loss), parameters, diverged_at)
