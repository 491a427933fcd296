"""Time linear regression on the airfoil data: this package, Dive into Deep Learning's, PyTorch.

The originals and PyTorch are not among the packages of this project. Name the folders that hold
them in D2L_PATH, separated as in PATH; README.md, beside this file, says how to get them. What is
missing is left out, and said to be.
"""

import contextlib
import importlib.metadata
import importlib.util
import io
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

import d2lmini
from d2lmini import tensorflow as ours

tf = ours.tf
REPETITIONS = 7
EPOCHS, BATCH_SIZE, RATE, RHO, EPSILON = 2, 10, 0.01, 0.9, 1e-6


def rmsprop(params, grads, states, hyperparams):
    """Take a step of RMSProp, as readers of Dive into Deep Learning write it."""
    for param, s, grad in zip(params, states, grads, strict=True):
        s[:].assign(RHO * s + (1 - RHO) * tf.math.square(grad))
        param[:].assign(param - RATE * grad / tf.math.sqrt(s + EPSILON))


def from_scratch(d2l, arrays) -> Callable[[], float]:
    """Return a function that runs ``train_ch11`` of a module and returns the final loss."""

    def run():
        data_iter = d2l.load_array(arrays, BATCH_SIZE)
        states = (tf.Variable(tf.zeros((5, 1))), tf.Variable(tf.zeros(1)))
        return d2l.train_ch11(rmsprop, states, {}, data_iter, 5, EPOCHS)[1][-1]

    return run


def concise(d2l, arrays) -> Callable[[], None]:
    """Return a function that runs ``train_concise_ch11`` of a module."""

    def run():
        data_iter = d2l.load_array(arrays, BATCH_SIZE)
        arguments = {"learning_rate": RATE, "rho": RHO}
        d2l.train_concise_ch11(tf.keras.optimizers.RMSprop, arguments, data_iter, EPOCHS)

    return run


def in_numpy(arrays) -> Callable[[], float]:
    """Return a function that trains with this package's own `train`, loss curve included."""
    data = d2lmini.Dataset("airfoil", *(array.astype(float) for array in arrays))
    model, rule = d2lmini.LinearRegression(), d2lmini.RMSprop(RATE, RHO, epsilon=EPSILON)

    def run():
        history = d2lmini.train(
            model, rule, data, epochs=EPOCHS, batch_size=BATCH_SIZE, evaluate_every=20
        )
        return history.loss[-1]

    return run


def in_pytorch(torch, arrays, library: bool) -> Callable[[], float]:
    """Return a function that trains in an eager loop, with the rule by hand or the library's."""
    X, y = (torch.from_numpy(array) for array in arrays)
    y = y[:, None]

    def loss(X, y, w, b):
        return ((X @ w + b - y) ** 2).mean() / 2

    def run():
        w = (torch.randn(5, 1) * 0.01).requires_grad_()
        b = torch.zeros(1, requires_grad=True)
        states = [torch.zeros(5, 1), torch.zeros(1)]
        optimizer = torch.optim.RMSprop([w, b], lr=RATE, alpha=RHO, eps=EPSILON)
        losses, step = [], 0
        for _ in range(EPOCHS):
            for rows in torch.randperm(len(y)).split(BATCH_SIZE):
                loss(X[rows], y[rows], w, b).backward()
                if library:
                    optimizer.step()
                    optimizer.zero_grad()
                else:
                    with torch.no_grad():
                        for param, s in zip((w, b), states, strict=True):
                            s.mul_(RHO).add_((1 - RHO) * param.grad**2)
                            param -= RATE * param.grad / torch.sqrt(s + EPSILON)
                            param.grad = None
                step += 1
                if step % 20 == 0:
                    with torch.no_grad():
                        losses.append(loss(X, y, w, b).item())
        return losses[-1]

    return run


def originals() -> dict:
    """Return the modules of Dive into Deep Learning found in D2L_PATH, by version."""
    found = {}
    for folder in filter(None, os.environ.get("D2L_PATH", "").split(os.pathsep)):
        file = Path(folder) / "d2l" / "tensorflow.py"
        if not file.exists():
            sys.path.append(folder)  # of PyTorch, or of what the originals import
            continue
        (package,) = importlib.metadata.distributions(name="d2l", path=[folder])
        spec = importlib.util.spec_from_file_location(f"d2l_{package.version}", file)
        found[package.version] = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    for module in found.values():
        module.__spec__.loader.exec_module(module)
    return found


def main() -> None:
    """Time everything in turn, several times, and print the medians as a table."""
    data = d2lmini.airfoil()
    arrays = data.x[:1500].astype(np.float32), data.y[:1500].astype(np.float32)
    runs = {
        "d2lmini.train, NumPy": in_numpy(arrays),
        "d2lmini.tensorflow.train_ch11": from_scratch(ours, arrays),
        "d2lmini.tensorflow.train_concise_ch11": concise(ours, arrays),
    }
    theirs = originals()
    for version, module in theirs.items():
        runs[f"d2l {version} train_ch11"] = from_scratch(module, arrays)
        runs[f"d2l {version} train_concise_ch11"] = concise(module, arrays)
    if not theirs:
        print("Dive into Deep Learning's own package is missing: see benchmarks/README.md.\n")
    try:
        import torch
    except ModuleNotFoundError:
        print("PyTorch is missing: see benchmarks/README.md.\n")
    else:
        runs["PyTorch eager, rule by hand"] = in_pytorch(torch, arrays, library=False)
        runs["PyTorch eager, torch.optim.RMSprop"] = in_pytorch(torch, arrays, library=True)

    seconds = {name: [] for name in runs}
    for repetition in range(REPETITIONS + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            with contextlib.redirect_stdout(io.StringIO()):
                loss = run()
            elapsed = (time.perf_counter() - start) / EPOCHS
            assert loss is None or 0.2416 < loss < 0.3, (name, loss)
            if repetition > 0:  # the first only warms up
                seconds[name].append(elapsed)
            plt.close("all")

    medians = {name: statistics.median(times) for name, times in seconds.items()}
    fastest = min(medians.values())
    print("| | ms per epoch, whole call | times the fastest |\n|---|---|---|")
    for name, median in medians.items():
        print(f"| {name} | {1000 * median:.1f} | {median / fastest:.1f} |")


if __name__ == "__main__":
    main()
