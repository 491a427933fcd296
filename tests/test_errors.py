"""What is missing on a machine gets a sentence; importing the package stays light.

What a reader types is in `strangers`.
"""

import os
import subprocess
import sys

import numpy as np
import pytest

import d2lmini as d2l

DATA = d2l.Dataset("four rows", np.eye(4), np.arange(4.0))


# ---- TensorFlow missing, and a light import -----------------------------------------------------


def run(code):
    """Run Python in a process of its own, where nothing has been imported yet."""
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    ).stdout


@pytest.mark.parametrize(
    "call",
    [
        lambda: d2l.keras(),
        lambda: d2l.twin(d2l.SGD()),
        lambda: d2l.agree(d2l.SGD()),
        lambda: d2l.train_concise(d2l.SGD(), DATA, batch_size=2),
    ],
    ids=["keras", "twin", "agree", "train_concise"],
)
def test_without_tensorflow_comparisons_say_how_to_get_it(monkeypatch, call):
    monkeypatch.setitem(sys.modules, "tensorflow", None)  # importing it fails now
    with pytest.raises(ModuleNotFoundError, match="pip install tensorflow") as caught:
        call()
    assert "everything else in d2lmini works without it" in str(caught.value)


def test_a_broken_tensorflow_is_not_called_missing(monkeypatch):
    # If TensorFlow is there and something of its own is missing, that is what must be said.
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    real = __import__

    def broken(name, *args, **kwargs):
        if name == "tensorflow":
            raise ModuleNotFoundError("No module named 'absl'", name="absl")
        return real(name, *args, **kwargs)

    monkeypatch.setattr("builtins.__import__", broken)
    with pytest.raises(ModuleNotFoundError, match="absl"):
        d2l.keras()


def test_everything_else_works_without_tensorflow():
    printed = run(
        "import sys; sys.modules['tensorflow'] = sys.modules['keras'] = None\n"
        "import matplotlib; matplotlib.use('Agg')\n"
        "import d2lmini as d2l\n"
        "trace = d2l.minimize(d2l.bowl, d2l.RMSprop(0.4))\n"
        "d2l.plot_traces(trace)\n"
        "history = d2l.train(d2l.LinearRegression(), d2l.Adam(), d2l.diabetes())\n"
        "d2l.plot_histories({'Adam': history})\n"
        "print(trace.steps, len(history.loss))"
    )
    assert printed == "20 3\n"


def test_importing_is_light():
    heavy = ["tensorflow", "keras", "matplotlib", "sklearn", "scipy", "pandas", "IPython"]
    printed = run(
        "import sys, numpy\n"
        "before = set(sys.modules)\n"
        "import d2lmini\n"
        "more = [name for name in set(sys.modules) - before if not name.startswith('d2lmini')]\n"
        f"print([name for name in {heavy} if name in sys.modules], len(more))"
    )
    loaded, _, more = printed.rpartition(" ")
    assert loaded == "[]"
    assert int(more) < 100  # of the standard library, after NumPy: milliseconds, on any machine


def test_using_the_core_stays_light():
    printed = run(
        "import sys, d2lmini as d2l\n"
        "d2l.minimize(d2l.rosenbrock, d2l.Nadam(), steps=5)\n"
        "data = d2l.Dataset('mine', [[1, 2], [3, 4]], [1, 2])\n"
        "d2l.train(d2l.LinearRegression(), d2l.Lion(), data, batch_size=2)\n"
        "print('tensorflow' in sys.modules, 'matplotlib' in sys.modules, 'sklearn' in sys.modules)"
    )
    assert printed == "False False False\n"
