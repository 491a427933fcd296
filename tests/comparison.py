"""The comparison of an update rule with `tf.keras`: one function, which wrong rules must fail.

Rule and Keras are fed the same gradients for 200 steps. Trajectories on a surface would not do: one
different last place changes the next gradient, and where the dynamics are chaotic it grows.
"""

import dataclasses
import functools

import numpy as np

import d2lmini as d2l
from d2lmini.rule import Parameters, Rule, items

STEPS = 200

# The settings of the comparison. Keras on TensorFlow rounds some Python floats to float32 even
# where the parameters are float64 (0.9 becomes 0.89999998). These numbers survive that unchanged,
# so that float64 too can be compared to the last place.
RATE = 2.0**-7
BETA, BETA_2 = 0.875, float(np.float32(0.999))
SETTINGS = {
    "SGD": d2l.SGD(RATE),
    "SGD, momentum": d2l.SGD(RATE, momentum=BETA),
    "SGD, Nesterov": d2l.SGD(RATE, momentum=BETA, nesterov=True),
    "Adagrad": d2l.Adagrad(RATE, initial_accumulator_value=0.125),
    "RMSprop": d2l.RMSprop(RATE, rho=BETA),
    "RMSprop, centered": d2l.RMSprop(RATE, rho=BETA, centered=True),
    "RMSprop, momentum": d2l.RMSprop(RATE, rho=BETA, momentum=0.75),
    "RMSprop, centered, momentum": d2l.RMSprop(RATE, rho=BETA, momentum=0.75, centered=True),
    "Adadelta": d2l.Adadelta(0.5, rho=BETA),
    "Adam": d2l.Adam(RATE, beta_1=BETA, beta_2=BETA_2),
    "AMSGrad": d2l.Adam(RATE, beta_1=BETA, beta_2=BETA_2, amsgrad=True),
    "AdamW": d2l.AdamW(RATE, beta_1=BETA, beta_2=BETA_2, weight_decay=2.0**-5),
    "Adamax": d2l.Adamax(RATE, beta_1=BETA, beta_2=BETA_2),
    "Nadam": d2l.Nadam(RATE, beta_1=BETA, beta_2=BETA_2),
    "Lion": d2l.Lion(RATE, beta_1=BETA, beta_2=0.96875),
}
# As a reader first meets them. (A momentum of 0 is Keras' default, and the first line.)
DEFAULTS = {
    "SGD": d2l.SGD(),
    "SGD, momentum": d2l.SGD(momentum=0.9),
    "SGD, Nesterov": d2l.SGD(momentum=0.9, nesterov=True),
    "Adagrad": d2l.Adagrad(),
    "RMSprop": d2l.RMSprop(),
    "RMSprop, centered": d2l.RMSprop(centered=True),
    "RMSprop, momentum": d2l.RMSprop(momentum=0.9),
    "RMSprop, centered, momentum": d2l.RMSprop(momentum=0.9, centered=True),
    "Adadelta": d2l.Adadelta(),
    "Adam": d2l.Adam(),
    "AMSGrad": d2l.Adam(amsgrad=True),
    "AdamW": d2l.AdamW(),
    "Adamax": d2l.Adamax(),
    "Nadam": d2l.Nadam(),
    "Lion": d2l.Lion(),
}
# Steps to other rates, up and down: what acts inside a velocity differs from what acts outside it.
CHANGING_RATE = d2l.PiecewiseConstantDecay([49, 119], [RATE, RATE / 4, RATE * 2])


@functools.cache
def setting(name: str, variant: str = "plain") -> Rule:
    """Return the rule of a setting, as it is or with decay, a schedule or Keras' defaults."""
    if variant == "defaults":
        return DEFAULTS[name]
    changes = {
        "plain": {},
        "weight decay": {"weight_decay": 2.0**-4},
        "schedule": {"learning_rate": CHANGING_RATE},
    }
    return dataclasses.replace(SETTINGS[name], **changes[variant])


@functools.cache
def problem(structure: str, dtype: str) -> tuple[Parameters, list[Parameters]]:
    """Return start and gradients: dense ones, tiny ones, and ones with many exact zeros.

    The third kind is zero at the first step altogether: there averages have nothing to divide by.
    The starts go down to 1e-3, so that short steps are not lost in the rounding of long positions.
    """
    rng = np.random.default_rng(0)

    def kind(name, *shape):
        g = rng.normal(size=(STEPS, *shape))
        if name == "tiny":
            g *= 1e-4
        if name == "zeros":
            g *= rng.random(g.shape) > 0.4
            g[0] = 0
        return g.astype(dtype)

    def start(*shape):
        return (rng.normal(size=shape) * 10.0 ** -rng.uniform(0, 3, size=shape)).astype(dtype)

    if structure == "array":  # one matrix with a row of each kind
        g = np.stack([kind("dense", 24), kind("tiny", 24), kind("zeros", 24)], axis=1)
        return start(3, 24), list(g)
    parts = {  # a matrix, a vector, one number in a vector, and a number without an axis
        "W": (start(4, 5), kind("dense", 4, 5)),
        "b": (start(7), kind("tiny", 7)),
        "c": (start(1), kind("zeros", 1)),
        "d": (np.array(0.5, dtype), kind("dense")),
    }
    x = {key: x for key, (x, _) in parts.items()}
    gradients = [{key: np.asarray(g[k]) for key, (_, g) in parts.items()} for k in range(STEPS)]
    if structure == "dict":
        return x, gradients
    return list(x.values()), [list(g.values()) for g in gradients]


def arrays(x: Parameters) -> list[np.ndarray]:
    """Return the arrays that parameters or gradients consist of."""
    return [part for _, part in items(x)] if isinstance(x, (list, dict)) else [x]


def table(path: list[Parameters]) -> np.ndarray:
    """Return a path as a table: a row for each step, a column for each element of each array."""
    return np.array([np.concatenate([np.ravel(part) for part in arrays(x)]) for x in path])


@functools.cache
def keras_path(rule: Rule, structure: str, dtype: str, optimized: bool = False) -> np.ndarray:
    """Return the 200 points to which Keras goes.

    The steps are compiled into one graph, which saves most of the time. TensorFlow's graph
    optimizer is switched off for it: it replaces x / sqrt(y) by x * rsqrt(y), which rounds
    otherwise. Without it the graph gives what single calls give (`test_concise` compares those).
    """
    keras = d2l.keras()
    import tensorflow as tf

    x, gradients = problem(structure, dtype)
    variables = [keras.Variable(part, dtype=dtype) for part in arrays(x)]
    gradients = [
        tf.constant(np.stack(steps)) for steps in zip(*map(arrays, gradients), strict=True)
    ]
    optimizer = d2l.twin(rule)
    optimizer.build(variables)

    def step(_, g):
        optimizer.apply(list(g), variables)
        return [tf.convert_to_tensor(variable.value) for variable in variables]

    @tf.function
    def run(gradients):
        return tf.scan(step, gradients, initializer=arrays(x), parallel_iterations=1)

    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": not optimized})
    try:
        paths = run(gradients)
    finally:
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})
    return np.concatenate([p.numpy().reshape(STEPS, -1) for p in paths], axis=1)


@functools.cache
def exact_path(rule: Rule) -> np.ndarray:
    """Return the 200 points as double precision gives them, in single precision."""
    start, gradients = problem("array", "float32")
    x, state, path = start.astype(float), rule.init(start.astype(float)), []
    for g in gradients:
        x, state = rule.advance(x, g.astype(float), state)
        path.append(x)
    return table(path).astype(np.float32)


def units_apart(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return the largest difference of two paths in units in the last place.

    The unit of an element is that of the largest value it has had so far, because rounding errors
    made there stay with it. A path that is nan somewhere is endlessly far from the other.
    """
    assert ours.dtype == theirs.dtype, f"{ours.dtype} is not {theirs.dtype}"
    assert ours.shape == theirs.shape
    unit = np.spacing(np.maximum.accumulate(np.abs(theirs), axis=0)).astype(np.float64)
    apart = np.abs(ours.astype(np.float64) - theirs.astype(np.float64)) / unit
    return float(np.nan_to_num(apart, nan=np.inf).max())


# How many units in the last place a rule may be away from Keras: 0, bit for bit, if none is given.
# Nadam, measured 8 and 1.6e9 (1.8e-7 of the value): Keras takes the powers of 0.96 in the precision
# of the parameters, after rounding 0.96 itself to float32, which cannot be passed in from outside.
# With that rounding put into the rule the difference is 0, which is a test of its own.
# The powers in the bias corrections cost nothing: NumPy's and TensorFlow's power functions need not
# agree in the last place, but 1 - beta^t came out the same for all of 14,570 pairs of beta and t.
UNITS = {("Nadam", "float32"): 12.0, ("Nadam", "float64"): 2.5e9}


def assert_follows_keras(
    rule: Rule,
    like: Rule | None = None,
    *,
    structure: str = "array",
    dtype: str = "float32",
    slack: float = 0,
) -> None:
    """Fail unless the rule takes Keras' 200 steps, twice over from the same state.

    Parameters
    ----------
    rule : Rule
        The rule to be judged.
    like : Rule, optional
        The rule whose twin in Keras it must follow, where it is not its own.
    structure : {"array", "list", "dict"}
        How the parameters are kept.
    dtype : {"float32", "float64"}
        Their precision.
    slack : float
        How many times the usual bound (or one unit) to allow: 0 for a rule that should be right.
    """
    like = rule if like is None else like
    theirs = keras_path(like, structure, dtype)
    allowed = UNITS.get((type(like).__name__, dtype), 0.0)
    if slack:
        allowed = slack * max(allowed, 1.0)
    start, gradients = problem(structure, dtype)
    initial = rule.init(start)
    # The second run finds rules that change their point or state in place, or keep something.
    for run in ("first", "second"):
        path, state = [start], initial
        with np.errstate(all="ignore"):  # wrong rules divide by zero
            for g in gradients:
                x, state = rule.advance(path[-1], g, state)
                path.append(x)
        units = units_apart(table(path[1:]), theirs)
        assert units <= allowed, f"{units:.2g} units in the last place apart in the {run} run"
