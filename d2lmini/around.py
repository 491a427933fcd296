"""In which order frameworks do what stands around a rule, question by question.

As in `d2lmini.conventions`, an answer is not believed but asked for: each question is an experiment
for which every answer predicts another number. The build asks Keras, and the tests ask PyTorch and
Optax, where they are installed.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from d2lmini import concise

COLUMNS = {"keras": "Keras 3.15.1", "torch": "PyTorch 2.13.0", "optax": "Optax 0.2.8"}
WRITTEN = "as written"  # the reader's own lines, or a chain, say in which order
NOTHING = "–"  # there is no such stage

Outcome = float | tuple[float, float] | None


@dataclass(frozen=True)
class Around:
    """A question about the stages around a rule, as an experiment that answers it.

    Parameters
    ----------
    asks : str
        The question in a few words.
    answers : dict
        What each answer predicts, as one number.
    says : tuple of str
        The answer of each column.
    order : bool
        Whether it asks which of two neighboring stages acts first.
    """

    asks: str
    answers: dict[str, float]
    says: tuple[str, str, str]
    order: bool = False

    def answer(self, outcome: Outcome) -> str:
        """Return the answer that predicts an outcome.

        Parameters
        ----------
        outcome : float, pair of float or None
            What the experiment gave; None if there is no such stage; two numbers if it can be
            written in two ways, in the order of the answers.

        Returns
        -------
        str
            One of the answers, "as written" or "–".

        Raises
        ------
        ValueError
            If no answer predicts it.
        """
        if outcome is None:
            return NOTHING
        if isinstance(outcome, tuple):
            if all(_same(o, p) for o, p in zip(outcome, self.answers.values(), strict=True)):
                return WRITTEN
        else:
            for answer, predicted in self.answers.items():
                if _same(outcome, predicted):
                    return answer
        raise ValueError(f"{self.asks}: {outcome}, where {self.answers} was to be expected.")


def _same(a: float, b: float) -> bool:
    return (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=1e-4, abs_tol=1e-9)


SCALE, HUGE = 2.0**127, 3e38  # the second is near the end of single precision
_ADAM_SECOND = 0.1 * (0.09 / 0.19) / math.sqrt(0.000999 / (1 - 0.999**2))

# Each answer by what happens to x = 1 (how far it goes down), unless another thing is said.
QUESTIONS = {
    "unscale": Around(
        "unscale or accumulate",
        {"unscale": HUGE / SCALE, "accumulate": 0.0},  # the sum is infinite: no step
        ("unscale", "accumulate", NOTHING),
        order=True,
    ),
    "accumulate": Around(
        "accumulate or clip",
        {"accumulate": 1.0, "clip": 0.0},  # gradients 3 and -1, clipped at 1
        ("accumulate", WRITTEN, WRITTEN),
        order=True,
    ),
    "clip": Around(
        "clip or decay",
        {"clip": 0.4, "decay": 0.05},  # no gradient, a decay of 4, clipped at 1/2
        ("clip", "clip", WRITTEN),
        order=True,
    ),
    "decay": Around(
        "decay or update",
        {"decay": 1.0, "update": 0.75},
        ("decay", "decay", "decay"),
        order=True,
    ),
    "update": Around(
        "update or average",
        {"update": 0.15, "average": 0.05},  # of the average, after two steps of 0.1
        ("update", WRITTEN, WRITTEN),
        order=True,
    ),
    "average": Around(
        "average or project",
        {"average": -0.5, "project": 0.0},  # the average itself; 0 is as low as x may be
        ("average", WRITTEN, WRITTEN),
        order=True,
    ),
    "sum": Around(
        "two gradients of 1 are accumulated to",
        {"their mean": 0.1, "their sum": 0.2},
        ("their mean", "their sum", "their mean"),
    ),
    "schedule": Around(
        "with accumulation, a schedule counts",
        {"gradients": 0.1, "steps": 1.0},
        ("gradients", WRITTEN, "steps"),
    ),
    "length": Around(
        "clipped to a norm of $10^{-6}$, $3 \\cdot 10^{-6}$ becomes",
        {"$10^{-6}$": 1e-6, "$0.75 \\cdot 10^{-6}$": 0.75e-6},
        ("$10^{-6}$", "$0.75 \\cdot 10^{-6}$", "$10^{-6}$"),
    ),
    "infinite": Around(
        "with `inf` in another array, a globally clipped 1 becomes",
        {"nan": math.nan, "0": 0.0},
        ("nan", "0", "0"),
    ),
    "exempt": Around(
        "a bias, unless told otherwise,",
        {"decays": 0.05, "is exempt": 0.0},
        ("decays",) * 3,
    ),
    "repeats": Around(
        "Adam's squares see a word that comes twice",
        {"summed": 0.1, "apart": 0.1 * math.sqrt(2)},
        ("apart", "summed", "summed"),
    ),
    "lazy": Around(
        "under the Adam for sparse gradients, a row without one",
        {"moves": 0.1 + _ADAM_SECOND, "rests": 0.1},
        ("moves", "rests", "moves"),
    ),
    "floor": Around(
        "after 300 overflows the loss scale is",
        {"0": 0.0, "1": 1.0},
        ("0", "0", NOTHING),
    ),
}


def ask_keras(name: str) -> Outcome:
    """Return the outcome of an experiment in Keras."""
    return _KERAS[name]()


def table(order: bool) -> str:
    """Return the questions, about the order or the others, with their answers, in Markdown."""
    head = "which acts first?" if order else ""
    rows = [(head, *COLUMNS.values()), ("---",) * 4]
    rows += [(q.asks, *q.says) for q in QUESTIONS.values() if q.order is order]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


# ---- the experiments in Keras -------------------------------------------------------------------


def _feed(optimizer, gradients, start=1.0, constraint=None):
    """Feed a Keras optimizer with gradients of one variable, and return its value."""
    keras = concise.keras()
    x = keras.Variable([float(start)])
    x.constraint = constraint
    for g in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(np.float32([g]))], [x])
    return float(x.numpy()[0])


def _optimizers():
    return concise.keras().optimizers


def _unscale():
    sgd = _optimizers().SGD(1.0, loss_scale_factor=SCALE, gradient_accumulation_steps=2)
    return 1 - _feed(sgd, (HUGE, HUGE))


def _accumulate():
    sgd = _optimizers().SGD(1.0, clipvalue=1.0, gradient_accumulation_steps=2)
    return 1 - _feed(sgd, (3, -1))


def _clip():
    return 1 - _feed(_optimizers().SGD(0.1, weight_decay=4.0, clipvalue=0.5), (0,))


def _decay():
    return 1 - _feed(_optimizers().SGD(0.5, weight_decay=1.0), (1,))


def _update():
    sgd = _optimizers().SGD(0.1, use_ema=True, ema_momentum=0.5)
    _feed(sgd, (1, 1))
    return 1 - float(sgd._model_variables_moving_average[0].numpy()[0])


def _average():
    sgd = _optimizers().SGD(1.0, use_ema=True)
    _feed(sgd, (1,), start=0.5, constraint=concise.keras().constraints.NonNeg())
    return float(sgd._model_variables_moving_average[0].numpy()[0])


def _sum():
    return 1 - _feed(_optimizers().SGD(0.1, gradient_accumulation_steps=2), (1, 1))


def _schedule():
    falling = _optimizers().schedules.ExponentialDecay(1.0, 1, 0.1)
    return 1 - _feed(_optimizers().SGD(falling, gradient_accumulation_steps=2), (1, 1))


def _length():
    return (1 - _feed(_optimizers().SGD(1e5, global_clipnorm=1e-6), (3e-6,))) / 1e5


def _infinite():
    keras = concise.keras()
    a, b = keras.Variable([1.0]), keras.Variable([1.0])
    gradients = [keras.ops.convert_to_tensor(np.float32([g])) for g in (np.inf, 1)]
    keras.optimizers.SGD(1.0, global_clipnorm=1.0).apply(gradients, [a, b])
    return 1 - float(b.numpy()[0])


def _exempt():
    keras = concise.keras()
    layer = keras.layers.Dense(1, bias_initializer="ones")
    layer.build((None, 1))
    nothing = [keras.ops.zeros_like(v) for v in layer.trainable_variables]
    keras.optimizers.AdamW(0.1, weight_decay=0.5).apply(nothing, layer.trainable_variables)
    return 1 - float(layer.bias.numpy()[0])


def _rows(optimizer, *steps):
    """Feed an optimizer with the gradients of lookups in a table of ones; return its row 0."""
    import tensorflow as tf

    keras = concise.keras()
    lookup = keras.Variable(np.ones((3, 1), "float32"))
    for rows in steps:
        slices = tf.IndexedSlices(tf.ones((len(rows), 1)), tf.constant(rows), (3, 1))
        optimizer.apply([slices], [lookup])
    return 1 - float(lookup.numpy()[0, 0])


def _repeats():
    return _rows(_optimizers().Adam(0.1), [0, 0])


def _lazy():
    return _rows(_optimizers().Adam(0.1), [0], [1])


def _floor():
    scaler = _optimizers().LossScaleOptimizer(_optimizers().SGD(0.1))
    _feed(scaler, [np.inf] * 300)
    return float(scaler.dynamic_scale.numpy())


_KERAS: dict[str, Callable[[], Outcome]] = {
    "unscale": _unscale,
    "accumulate": _accumulate,
    "clip": _clip,
    "decay": _decay,
    "update": _update,
    "average": _average,
    "sum": _sum,
    "schedule": _schedule,
    "length": _length,
    "infinite": _infinite,
    "exempt": _exempt,
    "repeats": _repeats,
    "lazy": _lazy,
    "floor": _floor,
}
