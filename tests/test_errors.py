"""Bad input gets a sentence that says what to do; importing the package stays light."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest

import d2lmini as d2l

DATA = d2l.Dataset("four rows", np.eye(4), np.arange(4.0))
MODEL = d2l.LinearRegression()
COLUMN, FLAT = np.ones((3, 1)), np.ones(3)


def step(rule, x, g):
    return rule.step(x, g, rule.init(x))


REFUSED = {
    # Names.
    "rule misspelled": (
        lambda: d2l.RMSProp,
        AttributeError,
        "no 'RMSProp'. Did you mean 'RMSprop'?",
    ),
    "rule unknown": (lambda: d2l.get_rule("rmsprp"), ValueError, "Did you mean 'RMSprop'? Known:"),
    "rule by number": (lambda: d2l.get_rule(3), ValueError, "no update rule 3"),
    "argument unknown": (
        lambda: d2l.SGD(momentun=0.9),
        TypeError,
        "SGD has no hyperparameter 'momentun'. Did you mean 'momentum'?",
    ),
    "argument of another rule": (
        lambda: d2l.Adam(rho=0.9),
        TypeError,
        "Adam has no hyperparameter 'rho'. Known: amsgrad, beta_1",
    ),
    "argument by name": (lambda: d2l.get_rule("sgd", lr=1), TypeError, "mean 'learning_rate'"),
    # Values.
    "rate negative": (
        lambda: d2l.SGD(-0.1),
        ValueError,
        "must not be negative, but is -0.1. The rule already subtracts",
    ),
    "rate negative in an array": (
        lambda: d2l.SGD(np.array([0.1, -0.1])),
        ValueError,
        "must not be negative",
    ),
    "rate in quotes": (lambda: d2l.SGD("0.1"), TypeError, "must be real numbers"),
    "rate None": (lambda: d2l.SGD(None), TypeError, "learning_rate must be real numbers"),
    "rate nan": (lambda: d2l.SGD(np.nan), ValueError, "nan or infinite"),
    "rate complex": (lambda: d2l.SGD(1j), TypeError, "real numbers"),
    "momentum 1": (lambda: d2l.SGD(momentum=1), ValueError, "momentum must be in [0, 1)"),
    "rho above 1": (lambda: d2l.RMSprop(rho=1.1), ValueError, "rho must be in [0, 1)"),
    "rho negative": (lambda: d2l.RMSprop(rho=-0.1), ValueError, "rho must not be negative"),
    "beta in an array": (
        lambda: d2l.Adam(beta_1=np.array([0.9, 1.0])),
        ValueError,
        "beta_1 must be in [0, 1)",
    ),
    "epsilon negative": (lambda: d2l.Adam(epsilon=-1e-7), ValueError, "epsilon must not be"),
    "decay negative": (lambda: d2l.AdamW(weight_decay=-1), ValueError, "weight_decay must not"),
    "nesterov a number": (lambda: d2l.SGD(nesterov=0.9), TypeError, "must be True or False"),
    "arrays that do not fit": (
        lambda: d2l.SGD(np.ones(3), momentum=np.zeros(4)),
        ValueError,
        "shapes (n, 1) and (1, m)",
    ),
    # Parameters and gradients.
    "flat parameters, gradient a column": (
        lambda: step(d2l.SGD(), FLAT, COLUMN),
        ValueError,
        "Flatten the column with .ravel()",
    ),
    "parameters a column, gradient flat": (
        lambda: step(d2l.SGD(), COLUMN, FLAT),
        ValueError,
        "make the vector a column with [:, None]",
    ),
    "gradient of another shape": (
        lambda: step(d2l.SGD(), FLAT, np.ones(4)),
        ValueError,
        "The gradient has shape (4,), but the parameter has shape (3,)",
    ),
    "gradient that would broadcast": (
        lambda: step(d2l.SGD(), np.ones((2, 3)), FLAT),
        ValueError,
        "must have the same shape",
    ),
    "gradient of a part": (
        lambda: step(d2l.SGD(), {"w": FLAT}, {"w": COLUMN}),
        ValueError,
        "The gradient of parameter 'w'",
    ),
    "gradient not a list": (
        lambda: step(d2l.SGD(), [FLAT, FLAT], FLAT),
        ValueError,
        "those are a list of 2 arrays, but the gradient is a single array",
    ),
    "gradient with other keys": (
        lambda: step(d2l.SGD(), {"w": FLAT}, {"v": FLAT}),
        ValueError,
        "a dict with keys ['v']",
    ),
    "gradient nan": (
        lambda: step(d2l.SGD(), FLAT, FLAT * np.nan),
        ValueError,
        "The gradient holds 3 values that are nan or infinite, the first at index 0",
    ),
    "parameters infinite": (
        lambda: d2l.SGD().init([1.0, np.inf]),
        ValueError,
        "x holds a value that is nan or infinite, at index 1",
    ),
    "parameters ragged": (
        lambda: d2l.SGD().init([[1, 2], [3]]),
        TypeError,
        "Put parameters of different shapes into a list of NumPy arrays",
    ),
    "parameters in quotes": (lambda: d2l.SGD().init(["a"]), TypeError, "np.asarray(values,"),
    "no parameters in a dict": (lambda: d2l.SGD().init({}), ValueError, "the dict is empty"),
    "no parameters in a list": (lambda: d2l.SGD().init([]), ValueError, "the list is empty"),
    # Runs on surfaces.
    "a function for an objective": (
        lambda: d2l.minimize(np.sin, d2l.SGD()),
        TypeError,
        "Make one of your own function with d2l.Objective(",
    ),
    "a class for a rule": (
        lambda: d2l.minimize(d2l.bowl, d2l.SGD),
        TypeError,
        "d2l.SGD(), not the class",
    ),
    "a name for a rule": (
        lambda: d2l.minimize(d2l.bowl, "sgd"),
        TypeError,
        "By name you get one from d2l.get_rule('rmsprop')",
    ),
    "start of another dimension": (
        lambda: d2l.minimize(d2l.bowl, d2l.SGD(), start=[1, 2, 3]),
        ValueError,
        "bowl is a function of 2 coordinates",
    ),
    "start nan": (
        lambda: d2l.minimize(d2l.bowl, d2l.SGD(), start=[1, np.nan]),
        ValueError,
        "The start holds a value",
    ),
    "steps not whole": (
        lambda: d2l.minimize(d2l.bowl, d2l.SGD(), steps=2.5),
        ValueError,
        "steps must be a whole number of at least 0, but is 2.5",
    ),
    "steps negative": (
        lambda: d2l.minimize(d2l.bowl, d2l.SGD(), steps=-1),
        ValueError,
        "steps must be",
    ),
    "steps True": (
        lambda: d2l.minimize(d2l.bowl, d2l.SGD(), steps=True),
        ValueError,
        "steps must be",
    ),
    "rates without an axis for the coordinates": (
        lambda: d2l.minimize(d2l.bowl, d2l.SGD(np.ones(5))),
        ValueError,
        "give each hyperparameter the shape (n, 1), for example values[:, None]",
    ),
    # Training.
    "a class for a rule in training": (
        lambda: d2l.train(MODEL, d2l.SGD, DATA),
        TypeError,
        "d2l.SGD(), not the class",
    ),
    "many rates in training": (
        lambda: d2l.train(MODEL, d2l.SGD(np.ones(2)), DATA),
        ValueError,
        "Call train once for each value",
    ),
    "batch larger than the data": (
        lambda: d2l.train(MODEL, d2l.SGD(), DATA, batch_size=5),
        ValueError,
        "batch_size is 5, but there are only 4 examples. Use at most 4",
    ),
    "batch of none": (
        lambda: d2l.train(MODEL, d2l.SGD(), DATA, batch_size=0),
        ValueError,
        "batch_size must be",
    ),
    "no epochs": (
        lambda: d2l.train(MODEL, d2l.SGD(), DATA, epochs=0, batch_size=2),
        ValueError,
        "epochs must be a whole number of at least 1",
    ),
    "evaluation never": (
        lambda: d2l.train(MODEL, d2l.SGD(), DATA, batch_size=2, evaluate_every=0),
        ValueError,
        "evaluate_every must be",
    ),
    "data set empty": (
        lambda: d2l.Dataset("mine", np.empty((0, 3)), np.empty(0)),
        ValueError,
        "at least one row",
    ),
    "data set with nan": (
        lambda: d2l.Dataset("mine", [[np.nan]], [1.0]),
        ValueError,
        "mine: x holds a value that is nan or infinite, at index (0, 0). Remove",
    ),
    "targets a column": (
        lambda: d2l.Dataset("mine", np.ones((3, 2)), COLUMN),
        ValueError,
        "A column of targets is flattened with .ravel()",
    ),
    # Comparisons with Keras that cannot be.
    "epsilon where Keras has none": (
        lambda: d2l.twin(d2l.RMSprop(epsilon_inside_root=False)),
        ValueError,
        "Keras' RMSprop has no epsilon_inside_root=False",
    ),
    "many rates for Keras": (
        lambda: d2l.twin(d2l.SGD(np.ones(2))),
        ValueError,
        "Keras takes one number for learning_rate",
    ),
    "schedule of one's own for Keras": (
        lambda: d2l.twin(d2l.SGD(lambda k: 0.1)),
        ValueError,
        "has no twin in Keras: use one of d2lmini.schedules",
    ),
    "agreement over no steps": (
        lambda: d2l.agree(d2l.SGD(), steps=0),
        ValueError,
        "steps must be a whole number of at least 1",
    ),
    # Figures.
    "contours of a line": (
        lambda: d2l.contours(d2l.parabola),
        ValueError,
        "Contours need a function of two coordinates",
    ),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_bad_input_gets_a_sentence(case):
    call, error, sentence = REFUSED[case]
    with pytest.raises(error, match=re.escape(sentence)) as caught:
        call()
    message = str(caught.value)
    assert message.endswith((".", "?"))
    assert "\n" not in message
    # Without NumPy's own words in front of it.
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_what_other_libraries_call_it_is_translated():
    for rule, theirs, ours in [
        (d2l.SGD, "lr", "learning_rate"),
        (d2l.SGD, "eta", "learning_rate"),
        (d2l.SGD, "beta", "momentum"),
        (d2l.RMSprop, "alpha", "rho"),
        (d2l.RMSprop, "gamma", "rho"),
        (d2l.RMSprop, "eps", "epsilon"),
        (d2l.Adadelta, "decay_rate", "rho"),
        (d2l.Adam, "b1", "beta_1"),
    ]:
        with pytest.raises(TypeError, match=f"{theirs!r}. Did you mean {ours!r}"):
            rule(**{theirs: 0.5})


def test_good_input_is_not_refused():
    # The edges of the allowed ranges.
    d2l.SGD(0, momentum=0.999999)
    d2l.SGD(np.float32(0.1), momentum=np.array(0.5), nesterov=np.True_, weight_decay=0)
    d2l.Adam(beta_1=0, beta_2=0, epsilon=0)
    d2l.Adagrad(initial_accumulator_value=0)
    d2l.train(MODEL, d2l.SGD(), DATA, batch_size=4)
    d2l.train(MODEL, d2l.SGD(), DATA, batch_size=np.int64(1), epochs=1)
    assert d2l.minimize(d2l.bowl, d2l.SGD(), start=[1, 2], steps=1).x.dtype == float


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
