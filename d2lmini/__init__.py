"""The package of the book "Optimizers by Hand": update rules, surfaces, traces, comparisons.

Use it as ``import d2lmini as d2l``. Importing it loads NumPy and nothing heavier: matplotlib and
TensorFlow are imported by the functions that need them, when they are first used.
"""

import importlib
from typing import Any

from d2lmini.checks import did_you_mean
from d2lmini.datasets import Dataset, airfoil, diabetes, digits, minibatches, standardize
from d2lmini.descend import History, Step, Trace, feed, minimize, train, training_steps
from d2lmini.frameworks import Recipe, recipe, rule_like
from d2lmini.models import (
    MLP,
    LinearRegression,
    SimpleRNN,
    SoftmaxRegression,
    accuracy,
    check_gradients,
    cross_entropy,
    numerical_gradient,
    softmax,
)
from d2lmini.objectives import (
    OBJECTIVES,
    Objective,
    beale,
    bowl,
    himmelblau,
    parabola,
    quadratic,
    rosenbrock,
    rotated_bowl,
    saddle,
    tilted_wells,
    two_wells,
)
from d2lmini.optimizers import (
    RULES,
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Lion,
    Nadam,
    RMSprop,
    get_rule,
)
from d2lmini.pipeline import (
    LossScaler,
    Pipeline,
    RuleMap,
    accumulate,
    average,
    clip_global_norm,
    clip_norm,
    clip_value,
    decay,
    global_norm,
    next_scale,
    project,
    state_bytes,
    sum_repeats,
    unscale,
)
from d2lmini.playground import playground
from d2lmini.reviews import EmbeddingRNN, Reviews, imdb_reviews, reviews
from d2lmini.rule import Rule, update_rule
from d2lmini.saving import load_history, save_history
from d2lmini.schedules import (
    CosineDecay,
    CosineDecayRestarts,
    ExponentialDecay,
    InverseRootDecay,
    InverseTimeDecay,
    OneCycle,
    PiecewiseConstantDecay,
    PolynomialDecay,
    Warmup,
    WarmupStableDecay,
)
from d2lmini.second_order import (
    Descent,
    LineSearch,
    bfgs,
    conjugate_gradient,
    flatten,
    gauss_newton,
    hessian_product,
    lbfgs,
    line_search,
    newton,
    newton_cg,
    nonlinear_cg,
)

__version__ = "0.1.0"

# Names that live in modules with a heavy import, fetched from there when they are first used.
_LAZY = {
    "Contestant": "track",
    "agree": "concise",
    "example_gradients": "concise",
    "holm": "track",
    "keras": "concise",
    "mnist": "concise",
    "train_concise": "concise",
    "twin": "concise",
    "contours": "figures",
    "look": "figures",
    "performance_profile": "track",
    "plot_descent": "figures",
    "plot_histories": "figures",
    "plot_schedules": "figures",
    "plot_traces": "figures",
    "run_track": "track",
    "sensitivity_map": "figures",
    "sign_test": "track",
    "use_book_style": "figures",
}

__all__ = [
    "MLP",
    "OBJECTIVES",
    "RULES",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "CosineDecay",
    "CosineDecayRestarts",
    "Dataset",
    "Descent",
    "EmbeddingRNN",
    "ExponentialDecay",
    "History",
    "InverseRootDecay",
    "InverseTimeDecay",
    "LineSearch",
    "LinearRegression",
    "Lion",
    "LossScaler",
    "Nadam",
    "Objective",
    "OneCycle",
    "PiecewiseConstantDecay",
    "Pipeline",
    "PolynomialDecay",
    "RMSprop",
    "Recipe",
    "Reviews",
    "Rule",
    "RuleMap",
    "SimpleRNN",
    "SoftmaxRegression",
    "Step",
    "Trace",
    "Warmup",
    "WarmupStableDecay",
    "accumulate",
    "accuracy",
    "airfoil",
    "average",
    "beale",
    "bfgs",
    "bowl",
    "check_gradients",
    "clip_global_norm",
    "clip_norm",
    "clip_value",
    "conjugate_gradient",
    "cross_entropy",
    "decay",
    "diabetes",
    "digits",
    "feed",
    "flatten",
    "gauss_newton",
    "get_rule",
    "global_norm",
    "himmelblau",
    "imdb_reviews",
    "load_history",
    "minibatches",
    "minimize",
    "next_scale",
    "hessian_product",
    "lbfgs",
    "line_search",
    "newton",
    "newton_cg",
    "nonlinear_cg",
    "numerical_gradient",
    "parabola",
    "playground",
    "project",
    "quadratic",
    "recipe",
    "reviews",
    "rosenbrock",
    "rotated_bowl",
    "rule_like",
    "saddle",
    "save_history",
    "softmax",
    "standardize",
    "state_bytes",
    "sum_repeats",
    "tilted_wells",
    "train",
    "training_steps",
    "two_wells",
    "unscale",
    "update_rule",
    *_LAZY,
]


# What readers of other libraries look for.
_ELSEWHERE = {
    **dict.fromkeys(
        ("optim", "optimizer", "optimizers"),
        "The rules are here themselves, such as d2l.SGD and d2l.Adam; d2l.RULES has them all.",
    ),
    "dataloader": "Did you mean 'Dataset' or 'minibatches'? d2l.train makes minibatches itself.",
}
# The functions and classes of d2lmini.tensorflow, which cannot be imported here to ask.
_OF_D2L = {
    *("Animator", "Timer", "TrainCallback", "annotate", "download", "evaluate_loss"),
    *("get_data_ch11", "linreg", "load_array", "load_data_fashion_mnist", "numpy", "plot"),
    *("set_axes", "set_figsize", "sgd", "show_trace_2d", "size", "squared_loss"),
    *("synthetic_data", "train_2d", "train_ch11", "train_concise_ch11", "try_gpu"),
    "use_svg_display",
}


def __getattr__(name: str) -> Any:
    """Fetch a name from a module with a heavy import, or say which name was probably meant."""
    if name in _LAZY:
        return getattr(importlib.import_module(f"d2lmini.{_LAZY[name]}"), name)
    if name in _LAZY.values():
        return importlib.import_module(f"d2lmini.{name}")
    if name.startswith("__"):  # Python's own inquiries
        raise AttributeError(name)
    hint = _ELSEWHERE.get(name.lower()) or f"{did_you_mean(name, __all__)} dir(d2lmini) lists all."
    if name in _OF_D2L or name.endswith(("_ch11", "_2d", "_2D")):
        hint = (
            "The names of Dive into Deep Learning are in d2lmini.tensorflow: "
            "from d2lmini import tensorflow as d2l."
        )
    raise AttributeError(f"d2lmini has no {name!r}. {hint}")


def __dir__() -> list[str]:
    return sorted(__all__)
