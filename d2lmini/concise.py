"""The other side of every comparison: the same model, rule and data in `tf.keras`.

TensorFlow is imported when a function of this module is first called, not before.
"""

import dataclasses
import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from d2lmini.checks import (
    explain_arguments,
    float_array,
    kind,
    same_shape,
    shown,
    takes,
    unchangeable,
    whole_number,
)
from d2lmini.datasets import Dataset, minibatches
from d2lmini.descend import FAR, History, refuse_no_data, refuse_no_rule, with_bar
from d2lmini.optimizers import RULES
from d2lmini.pipeline import STAGES, Pipeline
from d2lmini.rule import Rule


@explain_arguments
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

    Examples
    --------
    >>> d2l.keras().optimizers.RMSprop(0.01).rho
    0.9
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


@explain_arguments
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
    TypeError
        If `rule` is not a rule.
    ValueError
        If the rule is one of your own, or set to something that Keras does not have.

    Examples
    --------
    >>> d2l.twin(d2l.RMSprop(learning_rate=0.01)).rho
    0.9
    """
    refuse_no_rule(rule)
    if isinstance(rule, Pipeline):
        return _twin_of_a_pipeline(rule)
    if type(rule) not in RULES.values():
        raise ValueError(
            f"{type(rule).__name__} has no twin in Keras: only the rules of d2l.RULES have, and a "
            "class with equations of its own is none of them. d2l.agree(rule, optimizer) compares "
            "it with any optimizer, or with a function of (x, g)."
        )
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


def _twin_of_a_pipeline(rule: Pipeline):
    """Return the optimizer of Keras with the same frame around the same rule."""
    optimizer = twin(rule.rule)
    if (
        rule.constraint is not None
        or rule.stages != STAGES
        or callable(rule.exclude_from_weight_decay)
    ):
        raise ValueError(
            "In Keras a constraint belongs to the variable, the stages have one order, and what is "
            "exempt from decay has a name: this pipeline has no twin there."
        )
    frame = {
        field.name: getattr(rule, field.name)
        for field in dataclasses.fields(rule)
        if field.name not in ("rule", "constraint", "stages", "exclude_from_weight_decay")
    }
    if frame["gradient_accumulation_steps"] == 1:  # Keras takes 2 or more
        frame["gradient_accumulation_steps"] = None
    made = type(optimizer).from_config(optimizer.get_config() | frame)
    if rule.exclude_from_weight_decay:
        made.exclude_from_weight_decay(var_names=list(rule.exclude_from_weight_decay))
    return made


def _keras_schedule(schedule):
    schedules = keras().optimizers.schedules
    like = getattr(schedules, type(schedule).__name__, None)
    ours = type(schedule).__module__ == "d2lmini.schedules"
    if like is None or not ours:
        name = getattr(schedule, "__name__", type(schedule).__name__)
        which = name if ours else f"A schedule of your own, {name},"
        raise ValueError(
            f"{which} has no twin in Keras: use one that keras.optimizers.schedules has too."
        )
    arguments = {k: list(v) if isinstance(v, tuple) else v for k, v in vars(schedule).items()}
    return like(**arguments)


@unchangeable
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

    def __bool__(self) -> bool:
        """Refuse to be true or false: it depends on what difference will do."""
        raise TypeError(
            "An agreement is not true or false: ask for agreement.difference == 0, bit for bit, or "
            "for agreement.difference < 1e-6."
        )

    def __repr__(self) -> str:
        """Return the agreement as a sentence."""
        if self.first_step is None:
            said = f"equal bit for bit over {self.steps} steps in {self.dtype}"
            if self.moved == 0:
                said += ", in which no parameter moved: that says nothing"
            return said
        return (
            f"at most {self.difference:.1e} apart over {self.steps} steps in {self.dtype}, "
            f"first at step {self.first_step} (the parameters moved by up to {self.moved:.2g})"
        )


@explain_arguments
def agree(
    rule: Rule,
    optimizer: Any = None,
    *,
    steps: int | None = None,
    gradients=None,
    dtype: str = "float32",
) -> Agreement:
    """Feed the same gradients to a rule and to another optimizer, and compare their parameters.

    Trajectories on a surface would not do: a difference in the last place changes the next
    gradient, and where the dynamics are chaotic it grows. The same gradients compare the rules.

    Parameters
    ----------
    rule : Rule
        Ours, or your own.
    optimizer : tf.keras.optimizers.Optimizer, Rule or callable, optional
        What to compare it with; by default its `twin` in Keras. An optimizer of Keras, fresh;
        another rule; or a function of the parameters and the gradient that returns the new
        parameters, which may keep a state of its own.
    steps : int, optional
        How many steps to take; 200 by default, or as many as there are gradients.
    gradients : array of shape (steps, n), optional
        The gradients; by default those of `example_gradients`: seeded normal numbers on 20 scales,
        a third of them exactly zero.
    dtype : {"float32", "float64"}, default "float32"
        The precision of the parameters.

    Returns
    -------
    Agreement
        The largest difference, and where it begins.

    Raises
    ------
    ModuleNotFoundError
        If TensorFlow is needed and not installed.
    TypeError
        If one of the two is not what it must be.
    ValueError
        If the rule has no twin in Keras and no optimizer is given, if the optimizer was used
        before, or if the gradients are no table of numbers.

    Examples
    --------
    >>> d2l.agree(d2l.SGD(0.5), lambda x, g: x - g / 2, steps=100)
    equal bit for bit over 100 steps in float32
    """
    refuse_no_rule(rule)
    many = next((r for r in (rule, optimizer) if isinstance(r, Rule) and r.shape != ()), None)
    if many is not None:
        raise ValueError(
            "agree compares one setting at a time, but a hyperparameter of the rule is an array of "
            f"shape {many.shape}."
        )
    if str(dtype) not in ("float32", "float64"):
        raise ValueError(f"dtype must be 'float32' or 'float64', but is {shown(dtype)}.")
    steps = None if steps is None else whole_number(steps, "steps", 1)
    if gradients is None:
        gradients = example_gradients(steps or 200)
    elif steps is not None:
        raise ValueError(
            "The gradients say how many steps there are, one in each row: leave steps out, or take "
            "gradients[:steps]."
        )
    with np.errstate(over="ignore"):  # said in words by the second
        gradients = float_array(gradients, "The gradients").astype(dtype)
    gradients = float_array(gradients, f"The gradients in {dtype}")
    if gradients.ndim != 2 or gradients.size == 0:
        raise ValueError(
            "The gradients must be a table with one gradient in each row, but have the shape "
            f"{gradients.shape}. A single run of numbers becomes one with [:, None]."
        )
    x = np.linspace(-1, 1, gradients.shape[1]).astype(dtype)
    start, state = x, rule.init(x)
    theirs = _stepper(twin(rule) if optimizer is None else optimizer, x)
    difference, first_step = 0.0, None
    for t, g in enumerate(gradients, start=1):
        x, state = rule.step(x, g, state)
        # The difference itself is taken in float64, so that it is not rounded away.
        apart = np.abs(x.astype(np.float64) - theirs(g).astype(np.float64)).max()
        if apart > 0 and first_step is None:
            first_step = t
        difference = max(difference, float(apart))
    return Agreement(len(gradients), dtype, difference, first_step, float(np.abs(x - start).max()))


def _stepper(optimizer: Any, x: np.ndarray):
    """Return a function that takes one gradient to the next parameters of an optimizer."""
    if isinstance(optimizer, Rule):
        kept = [x, optimizer.init(x)]

        def step(g):
            kept[:] = optimizer.step(kept[0], g, kept[1])
            return kept[0]

    elif isinstance(optimizer, type | str):
        refuse_class_or_name(optimizer)
    elif _is_of_keras(optimizer):
        module = keras()
        refuse_used(optimizer)
        variable = module.Variable(x, dtype=x.dtype.name)

        def step(g):
            optimizer.apply([module.ops.convert_to_tensor(g)], [variable])
            return variable.numpy()

    elif callable(optimizer):
        kept = [x]
        takes(optimizer, "A function that is compared with a rule", "x", "g")

        def step(g):
            new = optimizer(kept[0].copy(), g.copy())
            if new is None:
                raise TypeError("The function returned None. Is a return missing?")
            new = float_array(new, "What the function returned")
            same_shape(new, x, "What the function returned", "the parameters")
            kept[0] = new.astype(x.dtype)
            return kept[0]

    else:
        raise TypeError(
            "A rule is compared with an optimizer of Keras, another rule, or a function of (x, g) "
            f"that returns the new parameters, not with {kind(optimizer)}. An optimizer of PyTorch "
            "becomes such a function in a few lines."
        )
    return step


def _is_of_keras(optimizer: Any) -> bool:
    return hasattr(optimizer, "apply") and hasattr(optimizer, "iterations")


def refuse_class_or_name(optimizer: Any) -> None:
    """Raise a TypeError if this is the class or the name of an optimizer."""
    if isinstance(optimizer, type | str):
        name = optimizer if isinstance(optimizer, str) else optimizer.__name__
        raise TypeError(
            f"Pass an optimizer, such as {name}(learning_rate=0.01), not {shown(optimizer)}."
        )


def refuse_used(optimizer: Any) -> None:
    """Raise a ValueError if an optimizer of Keras holds the state of other parameters."""
    if optimizer.built:
        raise ValueError(
            f"This {type(optimizer).__name__} of Keras was used before: it holds the state of "
            "other parameters. Pass a fresh one."
        )


@explain_arguments
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

    Examples
    --------
    >>> d2l.example_gradients(100).shape
    (100, 20)
    """
    whole_number(steps, "steps", 1), whole_number(n, "n", 1)
    rng = np.random.default_rng(whole_number(seed, "seed", 0))
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


@explain_arguments
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

    Examples
    --------
    >>> d2l.train_concise(d2l.SGD(0.1), d2l.diabetes(), epochs=1).loss.round(2).tolist()
    [0.5, 0.39]
    """
    refuse_no_data(data)
    if isinstance(optimizer, type) and issubclass(optimizer, Rule):
        refuse_no_rule(optimizer)
    if isinstance(optimizer, type):
        refuse_class_or_name(optimizer)
    if isinstance(optimizer, Rule):
        optimizer = twin(optimizer)
    if not _is_of_keras(optimizer):
        raise TypeError(
            "An optimizer of Keras, such as tf.keras.optimizers.SGD(0.1), or a rule is needed, but "
            f"got {shown(optimizer)}."
        )
    if data.y.ndim != 1 or data.x.ndim != 2:
        raise ValueError(
            "train_concise fits one target to a row of features, but x has the shape "
            f"{data.x.shape} and y {data.y.shape}."
        )
    epochs = whole_number(epochs, "epochs", 1)
    batches = minibatches(len(data), batch_size, seed)
    refuse_used(optimizer)
    steps_per_epoch = -(-len(data) // batch_size)
    model = linear_regression(data.x.shape[1], optimizer)
    x, y = data.x.astype(np.float32), data.y.astype(np.float32)[:, None]

    loss = [float(model.evaluate(x, y, batch_size=len(x), verbose=0))]
    diverged_at = None
    for epoch in with_bar(range(epochs)):
        for k in range(steps_per_epoch):
            rows = next(batches)
            model.train_on_batch(x[rows], y[rows])
            if diverged_at is None and not all(np.abs(w).max() <= FAR for w in model.get_weights()):
                lost = float(model.evaluate(x, y, batch_size=len(x), verbose=0))
                if not lost <= 1000 * loss[0]:  # as in `d2lmini.train`
                    diverged_at = epoch * steps_per_epoch + k + 1
        if diverged_at is not None:
            break
        loss.append(float(model.evaluate(x, y, batch_size=len(x), verbose=0)))
    weights, bias = model.get_weights()
    parameters = {"w": weights[:, 0], "b": bias}
    return History(optimizer, np.arange(len(loss)), np.array(loss), parameters, diverged_at)


@explain_arguments
def mnist() -> tuple[Dataset, Dataset]:
    """Return MNIST: 60,000 handwritten digits of 28 by 28 pixels to train on, 10,000 to test.

    ``tf.keras.datasets`` downloads them once (11 MB), checks their SHA-256 checksum, and keeps
    them. Each image is a row of 784 pixels, scaled to [0, 1] in single precision.

    Returns
    -------
    train : Dataset
        With `x` of shape (60000, 784) and labels `y` from 0 to 9.
    test : Dataset
        The same, of shape (10000, 784).

    Raises
    ------
    FileNotFoundError
        If they are not on this computer and cannot be downloaded.
    ModuleNotFoundError
        If TensorFlow is not installed.
    ValueError
        If what was downloaded has another checksum than it should, or holds no images.

    References
    ----------
    LeCun, Bottou, Bengio and Haffner (1998).

    Examples
    --------
    >>> train, test = d2l.mnist()  # doctest: +SKIP
    >>> train  # doctest: +SKIP
    <Dataset 'MNIST, train': x of shape (60000, 784), y of shape (60000,)>
    """
    module = keras()
    try:
        train, test = module.datasets.mnist.load_data()
    except Exception as error:  # for a lost connection Keras raises an Exception with no other name
        if "corrupted" in str(error):
            raise ValueError(
                "What was downloaded as MNIST does not have the checksum that it should have: "
                "something on the way changed or cut it. Try again, or from another network."
            ) from error
        if "URL fetch failure" not in str(error) and not isinstance(error, OSError):
            raise
        raise FileNotFoundError(
            "MNIST is not on this computer, and could not be downloaded. You can connect to the "
            "internet and try again: once is enough, Keras keeps the file. You can copy the file "
            "mnist.npz from a computer that has it, from .keras/datasets in your home folder to "
            "the same place here. Or you can use the smaller digits, which need no download: "
            "d2l.digits()."
        ) from error
    return _rows_of_pixels("MNIST, train", *train), _rows_of_pixels("MNIST, test", *test)


def _rows_of_pixels(name: str, images, labels) -> Dataset:
    """Return gray images as rows of numbers in [0, 1], with their labels."""
    images, labels = np.asarray(images), np.asarray(labels)
    if images.ndim != 3 or images.dtype != np.uint8:
        raise ValueError(
            f"{name}: expected gray images, as bytes in an array of shape (n, height, width), but "
            f"Keras' loader returned the type {images.dtype} and the shape {images.shape}."
        )
    if labels.dtype.kind not in "ui":
        raise ValueError(
            f"{name}: expected whole numbers as labels, but Keras' loader returned the type "
            f"{labels.dtype}."
        )
    return Dataset(name, images.reshape(len(images), -1) / np.float32(255), labels.astype(np.int64))
