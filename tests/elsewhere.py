"""Optimizers of other frameworks, made from the text of a recipe and fed with given gradients."""

import functools
import inspect
import os
import textwrap
from types import SimpleNamespace

import numpy as np
import pytest

import d2lmini as d2l
from d2lmini.frameworks import CALLS, AdamaxInside

HOW = "is not installed: 'make frameworks' installs it, with the versions that were tested"


@functools.cache
def torch():
    """Return PyTorch, or skip the test."""
    return pytest.importorskip("torch", reason=f"PyTorch {HOW}")


@functools.cache
def optax():
    """Return Optax, or skip the test."""
    jax = pytest.importorskip("jax", reason=f"JAX {HOW}")
    module = pytest.importorskip("optax", reason=f"Optax {HOW}")
    jax.config.update("jax_enable_x64", True)  # or float64 would be float32
    return module


@functools.cache
def tf_keras():
    """Return the older tf.keras, or skip the test."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    return pytest.importorskip("tf_keras", reason=f"tf_keras {HOW}")


def torch_path(code, each_step, start, gradients, rates=None):
    """Return the points to which PyTorch goes, after each step.

    Parameters
    ----------
    code, each_step : str
        A recipe's.
    start : array
        The point, in the precision to be used.
    gradients : array
        One for each step.
    rates : array, optional
        The learning rates of the steps, if it changes.
    """
    module = torch()
    p = module.nn.Parameter(module.tensor(start))
    names = {"torch": module, "params": [p]}
    names["optimizer"] = optimizer = eval(code, names)
    lines = compile(textwrap.dedent(each_step), "<each step>", "exec")
    path = []
    for t, g in enumerate(gradients, start=1):
        if rates is not None:
            optimizer.param_groups[0]["lr"] = rates[t - 1]
        names["t"] = t
        exec(lines, names)
        p.grad = module.tensor(np.asarray(g, start.dtype))
        optimizer.step()
        path.append(p.detach().numpy().copy())
    return np.array(path)


def optax_path(code, each_step, start, gradients, rates=None):
    """Return the points to which Optax goes, after each step; see `torch_path`."""
    module = optax()
    import jax
    import jax.numpy as jnp

    assert not each_step
    names = {"optax": module, "jnp": jnp}
    if rates is not None:  # a schedule takes the place of the number
        names["rate"] = lambda k: jnp.asarray(rates)[k]
    optimizer = eval(code, names)
    x = jnp.asarray(start)
    state = optimizer.init(x)

    @jax.jit
    def step(x, state, g):
        update, state = optimizer.update(g, state, x)
        return module.apply_updates(x, update), state

    path = []
    for g in np.asarray(gradients, start.dtype):
        x, state = step(x, state, g)
        path.append(np.asarray(x))
    path = np.array(path)
    assert path.dtype == start.dtype
    return path


def book_path(rule, start, gradients):
    """Return the points to which a rule of the book goes, after each step."""
    x, state, path = start, rule.init(start), []
    for g in np.asarray(gradients, start.dtype):
        x, state = rule.step(x, g, state)
        path.append(x)
    return np.array(path)


# ---- the questions of d2lmini.conventions, asked elsewhere ---------------------------------------


def arguments_of(call, settings, known):
    """Return settings under the names that a call gives them; None if it has no such argument."""
    arguments, left = {}, dict(settings)
    for argument, (fields, default) in call.arguments.items():
        if isinstance(fields, tuple):
            pair = zip(fields, default, strict=True)
            arguments[argument] = tuple(left.pop(field, value) for field, value in pair)
        elif fields in left:
            arguments[argument] = left.pop(fields)
    if not set(left) <= set(known):
        return None
    return arguments | left


def torch_walk(rule, settings, gradients, rates=None):
    """Return how far PyTorch goes down from 1."""
    module = torch()
    kind = getattr(module.optim, {"Nadam": "NAdam"}.get(rule, rule), None)
    if kind is None:
        return None
    call = CALLS[f"torch.optim.{kind.__name__}"]
    arguments = arguments_of(call, settings, inspect.signature(kind).parameters)
    if arguments is None:
        return None
    names = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
    code = f"torch.optim.{kind.__name__}(params, {names})"
    path = torch_path(code, "", np.ones(1), np.reshape(gradients, (-1, 1)), rates)
    return 1 - float(path[-1, 0])


def optax_walk(rule, settings, gradients, rates=None):
    """Return how far Optax goes down from 1."""
    module, name = optax(), rule.lower()
    settings = dict(settings)
    call = CALLS[f"optax.{name}"]
    if settings.pop("amsgrad", False):
        name = "amsgrad"  # with the arguments of Adam
    kind = getattr(module, name)
    arguments = arguments_of(call, settings, inspect.signature(kind).parameters)
    if arguments is None:
        return None
    names = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
    if rates is not None:
        names = names.replace("learning_rate=1.0", "learning_rate=rate")
    path = optax_path(
        f"optax.{name}({names})", "", np.ones(1), np.reshape(gradients, (-1, 1)), rates
    )
    return 1 - float(path[-1, 0])


def legacy_walk(rule, settings, gradients, rates=None):
    """Return how far the optimizers of tf.keras up to 2.10 go down from 1."""
    module = tf_keras()
    import tensorflow as tf

    kind = getattr(module.optimizers.legacy, rule, None)
    if kind is None:
        return None
    try:
        optimizer = kind(**settings)
    except (TypeError, ValueError):
        return None
    x = tf.Variable([1.0], dtype="float64")
    for k, g in enumerate(gradients):
        if rates is not None:
            optimizer.learning_rate = rates[k]
        optimizer.apply_gradients([(tf.constant([g], dtype="float64"), x)])
    return 1 - float(x.numpy()[0])


def d2l_walk(rule, settings, gradients, rates=None):
    """Return how far the rules that are printed in Dive into Deep Learning go down from 1.

    Its equations, in our code.
    """
    hyper = {
        "SGD": {"momentum": 0.0},
        "Adagrad": {"epsilon": 1e-6},
        "RMSprop": {"rho": 0.9, "epsilon": 1e-6},
        "Adadelta": {"rho": 0.9, "epsilon": 1e-5},
        "Adam": {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-6},
    }.get(rule)
    settings = dict(settings)
    if rule == "Adagrad" and settings.get("initial_accumulator_value") == 0:
        del settings["initial_accumulator_value"]  # it starts from 0 in any case
    if rule == "Adadelta" and settings.get("learning_rate") == 1:
        del settings["learning_rate"]  # it has none
    has_rate = rule != "Adadelta"
    if hyper is None or not set(settings) <= {*hyper, *["learning_rate"] * has_rate}:
        return None
    hyper = SimpleNamespace(**(hyper | settings))
    x, v, s, delta = 1.0, 0.0, 0.0, 0.0
    for t, g in enumerate(gradients, start=1):
        eta = rates[t - 1] if rates is not None else getattr(hyper, "learning_rate", None)
        if rule == "SGD":
            v = hyper.momentum * v + g
            x -= eta * v
        if rule == "Adagrad":
            s += g**2
            x -= eta * g / np.sqrt(s + hyper.epsilon)
        if rule == "RMSprop":
            s = hyper.rho * s + (1 - hyper.rho) * g**2
            x -= eta * g / np.sqrt(s + hyper.epsilon)
        if rule == "Adadelta":
            s = hyper.rho * s + (1 - hyper.rho) * g**2
            step = np.sqrt(delta + hyper.epsilon) / np.sqrt(s + hyper.epsilon) * g
            x -= step
            delta = hyper.rho * delta + (1 - hyper.rho) * step**2
        if rule == "Adam":
            v = hyper.beta_1 * v + (1 - hyper.beta_1) * g
            s = hyper.beta_2 * s + (1 - hyper.beta_2) * g**2
            s_hat = s / (1 - hyper.beta_2**t)
            x -= eta * v / (1 - hyper.beta_1**t) / (np.sqrt(s_hat) + hyper.epsilon)
    return 1 - float(x)


# Every rule of the book, in the forms that it has anywhere, with settings that are nobody's default
# (a default that is left out of a recipe would go unnoticed) and an epsilon that matters.
_EPSILON = {"epsilon": 1e-4}
RECIPES = {
    "SGD": d2l.SGD(0.02),
    "SGD, momentum": d2l.SGD(0.02, momentum=0.8),
    "SGD, Nesterov": d2l.SGD(0.02, momentum=0.8, nesterov=True),
    "SGD, decay": d2l.SGD(0.02, weight_decay=0.3),
    "SGD, momentum, decay": d2l.SGD(0.02, momentum=0.8, weight_decay=0.3),
    "Adagrad": d2l.Adagrad(0.03, initial_accumulator_value=0.003, **_EPSILON),
    "Adagrad from 0": d2l.Adagrad(0.03, initial_accumulator_value=0.0, **_EPSILON),
    "Adagrad, outside": d2l.Adagrad(
        0.03, initial_accumulator_value=0.2, **_EPSILON, epsilon_inside_root=False
    ),
    "Adagrad from 0, outside": d2l.Adagrad(
        0.03, initial_accumulator_value=0.0, **_EPSILON, epsilon_inside_root=False
    ),
    "Adagrad, decay": d2l.Adagrad(0.03, **_EPSILON, weight_decay=0.3),
    "RMSprop": d2l.RMSprop(0.02, rho=0.8, **_EPSILON),
    "RMSprop, outside": d2l.RMSprop(0.02, rho=0.8, **_EPSILON, epsilon_inside_root=False),
    "RMSprop, centered": d2l.RMSprop(0.02, rho=0.8, **_EPSILON, centered=True),
    "RMSprop, momentum": d2l.RMSprop(0.02, rho=0.8, momentum=0.7, **_EPSILON),
    "RMSprop, momentum, outside": d2l.RMSprop(
        0.02, rho=0.8, momentum=0.7, centered=True, **_EPSILON, epsilon_inside_root=False
    ),
    "RMSprop, decay": d2l.RMSprop(0.02, rho=0.8, **_EPSILON, weight_decay=0.3),
    "Adadelta": d2l.Adadelta(0.7, rho=0.8, **_EPSILON),
    "Adadelta, decay": d2l.Adadelta(0.7, rho=0.8, **_EPSILON, weight_decay=0.3),
    "Adam": d2l.Adam(0.02, beta_1=0.8, beta_2=0.99, **_EPSILON),
    "Adam, Algorithm 1": d2l.Adam(0.02, beta_1=0.8, beta_2=0.99, **_EPSILON, epsilon_hat=False),
    "Adam, decay": d2l.Adam(0.02, beta_1=0.8, beta_2=0.99, **_EPSILON, weight_decay=0.3),
    "AMSGrad": d2l.Adam(0.02, beta_1=0.8, beta_2=0.99, **_EPSILON, amsgrad=True),
    "AMSGrad, Algorithm 1": d2l.Adam(
        0.02, beta_1=0.8, beta_2=0.99, **_EPSILON, amsgrad=True, epsilon_hat=False
    ),
    "AMSGrad, decay": d2l.Adam(
        0.02, beta_1=0.8, beta_2=0.99, **_EPSILON, amsgrad=True, weight_decay=0.3
    ),
    "AdamW": d2l.AdamW(0.02, weight_decay=0.3, beta_1=0.8, beta_2=0.99, **_EPSILON),
    "AdamW, Algorithm 1": d2l.AdamW(
        0.02, weight_decay=0.3, beta_1=0.8, beta_2=0.99, **_EPSILON, epsilon_hat=False
    ),
    "AdamW without decay": d2l.AdamW(0.02, weight_decay=None, **_EPSILON),
    "Adamax": d2l.Adamax(0.02, beta_1=0.8, beta_2=0.99, **_EPSILON),
    "Adamax, inside": AdamaxInside(0.02, beta_1=0.8, beta_2=0.99, **_EPSILON),
    "Adamax, decay": d2l.Adamax(0.02, beta_1=0.8, beta_2=0.99, **_EPSILON, weight_decay=0.3),
    "Nadam": d2l.Nadam(0.02, beta_1=0.8, beta_2=0.99, **_EPSILON),
    "Nadam, decay": d2l.Nadam(0.02, beta_1=0.8, beta_2=0.99, **_EPSILON, weight_decay=0.3),
    "Lion": d2l.Lion(0.02, beta_1=0.8, beta_2=0.95),
    "Lion, decay": d2l.Lion(0.02, beta_1=0.8, beta_2=0.95, weight_decay=0.3),
}
