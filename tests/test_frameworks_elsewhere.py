"""Recipes for PyTorch and Optax, and what this book says of them, held against the libraries.

They are no part of the book's own set-up: `make frameworks` installs them and runs this file.
"""

import ast
import dataclasses
import functools
import inspect

import numpy as np
import pytest
from elsewhere import (
    RECIPES,
    book_path,
    legacy_walk,
    optax,
    optax_path,
    optax_walk,
    tf_keras,
    torch,
    torch_path,
    torch_walk,
)

import d2lmini as d2l
from chapters import ROOT, read
from d2lmini.conventions import COLUMNS, LEGACY, QUESTIONS, defaults
from d2lmini.frameworks import CALLS, VERSIONS

PATHS = {"torch": torch_path, "optax": optax_path}
MODULES = {"torch": torch, "optax": optax}
GRADIENTS = d2l.example_gradients(200)
# Rates that fall and rise.
RATES = np.repeat([0.02, 0.005, 0.04], [60, 70, 70])
# Measured: 1.8e-14 in float64 and 4.4e-6 in float32, where the paths are up to 4 long; but PyTorch
# keeps the product of NAdam's momenta in float32, which costs 4e-10.
ROUNDING = {"float64": 1e-12, "float32": 2e-5}
NADAM = {"float64": 2e-9, "float32": 2e-5}
every_recipe = pytest.mark.parametrize(
    ("name", "framework"),
    [
        pytest.param(name, framework, id=f"{name}-{framework}")
        for name in RECIPES
        for framework in PATHS
        if (framework, name.split(",")[0]) not in {("torch", "Lion"), ("optax", "Nadam")}
    ],
)


def path_of(made, dtype="float64", rates=None, **changes):
    """Return the path of a recipe, in the framework itself."""
    MODULES[made.framework]()
    made = dataclasses.replace(made, **changes)
    start = np.linspace(-1, 1, GRADIENTS.shape[1]).astype(dtype)
    code = made.code
    if rates is not None and made.framework == "optax":
        number = repr(made.rule.learning_rate)
        code = code.replace(f"lambda k: {number} *", "lambda k: rate(k) *")
        code = code.replace(f"={number}", "=rate").replace(f"rate({number}", "rate(rate")
    return PATHS[made.framework](code, made.each_step, start, GRADIENTS, rates)


def book(rule, dtype="float64"):
    """Return the path of a rule of the book."""
    return book_path(rule, np.linspace(-1, 1, GRADIENTS.shape[1]).astype(dtype), GRADIENTS)


def apart(a, b):
    """Return the largest difference of two paths."""
    return float(np.nan_to_num(np.abs(a.astype(float) - b.astype(float)), nan=np.inf).max())


def rounding(name, dtype):
    return (NADAM if "Nadam" in name else ROUNDING)[dtype]


@pytest.mark.parametrize("framework", list(MODULES))
def test_the_versions_are_those_that_the_book_names(framework):
    version = MODULES[framework]().__version__.split("+")[0]
    assert VERSIONS[framework].endswith(f" {version}")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@every_recipe
def test_the_recipe_takes_the_steps_that_it_says(name, framework, dtype):
    made = d2l.recipe(RECIPES[name], framework)
    assert apart(path_of(made, dtype), book(made.takes, dtype)) < rounding(name, dtype)


@every_recipe
def test_an_exact_recipe_takes_the_steps_of_the_rule(name, framework):
    made = d2l.recipe(RECIPES[name], framework)
    theirs, ours = path_of(made), book(made.rule)
    if made.exact:
        assert apart(theirs, ours) < rounding(name, "float64")
        return
    # Otherwise the sum of the steps is bounded by their number and the ratio.
    low, high = made.ratio
    momentum = getattr(made.rule, "momentum", 0)
    pushes = book(dataclasses.replace(made.rule, momentum=0.0)) if momentum else ours
    length = np.abs(np.diff(pushes, axis=0)).sum() + np.abs(pushes[0]).sum()
    bound = max(1 - low, high - 1) * length / (1 - momentum)
    assert rounding(name, "float64") < apart(theirs, ours) < bound


@every_recipe
def test_a_changing_rate_does_what_the_recipe_says(name, framework):
    made = d2l.recipe(RECIPES[name], framework)

    def rates(k):
        return RATES[k]

    rule = dataclasses.replace(made.takes, learning_rate=rates)
    difference = apart(path_of(made, rates=RATES), book(rule))
    if made.constant_rate:
        assert difference > 1e-3
    else:
        assert difference < rounding(name, "float64")


@every_recipe
def test_code_to_rule_is_a_round_trip(name, framework):
    made = d2l.recipe(RECIPES[name], framework)
    if "inject_hyperparams" in made.code or "chain" in made.code:
        return  # these are no single calls
    call, _, _ = made.code.partition("(")
    if framework == "torch":
        module = torch()
        names = {"torch": module, "params": [module.zeros(1)]}
        optimizer = eval(made.code, names)
        for config in (optimizer.defaults, optimizer.param_groups[0]):
            back = d2l.rule_like(call, config)
    else:
        arguments = eval(made.code.replace(call, "dict", 1))
        back = d2l.rule_like(call, arguments)
    # What the lines before each step do cannot be read from the call.
    takes, alone = made.takes, {}
    if "eps" in made.each_step:
        alone["epsilon_hat"] = False
    if "mul_" in made.each_step:
        alone["weight_decay"] = None
    takes = dataclasses.replace(takes, **alone)
    assert vars(back) == {**vars(takes), "weight_decay": back.weight_decay}
    assert (back.weight_decay or 0) == (takes.weight_decay or 0)


@pytest.mark.parametrize("call", [name for name in CALLS if not name.startswith("keras")])
def test_arguments_and_defaults_are_those_of_the_library(call):
    framework = call.split(".")[0]
    thing = MODULES[framework]()
    for part in call.split(".")[1:]:
        thing = getattr(thing, part)
    theirs = inspect.signature(thing).parameters
    known = CALLS[call]
    for argument, (_, default) in known.arguments.items():
        missing = theirs[argument].default is inspect.Parameter.empty
        assert default is None if missing else theirs[argument].default == default, argument
    harmless = d2l.frameworks.HARMLESS | {"params"}
    assert set(theirs) <= {*known.arguments, *known.only, *harmless}
    for argument, value in known.only.items():
        if argument in theirs and argument != "momentum_decay":
            assert theirs[argument].default == value, argument


@pytest.mark.parametrize(
    ("name", "framework", "right", "wrong"),
    [
        ("RMSprop", "torch", "alpha=0.8", "alpha=0.99"),  # PyTorch's default
        ("RMSprop", "torch", "alpha=0.8", "alpha=0.2"),  # 1 - rho
        ("RMSprop", "torch", "eps=0.01", "eps=0.0001"),  # the same number
        ("RMSprop", "optax", "eps_in_sqrt=True", "eps_in_sqrt=False"),
        ("RMSprop, centered", "torch", "centered=True", "centered=False"),
        ("RMSprop, momentum", "torch", "momentum=0.7", "momentum=0.0"),
        ("RMSprop, decay", "optax", "-0.02 *", "0.02 *"),
        ("RMSprop, decay", "optax", "-0.02 * 0.3", "-0.3"),
        ("Adagrad", "torch", "initial_accumulator_value=0.0031", "initial_accumulator_value=0.003"),
        ("Adagrad", "torch", "initial_accumulator_value=0.0031", "initial_accumulator_value=0.0"),
        ("Adagrad", "torch", "eps=0.0", "eps=0.01"),
        ("Adagrad", "optax", "eps=0.0001", "eps=1e-07"),
        ("Adadelta", "torch", "eps=0.0001", "eps=1e-06"),
        ("Adadelta", "optax", "rho=0.8", "rho=0.9"),
        ("SGD, Nesterov", "torch", "nesterov=True", "nesterov=False"),
        ("SGD, Nesterov", "optax", "nesterov=True", "nesterov=False"),
        ("SGD, momentum", "torch", "momentum=0.8", "momentum=0.8, dampening=0.8"),
        ("SGD, decay", "torch", "weight_decay=0.3", "weight_decay=0.0"),
        ("Adam", "optax", "(k + 1)", "k"),
        ("Adam", "optax", "/ (1", "* (1"),
        ("Adam", "torch", "betas=(0.8, 0.99)", "betas=(0.8, 0.999)"),
        ("Adam", "torch", "betas=(0.8, 0.99)", "betas=(0.99, 0.8)"),
        ("Adam, Algorithm 1", "torch", "eps=0.0001", "eps=1e-08"),
        ("Adam, Algorithm 1", "optax", "eps=0.0001", "eps_root=0.0001"),
        ("Adam, decay", "torch", "AdamW", "Adam"),  # an L2 penalty
        ("Adam, decay", "optax", "weight_decay=0.3", "weight_decay=0.3 * 0.02"),
        ("AMSGrad", "torch", "amsgrad=True", "amsgrad=False"),
        ("AMSGrad", "optax", "bias_correction_nu=False", "bias_correction_nu=True"),
        ("AdamW", "torch", "weight_decay=0.3", "weight_decay=0.01"),
        ("AdamW without decay", "torch", "weight_decay=0.0", "weight_decay=0.01"),
        ("Adamax", "torch", "Adamax", "Adam"),
        ("Adamax, decay", "optax", "adamaxw", "adamax"),
        ("Nadam", "torch", "momentum_decay=1.0", "momentum_decay=0.004"),
        ("Nadam, decay", "torch", "decoupled_weight_decay=True", "decoupled_weight_decay=False"),
        ("Lion", "optax", "weight_decay=0.0", "weight_decay=0.001"),  # Optax' default
        ("Lion", "optax", "b1=0.8, b2=0.95", "b1=0.95, b2=0.8"),
    ],
)
def test_a_wrong_recipe_is_caught(name, framework, right, wrong):
    made = d2l.recipe(RECIPES[name], framework)
    assert made.code.count(right) == 1, f"{right!r} is not in {made.code}: adapt the wrong recipe"
    code = made.code.replace(right, wrong)
    if framework == "optax" and wrong == "adamax":
        code = code.replace("weight_decay=0.3, ", "")
    found = apart(path_of(made, code=code), book(made.takes))
    # For its mistake, not for its rounding: so also in float32.
    assert found > 1e-4 > rounding(name, "float32")


@pytest.mark.parametrize("name", ["Adam", "Adam, decay", "RMSprop, decay", "AMSGrad, decay"])
def test_the_lines_before_each_step_are_needed(name):
    made = d2l.recipe(RECIPES[name], "torch")
    assert apart(path_of(made, each_step=""), book(made.takes)) > 1e-3
    frozen = made.each_step.replace("** t)", "** 1)")
    assert (
        frozen == made.each_step or apart(path_of(made, each_step=frozen), book(made.rule)) > 1e-3
    )


@pytest.mark.parametrize("momentum", [0.0, 0.7])
def test_the_naive_translation_of_rmsprop_is_further_off(momentum):
    rule = dataclasses.replace(RECIPES["RMSprop, momentum"], momentum=momentum)
    made = d2l.recipe(rule, "torch")
    naive = made.code.replace("eps=0.01", "eps=0.0001")
    assert apart(path_of(made, code=naive), book(rule)) > 2 * apart(path_of(made), book(rule))


def test_the_optimizers_that_the_book_says_are_missing_are():
    assert not hasattr(torch().optim, "Lion")
    assert "amsgrad" not in inspect.signature(optax().adam).parameters


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: f"{q.rule}: {q.asks}")
@pytest.mark.parametrize(
    ("column", "walk"), [("torch", torch_walk), ("optax", optax_walk), ("legacy", legacy_walk)]
)
def test_the_table_says_what_the_library_does(column, walk, question):
    assert question.ask(walk) == question.says[list(COLUMNS).index(column)]


@pytest.mark.parametrize("rule", list(d2l.RULES))
def test_defaults_of_the_older_keras(rule):
    legacy = tf_keras().optimizers.legacy
    assert hasattr(legacy, rule) == (rule in LEGACY)
    if rule in LEGACY:
        config = getattr(legacy, rule)().get_config()
        for name, values in defaults(rule).items():
            assert values[1] == config[name], name


@functools.cache
def page():
    """Return what the cell of the page that has classes in it defines."""
    text = (ROOT / "chapters/reference/which_framework_does_what.md").read_text("utf-8")
    (cell,) = [cell for cell in read(text).cells if "class RateOutside" in cell.source]
    classes = [node for node in ast.parse(cell.source).body if isinstance(node, ast.ClassDef)]
    names = {"d2l": d2l, "np": np, "dataclasses": dataclasses}
    exec(compile(ast.Module(classes, []), "page", "exec"), names)
    return {node.name: names[node.name] for node in classes}


@pytest.mark.parametrize(
    ("name", "code", "rates", "hyperparameters"),
    [
        (
            "RateOutside",
            "torch.optim.SGD(params, lr=0.02, momentum=0.8)",
            RATES,
            {"learning_rate": lambda k: RATES[k], "momentum": 0.8},
        ),
        (
            "RateOutside",
            "optax.sgd(learning_rate=rate, momentum=0.8)",
            RATES,
            {"learning_rate": lambda k: RATES[k], "momentum": 0.8},
        ),
        (
            "AdamL2",
            "torch.optim.Adam(params, lr=0.02, eps=1e-4, weight_decay=0.3)",
            None,
            {"epsilon": 1e-4, "weight_decay": 0.3},
        ),
        ("SlowNadam", "torch.optim.NAdam(params, lr=0.02, eps=1e-4)", None, {"epsilon": 1e-4}),
        ("OptaxNadam", "optax.nadam(learning_rate=0.02, eps=1e-4)", None, {"epsilon": 1e-4}),
        (
            "OptaxAMSGrad",
            "optax.amsgrad(learning_rate=0.02, eps=1e-4)",
            None,
            {"epsilon": 1e-4, "amsgrad": True},
        ),
    ],
)
def test_the_classes_of_the_page_are_what_the_libraries_do(name, code, rates, hyperparameters):
    rule = page()[name](**{"learning_rate": 0.02, **hyperparameters})
    walk = PATHS[code.split(".")[0]]
    start = np.linspace(-1, 1, GRADIENTS.shape[1])
    theirs = walk(code, "", start, GRADIENTS, rates)
    assert apart(theirs, book(rule)) < rounding("Nadam" if "Nadam" in name else name, "float64")
    assert apart(theirs, book(RECIPES[{"Rate": "SGD, momentum"}.get(name[:4], "Adam")])) > 1e-3


def test_every_class_of_the_page_is_tested():
    marks = test_the_classes_of_the_page_are_what_the_libraries_do.pytestmark
    assert set(page()) == {case[0] for case in marks[0].args[1]}


# ---- schedules ----------------------------------------------------------------------------------


def rates_of_torch(make, steps, first=None):
    """Return the rates at which PyTorch's SGD takes its steps, under a scheduler."""
    t = torch()
    weight = t.nn.Parameter(t.zeros(1, dtype=t.float64))
    optimizer = t.optim.SGD([weight], lr=0.1)
    scheduler, rates = make(t.optim.lr_scheduler, optimizer), []
    for _ in range(steps):
        weight.grad = t.ones_like(weight)
        if first == "scheduler":
            scheduler.step()
        before = weight.item()
        optimizer.step()
        rates.append(before - weight.item())
        if first != "scheduler":
            scheduler.step()
    return np.array(rates)


@pytest.mark.parametrize(
    "settings",
    [{}, {"pct_start": 0.45}, {"div_factor": 10.0, "final_div_factor": 100.0}],
    ids=str,
)
def test_one_cycle_has_the_rates_of_pytorch(settings):
    for steps in (10, 97):
        theirs = rates_of_torch(
            lambda s, o, n=steps: s.OneCycleLR(
                o, max_lr=0.3, total_steps=n + 1, cycle_momentum=False, **settings
            ),
            steps,
        )
        ours = d2l.OneCycle(0.3, total_steps=steps + 1, **settings)
        # The rates are differences of a weight that adds up to less than 20.
        np.testing.assert_allclose(theirs, [ours(k) for k in range(steps)], atol=1e-13)
        # Another place of the top is another schedule.
        wrong = d2l.OneCycle(0.3, total_steps=steps, **settings)
        assert np.abs(theirs - [wrong(k) for k in range(steps)]).max() > 1e-4


def test_pytorchs_scheduler_called_first_skips_the_first_rate():
    def cosine(schedulers, optimizer):
        return schedulers.CosineAnnealingLR(optimizer, T_max=20)

    ours = [d2l.CosineDecay(0.1, 20)(k) for k in range(21)]
    np.testing.assert_allclose(rates_of_torch(cosine, 20), ours[:20], atol=1e-14)
    with pytest.warns(UserWarning, match="before `optimizer.step"):
        skipped = rates_of_torch(cosine, 20, first="scheduler")
    np.testing.assert_allclose(skipped, ours[1:], atol=1e-14)
    # After T_max the wave of PyTorch rises again; ours, as Keras', stays.
    again = rates_of_torch(cosine, 40)
    assert again[30] == pytest.approx(0.05)
