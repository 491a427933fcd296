"""What newcomers type, by the function they call: what must be refused, and what must come out.

`REFUSED` holds for each input the call, the kind of error and a part of its sentence; `RIGHT` the
call and what it returns, or a function that says whether that is right. Inputs of readers who come
from PyTorch, Keras, Optax or Dive into Deep Learning are here in their own words. PyTorch need not
be installed: small classes below behave as its objects do.
"""

import dataclasses
import pickle
import tempfile
from pathlib import Path

import numpy as np

import d2lmini as d2l

T, V, A = TypeError, ValueError, AttributeError
# ---- what newcomers have at hand ----------------------------------------------------------------

FLAT, COLUMN, PAIR = np.ones(3), np.ones((3, 1)), {"w": np.ones(3), "b": np.ones(1)}
X, Y = np.arange(12.0).reshape(6, 2) / 12, np.arange(6.0)
DATA = d2l.Dataset("six rows", X, Y)
CLASSES = d2l.Dataset("two classes", X, np.arange(6) % 2)
MODEL = d2l.LinearRegression()
P = MODEL.init(DATA)
MASKED = np.ma.masked_array([0.1, 0.2], [False, True])


class Tensor:
    """A tensor of PyTorch that requires a gradient."""

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError(
            "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
        )


class BFloat16:
    """A tensor of PyTorch in a precision that NumPy has not."""

    def __array__(self, dtype=None, copy=None):
        raise TypeError("Got unsupported ScalarType BFloat16")


class Converted:
    """A tensor of PyTorch, or of JAX, that NumPy can convert."""

    def __init__(self, values):
        self.values = np.array(values)

    def __array__(self, dtype=None, copy=None):
        return self.values


class TorchOptimizer:
    """An optimizer of PyTorch."""

    def __init__(self):
        self.defaults = {"lr": 0.01, "alpha": 0.99, "eps": 1e-8}
        self.param_groups = [{"params": [FLAT], **self.defaults}]

    def step(self):
        pass

    def __repr__(self):
        return "RMSprop (\nParameter Group 0\n    lr: 0.01\n)"


class TorchModule:
    """A model of PyTorch, or of Keras."""

    def __call__(self, x):
        return x


def step(rule, x, g, state=None):
    return rule.step(x, g, rule.init(x) if state is None else state)


def state_of(rule, x):
    return step(rule, x, x)[1]


def frozen_rate():
    d2l.SGD(0.1).learning_rate = 0.2


def removed_rate():
    del d2l.SGD(0.1).learning_rate


# What is no number, and what is said about it wherever a number is expected.
NO_NUMBERS = {
    "None": (None, T, "this is None"),
    "a dict": ({"lr": 0.1}, T, "a dict with the keys ['lr']"),
    "text": ("0.1", T, "text, such as '0.1'"),
    "bytes": (b"0.1", T, "text, such as b'0.1'"),
    "complex": (0.1j, T, "Take the part that you mean, with .real or abs()"),
    "an object": (object(), T, "an object"),
    "a set": ({0.1}, T, "a set"),
    "a generator": ((x for x in [0.1]), T, "a generator"),
    "a date": (np.datetime64("2024-01-01"), T, "a date"),
    "masked": (MASKED, T, ".filled(value)"),
    "a tensor that requires a gradient": (Tensor(), T, ".detach().numpy()"),
    "a tensor in bfloat16": (BFloat16(), T, "BFloat16"),
    "nan": (np.nan, V, "nan or infinite"),
    "infinite": (-np.inf, V, "nan or infinite"),
    "ragged": ([[0.1], [0.2, 0.3]], T, ""),
}


def no_numbers(place, *without):
    """Return a table with everything that is no number in one place."""
    return {
        name: (lambda value=value: place(value), error, sentence)
        for name, (value, error, sentence) in NO_NUMBERS.items()
        if name not in without
    }


# ---- rules of a reader's own --------------------------------------------------------------------


def own(update, zero_state=None, **more):
    """Return an instance of a rule of a reader's own."""
    body = {"__annotations__": {"learning_rate": float}, "learning_rate": 0.1, "update": update}
    if zero_state:
        body["zero_state"] = zero_state
    return d2l.update_rule(type("Mine", (d2l.Rule,), body | more))()


class Undecorated(d2l.Rule):
    learning_rate: float = 0.1

    def update(self, x, g, t, eta):
        return x - eta * g, {}


@dataclasses.dataclass
class PlainDataclass(d2l.Rule):
    learning_rate: float = 0.1

    def update(self, x, g, t, eta):
        return x - eta * g, {}


@d2l.update_rule
class OwnSignum(d2l.Rule):
    learning_rate: float = 0.1
    momentum: float = 0.9

    def zero_state(self, x):
        return {"m": np.zeros_like(x)}

    def update(self, x, g, t, eta, m):
        m = self.momentum * m + (1 - self.momentum) * g
        return x - eta * np.sign(m), {"m": m}


class Corrected(d2l.RMSprop):
    """A rule of the book with another equation, as exercises ask for."""

    def update(self, x, g, t, eta, s):
        s = self.rho * s + (1 - self.rho) * g**2
        return x - eta * g / np.sqrt(s / (1 - self.rho**t) + self.epsilon), {"s": s}


def in_place(self, x, g, t, eta):
    x -= eta * g
    return x, {}


def in_place_state(self, x, g, t, eta, v):
    v *= 0.9
    v -= eta * g
    return x + v, {"v": v}


def velocity(self, x):
    return {"v": np.zeros_like(x)}


def with_velocity(result):
    return own(lambda self, x, g, t, eta, v: result(x, v), velocity)


def run(rule, objective=d2l.bowl, **arguments):
    return d2l.minimize(objective, rule, **arguments)


# ---- surfaces and models of a reader's own ------------------------------------------------------


def surface(value=None, gradient=None, start=(-3.0, 1.0), **more):
    value = value or (lambda x: (x[0] - 1) ** 2 + 3 * x[1] ** 2)
    return d2l.Objective("mine", value, gradient, start=start, **more)


def on(gradient):
    """Run a gradient of a reader's own."""
    return d2l.minimize(surface(gradient=gradient), d2l.SGD(0.1))


class Own:
    """A model of a reader's own: a straight line, with what is to be wrong about it."""

    def __init__(self, **wrong):
        for name, function in wrong.items():
            setattr(self, name, function)

    def init(self, data):
        return {"w": np.zeros(2)}

    def loss(self, p, x, y):
        return 0.5 * np.mean((x @ p["w"] - y) ** 2)

    def gradient(self, p, x, y):
        return {"w": x.T @ (x @ p["w"] - y) / len(y)}


def train(model=MODEL, rule=None, data=DATA, **arguments):
    return d2l.train(model, rule or d2l.SGD(0.1), data, **{"batch_size": 6} | arguments)


HISTORY = train()


def saved():
    """Return a file with the history."""
    return d2l.save_history(HISTORY, Path(tempfile.mkdtemp()) / "history.npz")


TRACE = run(d2l.SGD(0.1))
SIDE_BY_SIDE = run(d2l.SGD(np.array([[0.1], [0.2]])))


def scale(rule):
    return d2l.agree(rule, lambda x, g: x - 0.1 * g)


def own_field(name, default=3.0):
    """Return a rule of a reader's own with a field of some name."""
    body = {"__annotations__": {"learning_rate": float, name: float}, "learning_rate": 0.1}
    return d2l.update_rule(type("Mine", (d2l.Rule,), body | {name: default}))()


class OwnInit(d2l.Rule):
    def __init__(self, lr):
        self.lr = lr


class OwnPredict(Own):
    def predict(self, x):
        return x


def into_one_array():
    """Return an update that writes all points into one array."""
    kept = np.zeros(2)
    return lambda self, x, g, t, eta: (np.subtract(x, eta * g, out=kept), {})


def in_one_array():
    """Return a gradient that is the same array each time."""
    kept = np.zeros(2)
    return lambda x: np.multiply([2.0, 6.0], x - [1.0, 0.0], out=kept)


def slope(x):
    return np.array([2 * (x[0] - 1), 6 * x[1]])


def shifted(x):
    x -= 1
    return x @ x


def changed_later():
    x = X.copy()
    data = d2l.Dataset("mine", x, Y)
    x -= 100
    return data


class Sparse:
    """A sparse matrix of SciPy."""

    def toarray(self):
        return X


NOISE = np.random.default_rng(0)
WORDS = d2l.Dataset("two sequences", np.ones((2, 5, 3)), [0, 1])


# ---- what must be refused -----------------------------------------------------------------------

REFUSED = {
    "reviews": {
        "an odd number": (lambda: d2l.reviews(3), V, "n must be even"),
        "num_samples=": (lambda: d2l.reviews(num_samples=3), T, "'num_samples'"),
        "a text with another word": (
            lambda: d2l.reviews(2).tokens("the movie was good ."),
            V,
            "These reviews have no word 'movie'",
        ),
        "a text with capitals": (lambda: d2l.reviews(2).tokens("The plot"), V, "small letters"),
        "a number as a text": (lambda: d2l.reviews(2).tokens(3), T, "A text is needed"),
        "a table to read": (lambda: d2l.reviews(2).read([[1], [2]]), V, "One review at a time"),
        "a word too many": (
            lambda: d2l.Reviews("mine", [[1, 2, 3]], [0], words=("a", "b", "c")),
            V,
            "must lie between 0, the padding, and 2",
        ),
        "EmbeddingRNN, an unknown start": (
            lambda: d2l.EmbeddingRNN(recurrent="orthogonl"),
            V,
            "Did you mean 'orthogonal'?",
        ),
        "EmbeddingRNN, units=": (lambda: d2l.EmbeddingRNN(units=8), T, "mean 'hidden'"),
        "EmbeddingRNN of vectors": (
            lambda: d2l.EmbeddingRNN().init(d2l.Dataset("vectors", [[0.5]], [0])),
            V,
            "must be whole numbers, one for each word",
        ),
        "imdb_reviews of another part": (
            lambda: d2l.imdb_reviews("valid"),
            V,
            "part must be 'train' or 'test'",
        ),
    },
    "the track": {
        "a rule with its rate": (
            lambda: d2l.Contestant(d2l.SGD(0.1), {"learning_rate": (0.1, 1, "log")}),
            T,
            "must make rules",
        ),
        "a rule without its space": (
            lambda: d2l.run_track({"SGD": d2l.SGD}),
            T,
            "must be a Contestant",
        ),
        "other seeds": (lambda: d2l.sign_test([1, 2], [1]), V, "paired by their seeds"),
        "percent": (lambda: d2l.holm([5, 1]), V, "probabilities"),
        "a factor below 1": (
            lambda: d2l.performance_profile({"a": [1]}, [0.5]),
            V,
            "at least 1",
        ),
    },
    "beyond first order": {
        "a rule for a method": (lambda: d2l.bfgs(d2l.SGD(0.1)), T, "bfgs needs an Objective"),
        "no gradient": (lambda: d2l.lbfgs(lambda x: x @ x, start=[1, 2]), T, "needs the gradient"),
        "no start": (lambda: d2l.newton(sum, sum), T, "newton needs a start"),
        "x0": (lambda: d2l.newton(d2l.bowl, x0=[1, 2]), T, "Did you mean 'start'"),
        "an Objective and a gradient": (
            lambda: d2l.nonlinear_cg(d2l.bowl, lambda x: x),
            T,
            "takes an Objective alone",
        ),
        "many starts": (lambda: d2l.newton_cg(d2l.bowl, start=np.ones((3, 2))), V, "one start"),
        "a variant misspelled": (
            lambda: d2l.nonlinear_cg(d2l.bowl, variant="PR"),
            V,
            "'polak-ribiere' or 'fletcher-reeves'",
        ),
        "a scaling of elsewhere": (lambda: d2l.bfgs(d2l.bowl, scaling="newest"), V, "'first' or"),
        "memory 0": (lambda: d2l.lbfgs(d2l.bowl, memory=0), V, "at least 1"),
        "a value that is a vector": (
            lambda: d2l.bfgs(lambda x: x, lambda x: x, start=[1.0, 2.0]),
            T,
            "must be a number, but is an array of shape (2,)",
        ),
        "a direction that leads up": (
            lambda: d2l.line_search(lambda x: x @ x, lambda x: 2 * x, [1, 2], [1, 2]),
            V,
            "Has it lost its sign?",
        ),
        "constants exchanged": (
            lambda: d2l.line_search(lambda x: x @ x, lambda x: 2 * x, [1, 2], [-1, -2], c1=0.95),
            V,
            "0 < c1 < c2 < 1",
        ),
        "a matrix that is not symmetric": (
            lambda: d2l.conjugate_gradient([[1, 2], [0, 1]], [1, 1]),
            V,
            "A.T @ A",
        ),
        "a matrix with curvature below 0": (
            lambda: d2l.conjugate_gradient([[1, 0], [0, -1]], [1, 1]),
            V,
            "must be positive definite",
        ),
        "residuals that are one number": (
            lambda: d2l.gauss_newton(lambda x: x @ x, lambda x: 2 * x, [1.0, 2.0]),
            V,
            "must be a vector",
        ),
        "a Jacobian turned over": (
            lambda: d2l.gauss_newton(lambda x: np.ones(3), lambda x: np.ones((2, 3)), [1.0, 2.0]),
            V,
            "",
        ),
        "a product with a matrix": (
            lambda: d2l.hessian_product(np.eye(2), [1, 2], [1, 2]),
            T,
            "must be a function",
        ),
        "a vector that is too short": (lambda: d2l.flatten(PAIR)[1](np.ones(3)), V, "(4,)"),
    },
    "names": {
        "a rule misspelled": (lambda: d2l.RMSProp, A, "no 'RMSProp'. Did you mean 'RMSprop'?"),
        "a rule in small letters": (lambda: d2l.adam, A, "Did you mean 'Adam'?"),
        "a rule of elsewhere": (lambda: d2l.Adafactor, A, "dir(d2lmini) lists all"),
        "get_rule misspelled": (lambda: d2l.get_rule("rmsprp"), V, "mean 'RMSprop'? Known:"),
        "get_rule by number": (lambda: d2l.get_rule(3), V, "no update rule 3"),
        "get_rule with None": (lambda: d2l.get_rule(None), V, "no update rule None"),
        "get_rule with a rule": (lambda: d2l.get_rule(d2l.SGD(0.1)), V, "no update rule"),
        "get_rule with a class": (lambda: d2l.get_rule(d2l.SGD), V, "no update rule"),
        "get_rule with a full name": (
            lambda: d2l.get_rule("torch.optim.RMSprop"),
            V,
            "d2l.rule_like",
        ),
        "get_rule without a name": (lambda: d2l.get_rule(), T, "needs 'name'"),
        "get_rule, lr": (lambda: d2l.get_rule("sgd", lr=1), T, "mean 'learning_rate'"),
        "get_rule, rate by place": (lambda: d2l.get_rule("sgd", 0.1), T, "learning_rate=0.1"),
        "an unknown name": (lambda: d2l.frobnicate, A, "d2lmini has no 'frobnicate'. There are"),
        "a name of D2L": (lambda: d2l.train_ch11, A, "d2lmini.tensorflow"),
        "show_trace_2d": (lambda: d2l.show_trace_2d, A, "d2lmini.tensorflow"),
        "train_2d": (lambda: d2l.train_2d, A, "d2lmini.tensorflow"),
        "try_gpu": (lambda: d2l.try_gpu, A, "d2lmini.tensorflow"),
        "load_array": (lambda: d2l.load_array, A, "d2lmini.tensorflow"),
        "optim of PyTorch": (lambda: d2l.optim, A, "d2l.SGD"),
        "optimizers of Keras": (lambda: d2l.optimizer, A, "d2l.SGD"),
        "plot_trace": (lambda: d2l.plot_trace, A, "Did you mean 'plot_traces'"),
        "minimze": (lambda: d2l.minimze, A, "Did you mean 'minimize'"),
        "update": (lambda: d2l.update, A, "Did you mean 'update_rule'"),
        "Dataloader": (lambda: d2l.DataLoader, A, "Did you mean 'Dataset'"),
    },
    "a rule": {
        "argument misspelled": (
            lambda: d2l.SGD(momentun=0.9),
            T,
            "SGD has no hyperparameter 'momentun'. Did you mean 'momentum'?",
        ),
        "argument of another rule": (
            lambda: d2l.Adam(rho=0.9),
            T,
            "Adam has no hyperparameter 'rho'. Known: amsgrad, beta_1",
        ),
        **{
            f"{rule.__name__}, {theirs}": (
                lambda rule=rule, theirs=theirs: rule(**{theirs: 0.5}),
                T,
                f"{theirs!r}. Did you mean {ours!r}",
            )
            for rule, theirs, ours in [
                (d2l.SGD, "lr", "learning_rate"),
                (d2l.SGD, "eta", "learning_rate"),
                (d2l.SGD, "step_size", "learning_rate"),
                (d2l.SGD, "beta", "momentum"),
                (d2l.RMSprop, "alpha", "rho"),
                (d2l.RMSprop, "gamma", "rho"),
                (d2l.RMSprop, "decay_rate", "rho"),
                (d2l.RMSprop, "eps", "epsilon"),
                (d2l.Adadelta, "decay_rate", "rho"),
                (d2l.Adam, "b1", "beta_1"),
                (d2l.Adam, "b2", "beta_2"),
                (d2l.Adam, "beta1", "beta_1"),
                (d2l.Adam, "beta2", "beta_2"),
                (d2l.Adam, "Learning_Rate", "learning_rate"),
                (d2l.Adam, "ams_grad", "amsgrad"),
                (d2l.AdamW, "weight_decay_rate", "weight_decay"),
                (d2l.AdamW, "wd", "weight_decay"),
                (d2l.Adagrad, "initial_accumulator", "initial_accumulator_value"),
                (d2l.SGD, "nestrov", "nesterov"),
            ]
        },
        **{
            f"{name}=": (lambda name=name: d2l.Adam(**{name: 1}), T, sentence)
            for name, sentence in {
                "betas": "Write the two decays apart",
                "params": "give them to init and step",
                "clipnorm": "d2l.Pipeline(rule, global_clipnorm=1.0)",
                "clipvalue": "d2l.Pipeline(rule, global_clipnorm=1.0)",
                "global_clipnorm": "global_clipnorm",
                "dampening": "leave it out",
                "decay": "d2l.InverseTimeDecay(",
                "lr_decay": "d2l.InverseTimeDecay(",
                "name": "It would not change the steps",
                "use_ema": "d2l.Pipeline(rule, use_ema=True)",
                "fused": "leave it out",
                "foreach": "leave it out",
                "maximize": "with the other sign",
                "schedule": "learning_rate",
                "bias_correction": "Known:",
            }.items()
        },
        **no_numbers(d2l.SGD, "ragged"),
        **{
            f"momentum {name}": case
            for name, case in no_numbers(lambda v: d2l.SGD(0.1, v), "ragged").items()
        },
        "rate in a list": (lambda: d2l.SGD([0.1, 0.4]), T, "np.array(values)[:, None]"),
        "rate in a tuple": (lambda: d2l.SGD((0.1,)), T, "must be one number, but is a tuple"),
        "rate in an empty list": (lambda: d2l.SGD([]), T, "must be one number, but is a list"),
        "rate in an empty array": (lambda: d2l.SGD(np.array([])), V, "without entries"),
        "rate ragged": (lambda: d2l.SGD([[0.1], [0.2, 0.3]]), T, "must be one number"),
        "rate True": (lambda: d2l.SGD(True), T, "must be a number, but is True"),
        "momentum False": (lambda: d2l.SGD(0.1, False), T, "must be a number, but is False"),
        "rates of booleans": (lambda: d2l.SGD(np.array([True])), T, "True or False"),
        "rate negative": (
            lambda: d2l.SGD(-0.1),
            V,
            "must not be negative, but is -0.1. The rule already subtracts",
        ),
        "rate negative in an array": (
            lambda: d2l.SGD(np.array([0.1, -0.1])),
            V,
            "must not be negative",
        ),
        "rate a class": (lambda: d2l.SGD(d2l.CosineDecay), T, "an instance of it, CosineDecay(…)"),
        "rate a rule": (lambda: d2l.SGD(d2l.Adam()), T, "must be a number, but is Adam"),
        "momentum a function": (
            lambda: d2l.SGD(momentum=lambda k: 0.9),
            T,
            "Only the learning rate may be a function of the step",
        ),
        "epsilon a schedule": (
            lambda: d2l.Adam(epsilon=d2l.CosineDecay(0.1, 10)),
            T,
            "Only the learning rate",
        ),
        "momentum 1": (lambda: d2l.SGD(momentum=1), V, "momentum must be in [0, 1)"),
        "beta_1 1": (lambda: d2l.Adam(beta_1=1.0), V, "beta_1 must be in [0, 1)"),
        "beta in percent": (lambda: d2l.Adam(beta_1=90), V, "beta_1 must be in [0, 1)"),
        "rho above 1": (lambda: d2l.RMSprop(rho=1.1), V, "rho must be in [0, 1)"),
        "rho negative": (lambda: d2l.RMSprop(rho=-0.1), V, "rho must not be negative"),
        "beta in an array": (
            lambda: d2l.Adam(beta_1=np.array([0.9, 1.0])),
            V,
            "beta_1 must be in [0, 1)",
        ),
        "epsilon negative": (lambda: d2l.Adam(epsilon=-1e-7), V, "epsilon must not be"),
        "epsilon None": (lambda: d2l.Adam(epsilon=None), T, "is None"),
        "epsilon in text": (lambda: d2l.Adam(epsilon="1e-7"), T, "holds text"),
        "weight_decay negative": (lambda: d2l.AdamW(weight_decay=-1), V, "weight_decay must not"),
        "weight_decay True": (lambda: d2l.SGD(weight_decay=True), T, "must be a number"),
        "accumulator negative": (
            lambda: d2l.Adagrad(initial_accumulator_value=-1),
            V,
            "must not be negative",
        ),
        "nesterov a number": (lambda: d2l.SGD(nesterov=0.9), T, "must be True or False"),
        "nesterov 1": (lambda: d2l.SGD(0.1, 0.9, 1), T, "must be True or False, but is 1"),
        "nesterov None": (lambda: d2l.SGD(nesterov=None), T, "must be True or False"),
        "amsgrad in text": (lambda: d2l.Adam(amsgrad="yes"), T, "must be True or False"),
        "arrays that do not fit": (
            lambda: d2l.SGD(np.ones(3), momentum=np.zeros(4)),
            V,
            "shapes (n, 1) and (1, m)",
        ),
        # As in PyTorch.
        "parameters first": (lambda: d2l.SGD([np.zeros(3)], 0.1), T, "give them to init and step"),
        "a dict of parameters first": (lambda: d2l.SGD(PAIR, 0.1), T, "give them to init and step"),
        "model.parameters() first": (
            lambda: d2l.SGD((w for w in [FLAT]), lr=0.1),
            T,
            "'lr'",
        ),
        "a tuple of betas": (lambda: d2l.Adam(0.1, (0.9, 0.999)), T, "beta_1=…, beta_2=…"),
        "a list of betas": (lambda: d2l.Adam(0.1, [0.9, 0.999]), T, "beta_1=…, beta_2=…"),
        "betas for beta_1": (lambda: d2l.Nadam(beta_1=(0.9, 0.999)), T, "beta_1=…, beta_2=…"),
        "too many arguments": (
            lambda: d2l.SGD(0.1, 0.9, True, None, 5),
            T,
            "SGD has 4 hyperparameters, but got 5 values",
        ),
        "an argument twice": (lambda: d2l.SGD(0.1, learning_rate=0.2), T, "twice"),
        # What a rule has.
        "set an attribute": (frozen_rate, A, "A rule never changes, so learning_rate cannot be"),
        "delete an attribute": (removed_rate, A, "A rule never changes"),
        "called": (lambda: d2l.SGD(0.1)(FLAT, FLAT), T, "rule.step(x, g, state)"),
        **{
            f".{name}": (lambda name=name: getattr(d2l.SGD(0.1), name), A, sentence)
            for name, sentence in {
                "apply": "rule.step(x, g, state)",
                "apply_gradients": "rule.step(x, g, state)",
                "minimize": "d2l.minimize",
                "zero_grad": "A rule holds no parameters",
                "param_groups": "A rule holds no parameters",
                "variables": "A rule holds no parameters",
                "update_step": "A rule",
                "get_config": "vars(rule)",
                "state_dict": "vars(rule)",
                "lr": "rule.learning_rate",
                "momentun": "Did you mean 'momentum'?",
                "stepp": "Did you mean 'step'?",
                "state": "rule.init(x)",
                "iterations": "state['t']",
                "rho": "Known:",
            }.items()
        },
    },
    "a rule of one's own": {
        "a field named like a method": (
            lambda: own_field("step"),
            T,
            "a hyperparameter cannot be called 'step'",
        ),
        "a field named like another method": (lambda: own_field("rate"), T, "called 'rate'"),
        "a default that is a list": (
            lambda: own_field("betas", [0.9]),
            T,
            "the default of 'betas'",
        ),
        "update returns complex numbers": (
            lambda: run(own(lambda self, x, g, t, eta: (x - eta * g + 0j, {}))),
            T,
            "of the type complex128",
        ),
        "update returns whole numbers": (
            lambda: run(own(lambda self, x, g, t, eta: ((x - eta * g).astype(int), {}))),
            T,
            "of the type int64",
        ),
        "update returns parameters in a list": (
            lambda: run(own(lambda self, x, g, t, eta: (list(x - eta * g), {}))),
            T,
            "the new parameters are a list",
        ),
        "update with too few arguments": (
            lambda: run(own(lambda self, x, g: (x - g, {}))),
            T,
            "(self, x, g, t, eta)",
        ),
        "update with another letter": (
            lambda: run(own(lambda self, x, g, t, eta, m: (x - m, {"m": g}), velocity)),
            T,
            "(self, x, g, t, eta, v)",
        ),
        "update that returns one array for all": (
            lambda: run(own(into_one_array())),
            V,
            "Return a new one each time",
        ),
        "its own __init__, without the decorator": (
            lambda: run(OwnInit(0.1)),
            T,
            "write @d2l.update_rule above its class",
        ),
        "no decorator": (lambda: Undecorated(), T, "write @d2l.update_rule above its class"),
        "no decorator, arguments": (lambda: Undecorated(learning_rate=0.1), T, "@d2l.update_rule"),
        "@dataclass": (lambda: run(PlainDataclass()), T, "@d2l.update_rule"),
        "Rule itself": (lambda: d2l.Rule(0.1), T, "help(d2l.Rule) has an example"),
        "no learning rate": (
            lambda: d2l.update_rule(type("Mine", (d2l.Rule,), {})),
            T,
            "learning_rate: float = 0.01",
        ),
        "a rate without a type": (
            lambda: d2l.update_rule(type("Mine", (d2l.Rule,), {"learning_rate": 0.1})),
            T,
            "learning_rate: float = 0.01",
        ),
        "not a subclass": (lambda: d2l.update_rule(type("Mine", (), {})), T, "of d2l.Rule, but"),
        "above a function": (lambda: d2l.update_rule(step), T, "but step is none"),
        "above None": (lambda: d2l.update_rule(None), T, "above a subclass of d2l.Rule"),
        "with parentheses": (lambda: d2l.update_rule(), T, "needs 'rule'"),
        "an instance": (lambda: d2l.update_rule(d2l.SGD(0.1)), T, "above a subclass of d2l.Rule"),
        "no update": (lambda: run(own(d2l.Rule.update)), T, "has no equations yet"),
        "update returns x only": (
            lambda: run(own(lambda self, x, g, t, eta: x - eta * g)),
            T,
            "must return the new parameters and a dict",
        ),
        "update returns nothing": (
            lambda: run(own(lambda self, x, g, t, eta: None)),
            T,
            "must return the new parameters and a dict",
        ),
        "update returns a list": (
            lambda: run(own(lambda self, x, g, t, eta: [x, {}, 1])),
            T,
            "must return the new parameters and a dict",
        ),
        "update returns a tuple of arrays": (
            lambda: run(with_velocity(lambda x, v: (x, v))),
            T,
            "with the fields ['v']",
        ),
        "update forgets a field": (
            lambda: run(with_velocity(lambda x, v: (x, {}))),
            T,
            "with the fields ['v']",
        ),
        "update renames a field": (
            lambda: run(with_velocity(lambda x, v: (x, {"m": v}))),
            T,
            "with the fields ['v']",
        ),
        "update adds a field": (
            lambda: run(own(lambda self, x, g, t, eta: (x, {"v": g}))),
            T,
            "with the fields []",
        ),
        "update changes the shape": (
            lambda: run(own(lambda self, x, g, t, eta: (x[:1], {}))),
            V,
            "shaped as they were",
        ),
        "update makes a column": (
            lambda: step(own(lambda self, x, g, t, eta: (x[:, None] - g, {})), FLAT, FLAT),
            V,
            "shaped as they were",
        ),
        "update changes a state's shape": (
            lambda: run(with_velocity(lambda x, v: (x, {"v": v.sum()}))),
            V,
            "'v' went from (2,) to ()",
        ),
        "update in place": (lambda: run(own(in_place)), V, "Write x = x - …, not x -= …"),
        "update of a state in place": (
            lambda: run(own(in_place_state, velocity)),
            V,
            "Write x = x - …, not x -= …",
        ),
        "update in place, one step": (
            lambda: step(own(in_place), FLAT, FLAT),
            V,
            "changes its arguments in place",
        ),
        "update in place, training": (
            lambda: train(rule=own(in_place)),
            V,
            "changes its arguments in place",
        ),
        "zero_state returns an array": (
            lambda: run(own(lambda self, x, g, t, eta, v: (x, {"v": v}), lambda self, x: x)),
            T,
            "zero_state",
        ),
        "zero_state returns None": (
            lambda: run(own(lambda self, x, g, t, eta: (x, {}), lambda self, x: None)),
            T,
            "zero_state",
        ),
        "zero_state has a t": (
            lambda: run(own(lambda self, x, g, t, eta: (x, {}), lambda self, x: {"t": 0, "v": x})),
            T,
            "zero_state",
        ),
        "unknown hyperparameter": (lambda: OwnSignum(lr=0.1), T, "Did you mean 'learning_rate'"),
        "momentum 1": (lambda: OwnSignum(momentum=1.0), V, "must be in [0, 1)"),
        "a rate in text": (lambda: OwnSignum("0.1"), T, "holds text"),
    },
    "init": {
        "infinite": (
            lambda: d2l.SGD().init([1.0, np.inf]),
            V,
            "x holds a value that is nan or infinite, at index 1",
        ),
        "ragged": (
            lambda: d2l.SGD().init([[1, 2], [3]]),
            T,
            "Put parameters of different shapes into a list of NumPy arrays",
        ),
        "in quotes": (lambda: d2l.SGD().init(["a"]), T, "np.asarray(values,"),
        "an empty dict": (lambda: d2l.SGD().init({}), V, "the dict is empty"),
        "an empty list": (lambda: d2l.SGD().init([]), V, "the list is empty"),
        "an empty tuple": (lambda: d2l.SGD().init(()), V, "the tuple is empty"),
        "nothing": (lambda: d2l.SGD().init(), T, "init needs 'x'"),
        "two arguments": (lambda: d2l.SGD().init(FLAT, FLAT), T, "init takes 1 argument"),
        "nested dicts": (lambda: d2l.SGD().init({"layer": {"w": FLAT}}), T, "x['layer']"),
        "a dict of text": (lambda: d2l.Adam().init({"w": "0.1"}), T, "x['w']"),
        "a set of arrays": (lambda: d2l.Adam().init({1.0, 2.0}), T, "a set"),
        "a Dataset": (lambda: d2l.Adam().init(DATA), T, "a Dataset"),
        "a model": (lambda: d2l.Adam().init(MODEL), T, "a LinearRegression"),
        **no_numbers(d2l.Adam().init, "a dict", "ragged"),
    },
    "step": {
        "a state of complex numbers": (
            lambda: step(d2l.SGD(0.1, 0.9), FLAT, FLAT, {"t": 0, "v": FLAT * 1j}),
            T,
            "must hold real numbers",
        ),
        "a state of text": (
            lambda: step(d2l.SGD(0.1, 0.9), FLAT, FLAT, {"t": 0, "v": np.array(["a"] * 3)}),
            T,
            "must hold real numbers",
        ),
        "flat parameters, gradient a column": (
            lambda: step(d2l.SGD(), FLAT, COLUMN),
            V,
            "Flatten the column with .ravel()",
        ),
        "parameters a column, gradient flat": (
            lambda: step(d2l.SGD(), COLUMN, FLAT),
            V,
            "make the vector a column with [:, None]",
        ),
        "gradient of another shape": (
            lambda: step(d2l.SGD(), FLAT, np.ones(4)),
            V,
            "The gradient has shape (4,), but the parameter has shape (3,)",
        ),
        "gradient a number": (lambda: step(d2l.SGD(), FLAT, 1.0), V, "must have the same shape"),
        "gradient that would broadcast": (
            lambda: step(d2l.SGD(), np.ones((2, 3)), FLAT),
            V,
            "must have the same shape",
        ),
        "gradient of a part": (
            lambda: step(d2l.SGD(), {"w": FLAT}, {"w": COLUMN}),
            V,
            "The gradient of parameter 'w'",
        ),
        "gradient not a list": (
            lambda: step(d2l.SGD(), [FLAT, FLAT], FLAT),
            V,
            "those are a list of 2 arrays, but the gradient is a single array",
        ),
        "gradient a dict for a list": (
            lambda: step(d2l.SGD(), [FLAT, FLAT], {0: FLAT, 1: FLAT}),
            V,
            "those are a list of 2 arrays",
        ),
        "gradient too short a list": (
            lambda: step(d2l.SGD(), [FLAT, FLAT], [FLAT]),
            V,
            "the gradient is a list of 1 array",
        ),
        "gradient with other keys": (
            lambda: step(d2l.SGD(), {"w": FLAT}, {"v": FLAT}),
            V,
            "a dict with keys ['v']",
        ),
        "gradient nan": (
            lambda: step(d2l.SGD(), FLAT, FLAT * np.nan),
            V,
            "The gradient holds 3 values that are nan or infinite, the first at index 0",
        ),
        "parameters infinite": (
            lambda: d2l.SGD().step(FLAT / 0.0 if False else FLAT * np.inf, FLAT, {"t": 0}),
            V,
            "The parameters hold 3 values that are nan or infinite",
        ),
        "gradient huge": (lambda: step(d2l.SGD(), FLAT, [1e400, 0, 0]), V, "nan or infinite"),
        "no gradient": (lambda: d2l.SGD().step(FLAT), T, "step needs 'g' and 'state'"),
        "no state": (lambda: d2l.SGD().step(FLAT, FLAT), T, "step needs 'state'"),
        "gradient by another name": (
            lambda: d2l.SGD().step(FLAT, grad=FLAT, state=d2l.SGD().init(FLAT)),
            T,
            "no argument 'grad'",
        ),
        "an empty state": (lambda: d2l.SGD().step(FLAT, FLAT, {}), T, "rule.init(x)"),
        "state None": (lambda: d2l.SGD().step(FLAT, FLAT, None), T, "but is None. Begin with"),
        "state a number": (lambda: d2l.SGD().step(FLAT, FLAT, 1), T, "but is 1. Begin with"),
        "state the parameters": (lambda: d2l.SGD().step(FLAT, FLAT, FLAT), T, "Begin with"),
        "state what step returned": (
            lambda: d2l.Adam().step(FLAT, FLAT, step(d2l.Adam(), FLAT, FLAT)),
            T,
            "Begin with",
        ),
        "Adam with SGD's state": (
            lambda: d2l.Adam().step(FLAT, FLAT, d2l.SGD().init(FLAT)),
            V,
            "This is a state of SGD, not of Adam",
        ),
        "SGD with Adam's state": (
            lambda: d2l.SGD().step(FLAT, FLAT, d2l.Adam().init(FLAT)),
            V,
            "This is a state of Adam, not of SGD",
        ),
        "RMSprop's state in Adagrad": (
            lambda: d2l.Adagrad().step(FLAT, FLAT, d2l.RMSprop().init(FLAT)),
            V,
            "This is a state of RMSprop, not of Adagrad",
        ),
        "Adam's state as a plain dict in SGD": (
            lambda: d2l.SGD().step(FLAT, FLAT, dict(d2l.Adam().init(FLAT))),
            V,
            "A state of SGD has the fields ['t']",
        ),
        "momentum's state without momentum": (
            lambda: d2l.SGD().step(FLAT, FLAT, d2l.SGD(momentum=0.9).init(FLAT)),
            V,
            "A state of SGD has the fields ['t']",
        ),
        "state without momentum, with momentum": (
            lambda: d2l.SGD(momentum=0.9).step(FLAT, FLAT, d2l.SGD().init(FLAT)),
            V,
            "has the fields ['t', 'v']",
        ),
        **{
            f"{rule.__name__}, state of {name}": (
                lambda rule=rule, x=x: rule(0.1).step(FLAT, FLAT, rule(0.1).init(x)),
                V,
                "is not shaped like the parameters",
            )
            for name, x in {
                "a column": COLUMN,
                "one number": np.ones(1),
                "two numbers": np.ones(2),
                "a dict": {"w": FLAT},
                "a list": [FLAT],
            }.items()
            for rule in (d2l.Adam, d2l.RMSprop, d2l.Adadelta)
        },
        "array state for a dict": (
            lambda: d2l.Adam().step({"w": FLAT}, {"w": FLAT}, d2l.Adam().init(FLAT)),
            V,
            "is not shaped like the parameters",
        ),
        "state of another dict": (
            lambda: d2l.Adam().step({"w": FLAT}, {"w": FLAT}, d2l.Adam().init({"v": FLAT})),
            V,
            "is not shaped like the parameters",
        ),
        **{
            f"{rule.__name__} without epsilon, a zero gradient": (
                lambda rule=rule: step(rule(epsilon=0), FLAT, FLAT * 0),
                V,
                "divides zero by zero where a gradient is zero: it has not diverged",
            )
            for rule in (d2l.RMSprop, d2l.Adadelta, d2l.Adam, d2l.AdamW, d2l.Adamax, d2l.Nadam)
        },
        "t negative": (
            lambda: d2l.Adam().step(FLAT, FLAT, d2l.Adam().init(FLAT) | {"t": -1}),
            V,
            "'t' must be a whole number from 0, but is -1",
        ),
        "t a float": (
            lambda: d2l.SGD().step(FLAT, FLAT, {"t": 0.5}),
            V,
            "'t' must be a whole number from 0, but is 0.5",
        ),
        "t True": (lambda: d2l.SGD().step(FLAT, FLAT, {"t": True}), V, "but is True"),
        "t None": (lambda: d2l.SGD().step(FLAT, FLAT, {"t": None}), V, "but is None"),
        "a state that was changed": (
            lambda: d2l.SGD(0.1, 0.9).step(
                FLAT, FLAT, state_of(d2l.SGD(0.1, 0.9), FLAT) | {"v": COLUMN}
            ),
            V,
            "is not shaped like the parameters",
        ),
        **no_numbers(lambda g: step(d2l.SGD(), FLAT, g), "ragged", "a dict"),
        "parameters that require a gradient": (
            lambda: d2l.SGD().step(Tensor(), FLAT, {"t": 0}),
            T,
            ".detach().numpy()",
        ),
    },
    "a schedule": {
        **{
            f"returns {name}": (
                lambda value=value: run(d2l.SGD(lambda step: value)),
                T,
                f"What the schedule of SGD returned for step 1 must be {wanted}",
            )
            for name, value, wanted in [
                ("None", None, "real numbers, but this is None"),
                ("text", "0.1", "real numbers, but this holds text"),
                ("an array", np.array([0.1, 0.2]), "one number, but is an array of shape (2,)"),
                ("a list", [0.1], "one number, but is a list"),
                ("a complex number", 0.1j, "real numbers, but these are complex"),
                ("a dict", {}, "real numbers, but this is a dict"),
                ("a function", lambda: 0.1, "real numbers, but this is the function lambda"),
                ("True", True, "a number, but is True"),
            ]
        },
        "returns nan": (lambda: run(d2l.SGD(lambda step: np.nan)), V, "nan or infinite"),
        "returns inf": (lambda: run(d2l.SGD(lambda step: np.inf)), V, "nan or infinite"),
        "returns a negative rate": (
            lambda: run(d2l.SGD(lambda step: 0.1 - 0.1 * step)),
            V,
            "returned -0.1 for step 3: the rule already subtracts",
        ),
        "negative in training": (
            lambda: train(rule=d2l.SGD(lambda step: -0.1)),
            V,
            "the rule already subtracts",
        ),
        "negative in step": (
            lambda: step(d2l.Adam(lambda step: -0.1), FLAT, FLAT),
            V,
            "the rule already subtracts",
        ),
        "without an argument": (lambda: d2l.SGD(lambda: 0.1), T, "lambda step: 0.1 / (1 + step)"),
        "of two arguments": (lambda: d2l.SGD(lambda a, b: 0.1), T, "called with one number"),
        "of keywords": (lambda: d2l.SGD(lambda *, step: 0.1), T, "called with one number"),
        "divides by zero": (
            lambda: run(d2l.SGD(lambda step: 0.1 / step)),
            V,
            "divides by zero at step 1",
        ),
        **{
            f"{name} of {what}": (
                lambda name=name, arguments=arguments: getattr(d2l, name)(*arguments),
                error,
                sentence,
            )
            for name in ("ExponentialDecay", "InverseTimeDecay")
            for what, arguments, error, sentence in [
                ("decay_steps=0", (0.1, 0, 0.9), V, "decay_steps must be above 0"),
                ("decay_steps=-1", (0.1, -1, 0.9), V, "decay_steps must not be negative"),
                ("a negative rate", (-0.1, 10, 0.9), V, "initial_learning_rate must not be"),
                ("a negative decay", (0.1, 10, -0.9), V, "decay_rate must not be negative"),
                ("text", ("0.1", 10, 0.9), T, "holds text"),
                ("None", (None, 10, 0.9), T, "this is None"),
                ("a list", ([0.1], 10, 0.9), T, "must be one number, but is a list"),
                ("nan", (np.nan, 10, 0.9), V, "nan or infinite"),
                ("True", (True, 10, 0.9), T, "must be a number, but is True"),
                ("a function", (0.1, 10, abs), T, "this is the function abs"),
                ("too little", (0.1,), T, "needs 'decay_steps' and 'decay_rate'"),
                ("too much", (0.1, 1, 0.9, 1, 1), T, "takes 4 arguments by place"),
                ("arrays that do not fit", (np.ones(2), 1, np.ones(3)), V, "do not fit together"),
            ]
        },
        "InverseTimeDecay called at None": (
            lambda: d2l.InverseTimeDecay(0.1, 10, 0.5)(None),
            T,
            "step",
        ),
        "CosineDecay called with text": (lambda: d2l.CosineDecay(0.1, 10)("1"), T, "step"),
        "CosineDecay of decay_steps=0": (lambda: d2l.CosineDecay(0.1, 0), V, "above 0"),
        "CosineDecay of alpha 2": (lambda: d2l.CosineDecay(0.1, 10, 2.0), V, "alpha"),
        "CosineDecay of alpha -1": (lambda: d2l.CosineDecay(0.1, 10, -1.0), V, "not be negative"),
        "CosineDecay with warmup_steps": (
            lambda: d2l.CosineDecay(0.1, 10, warmup_steps=5),
            V,
            "without a warmup_target would do nothing",
        ),
        "CosineDecay with lr": (
            lambda: d2l.CosineDecay(lr=0.1, decay_steps=10),
            T,
            "mean 'initial_learning_rate'",
        ),
        "CosineDecay with T_max": (
            lambda: d2l.CosineDecay(0.1, T_max=10),
            T,
            "mean 'decay_steps'",
        ),
        "ExponentialDecay with a staircase of 1": (
            lambda: d2l.ExponentialDecay(0.1, 10, 0.9, staircase=1),
            T,
            "staircase must be True or False",
        ),
        "PolynomialDecay with gamma": (
            lambda: d2l.PolynomialDecay(0.1, 10, gamma=0.5),
            T,
            "has no argument 'gamma'",
        ),
        "PolynomialDecay to -1": (
            lambda: d2l.PolynomialDecay(0.1, 10, -1.0),
            V,
            "end_learning_rate must not be negative",
        ),
        "waves that get shorter": (
            lambda: d2l.CosineDecayRestarts(0.1, 10, t_mul=0.5),
            V,
            "t_mul must be at least 1",
        ),
        "waves of no length": (
            lambda: d2l.CosineDecayRestarts(0.1, 0),
            V,
            "first_decay_steps must be above 0",
        ),
        "waves of many lengths": (
            lambda: d2l.CosineDecayRestarts(0.1, np.array([5.0, 9.0])),
            T,
            "first_decay_steps must be one number",
        ),
        "Warmup of text": (lambda: d2l.Warmup("0.1", 10), T, "holds text"),
        "Warmup of a negative rate": (lambda: d2l.Warmup(-0.1, 10), V, "not be a negative rate"),
        "InverseRootDecay in no steps": (lambda: d2l.InverseRootDecay(0.1, 0), V, "above 0"),
        "Warmup for half a step": (lambda: d2l.Warmup(0.1, 0.5), (T, V), "warmup_steps"),
        "Warmup by a class": (lambda: d2l.Warmup(d2l.CosineDecay, 5), T, "an instance of a"),
        "Warmup by a rule": (lambda: d2l.Warmup(d2l.SGD(0.1), 5), T, "A rule takes the whole"),
        "OneCycle of two steps": (lambda: d2l.OneCycle(0.1, 2), V, "Take more steps"),
        "OneCycle in percent": (lambda: d2l.OneCycle(0.1, 100, pct_start=30), V, "at most 1"),
        "OneCycle with a fall of 0": (
            lambda: d2l.OneCycle(0.1, 100, final_div_factor=0.0),
            V,
            "final_div_factor must be above 0",
        ),
        "WarmupStableDecay of fractions": (
            lambda: d2l.WarmupStableDecay(0.1, 0.1, 0.7, 0.2),
            (T, V),
            "warmup_steps must be a whole number",
        ),
        "WarmupStableDecay without a decay": (
            lambda: d2l.WarmupStableDecay(0.1, 10, 10, 0),
            V,
            "decay_steps must be above 0",
        ),
        "plot_schedules of a list": (
            lambda: d2l.plot_schedules([d2l.CosineDecay(0.1, 10)], 10),
            T,
            "each schedule under its name",
        ),
        "plot_schedules of a rule": (
            lambda: d2l.plot_schedules({"SGD": d2l.SGD(0.1)}, 10),
            T,
            "learning_rate",
        ),
        "plot_schedules of many rates": (
            lambda: d2l.plot_schedules({"two": d2l.CosineDecay(np.array([0.1, 0.2]), 10)}, 10),
            V,
            "one rate a schedule",
        ),
        "plot_schedules without steps": (
            lambda: d2l.plot_schedules({"cosine": d2l.CosineDecay(0.1, 10)}),
            T,
            "steps",
        ),
        "ExponentialDecay with gamma": (
            lambda: d2l.ExponentialDecay(0.1, 10, gamma=0.9),
            T,
            "mean 'decay_rate'",
        ),
        "ExponentialDecay misspelled": (
            lambda: d2l.ExponentialDecay(0.1, 10, decay_rat=0.9),
            T,
            "mean 'decay_rate'",
        ),
        **{
            f"PiecewiseConstantDecay of {what}": (
                lambda arguments=arguments: d2l.PiecewiseConstantDecay(*arguments),
                error,
                sentence,
            )
            for what, arguments, error, sentence in [
                ("a number", (10, [0.1, 0.01]), T, "boundaries must be a list of numbers"),
                ("text", ("10", [0.1, 0.01]), T, "boundaries must be a list of numbers"),
                ("None", (None, [0.1]), T, "boundaries must be a list of numbers"),
                ("a dict", ({1: 0.1}, [0.1, 0.01]), T, "boundaries must be a list of numbers"),
                ("one rate", ([10], 0.1), T, "values must be a list of numbers"),
                ("a negative rate", ([10], [-0.1, 0.2]), V, "one of the rates is negative"),
                ("halves", ([1.5], [0.1, 0.2]), V, "each of the boundaries must be a whole"),
                ("too few rates", ([10], [0.1]), V, "as many values are needed"),
                ("falling boundaries", ([10, 5], [0.1, 0.2, 0.3]), V, "must increase"),
                ("equal boundaries", ([5, 5], [0.1, 0.2, 0.3]), V, "must increase"),
                ("rates in text", ([5], ["a", "b"]), T, "holds text"),
                ("rates None", ([5], [None, 0.1]), T, "is None"),
                ("nothing", (), T, "needs 'boundaries' and 'values'"),
            ]
        },
    },
    "Objective": {
        "a value that changes its point": (
            lambda: surface(shifted)(np.ones(2)),
            V,
            "changes the point that it is given",
        ),
        "a gradient that changes its point": (lambda: on(shifted), V, "Write x = x - …"),
        "a value with noise": (
            lambda: run(d2l.SGD(), surface(lambda x: x @ x + NOISE.normal())),
            V,
            "the value has noise",
        ),
        "noisy in words": (lambda: surface(noisy="no"), T, "noisy must be True or False"),
        "gradient at a point of three": (
            lambda: d2l.bowl.gradient(np.ones(3)),
            V,
            "a function of 2 coordinates",
        ),
        "gradient of a quadratic at a point of three": (
            lambda: d2l.quadratic(np.eye(2)).gradient(np.ones(3)),
            V,
            "a function of 2 coordinates",
        ),
        "hessian at text": (lambda: d2l.bowl.hessian(["a", "b"]), T, "holds text"),
        "a formula that is a number": (lambda: surface(formula=3), T, "the formula must be text"),
        "grad": (lambda: d2l.bowl.grad, A, "An Objective has no 'grad'. Did you mean 'gradient'"),
        "no function": (lambda: d2l.Objective("mine", 3.0, start=FLAT), T, "lambda x: x[0] ** 2"),
        "text for the function": (lambda: d2l.Objective("mine", "x**2", start=1.0), T, "but is"),
        "the function first": (
            lambda: d2l.Objective(lambda x: x**2, start=1.0),
            T,
            "needs 'value'",
        ),
        "the function for the name": (
            lambda: d2l.Objective(lambda x: x**2, lambda x: 2 * x, start=1.0),
            T,
            "name must be text",
        ),
        "gradient an array": (
            lambda: surface(gradient=np.ones(2)),
            T,
            "gradient must be a function of a point",
        ),
        "hessian a matrix": (lambda: surface(hessian=np.eye(2)), T, "hessian must be a function"),
        "no start": (lambda: d2l.Objective("mine", lambda x: x**2), V, "needs a start"),
        "start a table": (lambda: surface(start=np.ones((2, 2))), V, "must be one point"),
        "start empty": (lambda: surface(start=[]), V, "must be one point"),
        "start in a list of one": (lambda: surface(start=[2.0]), V, "pass start=2.0"),
        **{
            f"start {name}": case
            for name, case in no_numbers(lambda v: surface(start=v), "None").items()
        },
        "domain a pair": (lambda: surface(domain=(-1, 1)), V, "a (low, high) for each coordinate"),
        "domain of one, two coordinates": (
            lambda: surface(domain=[(-1, 1)]),
            V,
            "the domain has 1 interval, but the start has 2 coordinates",
        ),
        "domain of a quadratic": (
            lambda: d2l.quadratic(np.eye(2), domain=[(-1, 1)]),
            V,
            "the domain has 1 interval, but the start has 2 coordinates",
        ),
        "domain turned over": (lambda: surface(domain=[(1, -1)] * 2), V, "a (low, high) for each"),
        "domain in text": (lambda: surface(domain="all"), V, "a (low, high) for each"),
        "domain nan": (lambda: surface(domain=[(0, np.nan)] * 2), V, "nan or infinite"),
        "minimizers flat": (lambda: surface(minimizers=[1.0, 0.0]), V, "one point a row"),
        "minimizers of three": (lambda: surface(minimizers=[[1, 2, 3]]), V, "one point a row"),
        "an unknown argument": (lambda: surface(grad=None), T, "mean 'gradient'"),
        "fun": (lambda: d2l.Objective("mine", fun=np.sum, start=FLAT), T, "mean 'value'"),
        "x0": (lambda: d2l.Objective("mine", np.sum, x0=FLAT), T, "mean 'start'"),
        "jac": (lambda: d2l.Objective("mine", np.sum, jac=abs, start=FLAT), T, "mean 'gradient'"),
        "called with three coordinates": (lambda: d2l.bowl([1, 2, 3]), V, "of 2 coordinates"),
        "called with two numbers": (lambda: d2l.bowl(1, 2), T, "takes 1 argument by place"),
        "called with a number": (lambda: d2l.bowl(1.0), V, "of 2 coordinates"),
        **{
            f"called with {name}": case
            for name, case in no_numbers(d2l.bowl, "ragged", "masked").items()
        },
        "changed": (
            lambda: setattr(d2l.bowl, "start", FLAT),
            A,
            "dataclasses.replace(objective, start=…)",
        ),
        "quadratic not square": (lambda: d2l.quadratic(np.ones((2, 3))), V, "square, symmetric"),
        "quadratic not symmetric": (lambda: d2l.quadratic([[1, 2], [0, 1]]), V, "(Q + Q.T) / 2"),
        "quadratic of a vector": (lambda: d2l.quadratic([1, 2]), V, "square, symmetric"),
        "quadratic of a number": (lambda: d2l.quadratic(2.0), V, "square, symmetric"),
        "quadratic of one entry": (lambda: d2l.quadratic([[2.0]]), V, "d2l.parabola"),
        "quadratic of text": (lambda: d2l.quadratic("eye"), T, "holds text"),
        "quadratic of nan": (lambda: d2l.quadratic([[np.nan, 0], [0, 1]]), V, "nan or infinite"),
        "quadratic of nothing": (lambda: d2l.quadratic(np.empty((0, 0))), V, "square, symmetric"),
        "quadratic with a wrong start": (
            lambda: d2l.quadratic(np.eye(2), start=FLAT),
            V,
            "coordinates",
        ),
    },
    "around a rule": {
        "unscale by 0": (lambda: d2l.unscale(FLAT, 0), V, "scale must be above 0"),
        "unscale by None": (lambda: d2l.unscale(FLAT, None), T, "this is None"),
        "accumulate other shapes": (lambda: d2l.accumulate(FLAT, COLUMN), V, ".ravel()"),
        "accumulate other keys": (lambda: d2l.accumulate(PAIR, FLAT), V, "must be built like"),
        "clip_value at 0": (lambda: d2l.clip_value(FLAT, 0), V, "clipvalue must be above 0"),
        "clip_value, two": (lambda: d2l.clip_value(FLAT, (-1, 1)), T, "must be one number"),
        "clip_norm at -1": (lambda: d2l.clip_norm(FLAT, -1.0), V, "clipnorm must be above 0"),
        "clip_norm, max_norm=": (lambda: d2l.clip_norm(FLAT, max_norm=1), T, "max_norm"),
        "clip_global_norm of text": (lambda: d2l.clip_global_norm("g", 1.0), T, "text"),
        "clip_global_norm at None": (lambda: d2l.clip_global_norm(FLAT, None), T, "this is None"),
        "global_norm of None": (lambda: d2l.global_norm(None), T, "this is None"),
        "decay, negative": (lambda: d2l.decay(FLAT, 0.1, -1.0), V, "must not be negative"),
        "decay, exempt text": (lambda: d2l.decay(PAIR, 0.1, 0.1, "b"), T, "a list of patterns"),
        "decay, exempt unknown": (
            lambda: d2l.decay(PAIR, 0.1, 0.1, ["bias"]),
            V,
            "'bias' is found in no name. The arrays are called ['w', 'b']",
        ),
        "decay, exempt in one array": (
            lambda: d2l.decay(FLAT, 0.1, 0.1, ["b"]),
            V,
            "A single array has no name",
        ),
        "decay, exempt no pattern": (lambda: d2l.decay(PAIR, 0.1, 0.1, ["("]), V, "no pattern"),
        "decay, exempt 3": (lambda: d2l.decay(PAIR, 0.1, 0.1, [3]), T, "no text"),
        "decay, exempt by one argument": (
            lambda: d2l.decay(PAIR, 0.1, 0.1, lambda name: True),
            T,
            "called with two arguments",
        ),
        "average, momentum 1": (lambda: d2l.average(FLAT, FLAT, 1.0), V, "must be in [0, 1)"),
        "average of other shapes": (lambda: d2l.average(FLAT, COLUMN, 0.9), V, ".ravel()"),
        "project by a number": (lambda: d2l.project(FLAT, 1.0), T, "function of one array"),
        "project without return": (lambda: d2l.project(FLAT, lambda w: None), T, "return missing"),
        "project to another shape": (lambda: d2l.project(FLAT, np.sum), V, "shape"),
        "project by unknown name": (
            lambda: d2l.project(PAIR, {"v": np.abs}),
            V,
            "there is no array 'v'",
        ),
        "sum_repeats of floats": (lambda: d2l.sum_repeats([0.5], [1.0]), T, "whole numbers"),
        "sum_repeats, too few": (lambda: d2l.sum_repeats([1, 2], [1.0]), V, "one slice for each"),
        "next_scale, no bool": (lambda: d2l.next_scale(1.0, 0, 1), T, "True or False"),
        "next_scale, negative": (lambda: d2l.next_scale(-1.0, 0, True), V, "not be negative"),
        "Pipeline of a class": (lambda: d2l.Pipeline(d2l.SGD), T, "d2l.SGD()"),
        "Pipeline of a name": (lambda: d2l.Pipeline("adam"), T, "needs a rule"),
        "Pipeline of nothing": (lambda: d2l.Pipeline(), T, "needs 'rule'"),
        "Pipeline, weight_decay=": (
            lambda: d2l.Pipeline(d2l.SGD(), weight_decay=0.1),
            T,
            "The rule has it",
        ),
        "Pipeline, learning_rate=": (
            lambda: d2l.Pipeline(d2l.SGD(), learning_rate=0.1),
            T,
            "It belongs to the rule",
        ),
        "Pipeline, clips twice": (
            lambda: d2l.Pipeline(d2l.SGD(), clipnorm=1.0, clipvalue=1.0),
            V,
            "in one way, but got clipnorm and clipvalue",
        ),
        "Pipeline, clipnorm=0": (lambda: d2l.Pipeline(d2l.SGD(), clipnorm=0), V, "above 0"),
        "Pipeline, accumulates 0": (
            lambda: d2l.Pipeline(d2l.SGD(), gradient_accumulation_steps=0),
            V,
            "whole number of at least 1",
        ),
        "Pipeline, ema 1": (
            lambda: d2l.Pipeline(d2l.SGD(), use_ema=True, ema_momentum=1.0),
            V,
            "must be in [0, 1)",
        ),
        "Pipeline, overwrites without average": (
            lambda: d2l.Pipeline(d2l.SGD(), ema_overwrite_frequency=3),
            V,
            "needs use_ema=True",
        ),
        "Pipeline, exempt without decay": (
            lambda: d2l.Pipeline(d2l.SGD(), exclude_from_weight_decay=["b"]),
            V,
            "has no weight decay",
        ),
        "Pipeline, exempt unknown": (
            lambda: d2l.Pipeline(d2l.AdamW(), exclude_from_weight_decay=["bias"]).init(PAIR),
            V,
            "is found in no name",
        ),
        "Pipeline, stages": (lambda: d2l.Pipeline(d2l.SGD(), stages=("clip",)), V, "an order of"),
        "Pipeline, side by side": (
            lambda: d2l.Pipeline(d2l.SGD(np.array([[0.1], [0.2]])), clipnorm=1.0),
            V,
            "side by side",
        ),
        "Pipeline, set": (
            lambda: setattr(d2l.Pipeline(d2l.SGD()), "clipnorm", 1.0),
            A,
            "never changes",
        ),
        "minimize side by side with a norm": (
            lambda: d2l.minimize(
                d2l.bowl, d2l.Pipeline(d2l.SGD(0.1), clipnorm=1.0), start=np.ones((3, 2))
            ),
            V,
            "one by one",
        ),
        "minimize with a scaled loss": (
            lambda: d2l.minimize(d2l.bowl, d2l.Pipeline(d2l.SGD(), loss_scale_factor=8.0)),
            V,
            "of the loss itself",
        ),
        "train with a scaled loss": (
            lambda: train(rule=d2l.Pipeline(d2l.SGD(), loss_scale_factor=8.0)),
            V,
            "of the loss itself",
        ),
        "train with a LossScaler": (
            lambda: train(rule=d2l.LossScaler(d2l.SGD())),
            T,
            "An update rule such as",
        ),
        "a state of the rule inside": (
            lambda: d2l.Pipeline(d2l.SGD(0.1)).step(FLAT, FLAT, d2l.SGD(0.1).init(FLAT)),
            V,
            "a state of SGD, not of Pipeline",
        ),
        "a rule of one's own that returns nothing": (
            lambda: step(d2l.Pipeline(own(lambda self, x, g, t, eta: None)), FLAT, FLAT),
            T,
            "must return the new parameters",
        ),
        "RuleMap of one rule": (lambda: d2l.RuleMap(d2l.SGD(), d2l.SGD()), T, "rules by name"),
        "RuleMap of a number": (lambda: d2l.RuleMap(d2l.SGD(), {"b": 0.1}), T, "needs a rule"),
        "RuleMap, unknown name": (
            lambda: d2l.RuleMap(d2l.SGD(), {"bias": d2l.SGD()}).init(PAIR),
            V,
            "'bias' matches no whole name",
        ),
        "RuleMap, two match": (
            lambda: d2l.RuleMap(d2l.SGD(), {"b.*": d2l.SGD(), ".*b": d2l.SGD()}).init(PAIR),
            V,
            "matches 'b.*' and '.*b'",
        ),
        "RuleMap for one array": (
            lambda: d2l.RuleMap(d2l.SGD(), {"b": d2l.SGD()}).init(FLAT),
            T,
            "a list or a dict of arrays",
        ),
        "RuleMap, side by side": (
            lambda: d2l.RuleMap(d2l.SGD(np.array([[0.1], [0.2]])), {"b": d2l.SGD()}),
            V,
            "one setting at a time",
        ),
        "LossScaler from 0": (lambda: d2l.LossScaler(d2l.SGD(), 0), V, "above 0"),
        "LossScaler, high floor": (lambda: d2l.LossScaler(d2l.SGD(), 8, floor=9), V, "at most"),
        "LossScaler, another state": (
            lambda: d2l.LossScaler(d2l.SGD()).step(FLAT, FLAT, d2l.SGD().init(FLAT)),
            T,
            "scaler.init(x)",
        ),
        "LossScaler, other shapes": (
            lambda: (s := d2l.LossScaler(d2l.SGD())).step(FLAT, COLUMN, s.init(FLAT)),
            V,
            ".ravel()",
        ),
        "state_bytes of a class": (lambda: d2l.state_bytes(d2l.Adam, FLAT), T, "d2l.Adam()"),
        "state_bytes of text": (lambda: d2l.state_bytes(d2l.Adam(), "x"), T, "text"),
        "save_history of parameters": (
            lambda: d2l.save_history(PAIR, "x.npz"),
            T,
            "what d2l.train returned",
        ),
        "save_history to None": (lambda: d2l.save_history(HISTORY, None), T, "must be a path"),
        "load_history of this file": (
            lambda: d2l.load_history(__file__, d2l.SGD()),
            V,
            "no file that save_history wrote",
        ),
        "load_history without a rule": (
            lambda: d2l.load_history("x.npz", "sgd"),
            T,
            "d2l.get_rule",
        ),
        "load_history with another rule": (
            lambda: d2l.load_history(saved(), d2l.Adam()),
            V,
            "of a training with SGD, not with Adam",
        ),
    },
    "minimize": {
        "a gradient that becomes None": (
            lambda: on(lambda x: slope(x) if x[0] < -2 else None),
            T,
            "the gradient returned None at step",
        ),
        "a gradient that becomes complex": (
            lambda: on(lambda x: slope(x) + (0.0 if x[0] < -2 else 0j)),
            T,
            "does not stay real",
        ),
        "a gradient that becomes a number": (
            lambda: on(lambda x: slope(x) if x[0] < -2 else x[0]),
            V,
            "does not keep the shape",
        ),
        "losses of a trace": (lambda: TRACE.path, A, "A Trace has no 'path'. Did you mean 'x'"),
        "an index of a trace": (lambda: TRACE[0], T, "A Trace has no index"),
        "a trace unpacked": (lambda: list(TRACE), T, "cannot be unpacked"),
        "a function for an objective": (
            lambda: d2l.minimize(np.sin, d2l.SGD()),
            T,
            "Make one of your own function with d2l.Objective(",
        ),
        "a name for an objective": (lambda: d2l.minimize("bowl", d2l.SGD()), T, "d2l.bowl"),
        "None for an objective": (lambda: d2l.minimize(None, d2l.SGD()), T, "got None"),
        "an array for an objective": (lambda: d2l.minimize(FLAT, d2l.SGD()), T, "an Objective"),
        "a model and data": (
            lambda: d2l.minimize(MODEL, d2l.SGD(), DATA),
            T,
            "minimize takes 2 arguments by place",
        ),
        "rule and objective swapped": (
            lambda: d2l.minimize(d2l.SGD(0.1), d2l.bowl),
            T,
            "the objective first",
        ),
        "a class for a rule": (lambda: run(d2l.SGD), T, "d2l.SGD(), not the class"),
        "a name for a rule": (lambda: run("sgd"), T, "d2l.get_rule('sgd')"),
        "a rate for a rule": (lambda: run(0.1), T, "An update rule such as"),
        "None for a rule": (lambda: run(None), T, "but got None"),
        "a dict for a rule": (lambda: run({"lr": 0.1}), T, "An update rule such as"),
        "a list of rules": (lambda: run([d2l.SGD(), d2l.Adam()]), T, "one by one"),
        "a PyTorch optimizer": (lambda: run(TorchOptimizer()), T, "d2l.rule_like("),
        "no rule": (lambda: d2l.minimize(d2l.bowl), T, "minimize needs 'rule'"),
        "nothing": (lambda: d2l.minimize(), T, "minimize needs 'objective' and 'rule'"),
        "steps by place": (
            lambda: d2l.minimize(d2l.parabola, d2l.SGD(0.1), 100),
            T,
            "start=…: start, steps, record",
        ),
        "start of another dimension": (
            lambda: run(d2l.SGD(), start=[1, 2, 3]),
            V,
            "bowl is a function of 2 coordinates",
        ),
        "start a number": (lambda: run(d2l.SGD(), start=3.0), V, "bowl is a function of 2"),
        "start nan": (lambda: run(d2l.SGD(), start=[1, np.nan]), V, "The start holds a value"),
        **{
            f"start {name}": case
            for name, case in no_numbers(lambda v: run(d2l.SGD(), start=v), "None").items()
        },
        "start as a dict of numbers": (lambda: run(d2l.SGD(), start=PAIR), T, "a dict with"),
        "steps not whole": (
            lambda: run(d2l.SGD(), steps=2.5),
            V,
            "steps must be a whole number of at least 0, but is 2.5",
        ),
        "steps 10.0": (lambda: run(d2l.SGD(), steps=10.0), V, "steps must be a whole number"),
        "steps negative": (lambda: run(d2l.SGD(), steps=-1), V, "steps must be"),
        "steps True": (lambda: run(d2l.SGD(), steps=True), V, "steps must be"),
        "steps in text": (lambda: run(d2l.SGD(), steps="10"), V, "steps must be"),
        "steps None": (lambda: run(d2l.SGD(), steps=None), V, "steps must be"),
        "steps in an array": (lambda: run(d2l.SGD(), steps=np.arange(3)), V, "steps must be"),
        "record in text": (lambda: run(d2l.SGD(), record="no"), T, "True or False"),
        "learning_rate=": (
            lambda: d2l.minimize(d2l.bowl, d2l.SGD(), learning_rate=0.1),
            T,
            "It belongs to the rule",
        ),
        "lr=": (lambda: d2l.minimize(d2l.bowl, d2l.SGD(), lr=0.1), T, "It belongs to the rule"),
        "num_steps=": (lambda: d2l.minimize(d2l.bowl, d2l.SGD(), num_steps=9), T, "mean 'steps'"),
        "max_iter=": (lambda: d2l.minimize(d2l.bowl, d2l.SGD(), max_iter=9), T, "mean 'steps'"),
        "x0=": (lambda: d2l.minimize(d2l.bowl, d2l.SGD(), x0=FLAT), T, "mean 'start'"),
        "epochs=": (lambda: d2l.minimize(d2l.bowl, d2l.SGD(), epochs=9), T, "mean 'steps'"),
        "tol=": (lambda: d2l.minimize(d2l.bowl, d2l.SGD(), tol=1e-3), T, "no argument 'tol'"),
        "verbose=": (lambda: d2l.minimize(d2l.bowl, d2l.SGD(), verbose=1), T, "A bar shows"),
        "rates without an axis for the coordinates": (
            lambda: run(d2l.SGD(np.ones(5))),
            V,
            "give each hyperparameter the shape (n, 1), for example values[:, None]",
        ),
        "a rate for each coordinate": (
            lambda: run(d2l.SGD(np.array([0.1, 0.4]))),
            V,
            "give each hyperparameter the shape (n, 1)",
        ),
        "a momentum for each coordinate": (
            lambda: run(d2l.SGD(0.1, np.array([0.1, 0.4]))),
            V,
            "give each hyperparameter the shape (n, 1)",
        ),
        "two starts, three rates": (
            lambda: run(d2l.SGD(np.full((3, 1), 0.1)), start=np.ones((2, 2))),
            V,
            "For n runs side by side",
        ),
        # Functions of a reader's own.
        "gradient returns a list of text": (lambda: on(lambda x: ["a", "b"]), T, "real numbers"),
        "gradient returns None": (lambda: on(lambda x: None), T, "Is a return missing?"),
        "gradient returns a scalar": (
            lambda: on(lambda x: 2 * x[0]),
            V,
            "the gradient has shape (), but the point has shape (2,)",
        ),
        "gradient returns a column": (
            lambda: on(lambda x: np.array([[2.0 * x[0]], [x[1]]])),
            V,
            "make the vector a column with [:, None]",
        ),
        "gradient returns a row": (
            lambda: on(lambda x: np.array([[2.0 * x[0], x[1]]])),
            V,
            "must have the same shape",
        ),
        "gradient returns a dict": (lambda: on(lambda x: {"x": x}), T, "real numbers"),
        "gradient returns complex numbers": (lambda: on(lambda x: x * 1j), T, "real numbers"),
        "gradient returns a ragged list": (lambda: on(lambda x: [[1.0], [2.0, 3.0]]), T, ""),
        "gradient that requires a gradient": (lambda: on(lambda x: Tensor()), T, ".detach()"),
        "gradient of no arguments": (lambda: on(lambda: 1.0), T, "one argument"),
        "gradient of two arguments": (lambda: on(lambda x, y: x), T, "one argument"),
        "value of two arguments": (
            lambda: run(d2l.SGD(0.1), surface(lambda x, y: x + y)),
            T,
            "one argument",
        ),
        "value returns a vector": (
            lambda: run(d2l.SGD(0.1), surface(lambda x: x)),
            T,
            "must be a real number, but is an array of shape (2,)",
        ),
        "value returns None": (lambda: run(d2l.SGD(0.1), surface(lambda x: None)), T, "None"),
        "value returns text": (lambda: run(d2l.SGD(0.1), surface(lambda x: "1")), T, "'1'"),
        "value returns a complex number": (
            lambda: run(d2l.SGD(0.1), surface(lambda x: 1j * x[0])),
            T,
            "must be a real number",
        ),
        "value of x[2] in two coordinates": (
            lambda: run(d2l.SGD(0.1), surface(lambda x: x[2] ** 2)),
            V,
            "start",
        ),
        "value that requires a gradient": (
            lambda: run(d2l.SGD(0.1), surface(lambda x: Tensor())),
            T,
            ".detach()",
        ),
        "x[0] of a function of a number": (
            lambda: run(d2l.SGD(0.1), surface(lambda x: x[0] ** 2, start=3.0)),
            V,
            "start",
        ),
    },
    "feed": {
        "one gradient": (lambda: d2l.feed(d2l.SGD(0.1), 1.0), V, "a sequence of gradients"),
        "no rule": (lambda: d2l.feed([1.0, 2.0], d2l.SGD(0.1)), T, "An update rule such as"),
        "a class": (lambda: d2l.feed(d2l.SGD, [1.0]), T, "d2l.SGD(), not the class"),
        "start of another shape": (
            lambda: d2l.feed(d2l.SGD(), [1.0], FLAT),
            V,
            "The start has shape",
        ),
        "a function": (lambda: d2l.feed(d2l.SGD(), abs), T, "this is the function abs"),
        **{
            name: case
            for name, case in no_numbers(lambda g: d2l.feed(d2l.SGD(0.1), g)).items()
            if name not in ("nan", "infinite")
        },
        "gradients with nan": (lambda: d2l.feed(d2l.SGD(0.1), [1, np.nan]), V, "at index 1"),
    },
    "Dataset": {
        "names None": (lambda: d2l.Dataset("a", X, Y, None), T, "a tuple of text"),
        "data.X": (lambda: DATA.X, A, "A Dataset has no 'X'. Did you mean 'x'"),
        "data.target": (lambda: DATA.target, A, "Did you mean 'y'"),
        "a sparse matrix": (lambda: d2l.Dataset("a", Sparse(), Y), T, ".toarray()"),
        "numbers as objects": (
            lambda: d2l.Dataset("a", X.astype(object), Y),
            T,
            "np.asarray(values, dtype=float)",
        ),
        "empty": (
            lambda: d2l.Dataset("mine", np.empty((0, 3)), np.empty(0)),
            V,
            "at least one row",
        ),
        "nan in x": (
            lambda: d2l.Dataset("mine", [[np.nan]], [1.0]),
            V,
            "mine: x holds a value that is nan or infinite, at index (0, 0). Remove",
        ),
        "nan in y": (lambda: d2l.Dataset("mine", [[1.0]], [np.nan]), V, "y holds a value"),
        "nan in y of objects": (
            lambda: d2l.Dataset("mine", [[1.0], [2.0]], np.array([1, np.nan], dtype=object)),
            V,
            "y holds a value that is nan",
        ),
        "complex y": (lambda: d2l.Dataset("mine", [[1.0]], [1j]), T, ".real or abs()"),
        "complex x": (lambda: d2l.Dataset("mine", [[1j]], [1.0]), T, ".real or abs()"),
        "targets a column": (
            lambda: d2l.Dataset("mine", np.ones((3, 2)), COLUMN),
            V,
            "A column of targets is flattened with .ravel()",
        ),
        "x flat": (lambda: d2l.Dataset("mine", FLAT, FLAT), V, "one example a row"),
        "x and y swapped": (lambda: d2l.Dataset("mine", Y, X), V, "one example a row"),
        "too few targets": (lambda: d2l.Dataset("mine", X, Y[:5]), V, "one target for each of"),
        "no name": (lambda: d2l.Dataset(X, Y), T, "needs 'y'. The name comes first"),
        "no name, three arrays": (lambda: d2l.Dataset(X, Y, Y), T, "name must be text"),
        "labels in text": (lambda: d2l.Dataset("mine", X[:2], ["a", "b"]), T, "return_inverse"),
        "labels of objects": (
            lambda: d2l.Dataset("mine", X[:2], np.array(["a", 1], dtype=object)),
            T,
            "return_inverse",
        ),
        "y None": (lambda: d2l.Dataset("mine", X, None), T, "y holds None"),
        "y holds None": (lambda: d2l.Dataset("mine", X[:2], [1.0, None]), T, "y holds None"),
        "y of dates": (
            lambda: d2l.Dataset("mine", X[:1], np.array(["2024-01-01"], "datetime64[D]")),
            T,
            "a date",
        ),
        "y ragged": (lambda: d2l.Dataset("mine", X[:2], [[1], [1, 2]]), T, "differ in length"),
        "y masked": (lambda: d2l.Dataset("mine", X[:2], MASKED), T, ".filled(value)"),
        "y that requires a gradient": (lambda: d2l.Dataset("mine", X, Tensor()), T, ".detach()"),
        "feature names in text": (
            lambda: d2l.Dataset("mine", X, Y, "ab"),
            T,
            "feature_names",
        ),
        "too few feature names": (
            lambda: d2l.Dataset("mine", X, Y, ("a",)),
            V,
            "feature_names",
        ),
        "labels=": (lambda: d2l.Dataset("mine", X, labels=Y), T, "mean 'y'"),
        "indexed": (lambda: DATA[0], T, "data.x[0]"),
        "iterated": (lambda: next(iter(DATA)), T, "d2l.minibatches"),
        "changed": (lambda: setattr(DATA, "x", Y), A, "dataclasses.replace(dataset, x=…)"),
        "diabetes of a seed": (lambda: d2l.diabetes(1), T, "diabetes takes no arguments"),
        "digits, return_X_y": (
            lambda: d2l.digits(return_X_y=True),
            T,
            "digits has no argument 'return_X_y'",
        ),
        "MNIST, return_X_y": (
            lambda: d2l.mnist(return_X_y=True),
            T,
            "mnist has no argument 'return_X_y'",
        ),
        **{
            f"x {name}": case
            for name, case in no_numbers(lambda x: d2l.Dataset("mine", x, Y)).items()
        },
    },
    "standardize": {
        "one number": (lambda: d2l.standardize(3.0), V, "must have rows"),
        "nothing": (lambda: d2l.standardize([]), V, "There are no rows"),
        "other columns": (lambda: d2l.standardize(np.eye(3), np.eye(3)[:, :2]), V, "a row of like"),
        "like one number": (lambda: d2l.standardize(X, 3.0), V, "must have rows"),
        "a Dataset": (lambda: d2l.standardize(DATA), T, "a Dataset"),
        **no_numbers(d2l.standardize, "nan", "infinite"),
    },
    "minibatches": {
        "an array": (lambda: d2l.minibatches(X, 2, 0), V, "Of an array that is len(x)"),
        "a float": (lambda: d2l.minibatches(10.0, 2, 0), V, "n must be a whole number"),
        "negative": (lambda: d2l.minibatches(-10, 2, 0), V, "n must be a whole number"),
        "none": (lambda: d2l.minibatches(0, 2, 0), V, "The data set is empty"),
        "a Dataset": (lambda: d2l.minibatches(DATA, 2, 0), V, "a Dataset"),
        "None": (lambda: d2l.minibatches(None, 2, 0), V, "n must be a whole number"),
        "batch of 0": (lambda: d2l.minibatches(10, 0, 0), V, "batch_size must be a whole"),
        "batch too large": (lambda: d2l.minibatches(10, 11, 0), V, "only 10 examples"),
        "batch of 2.5": (lambda: d2l.minibatches(10, 2.5, 0), V, "batch_size must be a whole"),
        "seed None": (lambda: d2l.minibatches(10, 2, None), V, "seed must be a whole number"),
        "seed in text": (lambda: d2l.minibatches(10, 2, "a"), V, "seed must be a whole number"),
        "no seed": (lambda: d2l.minibatches(10, 2), T, "minibatches needs 'seed'"),
        "shuffle=": (lambda: d2l.minibatches(10, 2, 0, shuffle=True), T, "argument 'shuffle'"),
    },
    "models": {
        "a bias for every row": (
            lambda: MODEL.loss({"w": np.zeros(2), "b": np.arange(6.0)}, X, Y),
            V,
            "'b' of this model must have the shape (1,)",
        ),
        "a bias for all classes": (
            lambda: d2l.SoftmaxRegression().loss(
                {"W": np.zeros((2, 2)), "b": np.zeros(1)}, X, CLASSES.y
            ),
            V,
            "must have the shape (2,)",
        ),
        "a bias for all hidden units": (
            lambda: d2l.MLP(4).gradient(
                d2l.MLP(4).init(CLASSES) | {"b1": np.zeros(1)}, X, CLASSES.y
            ),
            V,
            "must have the shape (4,)",
        ),
        "parameters of a larger recurrent network": (
            lambda: d2l.SimpleRNN(8).loss(d2l.SimpleRNN(4).init(WORDS), WORDS.x, WORDS.y),
            V,
            "8 hidden units",
        ),
        "LinearRegression with arguments": (
            lambda: d2l.LinearRegression(2),
            T,
            "LinearRegression takes no arguments",
        ),
        "MLP with a function": (lambda: d2l.MLP(32, np.tanh), V, "Write its name"),
        "MLP misspelled": (lambda: d2l.MLP(32, "sigmoyd"), V, "Did you mean 'sigmoid'?"),
        "MLP, capitals": (lambda: d2l.MLP(32, "ReLU"), V, "Did you mean 'relu'?"),
        "MLP, None": (lambda: d2l.MLP(32, None), V, "There is no activation None"),
        "MLP of 0": (lambda: d2l.MLP(0), V, "hidden must be a whole number of at least 1"),
        "MLP of layers": (lambda: d2l.MLP([32, 32]), V, "hidden must be a whole number"),
        "MLP in text": (lambda: d2l.MLP("32"), V, "hidden must be a whole number"),
        "MLP, seed in text": (lambda: d2l.MLP(seed="x"), V, "seed must be a whole number"),
        "MLP, seed -1": (lambda: d2l.MLP(seed=-1), V, "seed must be a whole number"),
        "MLP, units=": (lambda: d2l.MLP(units=32), T, "mean 'hidden'"),
        "MLP, hidden_size=": (lambda: d2l.MLP(hidden_size=32), T, "mean 'hidden'"),
        "MLP, random_state=": (lambda: d2l.MLP(random_state=3), T, "mean 'seed'"),
        "SimpleRNN of 0": (lambda: d2l.SimpleRNN(0), V, "hidden must be a whole number"),
        "SimpleRNN, activation=": (lambda: d2l.SimpleRNN(activation="tanh"), T, "'activation'"),
        **{
            f"{type(model).__name__}.{name}": (
                lambda model=model, name=name: getattr(model, name),
                A,
                sentence,
            )
            for model in (d2l.LinearRegression(), d2l.MLP())
            for name, sentence in [
                ("fit", "d2l.train(model, rule, data)"),
                ("compile", "d2l.train(model, rule, data)"),
                ("coef_", "history.parameters"),
                ("weights", "history.parameters"),
                ("predikt", "Did you mean 'predict'?"),
                ("forwards", "no 'forwards'"),
            ]
        },
        "called": (lambda: MODEL(X), T, "model.predict(parameters, x)"),
        "loss of the class": (lambda: d2l.LinearRegression.init(DATA), T, "needs 'data'"),
        **{
            f"{type(model).__name__}.init of {name}": (
                lambda model=model, value=value: model.init(value),
                T,
                "d2l.Dataset('mine', X, y)",
            )
            for model in (MODEL, d2l.SoftmaxRegression(), d2l.MLP(), d2l.SimpleRNN())
            for name, value in {"x": X, "a pair": (X, Y), "None": None}.items()
        },
        "init of nothing": (lambda: MODEL.init(), T, "init needs 'data'"),
        "loss of one example": (lambda: MODEL.loss(P, X[0], Y[0]), V, "X[:1]"),
        "loss, x and y swapped": (lambda: MODEL.loss(P, Y, X), V, "x"),
        "loss of other keys": (lambda: MODEL.loss({"v": FLAT}, X, Y), T, "a dict with ['w', 'b']"),
        "loss of an array": (lambda: MODEL.loss(FLAT, X, Y), T, "a dict with ['w', 'b']"),
        "loss, parameters last": (
            lambda: MODEL.loss(X, Y, P),
            T,
            "this is a dict with the keys ['w', 'b']",
        ),
        "loss without y": (lambda: MODEL.loss(P, X), T, "needs 'y'"),
        "loss of a Dataset": (lambda: MODEL.loss(P, DATA), T, "needs 'y'"),
        "loss of other columns": (lambda: MODEL.loss(P, np.ones((6, 3)), Y), V, "columns"),
        "loss of a column": (lambda: MODEL.loss(P, X, Y[:, None]), V, "has shape"),
        "loss of fewer targets": (lambda: MODEL.loss(P, X, Y[:3]), V, "6 examples but 3 targets"),
        "loss of nothing": (lambda: MODEL.loss(P, X[:0], Y[:0]), V, "The minibatch is empty"),
        "loss of lists": (lambda: MODEL.loss(P, "x", "y"), T, "text"),
        "loss of nan": (lambda: MODEL.loss(P, X * np.nan, Y), V, "nan or infinite"),
        "predict without parameters": (lambda: MODEL.predict(X), T, "predict needs 'x'"),
        "predict of other keys": (lambda: d2l.MLP().predict(P, X), T, "a dict with ['W1'"),
        "3-D x, linear": (
            lambda: MODEL.init(d2l.Dataset("mine", np.ones((2, 3, 4)), [0, 1])),
            V,
            "x.reshape(len(x), -1)",
        ),
        "3-D x, network": (
            lambda: d2l.MLP().init(d2l.Dataset("mine", np.ones((2, 3, 4)), [0, 1])),
            V,
            "x.reshape(len(x), -1)",
        ),
        "a table for the RNN": (lambda: d2l.SimpleRNN().init(CLASSES), V, "reads sequences"),
        "a real target for classes": (
            lambda: d2l.SoftmaxRegression().init(DATA),
            V,
            "Class labels must be whole numbers",
        ),
        "one-hot labels": (
            lambda: d2l.MLP().init(d2l.Dataset("mine", X, np.eye(6))),
            V,
            ".argmax(axis=1)",
        ),
        "labels from 1": (
            lambda: d2l.MLP().init(d2l.Dataset("mine", np.ones((30, 2)), np.arange(30) % 3 + 1)),
            V,
            "from 0",
        ),
        "labels that are years": (
            lambda: d2l.MLP().init(d2l.Dataset("mine", X[:2], [2023, 2024])),
            V,
            "np.unique(labels, return_inverse=True)",
        ),
        "labels negative": (
            lambda: d2l.SoftmaxRegression().init(d2l.Dataset("mine", X[:2], [-1, 1])),
            V,
            "from 0",
        ),
    },
    "softmax, cross_entropy, accuracy": {
        "labels True and False": (
            lambda: d2l.cross_entropy(np.eye(2), [True, False]),
            V,
            ".astype(int)",
        ),
        "accuracy of text and numbers": (
            lambda: d2l.accuracy(["0", "1"], [0, 1]),
            T,
            "must be of one kind",
        ),
        **no_numbers(d2l.softmax, "nan", "infinite"),
        "softmax of nothing": (lambda: d2l.softmax([]), V, "this table is empty"),
        "softmax of a number": (lambda: d2l.softmax(3.0), V, "need a row"),
        "softmax with dim": (lambda: d2l.softmax(X, dim=1), T, "no argument 'dim'"),
        "softmax with axis": (lambda: d2l.softmax(X, axis=1), T, "no argument 'axis'"),
        "softmax of nan": (lambda: d2l.softmax([[np.nan, 1.0]]), V, "nan or infinite"),
        "softmax of an array with nan": (
            lambda: d2l.softmax(np.array([[np.nan, 1.0]])),
            V,
            "nan or infinite",
        ),
        "cross_entropy of nan": (
            lambda: d2l.cross_entropy(np.array([[np.nan, 1.0]]), [0]),
            V,
            "nan or infinite",
        ),
        "cross_entropy of a row": (lambda: d2l.cross_entropy([1.0, 2.0], [0]), V, "a table"),
        "cross_entropy, swapped": (lambda: d2l.cross_entropy([0, 1], X[:2]), V, "a table"),
        "cross_entropy, one-hot": (
            lambda: d2l.cross_entropy(np.eye(2), np.eye(2)),
            V,
            ".argmax(axis=1)",
        ),
        "cross_entropy, label 2 of 2": (
            lambda: d2l.cross_entropy(np.eye(2), [0, 2]),
            V,
            "between 0 and 1",
        ),
        "cross_entropy, label -1": (
            lambda: d2l.cross_entropy(np.eye(2), [0, -1]),
            V,
            "between 0 and 1",
        ),
        "cross_entropy, one label": (lambda: d2l.cross_entropy(np.eye(2), 0), V, "one label"),
        "cross_entropy, labels in text": (
            lambda: d2l.cross_entropy(np.eye(2), ["a", "b"]),
            V,
            "whole numbers",
        ),
        "cross_entropy, too few labels": (
            lambda: d2l.cross_entropy(np.eye(2), [0]),
            V,
            "2 examples but 1 target",
        ),
        "accuracy, lengths": (lambda: d2l.accuracy([1, 2], [1]), V, "must have the same shape"),
        "accuracy, column": (lambda: d2l.accuracy([1, 2], [[1], [2]]), V, ".ravel()"),
        "accuracy of nothing": (lambda: d2l.accuracy([], []), V, "no predictions"),
        "accuracy of scores": (
            lambda: d2l.accuracy([0, 1], np.eye(2)),
            V,
            ".argmax(axis=1)",
        ),
        "accuracy of probabilities": (lambda: d2l.accuracy([0, 1], [0.2, 0.9]), V, "classes"),
        "accuracy of None": (lambda: d2l.accuracy(None, [1]), T, "None"),
        "accuracy, ragged": (lambda: d2l.accuracy([0, 1], [[0], [1, 2]]), T, "differ in length"),
        "accuracy, y_true=": (lambda: d2l.accuracy(y_true=[1], y_pred=[1]), T, "mean 'y'"),
    },
    "numerical_gradient, check_gradients": {
        "the gradient for its function": (
            lambda: d2l.check_gradients(lambda p: 1.0, P, P),
            T,
            "lambda p: model.gradient(p, x, y)",
        ),
        "vector loss": (
            lambda: d2l.numerical_gradient(lambda x: x, FLAT),
            T,
            "The loss must be one real number, but is an array of shape (3,)",
        ),
        "loss None": (lambda: d2l.numerical_gradient(lambda x: None, FLAT), T, "is None"),
        "loss text": (lambda: d2l.numerical_gradient(lambda x: "a", FLAT), T, "is 'a'"),
        "loss that requires a gradient": (
            lambda: d2l.numerical_gradient(lambda x: Tensor(), FLAT),
            T,
            ".detach()",
        ),
        "loss of two arguments": (
            lambda: d2l.numerical_gradient(lambda x, y: 1.0, FLAT),
            T,
            "one argument",
        ),
        "no function": (lambda: d2l.numerical_gradient(FLAT, FLAT), T, "must be a function"),
        "swapped": (lambda: d2l.numerical_gradient(FLAT, np.sum), T, "must be a function"),
        "h=0": (lambda: d2l.numerical_gradient(np.sum, FLAT, 0), V, "h must be above 0"),
        "h negative": (lambda: d2l.numerical_gradient(np.sum, FLAT, -1e-5), V, "above 0"),
        "h too small": (lambda: d2l.numerical_gradient(np.sum, FLAT, 1e-30), V, "too small"),
        "eps=": (lambda: d2l.numerical_gradient(np.sum, FLAT, eps=1e-5), T, "mean 'h'"),
        "no parameters": (lambda: d2l.numerical_gradient(np.sum), T, "needs 'parameters'"),
        **{
            f"h {name}": case
            for name, case in no_numbers(
                lambda h: d2l.numerical_gradient(np.sum, FLAT, h), "ragged", "masked"
            ).items()
        },
        **{
            f"at {name}": case
            for name, case in no_numbers(
                lambda x: d2l.numerical_gradient(np.sum, x), "a dict"
            ).items()
        },
        "check_gradients with an array": (
            lambda: d2l.check_gradients(np.sum, FLAT, FLAT),
            T,
            "The gradient must be a function",
        ),
        "check_gradients, other shape": (
            lambda: d2l.check_gradients(np.sum, lambda x: COLUMN, FLAT),
            V,
            "Flatten the column with .ravel()",
        ),
        "check_gradients, None": (
            lambda: d2l.check_gradients(np.sum, lambda x: None, FLAT),
            T,
            "is None",
        ),
        "check_gradients, nan": (
            lambda: d2l.check_gradients(np.sum, lambda x: x * np.nan, FLAT),
            V,
            "nan or infinite",
        ),
        "check_gradients, loss nan": (
            lambda: d2l.check_gradients(lambda x: np.nan, lambda x: x, FLAT),
            V,
            "nan or infinite",
        ),
        "check_gradients of a model": (
            lambda: d2l.check_gradients(MODEL.loss, MODEL.gradient, P),
            T,
            "lambda p: model.loss(p, x, y)",
        ),
    },
    "train": {
        "loss that changes the data": (
            lambda: train(Own(loss=lambda p, x, y: float(np.subtract(x, 1, out=x).sum()))),
            V,
            "The model's loss changes its arguments in place",
        ),
        "gradient that changes the parameters": (
            lambda: train(Own(gradient=lambda p, x, y: {"w": np.add(p["w"], 1, out=p["w"])})),
            V,
            "The model's gradient changes its arguments in place",
        ),
        "metric that changes the targets": (
            lambda: train(metrics={"m": lambda y, p: np.subtract(y, p, out=y).sum()}),
            V,
            "The metric 'm' changes its arguments in place",
        ),
        "to go on with another batch size": (
            lambda: train(batch_size=2, start=train(batch_size=3)),
            V,
            "This history has 2 minibatches in an epoch",
        ),
        "to go on with other data": (
            lambda: train(data=d2l.Dataset("more", np.vstack([X, X]), np.r_[Y, Y]), start=HISTORY),
            V,
            "12 examples in minibatches of 6 make 2",
        ),
        "metrics of a model that predicts in another way": (
            lambda: train(OwnPredict(), metrics={"accuracy": d2l.accuracy}),
            T,
            "The model's predict(parameters, x) is called with two arguments",
        ),
        "losses of a history": (lambda: HISTORY.losses, A, "Did you mean 'loss'"),
        "history of a history": (lambda: HISTORY.history, A, "Did you mean 'loss'"),
        "val_loss": (lambda: HISTORY.val_loss, A, "Did you mean 'validation_loss'"),
        "a history by name": (lambda: HISTORY["loss"], T, "A History has no index"),
        "a class for a model": (
            lambda: train(d2l.LinearRegression),
            T,
            "Pass a model, LinearRegression(…), not its class",
        ),
        "a class for a rule": (lambda: train(rule=d2l.SGD), T, "d2l.SGD(), not the class"),
        "a name for a rule": (lambda: train(rule="adam"), T, "d2l.get_rule('adam')"),
        "a PyTorch optimizer": (lambda: train(rule=TorchOptimizer()), T, "d2l.rule_like("),
        "a PyTorch or Keras model": (lambda: train(TorchModule()), T, "needs the methods init"),
        "an object": (lambda: train(object()), T, "needs the methods init"),
        "None for a model": (lambda: train(None), T, "needs the methods init"),
        "a surface": (lambda: train(d2l.bowl), T, "d2l.minimize"),
        "model and rule swapped": (
            lambda: d2l.train(d2l.SGD(0.1), MODEL, DATA),
            T,
            "the model first",
        ),
        "X and y": (
            lambda: d2l.train(MODEL, d2l.SGD(0.1), X, Y),
            T,
            "d2l.Dataset('mine', X, y)",
        ),
        "a pair": (lambda: train(data=(X, Y)), T, "d2l.Dataset('mine', X, y)"),
        "a list": (lambda: train(data=[X, Y]), T, "d2l.Dataset('mine', X, y)"),
        "a dict": (lambda: train(data={"x": X, "y": Y}), T, "d2l.Dataset('mine', X, y)"),
        "X only": (lambda: train(data=X), T, "d2l.Dataset('mine', X, y)"),
        "the function that loads": (lambda: train(data=d2l.diabetes), T, "d2l.diabetes()"),
        "None for data": (lambda: train(data=None), T, "d2l.Dataset('mine', X, y)"),
        "no data": (lambda: d2l.train(MODEL, d2l.SGD()), T, "train needs 'data'"),
        "many rates": (lambda: train(rule=d2l.SGD(np.ones(2))), V, "Call train once for each"),
        "batch larger than the data": (
            lambda: train(batch_size=7),
            V,
            "batch_size is 7, but there are only 6 examples. Use at most 6",
        ),
        "batch of none": (lambda: train(batch_size=0), V, "batch_size must be"),
        "batch None": (lambda: train(batch_size=None), V, "batch_size must be"),
        "no epochs": (lambda: train(epochs=0), V, "epochs must be a whole number of at least 1"),
        "half an epoch": (lambda: train(epochs=0.5), V, "epochs must be a whole number"),
        "epochs by place": (
            lambda: d2l.train(MODEL, d2l.SGD(), DATA, 5),
            T,
            "train takes 3 arguments by place",
        ),
        "seed None": (lambda: train(seed=None), V, "seed must be a whole number"),
        "evaluation never": (lambda: train(evaluate_every=0), V, "evaluate_every must be"),
        "num_epochs=": (lambda: train(num_epochs=3), T, "mean 'epochs'"),
        "verbose=": (lambda: train(verbose=0), T, "A bar shows how far it is"),
        "callbacks=": (lambda: train(callbacks=[]), T, "d2l.training_steps"),
        "validation_data=": (lambda: train(validation_data=DATA), T, "mean 'validation'"),
        "validation_split=": (lambda: train(validation_split=0.1), T, "mean 'validation'"),
        "optimizer=": (
            lambda: d2l.train(MODEL, optimizer=d2l.SGD(), data=DATA),
            T,
            "mean 'rule'",
        ),
        "loss=": (lambda: train(loss="mse"), T, "The loss belongs to the model"),
        "shuffle=": (lambda: train(shuffle=False), T, "seed"),
        "lr=": (lambda: train(lr=0.1), T, "It belongs to the rule"),
        "clipnorm=": (lambda: train(clipnorm=1.0), T, "mean 'global_clipnorm'"),
        "metrics a list": (lambda: train(metrics=["accuracy"]), T, "{'accuracy': d2l.accuracy}"),
        "metrics a function": (lambda: train(metrics=d2l.accuracy), T, "'accuracy': d2l.accuracy"),
        "metrics in text": (
            lambda: train(metrics={"accuracy": "accuracy"}),
            T,
            "{'accuracy': d2l.accuracy}",
        ),
        "metrics without predict": (
            lambda: train(Own(), metrics={"a": d2l.accuracy}),
            T,
            "Own has no method predict(parameters, x)",
        ),
        "a metric that returns a vector": (
            lambda: train(metrics={"a": lambda y, predicted: y}),
            T,
            "The metric 'a' must be one number",
        ),
        "a metric of one argument": (
            lambda: train(metrics={"a": lambda y: 1.0}),
            T,
            "two arguments",
        ),
        "validation a pair": (lambda: train(validation=(X, Y)), T, "d2l.Dataset('mine', X, y)"),
        "validation a fraction": (lambda: train(validation=0.2), T, "d2l.Dataset('mine', X, y)"),
        "validation of other columns": (
            lambda: train(validation=d2l.Dataset("other", np.ones((6, 3)), Y)),
            V,
            "columns",
        ),
        "clipping at 0": (lambda: train(global_clipnorm=0), V, "must be above 0"),
        "clipping at -1": (lambda: train(global_clipnorm=-1.0), V, "must be above 0"),
        "clipping in text": (lambda: train(global_clipnorm="1"), T, "text"),
        "clipping True": (lambda: train(global_clipnorm=True), T, "True"),
        "start of other shapes": (
            lambda: train(start={"w": FLAT, "b": np.zeros(1)}),
            V,
            "must have the same shape",
        ),
        "start of other keys": (lambda: train(start={"w": np.zeros(2)}), V, "must be built like"),
        "start an array": (lambda: train(start=np.zeros(3)), V, "must be built like"),
        "start in text": (lambda: train(start="zeros"), T, "text"),
        "start a History of another rule": (
            lambda: train(rule=d2l.Adam(), start=HISTORY),
            V,
            "This is a state of SGD, not of Adam",
        ),
        "start a History of a state with momentum": (
            lambda: train(rule=d2l.SGD(0.1, 0.9), start=HISTORY),
            V,
            "A state of SGD has the fields",
        ),
        "start a History without a state": (
            lambda: train(start=dataclasses.replace(HISTORY, state=None)),
            V,
            "start=history.parameters",
        ),
        "start a Trace": (lambda: train(start=TRACE), T, "a Trace"),
        # Models of a reader's own.
        "gradient of a wrong key": (
            lambda: train(Own(gradient=lambda p, x, y: {"v": np.ones(2)})),
            V,
            "a dict with keys ['v']",
        ),
        "gradient an array for a dict": (
            lambda: train(Own(gradient=lambda p, x, y: np.ones(2))),
            V,
            "the gradient is a single array",
        ),
        "gradient a column": (
            lambda: train(Own(gradient=lambda p, x, y: {"w": np.ones((2, 1))})),
            V,
            "Flatten the column with .ravel()",
        ),
        "gradient a scalar": (
            lambda: train(Own(gradient=lambda p, x, y: {"w": 1.0})),
            V,
            "must have the same shape",
        ),
        "gradient None": (lambda: train(Own(gradient=lambda p, x, y: None)), T, "return missing"),
        "gradient of lists": (
            lambda: train(Own(gradient=lambda p, x, y: {"w": "ab"})),
            T,
            "text",
        ),
        "gradient that requires a gradient": (
            lambda: train(Own(gradient=lambda p, x, y: {"w": Tensor()})),
            T,
            ".detach()",
        ),
        "gradient nan from the start": (
            lambda: train(Own(gradient=lambda p, x, y: {"w": np.full(2, np.nan)})),
            V,
            "nan or infinite",
        ),
        "gradient of a flat residual against a column": (
            lambda: train(
                Own(
                    init=lambda data: np.zeros((2, 1)),
                    loss=lambda p, x, y: float(np.mean((x @ p - y) ** 2)),
                    gradient=lambda p, x, y: x.T @ (x @ p - y),
                )
            ),
            V,
            "must have the same shape",
        ),
        "loss a vector": (
            lambda: train(Own(loss=lambda p, x, y: x @ p["w"] - y)),
            T,
            "The loss must be one real number, but is an array of shape (6,)",
        ),
        "loss None": (lambda: train(Own(loss=lambda p, x, y: None)), T, "The loss must be one"),
        "loss nan": (
            lambda: train(Own(loss=lambda p, x, y: np.nan)),
            V,
            "The loss of the parameters at the start is nan",
        ),
        "loss infinite": (
            lambda: train(Own(loss=lambda p, x, y: np.inf)),
            V,
            "The loss of the parameters at the start is inf",
        ),
        "loss of two arguments": (
            lambda: train(Own(loss=lambda p, x: 1.0)),
            T,
            "loss(parameters, x, y)",
        ),
        "init of no argument": (lambda: train(Own(init=lambda: FLAT)), T, "init(data)"),
        "init None": (lambda: train(Own(init=lambda data: None)), T, "is None"),
        "init empty": (lambda: train(Own(init=lambda data: {})), V, "the dict is empty"),
        "init not a method": (lambda: train(Own(init=FLAT)), T, "has no init"),
        "training_steps of a class": (
            lambda: d2l.training_steps(d2l.MLP, d2l.SGD(), CLASSES),
            T,
            "Pass a model",
        ),
        "training_steps of a pair": (
            lambda: d2l.training_steps(MODEL, d2l.SGD(), (X, Y)),
            T,
            "d2l.Dataset(",
        ),
        "training_steps, epochs=": (
            lambda: d2l.training_steps(MODEL, d2l.SGD(), DATA, epochs=2),
            T,
            "without end",
        ),
        "training_steps, batch too large": (
            lambda: d2l.training_steps(MODEL, d2l.SGD(), DATA),
            V,
            "only 6 examples",
        ),
    },
    "agree": {
        "the error of an agreement": (
            lambda: scale(d2l.SGD(0.1)).error,
            A,
            "An Agreement has no 'error'. Did you mean 'difference'",
        ),
        "whether it is true": (
            lambda: bool(d2l.agree(d2l.SGD(0.1), d2l.SGD(0.2))),
            T,
            "agreement.difference == 0",
        ),
        "a name": (lambda: d2l.agree("rmsprop"), T, "d2l.get_rule('rmsprop')"),
        "a class": (lambda: d2l.agree(d2l.RMSprop), T, "d2l.RMSprop(), not the class"),
        "nothing": (lambda: d2l.agree(), T, "agree needs 'rule'"),
        "a number for the optimizer": (lambda: d2l.agree(d2l.SGD(), 100), T, "not with an int"),
        "a name for the optimizer": (
            lambda: d2l.agree(d2l.SGD(), "sgd"),
            T,
            "Pass an optimizer",
        ),
        "a class for the optimizer": (
            lambda: d2l.agree(d2l.SGD(), d2l.RMSprop),
            T,
            "RMSprop(learning_rate=0.01)",
        ),
        "a PyTorch optimizer": (
            lambda: d2l.agree(d2l.SGD(), TorchOptimizer()),
            T,
            "An optimizer of PyTorch becomes such a function",
        ),
        "many rates": (lambda: d2l.agree(d2l.SGD(np.ones(2))), V, "one setting at a time"),
        "over no steps": (
            lambda: d2l.agree(d2l.SGD(), steps=0),
            V,
            "steps must be a whole number of at least 1",
        ),
        "integers": (lambda: d2l.agree(d2l.SGD(), dtype="int32"), V, "'float32' or 'float64'"),
        "half precision": (lambda: d2l.agree(d2l.SGD(), dtype="float16"), V, "'float32' or"),
        "dtype float": (lambda: d2l.agree(d2l.SGD(), dtype=float), V, "'float32' or 'float64'"),
        "gradients of no steps": (
            lambda: d2l.agree(d2l.SGD(), gradients=np.ones((0, 5))),
            V,
            "one gradient in each row",
        ),
        "gradients of no columns": (
            lambda: d2l.agree(d2l.SGD(), gradients=np.ones((5, 0))),
            V,
            "one gradient in each row",
        ),
        "gradients flat": (lambda: d2l.agree(d2l.SGD(), gradients=FLAT), V, "with [:, None]"),
        "gradients a number": (lambda: d2l.agree(d2l.SGD(), gradients=1.0), V, "with [:, None]"),
        "gradients too large for float32": (
            lambda: d2l.agree(d2l.SGD(), gradients=[[1e300]]),
            V,
            "nan or infinite",
        ),
        "gradients, and steps": (
            lambda: d2l.agree(d2l.SGD(), gradients=COLUMN, steps=5),
            V,
            "steps",
        ),
        "gradients misspelled": (lambda: d2l.agree(d2l.SGD(), gradient=FLAT), T, "'gradients'"),
        "a function that returns None": (
            lambda: d2l.agree(d2l.SGD(), lambda x, g: None),
            T,
            "returned",
        ),
        "a function that returns another shape": (
            lambda: d2l.agree(d2l.SGD(), lambda x, g: 0.0),
            V,
            "What the function returned",
        ),
        "a function of one argument": (
            lambda: d2l.agree(d2l.SGD(), lambda x: x),
            T,
            "two arguments",
        ),
        "another rule with many rates": (
            lambda: d2l.agree(d2l.SGD(), d2l.SGD(np.ones(2))),
            V,
            "one setting at a time",
        ),
        "a rule of one's own, alone": (lambda: d2l.agree(OwnSignum()), V, "has no twin in Keras"),
        "example_gradients of 0": (lambda: d2l.example_gradients(0), V, "steps must be a whole"),
        "example_gradients of a shape": (
            lambda: d2l.example_gradients((3, 2)),
            V,
            "steps must be a whole number",
        ),
        "example_gradients, seed": (
            lambda: d2l.example_gradients(3, 2, -1),
            V,
            "seed must be a whole number",
        ),
        "Keras: a used optimizer": (
            lambda: used(lambda optimizer: d2l.agree(d2l.SGD(0.1), optimizer)),
            V,
            "was used before",
        ),
        "Keras: a class of optimizers": (
            lambda: d2l.agree(d2l.SGD(), d2l.keras().optimizers.SGD),
            T,
            "SGD(learning_rate=0.01)",
        ),
    },
    "twin": {
        "a rule of one's own": (lambda: d2l.twin(OwnSignum()), V, "has no twin in Keras"),
        "a subclass of a rule": (lambda: d2l.twin(Corrected()), V, "has no twin in Keras"),
        "a name": (lambda: d2l.twin("sgd"), T, "d2l.get_rule('sgd')"),
        "a class": (lambda: d2l.twin(d2l.SGD), T, "d2l.SGD(), not the class"),
        "an optimizer": (lambda: d2l.twin(TorchOptimizer()), T, "d2l.rule_like("),
        "Keras: epsilon where it has none": (
            lambda: d2l.twin(d2l.RMSprop(epsilon_inside_root=False)),
            V,
            "Keras' RMSprop has no epsilon_inside_root=False",
        ),
        "Keras: epsilon_hat": (
            lambda: d2l.twin(d2l.Adam(epsilon_hat=False)),
            V,
            "Keras' Adam has no epsilon_hat=False",
        ),
        "Keras: many rates": (
            lambda: d2l.twin(d2l.SGD(np.ones(2))),
            V,
            "Keras takes one number for learning_rate",
        ),
        "Keras: a schedule of one's own": (
            lambda: d2l.twin(d2l.SGD(lambda k: 0.1)),
            V,
            "has no twin in Keras: use one that",
        ),
    },
    "train_concise": {
        "a class of ours": (
            lambda: d2l.train_concise(d2l.SGD, DATA),
            T,
            "d2l.SGD(), not the class",
        ),
        "a name": (lambda: d2l.train_concise("sgd", DATA), T, "but got 'sgd'"),
        "None": (lambda: d2l.train_concise(None, DATA), T, "but got None"),
        "a PyTorch optimizer": (
            lambda: d2l.train_concise(TorchOptimizer(), DATA),
            T,
            "a TorchOptimizer",
        ),
        "a model first": (lambda: d2l.train_concise(MODEL, d2l.SGD(), DATA), T, "by place"),
        "X and y": (lambda: d2l.train_concise(d2l.SGD(), X, Y), T, "d2l.Dataset('mine', X, y)"),
        "a pair": (lambda: d2l.train_concise(d2l.SGD(), (X, Y)), T, "d2l.Dataset('mine', X, y)"),
        "a rule of one's own": (lambda: d2l.train_concise(OwnSignum(), DATA), V, "has no twin"),
        "many rates": (
            lambda: d2l.train_concise(d2l.SGD(np.ones(2)), DATA),
            V,
            "takes one number for learning_rate",
        ),
        "two targets": (
            lambda: d2l.train_concise(d2l.SGD(), d2l.Dataset("two", X, X), batch_size=2),
            V,
            "train_concise fits one target",
        ),
        "sequences": (
            lambda: d2l.train_concise(
                d2l.SGD(), d2l.Dataset("mine", np.ones((2, 3, 4)), [0.0, 1.0]), batch_size=2
            ),
            V,
            "train_concise fits one target",
        ),
        "no epochs": (lambda: d2l.train_concise(d2l.SGD(), DATA, epochs=0), V, "epochs must be"),
        "batch too large": (lambda: d2l.train_concise(d2l.SGD(), DATA), V, "only 6 examples"),
        "num_epochs=": (lambda: d2l.train_concise(d2l.SGD(), DATA, num_epochs=1), T, "'epochs'"),
        "learning_rate=": (
            lambda: d2l.train_concise(d2l.SGD(), DATA, learning_rate=0.1),
            T,
            "It belongs to the rule",
        ),
        "Keras: a class": (
            lambda: d2l.train_concise(d2l.keras().optimizers.SGD, DATA),
            T,
            "SGD(learning_rate=0.01)",
        ),
        "Keras: a used optimizer": (
            lambda: used(lambda optimizer: d2l.train_concise(optimizer, DATA, batch_size=6)),
            V,
            "was used before",
        ),
    },
    "recipe": {
        "no such framework": (lambda: d2l.recipe(d2l.SGD(), "caffe"), V, "Known: keras, optax"),
        "tensorflow": (lambda: d2l.recipe(d2l.SGD(), "tensorflow"), V, "Did you mean 'keras'?"),
        "tf.keras": (lambda: d2l.recipe(d2l.SGD(), "tf.keras"), V, "Did you mean 'keras'?"),
        "jax": (lambda: d2l.recipe(d2l.SGD(), "jax"), V, "Did you mean 'optax'?"),
        "flax": (lambda: d2l.recipe(d2l.SGD(), "flax"), V, "Did you mean 'optax'?"),
        "pytorch": (lambda: d2l.recipe(d2l.SGD(), "pytorch"), V, "Did you mean 'torch'?"),
        "torch.optim": (lambda: d2l.recipe(d2l.SGD(), "torch.optim"), V, "Did you mean 'torch'?"),
        "Keras": (lambda: d2l.recipe(d2l.SGD(), "Keras"), V, "Did you mean 'keras'?"),
        "a list": (lambda: d2l.recipe(d2l.SGD(), ["torch"]), V, "There is no recipe for ['torch']"),
        "None": (lambda: d2l.recipe(d2l.SGD(), None), V, "no recipe for None"),
        "a module": (lambda: d2l.recipe(d2l.SGD(), np), V, "no recipe for the module numpy"),
        "no framework": (lambda: d2l.recipe(d2l.SGD()), T, "recipe needs 'framework'"),
        "swapped": (lambda: d2l.recipe("torch", d2l.SGD()), T, "such as d2l.RMSprop()"),
        "a name": (lambda: d2l.recipe("sgd", "torch"), T, "d2l.get_rule('sgd')"),
        "a class": (lambda: d2l.recipe(d2l.SGD, "torch"), T, "d2l.SGD(), not the class"),
        "a PyTorch optimizer": (
            lambda: d2l.recipe(TorchOptimizer(), "keras"),
            T,
            "d2l.rule_like(",
        ),
        **{
            f"a rule of one's own to {framework}": (
                lambda framework=framework: d2l.recipe(OwnSignum(), framework),
                T,
                "OwnSignum has equations of its own",
            )
            for framework in ("keras", "torch", "optax")
        },
        **{
            f"a subclass of RMSprop to {framework}": (
                lambda framework=framework: d2l.recipe(Corrected(), framework),
                T,
                "Corrected has equations of its own",
            )
            for framework in ("keras", "torch", "optax")
        },
        "a schedule": (
            lambda: d2l.recipe(d2l.SGD(d2l.CosineDecay(0.1, 10)), "torch"),
            V,
            "learning_rate is a schedule",
        ),
        "an array": (lambda: d2l.recipe(d2l.SGD(np.ones(2)), "torch"), V, "is an array"),
        "Lion in PyTorch": (lambda: d2l.recipe(d2l.Lion(), "torch"), V, "has no Lion"),
        "Nadam in Optax": (lambda: d2l.recipe(d2l.Nadam(), "optax"), V, "no such Nadam"),
    },
    "rule_like": {
        "lr=": (lambda: d2l.rule_like("torch.optim.SGD", lr=0.1), T, "{'lr': 0.1}"),
        "misspelled": (lambda: d2l.rule_like("torch.optim.RMSProp"), V, "mean 'torch.optim.RMS"),
        "the short name": (lambda: d2l.rule_like("RMSprop"), V, "torch.optim.RMSprop"),
        "a class": (lambda: d2l.rule_like(TorchOptimizer), T, "is named in text"),
        "an optimizer": (lambda: d2l.rule_like(TorchOptimizer()), T, "optimizer.defaults"),
        "None": (lambda: d2l.rule_like(None), T, "is named in text"),
        "nothing": (lambda: d2l.rule_like(), T, "rule_like needs 'call'"),
        "one beta": (
            lambda: d2l.rule_like("torch.optim.Adam", {"betas": 0.9}),
            T,
            "betas must be 2 numbers, such as (0.9, 0.999), but is 0.9",
        ),
        "three betas": (
            lambda: d2l.rule_like("torch.optim.Adam", {"betas": (0.9, 0.99, 0.999)}),
            T,
            "betas must be 2 numbers",
        ),
        "betas in text": (
            lambda: d2l.rule_like("torch.optim.Adam", {"betas": "ab"}),
            T,
            "betas",
        ),
        "a list of arguments": (
            lambda: d2l.rule_like("torch.optim.SGD", ["lr", 0.1]),
            T,
            "must be a dict, such as {'lr': 0.1}",
        ),
        "a number for arguments": (
            lambda: d2l.rule_like("torch.optim.SGD", 0.1),
            T,
            "must be a dict, such as {'lr': 0.1}",
        ),
        "param_groups": (
            lambda: d2l.rule_like("torch.optim.SGD", TorchOptimizer().param_groups),
            T,
            "optimizer.param_groups[0]",
        ),
        "an optimizer for arguments": (
            lambda: d2l.rule_like("torch.optim.RMSprop", TorchOptimizer()),
            T,
            "optimizer.defaults",
        ),
        "a Keras config with a schedule": (
            lambda: d2l.rule_like(
                "keras.optimizers.SGD",
                {"learning_rate": {"class_name": "CosineDecay", "config": {}}},
            ),
            V,
            "d2l.CosineDecay",
        ),
        "an unknown argument": (
            lambda: d2l.rule_like("torch.optim.RMSprop", {"rho": 0.9}),
            T,
            "Known: alpha",
        ),
        "an argument that is no text": (
            lambda: d2l.rule_like("torch.optim.RMSprop", {1: 0.9}),
            T,
            "has no argument 1",
        ),
        "learning_rate in PyTorch": (
            lambda: d2l.rule_like("torch.optim.SGD", {"learning_rate": 0.1}),
            T,
            "Did you mean 'lr'?",
        ),
        "lr in Keras": (
            lambda: d2l.rule_like("keras.optimizers.SGD", {"lr": 0.1}),
            T,
            "Did you mean 'learning_rate'?",
        ),
        "a rate in text": (
            lambda: d2l.rule_like("torch.optim.SGD", {"lr": "0.1"}),
            T,
            "text",
        ),
        "no rate in Optax": (lambda: d2l.rule_like("optax.sgd"), T, "needs a learning_rate"),
        "an L2 penalty": (
            lambda: d2l.rule_like("torch.optim.Adam", {"weight_decay": 0.1}),
            V,
            "it is an L2 penalty",
        ),
        "dampening": (
            lambda: d2l.rule_like("torch.optim.SGD", {"momentum": 0.9, "dampening": 0.1}),
            V,
            "1 - dampening",
        ),
        "clipnorm": (
            lambda: d2l.rule_like("keras.optimizers.SGD", {"clipnorm": 1.0}),
            V,
            "clip it yourself",
        ),
        "NAdam's default": (lambda: d2l.rule_like("torch.optim.NAdam"), V, "momentum_decay"),
        "no such rule": (lambda: d2l.rule_like("optax.amsgrad"), V, "largest corrected average"),
    },
    "figures": {
        "surfaces of one name": (
            lambda: d2l.plot_traces(
                {str(a): run(d2l.SGD(0.05), d2l.quadratic([[a, 0], [0, 1]])) for a in (1.0, 9.0)}
            ),
            V,
            "on different surfaces",
        ),
        "a path that was not recorded": (
            lambda: d2l.plot_traces(run(d2l.SGD(0.1), record=False)),
            V,
            "record=True",
        ),
        "a descent that was not recorded": (
            lambda: d2l.plot_descent(run(d2l.SGD(0.1), d2l.parabola, record=False)),
            V,
            "record=True",
        ),
        "contours of a constant": (
            lambda: d2l.contours(surface(lambda x: 0 * x[0] + 1.0)),
            V,
            "no two values",
        ),
        "a look in one word": (lambda: d2l.plot_traces({"a": TRACE}, looks={"a": "red"}), T, "red"),
        "a look that matplotlib has not": (
            lambda: d2l.plot_traces({"a": TRACE}, looks={"a": {"hue": "red"}}),
            T,
            "no keyword argument 'hue'",
        ),
        "a style that matplotlib has not": (
            lambda: d2l.plot_descent(run(d2l.SGD(0.1), d2l.parabola), hue="red"),
            T,
            "no keyword argument 'hue'",
        ),
        "a look of no curve": (
            lambda: d2l.plot_histories({"Adam": HISTORY}, looks={"adam": {}}),
            V,
            "Did you mean 'Adam'",
        ),
        "a map of a column of rates": (
            lambda: d2l.sensitivity_map(
                ("learning_rate", np.array([[0.1], [0.2]])), ("rho", [0.5, 0.9]), np.ones((2, 2))
            ),
            V,
            ".ravel()",
        ),
        "a map of text": (
            lambda: d2l.sensitivity_map(
                ("learning_rate", [0.1, 0.2]), ("rho", [0.5]), [["a", "b"]]
            ),
            T,
            "must be real numbers",
        ),
        "a mark of text": (
            lambda: d2l.sensitivity_map(
                ("learning_rate", [0.1]), ("rho", [0.5]), [[1.0]], mark=("a", "b")
            ),
            T,
            "holds text",
        ),
        "plot_traces of a list": (
            lambda: d2l.plot_traces([TRACE, TRACE]),
            T,
            "under its name, as in {'SGD': …, 'Adam': …}, but got a list",
        ),
        "plot_traces of two": (lambda: d2l.plot_traces(TRACE, TRACE), T, "under its name"),
        "plot_traces of {}": (lambda: d2l.plot_traces({}), T, "but got an empty dict"),
        "plot_traces of None": (lambda: d2l.plot_traces(None), T, "under its name"),
        "plot_traces of a History": (lambda: d2l.plot_traces(HISTORY), T, "d2l.plot_histories"),
        "plot_traces of {name: History}": (
            lambda: d2l.plot_traces({"a": HISTORY}),
            T,
            "'a' is a History, not a Trace",
        ),
        "plot_traces of points": (lambda: d2l.plot_traces(TRACE.x), T, "but got an array"),
        "plot_traces side by side": (
            lambda: d2l.plot_traces(SIDE_BY_SIDE),
            V,
            "Run them one by one",
        ),
        "plot_traces on two surfaces": (
            lambda: d2l.plot_traces({"a": TRACE, "b": run(d2l.SGD(0.01), d2l.beale)}),
            V,
            "on different surfaces",
        ),
        "plot_traces on a line": (
            lambda: d2l.plot_traces(run(d2l.SGD(0.1), d2l.parabola)),
            V,
            "d2l.plot_descent",
        ),
        "plot_traces, looks a list": (
            lambda: d2l.plot_traces({"a": TRACE}, looks=[{}]),
            T,
            "looks",
        ),
        "plot_traces, ax a number": (lambda: d2l.plot_traces(TRACE, ax=1), T, "plt.subplots()"),
        "plot_histories of a list": (
            lambda: d2l.plot_histories([HISTORY]),
            T,
            "under its name",
        ),
        "plot_histories of a Trace": (
            lambda: d2l.plot_histories(TRACE),
            T,
            "d2l.plot_traces",
        ),
        "plot_histories of losses": (
            lambda: d2l.plot_histories({"a": FLAT}),
            T,
            "is an array, not a History",
        ),
        "plot_histories, floor in text": (
            lambda: d2l.plot_histories(HISTORY, floor="0"),
            T,
            "text",
        ),
        "plot_histories, floor above": (
            lambda: d2l.plot_histories(HISTORY, floor=1e6),
            V,
            "floor",
        ),
        "plot_descent in the plane": (lambda: d2l.plot_descent(TRACE), V, "d2l.plot_traces"),
        "plot_descent of a surface": (
            lambda: d2l.plot_descent(d2l.parabola),
            T,
            "what d2l.minimize returns",
        ),
        "plot_descent of many": (
            lambda: d2l.plot_descent(run(d2l.SGD(np.ones(2) / 10), d2l.parabola)),
            V,
            "draws one run",
        ),
        "contours of a name": (
            lambda: d2l.contours("bowl"),
            T,
            "d2l.OBJECTIVES has those of the book by name",
        ),
        "contours of a line": (
            lambda: d2l.contours(d2l.parabola),
            V,
            "Contours need a function of two coordinates",
        ),
        "contours of a function": (lambda: d2l.contours(np.sum), T, "draws a surface"),
        "contours, 0 levels": (lambda: d2l.contours(d2l.bowl, levels=0), V, "levels must be"),
        "contours, levels a list": (
            lambda: d2l.contours(d2l.bowl, levels=[1, 2]),
            V,
            "levels must be",
        ),
        "contours, ax a figure": (lambda: d2l.contours(d2l.bowl, "ax"), T, "plt.subplots()"),
        "sensitivity_map transposed": (
            lambda: d2l.sensitivity_map(
                ("learning_rate", np.ones(2)), ("rho", np.full(3, 0.5)), np.ones((2, 3))
            ),
            V,
            "Transpose them, with .T",
        ),
        "sensitivity_map of arrays": (
            lambda: d2l.sensitivity_map(np.ones(2), np.ones(3), np.ones((3, 2))),
            T,
            "as in ('learning_rate', rates)",
        ),
        "sensitivity_map of names": (
            lambda: d2l.sensitivity_map("learning_rate", "rho", np.ones((3, 2))),
            T,
            "as in ('learning_rate', rates)",
        ),
        "sensitivity_map of another shape": (
            lambda: d2l.sensitivity_map(
                ("learning_rate", np.ones(2)), ("rho", np.full(3, 0.5)), np.ones(6)
            ),
            V,
            "a row for each rho",
        ),
        "sensitivity_map of text": (
            lambda: d2l.sensitivity_map(
                ("learning_rate", ["a", "b"]), ("rho", [0.5, 0.6]), np.eye(2)
            ),
            T,
            "text",
        ),
        "sensitivity_map of a rate 0": (
            lambda: d2l.sensitivity_map(
                ("learning_rate", [0.0, 0.1]), ("rho", [0.5, 0.6]), np.eye(2)
            ),
            V,
            "above 0",
        ),
        "sensitivity_map, mark a number": (
            lambda: d2l.sensitivity_map(
                ("learning_rate", [0.01, 0.1]), ("rho", [0.5, 0.6]), np.eye(2), mark=0.1
            ),
            T,
            "mark",
        ),
        "use_book_style('gif')": (
            lambda: d2l.use_book_style("gif"),
            V,
            "There is no format 'gif'",
        ),
        "use_book_style(['svgg'])": (lambda: d2l.use_book_style(["svgg"]), V, "mean 'svg'?"),
        "use_book_style(3)": (lambda: d2l.use_book_style(3), T, "svg"),
        "look of a name": (lambda: d2l.look("SGD"), T, "d2l.look(d2l.Adam())"),
        "look of a class": (lambda: d2l.look(d2l.SGD), T, "d2l.look(d2l.Adam())"),
        "look of None": (lambda: d2l.look(None), T, "d2l.look(d2l.Adam())"),
    },
    "playground": {
        "a name for a rule": (
            lambda: d2l.playground(d2l.bowl, "SGD"),
            V,
            "as in 'SGD(learning_rate=0.1",
        ),
        "a number without a name": (
            lambda: d2l.playground(d2l.bowl, "SGD(0.1)"),
            V,
            "each number has a name, as in learning_rate=0.1",
        ),
        "a rule misspelled": (
            lambda: d2l.playground(d2l.bowl, "SDG(learning_rate=0.1)"),
            V,
            "Did you mean 'SGD'?",
        ),
        "a rate misspelled": (
            lambda: d2l.playground(d2l.bowl, "SGD(lr=0.1)"),
            T,
            "mean 'learning_rate'",
        ),
        "a rate that is none": (
            lambda: d2l.playground(d2l.bowl, "SGD(learning_rate=big)"),
            V,
            "'big' is not a number",
        ),
        "1/L of Beale": (
            lambda: d2l.playground(d2l.beale, "SGD(learning_rate=1/L)"),
            V,
            "has no curvature L",
        ),
        "a class": (lambda: d2l.playground(d2l.bowl, d2l.SGD), T, "d2l.SGD(), not the class"),
        "a list of rules": (
            lambda: d2l.playground(d2l.bowl, [d2l.SGD(), d2l.Adam()]),
            T,
            "one by one",
        ),
        "many rates": (lambda: d2l.playground(d2l.bowl, d2l.SGD(np.ones(2))), T, "a number for"),
        "a name for a surface": (lambda: d2l.playground("bowl"), T, "d2l.bowl"),
        "a rule first": (lambda: d2l.playground(d2l.SGD(0.1)), T, "the surface first"),
        "None": (lambda: d2l.playground(None), T, "not None"),
        "start of three": (lambda: d2l.playground(d2l.bowl, start=FLAT), V, "2 coordinates"),
        "start nan": (lambda: d2l.playground(d2l.bowl, start=[np.nan, 0]), V, "nan or infinite"),
        "steps 0": (lambda: d2l.playground(d2l.bowl, steps=0), V, "steps must be"),
        "steps 5000": (lambda: d2l.playground(d2l.bowl, steps=5000), V, "at most 1000"),
        "step beyond": (lambda: d2l.playground(d2l.bowl, step=41), V, "at most 40"),
        "noise an array": (lambda: d2l.playground(d2l.bowl, noise=np.ones(2)), T, "one number"),
        "noise negative": (lambda: d2l.playground(d2l.bowl, noise=-1), V, "must not be negative"),
        "noise in text": (lambda: d2l.playground(d2l.bowl, noise="a lot"), T, "text"),
        "seed large": (lambda: d2l.playground(d2l.bowl, seed=10**6), V, "at most 9999"),
        "view misspelled": (lambda: d2l.playground(d2l.bowl, view="maps"), V, "mean 'map'?"),
        "view a list": (lambda: d2l.playground(d2l.bowl, view=["map"]), V, "no view"),
        "axes of another rule": (
            lambda: d2l.playground(d2l.bowl, view="map", axes=("learning_rate", "rho")),
            V,
            "must be two of",
        ),
        "axes in text": (
            lambda: d2l.playground(d2l.bowl, view="map", axes="learning_rate"),
            V,
            "must be two of",
        ),
        "axes a number": (
            lambda: d2l.playground(d2l.bowl, view="map", axes=1),
            V,
            "must be two of",
        ),
        "axes without a map": (
            lambda: d2l.playground(d2l.bowl, axes=("learning_rate", "momentum")),
            V,
            "view='map'",
        ),
        "select beyond": (lambda: d2l.playground(d2l.bowl, select=1), V, "at most 0"),
        "predict in text": (lambda: d2l.playground(d2l.bowl, predict="no"), T, "True or False"),
        "learning_rate=": (
            lambda: d2l.playground(d2l.bowl, learning_rate=0.1),
            T,
            "It belongs to the rule",
        ),
        "rules=": (lambda: d2l.playground(d2l.bowl, rules=[]), T, "no argument 'rules'"),
    },
    "names of Dive into Deep Learning": {
        **{
            f"TensorFlow: {name}": (lambda name=name: getattr(theirs(), name), A, sentence)
            for name, sentence in {
                "train_2D": "Did you mean 'train_2d'?",
                "try_all_gpus": "Did you mean 'try_gpu'?",
                "minimize": "import d2lmini",
                "SGD": "import d2lmini",
                "train_ch6": "Did you mean 'train_ch11'",
                "HyperParameters": "has no 'HyperParameters'",
                "download_all": "Did you mean 'download'?",
            }.items()
        },
        "TensorFlow: train_2d of a rule": (
            lambda: theirs().train_2d(d2l.SGD(0.1)),
            T,
            "d2l.minimize",
        ),
        "TensorFlow: train_2d of sgd": (
            lambda: theirs().train_2d(theirs().sgd),
            T,
            "it is for train_ch11",
        ),
        "TensorFlow: show_trace_2d of one argument": (
            lambda: theirs().show_trace_2d(lambda x: x, [(-5.0, -2.0)]),
            T,
            "(x1, x2)",
        ),
        "TensorFlow: show_trace_2d of exchanged arguments": (
            lambda: theirs().show_trace_2d([(-5.0, -2.0)], lambda x1, x2: x1),
            T,
            "The function is called with two arguments",
        ),
        "TensorFlow: show_trace_2d of a number": (
            lambda: theirs().show_trace_2d(lambda x1, x2: x1, 3),
            T,
            "a list of points (x1, x2)",
        ),
        "TensorFlow: plot of two lengths": (
            lambda: theirs().plot([1, 2, 3], [1, 2]),
            V,
            "3 values of x for a curve of 2",
        ),
        "TensorFlow: train_2d of a class": (lambda: theirs().train_2d(d2l.SGD), T, "d2l.minimize"),
        "TensorFlow: trainer lacking f_grad": (
            lambda: theirs().train_2d(lambda x1, x2, s1, s2: (x1, x2, s1, s2), f_grad=abs),
            T,
            "f_grad",
        ),
        "TensorFlow: f_grad forgotten": (
            lambda: theirs().train_2d(lambda x1, x2, s1, s2, f_grad: (x1, x2, s1, s2)),
            T,
            "f_grad=",
        ),
        "TensorFlow: trainer of one argument": (
            lambda: theirs().train_2d(lambda x: x),
            T,
            "x1, x2, s1, s2",
        ),
        "TensorFlow: trainer returns two": (
            lambda: theirs().train_2d(lambda x1, x2, s1, s2: (x1, x2)),
            V,
            "must return four values",
        ),
        "TensorFlow: trainer returns vectors": (
            lambda: theirs().train_2d(lambda x1, x2, s1, s2: (FLAT, x2, s1, s2)),
            V,
            "x1 must stay one number",
        ),
        "TensorFlow: steps 2.5": (
            lambda: theirs().train_2d(lambda x1, x2, s1, s2: (x1, x2, s1, s2), steps=2.5),
            V,
            "steps must be a whole number",
        ),
        "TensorFlow: load_array unequal rows": (
            lambda: theirs().load_array((X, Y[:5]), 2),
            V,
            "6 and 5 rows",
        ),
        "TensorFlow: load_array of an array": (lambda: theirs().load_array(X, 2), T, "(X, y)"),
        "TensorFlow: load_array, batch 0": (
            lambda: theirs().load_array((X, Y), 0),
            V,
            "batch_size must be",
        ),
        "TensorFlow: train_ch11 wrong dimension": (
            lambda: ch11(their_sgd, dim=3),
            V,
            "feature_dim is 3, but the examples have 2 features",
        ),
        "TensorFlow: train_ch11 with a pure function": (
            lambda: ch11(
                lambda p, g, states, hyper: [a - 0.1 * b for a, b in zip(p, g, strict=True)]
            ),
            V,
            "param.assign",
        ),
        "TensorFlow: train_ch11 with a rule": (lambda: ch11(d2l.SGD(0.1)), T, "d2l.train"),
        "TensorFlow: train_ch11 with a class": (lambda: ch11(d2l.SGD), T, "d2l.train"),
        "TensorFlow: train_ch11 without hyperparameters": (
            lambda: ch11(their_sgd, hyper={}),
            T,
            "hyperparams has no 'lr'",
        ),
        "TensorFlow: train_ch11, a trainer of three": (
            lambda: ch11(lambda p, states, hyper: None),
            T,
            "four arguments",
        ),
        "TensorFlow: train_ch11 of a Dataset": (
            lambda: theirs().train_ch11(their_sgd, None, {"lr": 0.1}, DATA, 2),
            T,
            "load_array",
        ),
        "TensorFlow: train_ch11 of a pair": (
            lambda: theirs().train_ch11(their_sgd, None, {"lr": 0.1}, (X, Y), 2),
            T,
            "load_array",
        ),
        "TensorFlow: train_ch11 of no epochs": (
            lambda: ch11(their_sgd, epochs=0),
            V,
            "num_epochs must be",
        ),
        "TensorFlow: train_concise_ch11 with an instance": (
            lambda: concise_ch11(theirs().tf.keras.optimizers.SGD(0.1), {}),
            T,
            "tf.keras.optimizers.SGD, not an instance",
        ),
        "TensorFlow: train_concise_ch11 with lr": (
            lambda: concise_ch11(theirs().tf.keras.optimizers.SGD, {"lr": 0.1}),
            T,
            "Did you mean 'learning_rate'?",
        ),
        "TensorFlow: train_concise_ch11 with a d2l class": (
            lambda: concise_ch11(d2l.SGD, {"learning_rate": 0.1}),
            T,
            "tf.keras.optimizers.SGD",
        ),
        "TensorFlow: train_concise_ch11 with a name": (
            lambda: concise_ch11("sgd", {"learning_rate": 0.1}),
            T,
            "tf.keras.optimizers",
        ),
        "TensorFlow: plot of two X and three Y": (
            lambda: theirs().plot([FLAT, FLAT], [FLAT, FLAT, FLAT]),
            V,
            "one x for all curves",
        ),
        "TensorFlow: download of a name": (
            lambda: theirs().download("kaggle_house"),
            KeyError,
            "DATA_HUB has no 'kaggle_house'",
        ),
    },
}


def used(call):
    """Call with an optimizer of Keras that has trained something."""
    module = d2l.keras()
    optimizer = module.optimizers.SGD(0.1)
    optimizer.build([module.Variable(np.ones(2))])
    return call(optimizer)


def theirs():
    from d2lmini import tensorflow

    return tensorflow


def their_sgd(params, grads, states, hyperparams):
    for param, grad in zip(params, grads, strict=True):
        param.assign_sub(hyperparams["lr"] * grad)


def ch11(trainer, hyper=None, dim=2, epochs=1):
    data = theirs().load_array((X.astype("float32"), Y.astype("float32")), 3)
    return theirs().train_ch11(
        trainer, None, {"lr": 0.1} if hyper is None else hyper, data, dim, epochs
    )


def concise_ch11(trainer, hyper):
    data = theirs().load_array((X.astype("float32"), Y.astype("float32")), 3)
    return theirs().train_concise_ch11(trainer, hyper, data, 1)


# ---- what must come out -------------------------------------------------------------------------


def far_away(minimum, start):
    """Return a parabola with its minimum far from zero, in natural units such as prices."""
    return d2l.Objective(
        "price", lambda x: (x - minimum) ** 2, lambda x: 2 * (x - minimum), start=start
    )


def same_call(rule):
    """Return what the call that a rule's repr writes makes of each hyperparameter."""
    return vars(eval(repr(rule), vars(d2l))) == vars(rule)


def dtypes(rule, x):
    """Return the precisions of the parameters and of the state after two steps."""
    g = x if isinstance(x, np.ndarray) else dict(x) if isinstance(x, dict) else list(x)
    x, state = step(rule, x, g)
    x, state = rule.step(x, x, state)
    parts = [x, *(value for name, value in state.items() if name not in "tP")]
    arrays = [a for p in parts for a in (p if isinstance(p, list) else [p])]
    return {array.dtype.name for array in arrays}


HALVES = np.full((4, 1), 0.5)

RIGHT = {
    "reviews": {
        "a review of one's own": (
            lambda: d2l.reviews(2).tokens("the plot was good .")[:6].tolist(),
            [2, 4, 3, 12, 1, 0],
        ),
        "texts of one's own": (
            lambda: d2l.Reviews("mine", [[1, 0]], [1], words=("", "yes")).read([1, 0]),
            "yes",
        ),
        "EmbeddingRNN of one text": (
            lambda: d2l.EmbeddingRNN().init(d2l.reviews(2))["E"].shape,
            (60, 16),
        ),
    },
    "the track": {
        "a trial": (
            lambda: d2l.Contestant(d2l.SGD, {"learning_rate": (0.01, 1, "log")}).trial(0),
            {"learning_rate": 0.1},
        ),
        "a sign test": (lambda: d2l.sign_test([1, 1], [2, None]), 0.5),
        "Holm": (lambda: d2l.holm([0.5]).tolist(), [0.5]),
        "a profile": (lambda: d2l.performance_profile({"a": [1]}, [1])["a"].tolist(), [1.0]),
    },
    "beyond first order": {
        "integers as a start": (lambda: d2l.newton(d2l.bowl, start=[1, 2]).x[-1], [0.0, 0.0]),
        "a run is a trace": (lambda: isinstance(d2l.bfgs(d2l.bowl), d2l.Trace), True),
        "what a run is": (lambda: type(d2l.lbfgs(d2l.bowl)) is d2l.Descent, True),
        "what a search is": (
            lambda: (
                type(d2l.line_search(lambda x: x @ x, lambda x: 2 * x, [1, 2], [-1, -2]))
                is d2l.LineSearch
            ),
            True,
        ),
        "at the minimum at once": (lambda: d2l.newton_cg(d2l.bowl, start=[0, 0]).steps, 0),
        "no steps": (lambda: d2l.nonlinear_cg(d2l.bowl, steps=0).x.shape, (1, 2)),
    },
    "a rule": {
        "a misspelling that is none": (lambda: d2l.get_rule("RMSPROP").rho, 0.9),
        "rate 0, momentum near 1": (lambda: d2l.SGD(0, momentum=0.999999).learning_rate, 0.0),
        "NumPy numbers": (
            lambda: d2l.SGD(np.float32(0.5), np.array(0.5), np.True_, weight_decay=0).momentum,
            0.5,
        ),
        "decays of 0": (lambda: d2l.Adam(beta_1=0, beta_2=0, epsilon=0).epsilon, 0.0),
        "s_0 of 0": (lambda: d2l.Adagrad(initial_accumulator_value=0).learning_rate, 0.001),
        "an integer rate": (lambda: type(d2l.SGD(1).learning_rate), float),
        "no decay": (lambda: d2l.AdamW(weight_decay=None).weight_decay, None),
        "repr of many digits": (
            lambda: repr(d2l.Adam(0.123456789)),
            "Adam(learning_rate=0.123456789)",
        ),
        "repr of few digits": (
            lambda: repr(d2l.SGD(0.1, 0.9, True)),
            "SGD(learning_rate=0.1, momentum=0.9, nesterov=True)",
        ),
        "repr of an array": (
            lambda: repr(d2l.SGD(np.ones((2, 1)))),
            "SGD(learning_rate=<array of shape (2, 1)>)",
        ),
        "repr of a lambda": (
            lambda: repr(d2l.SGD(lambda step: 0.1)),
            "SGD(learning_rate=<lambda>)",
        ),
        "repr of a callable": (
            lambda: repr(d2l.SGD(TorchModule())),
            "SGD(learning_rate=<TorchModule>)",
        ),
        **{
            f"repr of {rule.__name__}({rate!r}) makes it again": (
                lambda rule=rule, rate=rate: same_call(rule(rate, weight_decay=rate / 7)),
                True,
            )
            for rule in d2l.RULES.values()
            for rate in (0.1 + 0.2, 1 / 3)
        },
        **{
            f"{name} pickled": (
                lambda rule=rule: repr(pickle.loads(pickle.dumps(rule(1 / 3)))),
                f"{name}(learning_rate=0.3333333333333333)",
            )
            for name, rule in d2l.RULES.items()
        },
        "help of a rule of one's own": (lambda: OwnSignum().momentum, 0.9),
    },
    "step": {
        "of a list": (lambda: step(d2l.SGD(0.5), [1, 2], [1, 1])[0], [0.5, 1.5]),
        "of integers": (lambda: step(d2l.SGD(0.5), np.array([1, 2]), [1, 1])[0], [0.5, 1.5]),
        "of a number": (lambda: step(d2l.SGD(0.5), 1, 1)[0], 0.5),
        "of booleans": (lambda: step(d2l.SGD(0.5), np.array([True]), [1])[0], [0.5]),
        "of tensors": (
            lambda: step(d2l.SGD(0.5), Converted([1.0, 2.0]), Converted([1.0, 1.0]))[0],
            [0.5, 1.5],
        ),
        "of a tuple of arrays": (
            lambda: step(d2l.SGD(0.5), (FLAT, COLUMN), (FLAT, COLUMN))[0][1],
            COLUMN / 2,
        ),
        "of a list of arrays": (
            lambda: step(d2l.SGD(0.5), [FLAT, COLUMN], [FLAT, COLUMN])[0][0],
            FLAT / 2,
        ),
        "of a dict": (lambda: step(d2l.SGD(0.5), PAIR, PAIR)[0]["w"], FLAT / 2),
        "of a dict in another order": (
            lambda: step(d2l.SGD(0.5), PAIR, dict(reversed(PAIR.items())))[0]["b"],
            np.ones(1) / 2,
        ),
        "of no numbers": (lambda: step(d2l.SGD(0.5), np.empty(0), np.empty(0))[0].shape, (0,)),
        "a state as a plain dict": (
            lambda: d2l.SGD(0.5, 0.5).step(FLAT, FLAT, {"t": 0, "v": np.zeros(3)})[0],
            FLAT / 2,
        ),
        "a state that was pickled": (
            lambda: d2l.SGD(0.5, 0.5).step(
                FLAT, FLAT, pickle.loads(pickle.dumps(state_of(d2l.SGD(0.5, 0.5), FLAT)))
            )[0],
            FLAT * 0.25,
        ),
        "a state of the same rule with another rate": (
            lambda: d2l.SGD(0.25, 0.5).step(FLAT, FLAT, state_of(d2l.SGD(0.5, 0.5), FLAT))[0],
            FLAT * 0.5,
        ),
        "a gradient in another precision": (
            lambda: step(d2l.SGD(0.5), FLAT.astype("float32"), FLAT)[0].dtype.name,
            "float32",
        ),
        "a gradient in half precision": (
            lambda: step(d2l.RMSprop(0.5), FLAT, np.full(3, 1e3, "float16"))[1]["s"],
            np.full(3, 1e5),
        ),
        "t from NumPy": (lambda: d2l.SGD(0.5).step(FLAT, FLAT, {"t": np.int64(3)})[1]["t"], 4),
        "a zero gradient without epsilon, at first": (
            lambda: repr(step(d2l.SGD(0.5), FLAT, FLAT * 0)[0]),
            "array([1., 1., 1.])",
        ),
        **{
            f"{name} leaves float32, {what}": (
                lambda rule=rule, x=x: dtypes(rule(0.1), x),
                {"float32"},
            )
            for name, rule in d2l.RULES.items()
            for what, x in {
                "array": FLAT.astype("float32"),
                "list": [FLAT.astype("float32"), COLUMN.astype("float32")],
            }.items()
        },
        **{
            f"{type(rule).__name__} leaves float32 with arrays of {what}": (
                lambda rule=rule: dtypes(rule, FLAT.astype("float32")),
                {"float32"},
            )
            for what, rule in [
                ("rates", d2l.SGD(HALVES)),
                ("momenta", d2l.SGD(0.1, HALVES)),
                ("sums", d2l.Adagrad(initial_accumulator_value=HALVES)),
                ("decays", d2l.RMSprop(rho=HALVES)),
                ("decays and momenta", d2l.RMSprop(rho=HALVES, momentum=HALVES)),
                ("decays ", d2l.Adadelta(rho=HALVES)),
                ("decays of the average", d2l.Adam(beta_1=HALVES)),
                ("decays of the squares", d2l.Adam(beta_2=HALVES, epsilon_hat=False)),
                ("maxima", d2l.Adam(beta_2=HALVES, amsgrad=True)),
                ("weight decays", d2l.AdamW(weight_decay=HALVES)),
                ("decays", d2l.Adamax(beta_2=HALVES)),
                ("decays", d2l.Nadam(beta_1=HALVES, beta_2=HALVES)),
                ("decays", d2l.Lion(beta_1=HALVES)),
                ("schedules", d2l.SGD(d2l.ExponentialDecay(HALVES, 10, 0.9))),
            ]
        },
    },
    "a schedule": {
        "a lambda": (lambda: run(d2l.SGD(lambda step: 0.1 / (1 + step)), steps=2).steps, 2),
        "a NumPy number": (lambda: run(d2l.SGD(lambda step: np.float64(0.1))).steps, 20),
        "a whole number": (lambda: run(d2l.SGD(lambda step: 0)).x[-1], d2l.bowl.start),
        "a default argument": (lambda: d2l.SGD(lambda step, k=2: 0.1 / k).rate(1), 0.05),
        "a callable": (lambda: d2l.SGD(np.cos).rate(1), 1.0),
        "a growing one": (lambda: d2l.ExponentialDecay(0.1, 10, 2.0)(10), 0.2),
        "a rate of 0": (lambda: d2l.CosineDecay(0.0, 10)(5), 0.0),
        "arrays": (
            lambda: run(d2l.SGD(d2l.CosineDecay(np.array([[0.1], [0.2]]), 10))).x.shape,
            (21, 2, 2),
        ),
        "CosineDecay of NumPy's steps": (lambda: d2l.CosineDecay(0.1, 10)(np.int64(5)), 0.05),
        "a tuple of boundaries": (
            lambda: d2l.PiecewiseConstantDecay((2,), (0.2, 0.1))(3),
            0.1,
        ),
    },
    "Objective": {
        "gradient at a list": (lambda: d2l.bowl.gradient([1.0, 2.0]).tolist(), [0.2, 8.0]),
        "hessian at a list": (lambda: d2l.bowl.hessian([1.0, 2.0]).tolist(), [[0.2, 0], [0, 4]]),
        "gradient at whole numbers that overflow": (
            lambda: d2l.rosenbrock.gradient(np.array([3_000_000, 2000])),
            # 400 (a³ - ab) + 2 (a - 1) and 200 (b - a²), in whole numbers
            [
                400.0 * (3_000_000**3 - 3_000_000 * 2000) + 2 * 2_999_999,
                200.0 * (2000 - 9 * 10**12),
            ],
        ),
        "x[0] and x[1], written for one point": (
            lambda: run(d2l.SGD(0.1), surface(), steps=30).value[[0, -1]],
            lambda found: abs(found[0] - 19) < 1e-9 and found[1] < 1e-3 and found.shape == (2,),
        ),
        "x[0] and x[1]: as many values as points": (
            lambda: run(d2l.SGD(0.1), surface(), steps=30).value.shape,
            (31,),
        ),
        "x[..., 0]: the same path": (
            lambda: (
                run(d2l.SGD(0.1), surface(lambda x: (x[..., 0] - 1) ** 2 + 3 * x[..., 1] ** 2)).x[
                    -1
                ]
                - run(d2l.SGD(0.1), surface()).x[-1]
            ),
            [0.0, 0.0],
        ),
        "unpacked": (
            lambda: run(d2l.SGD(0.1), surface(lambda x: sum(c**2 for c in x))).value.shape,
            (21,),
        ),
        "a matrix product": (
            lambda: run(d2l.SGD(0.1), surface(lambda x: x @ x)).value[0],
            10.0,
        ),
        "a gradient that is a list": (
            lambda: on(lambda x: [2 * (x[0] - 1), 6 * x[1]]).steps,
            20,
        ),
        "a gradient that is a tuple": (
            lambda: on(lambda x: (2 * (x[0] - 1), 6 * x[1])).value.shape,
            (21,),
        ),
        "a gradient of tensors": (
            lambda: on(lambda x: Converted([2 * (x[0] - 1), 6 * x[1]])).steps,
            20,
        ),
        "of a number": (
            lambda: run(d2l.SGD(0.1), surface(lambda x: x**2, start=3.0)).value.shape,
            (21,),
        ),
        "of a number, with math": (
            lambda: run(d2l.SGD(0.1), surface(lambda x: float(x) ** 2, start=3.0)).value.shape,
            (21,),
        ),
        "of five coordinates": (
            lambda: run(d2l.SGD(0.1), surface(lambda x: (x**2).sum(), start=np.ones(5))).x.shape,
            (21, 5),
        ),
        "the start cannot be changed": (lambda: d2l.bowl.start.flags.writeable, False),
        "the minimizers cannot be changed": (lambda: d2l.bowl.minimizers.flags.writeable, False),
        "a loop in place on a copy": (
            lambda: (
                [np.subtract(x, 1, out=x) for x in [d2l.bowl.start.copy()]]
                and d2l.bowl.start.tolist()
            ),
            [-5.0, -2.0],
        ),
        "the reader's own start stays theirs": (
            lambda: (lambda mine: (surface(start=mine), mine.flags.writeable)[1])(np.ones(2)),
            True,
        ),
        "called at a list": (lambda: d2l.bowl([1, 1]), 2.1),
        "pickled": (lambda: pickle.loads(pickle.dumps(d2l.bowl)) is d2l.bowl, True),
        "a trace pickled": (
            lambda: repr(pickle.loads(pickle.dumps(TRACE))),
            "SGD(learning_rate=0.1) on bowl: 10.5 -> 1.114 in 20 steps",
        ),
        "repr without addresses": (lambda: "0x" in repr(surface()), False),
    },
    "around a rule": {
        "unscale": (lambda: d2l.unscale([FLAT], 2)[0].tolist(), [0.5] * 3),
        "unscale infinite": (lambda: d2l.unscale(np.array([np.inf]), 2).tolist(), [np.inf]),
        "accumulate integers": (lambda: d2l.accumulate([1, 2], [3, 4]).tolist(), [4.0, 6.0]),
        "a norm of zeros": (lambda: d2l.clip_norm(np.zeros(3), 1.0).tolist(), [0.0] * 3),
        "a norm in half precision": (
            lambda: d2l.clip_global_norm(np.full(4, 3e4, "float16"), 1.0).dtype,
            np.float16,
        ),
        "a value": (lambda: d2l.clip_value(-9, 1.0).item(), -1.0),
        "a length": (lambda: d2l.global_norm([FLAT, FLAT]), 6**0.5),
        "decay of matrices only": (
            lambda: d2l.decay([FLAT, COLUMN], 1, 1, lambda name, array: array.ndim < 2)[0].tolist(),
            [1.0] * 3,
        ),
        "average": (lambda: d2l.average(FLAT, 3 * FLAT, 0.5).tolist(), [2.0] * 3),
        "project by name": (lambda: d2l.project(PAIR, {"w": np.negative})["b"].tolist(), [1.0]),
        "sum_repeats": (lambda: d2l.sum_repeats([1, 1], [1, 2])[1].tolist(), [3.0]),
        "next_scale": (lambda: d2l.next_scale(1.0, 0, False), (1.0, 0)),
        "a pipeline is trained": (
            lambda: train(rule=d2l.Pipeline(d2l.SGD(0.1), use_ema=True)).state["t"],
            2,
        ),
        "a pipeline in words": (
            lambda: repr(d2l.Pipeline(d2l.SGD(0.1), clipnorm=2)),
            "Pipeline(SGD(learning_rate=0.1), clipnorm=2.0)",
        ),
        "a pipeline is pickled": (
            lambda: repr(pickle.loads(pickle.dumps(d2l.Pipeline(d2l.SGD(0.1), clipnorm=2)))),
            "Pipeline(SGD(learning_rate=0.1), clipnorm=2.0)",
        ),
        "a rule for each name": (
            lambda: train(rule=d2l.RuleMap(d2l.SGD(0.1), {"b": d2l.Adam()})).state["t"],
            2,
        ),
        "a scaler": (lambda: d2l.LossScaler(d2l.Adam()).init(FLAT)["scale"], 32768.0),
        "state_bytes": (lambda: d2l.state_bytes(d2l.Adam(), FLAT), 48),
        "saved and read": (
            lambda: d2l.load_history(saved(), d2l.SGD(0.1)).loss.tolist(),
            HISTORY.loss.tolist(),
        ),
        "saved and gone on": (
            lambda: train(start=d2l.load_history(saved(), d2l.SGD(0.1))).loss[-1],
            train(start=HISTORY).loss[-1],
        ),
    },
    "minimize": {
        "a gradient in one array for all points": (
            lambda: on(in_one_array()).gradient[:2],
            [[-8.0, 6.0], [-6.4, 2.4]],
        ),
        "a start of integers": (
            lambda: run(d2l.SGD(), start=[1, 2], steps=1).x.dtype.name,
            "float64",
        ),
        "a start in a tuple": (lambda: run(d2l.SGD(), start=(1, 2), steps=1).x[0], [1.0, 2.0]),
        "a start that is a tensor": (
            lambda: run(d2l.SGD(), start=Converted([1.0, 2.0])).x[0],
            [1.0, 2.0],
        ),
        "steps from NumPy": (lambda: run(d2l.SGD(), steps=np.int64(3)).steps, 3),
        "no steps": (lambda: run(d2l.SGD(), steps=0).value.shape, (1,)),
        "many starts": (lambda: run(d2l.SGD(), start=np.ones((7, 2))).x.shape, (21, 7, 2)),
        "many rates": (lambda: SIDE_BY_SIDE.x.shape, (21, 2, 2)),
        "one rate in an array": (lambda: run(d2l.SGD(np.array([[0.1]]))).x.shape, (21, 1, 2)),
        "many rates of a number": (
            lambda: run(d2l.SGD(np.array([0.1, 0.4])), d2l.parabola).x.shape,
            (21, 2),
        ),
        "a minimum at two million": (
            lambda: run(d2l.SGD(0.1), far_away(2e6, 0.0), steps=200).x[-1],
            2e6,
        ),
        "a start at ten million": (
            lambda: run(d2l.SGD(0.1), far_away(0.0, 1e7), steps=20).diverged_at,
            None,
        ),
        "diverging": (lambda: run(d2l.SGD(0.6), steps=99).diverged_at, 39),
        "RMSprop without epsilon, at a zero gradient": (
            lambda: repr(run(d2l.RMSprop(0.1, epsilon=0), start=[0.0, 1.0])),
            lambda text: "diverged" not in text and "zero by zero at step 1" in text,
        ),
        "unrecorded": (
            lambda: repr(run(d2l.SGD(0.1), steps=100, record=False)),
            "SGD(learning_rate=0.1) on bowl: 10.5 -> 0.04397 in 100 steps",
        ),
        "the start is not changed": (
            lambda: (lambda mine: (run(d2l.SGD(), start=mine), mine.tolist())[1])(np.ones(2)),
            [1.0, 1.0],
        ),
        "twice the same": (
            lambda: run(d2l.SGD(0.1)).value[-1] - run(d2l.SGD(0.1)).value[-1],
            0.0,
        ),
        "a rule of one's own": (lambda: run(OwnSignum(0.1), steps=40).steps, 40),
        "a rule made from one of the book's": (lambda: run(Corrected(0.4)).steps, 20),
        "an update that returns what it got": (
            lambda: run(own(lambda self, x, g, t, eta: (x, {}))).x[-1],
            d2l.bowl.start,
        ),
    },
    "feed": {
        "a list": (lambda: d2l.feed(d2l.SGD(0.5), [1, 1, -4]), [0.0, -0.5, -1.0, 1.0]),
        "no gradients": (lambda: d2l.feed(d2l.SGD(0.5), []), [0.0]),
        "many rates": (lambda: d2l.feed(d2l.SGD(np.array([0.5, 1.0])), [1.0]).shape, (2, 2)),
        "float32": (
            lambda: d2l.feed(d2l.Adam(), np.ones(3, "float32")).dtype.name,
            "float32",
        ),
    },
    "Dataset": {
        "arrays that are changed afterwards": (lambda: changed_later().x[0], X[0]),
        "a half-precision column": (
            lambda: d2l.standardize(np.array([60000, 1000, 30000], np.float16)).std().round(3) == 1,
            True,
        ),
        "lists": (lambda: d2l.Dataset("mine", [[1, 2], [3, 4]], [0, 1]).x.dtype.name, "float64"),
        "y of objects": (
            lambda: d2l.Dataset("mine", X[:2], np.array([1, 2.5], dtype=object)).y,
            [1.0, 2.5],
        ),
        "labels stay whole": (lambda: CLASSES.y.dtype.kind, "i"),
        "length": (lambda: len(DATA), 6),
        "repr": (
            lambda: repr(DATA),
            "<Dataset 'six rows': x of shape (6, 2), y of shape (6,)>",
        ),
        "standardize a constant column": (lambda: d2l.standardize([[0.1], [0.1], [0.1]]), 0.0),
        "standardize integers": (lambda: d2l.standardize([1, 2, 3]).mean(), 0.0),
        "minibatches visit each row": (
            lambda: sorted(i for rows in take(d2l.minibatches(5, 2, 0), 3) for i in rows.tolist()),
            [0, 1, 2, 3, 4],
        ),
    },
    "models": {
        "predict a list": (lambda: MODEL.predict(P, X), np.zeros(6)),
        "softmax of a list": (lambda: d2l.softmax([0, 0]), [0.5, 0.5]),
        "softmax of large scores": (lambda: d2l.softmax([[1e4, 0.0]]), [[1.0, 0.0]]),
        "cross_entropy of lists": (lambda: d2l.cross_entropy([[0, 0]], [1]), np.log(2)),
        "accuracy of text": (lambda: d2l.accuracy(["a", "b"], ["a", "c"]), 0.5),
        "accuracy of whole floats": (lambda: d2l.accuracy([0, 1], [0.0, 1.0]), 1.0),
        "numerical_gradient of a list": (
            lambda: d2l.numerical_gradient(lambda x: x @ x, [1.0, 2.0]).round(6),
            [2.0, 4.0],
        ),
        "numerical_gradient in float32": (
            lambda: d2l.numerical_gradient(lambda x: x @ x, FLAT.astype("float32")).round(6),
            2 * FLAT,
        ),
        "check_gradients of a model": (
            lambda: (
                d2l.check_gradients(
                    lambda p: MODEL.loss(p, X, Y), lambda p: MODEL.gradient(p, X, Y), P
                )
                < 1e-6
            ),
            True,
        ),
        "a subset without the last class": (
            lambda: d2l.SoftmaxRegression().init(d2l.Dataset("mine", X[:2], [0, 2]))["b"].shape,
            (3,),
        ),
    },
    "train": {
        "validation added when it goes on": (
            lambda: np.isnan(train(start=HISTORY, validation=DATA).validation_loss).tolist(),
            [True] * 3 + [False] * 2,
        ),
        "batch of all": (lambda: train().loss.shape, (3,)),
        "batch from NumPy": (lambda: train(batch_size=np.int64(1), epochs=1).steps, 6),
        "two targets": (
            lambda: train(data=d2l.Dataset("two", X, X), epochs=300).loss[-1] < 0.01,
            True,
        ),
        "a model of one's own": (lambda: train(Own()).loss.shape, (3,)),
        "parameters in a tuple": (
            lambda: (
                train(
                    Own(
                        init=lambda data: (np.zeros(2),),
                        loss=lambda p, x, y: np.mean((x @ p[0] - y) ** 2),
                        gradient=lambda p, x, y: (2 * x.T @ (x @ p[0] - y) / len(y),),
                    )
                ).loss.shape
            ),
            (3,),
        ),
        "parameters in an array": (
            lambda: (
                train(
                    Own(
                        init=lambda data: np.zeros(2),
                        loss=lambda p, x, y: np.mean((x @ p - y) ** 2),
                        gradient=lambda p, x, y: 2 * x.T @ (x @ p - y) / len(y),
                    )
                ).steps
            ),
            2,
        ),
        "prices": (
            lambda: repr(train(data=d2l.Dataset("prices", X, 2e6 + 1e5 * Y), epochs=500)).count(
                "diverged"
            ),
            0,
        ),
        "a loss that becomes nan": (
            lambda: (
                train(Own(loss=lambda p, x, y: 1.0 if not p["w"].any() else np.nan)).diverged_at
            ),
            1,
        ),
        "on from a History": (
            lambda: train(epochs=1, start=train(epochs=1)).loss[-1] - train().loss[-1],
            0.0,
        ),
        "on from parameters": (lambda: train(start=HISTORY.parameters).loss[0], HISTORY.loss[-1]),
        "clipped": (lambda: train(global_clipnorm=1e-9).loss[-1], HISTORY.loss[0]),
        "no metrics": (lambda: train(metrics={}).metrics, {}),
        "a History of Keras, repr": (
            lambda: repr(dataclasses.replace(HISTORY, rule=TorchOptimizer())),
            lambda text: "0x" not in text and "\n" not in text,
        ),
    },
    "recipe": {
        "SGD, Nesterov without momentum, to PyTorch": (
            lambda: "nesterov=False" in d2l.recipe(d2l.SGD(0.1, nesterov=True), "torch").code,
            True,
        ),
        **{
            f"{rule.__name__}(0.0) to {framework}": (
                lambda rule=rule, framework=framework: (
                    "None" not in d2l.recipe(rule(0.0), framework).code.partition(",")[0]
                    and "=0.0" in d2l.recipe(rule(0.0), framework).code.replace("k: 0.0", "=0.0")
                ),
                True,
            )
            for rule in d2l.RULES.values()
            for framework in ("keras", "torch", "optax")
            if (rule.__name__, framework) not in [("Lion", "torch"), ("Nadam", "optax")]
        },
        "RMSprop to PyTorch: the same from 1e-3 on": (
            lambda: "far above 1e-03." in d2l.recipe(d2l.RMSprop(0.01), "torch").agreement,
            True,
        ),
        "RMSprop outside the root to Keras": (
            lambda: (
                "far above 3e-08."
                in d2l.recipe(
                    d2l.RMSprop(0.01, epsilon=1e-8, epsilon_inside_root=False), "keras"
                ).agreement
            ),
            True,
        ),
        "back and forth": (
            lambda: (
                d2l.rule_like("torch.optim.RMSprop", TorchOptimizer().param_groups[0]).learning_rate
            ),
            0.01,
        ),
        "rule_like by tf.": (lambda: d2l.rule_like("tf.keras.optimizers.SGD").momentum, 0.0),
    },
    "agree": {
        "nothing moved": (
            lambda: repr(d2l.agree(d2l.SGD(0.1), d2l.Adam(0.1), gradients=np.zeros((2, 3)))),
            "equal bit for bit over 2 steps in float32, in which no parameter moved: that says "
            "nothing",
        ),
        "a function": (
            lambda: scale(d2l.SGD(0.1)).difference,
            lambda difference: difference < 1e-6,
        ),
        "another rule": (lambda: d2l.agree(d2l.SGD(0.1), d2l.SGD(0.1)).difference, 0.0),
        "a rule of one's own": (lambda: d2l.agree(OwnSignum(), OwnSignum()).difference, 0.0),
        "gradients in a list": (
            lambda: d2l.agree(d2l.SGD(0.5), d2l.SGD(0.5), gradients=[[1.0], [2.0]]).steps,
            2,
        ),
        "Keras: its twin": (
            lambda: d2l.agree(d2l.SGD(0.5), steps=20).difference,
            lambda difference: difference < 1e-6,
        ),
        "Keras: a rule of one's own": (
            lambda: (
                d2l.agree(Corrected(0.01), d2l.keras().optimizers.RMSprop(0.01), steps=9).first_step
            ),
            1,
        ),
    },
    "figures": {
        "contours where there are values": (
            lambda: (
                len(
                    d2l.contours(surface(lambda x: np.log(x[0]), start=[1.0, 1.0]))
                    .collections[0]
                    .get_paths()[3]
                    .vertices
                )
                > 0
            ),
            True,
        ),
        "one trace": (lambda: len(d2l.plot_traces(TRACE).lines) > 1, True),
        "named traces": (lambda: d2l.plot_traces({"SGD": TRACE}).get_legend() is not None, True),
        "a surface of one's own": (
            lambda: d2l.plot_traces(run(d2l.SGD(0.1), surface())).get_xlabel(),
            "$p$",
        ),
        "a look of a rule of one's own": (lambda: d2l.look(OwnSignum())["marker"], "."),
        "a look of a rule made from one": (lambda: d2l.look(Corrected()), d2l.look(d2l.RMSprop())),
        "a floor": (
            lambda: d2l.plot_histories(HISTORY, floor=0.0).get_yscale(),
            "log",
        ),
    },
    "playground": {
        "a rule of one's own": (
            lambda: "OwnSignum" in repr(d2l.playground(d2l.bowl, OwnSignum(), steps=3)),
            True,
        ),
        "a surface of one's own": (
            lambda: "on mine" in repr(d2l.playground(surface(), d2l.SGD(), steps=3)),
            True,
        ),
        "a setting": (
            lambda: repr(d2l.playground(d2l.bowl, "SGD(learning_rate=1/L)")),
            "<playground surface=bowl&steps=40&SGD(learning_rate=0.25)>",
        ),
    },
    "names of Dive into Deep Learning": {
        "TensorFlow: a rule in place": (lambda: len(ch11(their_sgd)[1]), 1),
        "TensorFlow: a class of Keras": (
            lambda: concise_ch11(theirs().tf.keras.optimizers.SGD, {"learning_rate": 0.1}),
            None,
        ),
        "TensorFlow: train_2d": (
            lambda: theirs().train_2d(lambda x1, x2, s1, s2: (x1 / 2, x2, 0, 0), steps=1)[-1],
            (-2.5, -2.0),
        ),
        "TensorFlow: train_2d with f_grad": (
            lambda: theirs().train_2d(
                lambda x1, x2, s1, s2, f_grad: (*f_grad(x1, x2), s1, s2),
                steps=1,
                f_grad=lambda x1, x2: (0.0, 1.0),
            )[-1],
            (0.0, 1.0),
        ),
    },
}


def take(steps, n):
    return [next(steps) for _ in range(n)]
