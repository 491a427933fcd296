"""Recipes for other frameworks: what can be checked where only Keras is installed."""

import ast
import dataclasses
import itertools
import subprocess
import sys
import tomllib

import numpy as np
import pytest
from comparison import SETTINGS
from elsewhere import RECIPES, book_path, d2l_walk

import d2lmini as d2l
from d2lmini.conventions import (
    COLUMNS,
    NOTHING,
    QUESTIONS,
    defaults,
    table,
    walk_of_keras,
    walk_of_the_book,
)
from d2lmini.frameworks import CALLS, NAMES, NO_RULE, VERSIONS, AdamaxInside, _wrapped


def fields(rule):
    return {"rule": type(rule).__name__, **vars(rule)}


@pytest.mark.parametrize("name", list(RECIPES))
def test_the_recipe_for_keras_takes_the_steps_that_it_says(name):
    keras = d2l.keras()
    made = d2l.recipe(RECIPES[name], "keras")
    optimizer = eval(made.code, {"keras": keras})
    agreement = d2l.agree(made.takes, optimizer)
    if type(made.takes) is d2l.Nadam:  # see test_concise.py
        assert agreement.difference < agreement.steps * 4 * 2**-24
    else:
        assert agreement.first_step is None


@pytest.mark.parametrize("decay", [None, 0.125])
@pytest.mark.parametrize("name", list(SETTINGS))
def test_rule_to_recipe_to_config_to_rule_is_a_round_trip(name, decay):
    rule = SETTINGS[name]
    if decay or type(rule) is not d2l.AdamW:
        rule = dataclasses.replace(rule, weight_decay=decay, learning_rate=0.01)
    keras = d2l.keras()
    optimizer = eval(d2l.recipe(rule, "keras").code, {"keras": keras})
    back = d2l.rule_like(f"tf.keras.optimizers.{type(rule).__name__}", optimizer.get_config())
    assert fields(back) == fields(rule)


@pytest.mark.parametrize("framework", list(NAMES))
@pytest.mark.parametrize("name", list(RECIPES))
def test_steps_are_as_long_as_the_recipe_says(name, framework):
    rule = dataclasses.replace(RECIPES[name], learning_rate=1.0, weight_decay=None)
    if getattr(rule, "momentum", 0):
        rule = dataclasses.replace(rule, momentum=0.0)
    try:
        made = d2l.recipe(rule, framework)
    except ValueError:
        return
    sizes = np.geomspace(1e-9, 10, 60)
    steady, varying = np.tile(sizes, (100, 1)), d2l.example_gradients(100, 60) + 1e-12
    fading = sizes * 0.98 ** np.arange(1000 if "Adamax" in name else 1)[:, None]
    ratios = []
    for gradients in (steady, varying, fading):
        steps = [
            np.diff(book_path(r, np.zeros(60), gradients), axis=0, prepend=np.zeros((1, 60)))
            for r in (made.takes, rule)
        ]
        moves = np.abs(steps[1]) > 1e-6
        ratios.append(steps[0][moves] / steps[1][moves])
    low, high = made.ratio
    reached = np.concatenate(ratios)
    assert low - 1e-7 <= reached.min()
    assert reached.max() <= high + 1e-7
    # Far above the size that it names nothing differs.
    if made.above and not getattr(rule, "centered", False):
        high_up = np.full((50, 60), 1e4 * made.above)
        ends = [book_path(r, np.zeros(60), high_up)[-1] for r in (made.takes, rule)]
        np.testing.assert_allclose(*ends, rtol=3e-4)
    # The bounds are not just wide: some steps come near them.
    assert reached.min() <= low + 0.1 * (1 - low) + 1e-3
    assert reached.max() >= high - 0.1 * (high - 1) - 1e-3


@pytest.mark.parametrize("framework", list(NAMES))
@pytest.mark.parametrize("name", list(RECIPES))
def test_code_is_python_and_names_the_optimizer(name, framework):
    try:
        made = d2l.recipe(RECIPES[name], framework)
    except ValueError:
        return
    call = ast.parse(made.code, mode="eval").body
    assert isinstance(call, ast.Call)
    assert ast.dump(ast.parse(_wrapped(made.code))) == ast.dump(ast.parse(made.code))
    assert made.agreement.endswith(".")
    lines = repr(made).splitlines()
    assert max(map(len, lines)) <= 80
    ast.parse(repr(made))


@pytest.mark.parametrize("call", [name for name in CALLS if name.startswith("torch")])
def test_steps_of_pytorchs_defaults_have_a_recipe_for_keras(call):
    arguments = {"momentum_decay": 1} if call.endswith("NAdam") else {}
    made = d2l.recipe(d2l.rule_like(call, arguments), "keras")
    assert made.takes.learning_rate == CALLS[call].default("learning_rate")


def test_adagrad_has_one_number_under_the_root():
    made = d2l.recipe(d2l.Adagrad(0.1, epsilon=1e-3), "torch")
    assert made.exact
    assert made.takes.initial_accumulator_value == pytest.approx(0.101)
    assert made.takes.epsilon == 0


def test_a_rule_outside_the_root_starts_equal_inside():
    rule = d2l.Adagrad(epsilon=0.01, epsilon_inside_root=False)
    made = d2l.recipe(rule, "keras")
    assert np.sqrt(0.1) + 0.01 == pytest.approx(np.sqrt(0.1 + made.takes.epsilon), rel=1e-12)


def test_the_rate_of_keras_is_read_as_it_was_written():
    rule = d2l.rule_like("keras.optimizers.SGD", {"learning_rate": 0.009999999776482582})
    assert rule.learning_rate == 0.01
    assert d2l.rule_like("torch.optim.SGD", {"lr": 0.123456789}).learning_rate == 0.123456789


def test_missing_arguments_are_the_defaults_of_their_framework():
    rule = d2l.rule_like("torch.optim.RMSprop")
    assert (rule.learning_rate, rule.rho, rule.epsilon) == (0.01, 0.99, 1e-8)
    assert rule.epsilon_inside_root is False
    assert d2l.rule_like("optax.adadelta").learning_rate == 1.0
    assert d2l.rule_like("optax.sgd", {"learning_rate": 0.1}).momentum == 0
    assert d2l.rule_like("torch.optim.Adam", {"betas": (0.8, 0.9)}).beta_2 == 0.9
    assert type(d2l.rule_like("torch.optim.Adamax")) is AdamaxInside


def test_decoupled_decay_is_recognized():
    like = d2l.rule_like
    assert like("torch.optim.SGD", {"weight_decay": 0.1}).weight_decay == 0.1
    adam = {"weight_decay": 0.1, "decoupled_weight_decay": True}
    assert like("torch.optim.Adam", adam).weight_decay == 0.1
    assert like("torch.optim.AdamW").weight_decay == 0.01
    assert like("optax.lion", {"learning_rate": 0.1}).weight_decay == 0.001


@pytest.mark.parametrize(
    ("call", "arguments", "words"),
    [
        ("torch.optim.Adam", {"weight_decay": 0.1}, "L2 penalty"),
        ("torch.optim.SGD", {"weight_decay": 0.1, "momentum": 0.9}, "L2 penalty"),
        ("optax.adadelta", {"weight_decay": 0.1}, "L2 penalty"),
        ("torch.optim.SGD", {"dampening": 0.1}, "weight 1 - dampening"),
        ("torch.optim.Adagrad", {"lr_decay": 0.1}, "use a schedule"),
        ("torch.optim.SGD", {"maximize": True}, "it climbs"),
        ("torch.optim.NAdam", {}, "momentum_decay=0.004"),
        ("torch.optim.NAdam", {"momentum_decay": 0.5}, "only at 1"),
        ("optax.nadam", {"learning_rate": 0.1}, "momentum is constant"),
        ("optax.amsgrad", {"learning_rate": 0.1}, "largest corrected"),
        ("optax.rmsprop", {"learning_rate": 0.1, "bias_correction": True}, "leave it at False"),
        ("keras.optimizers.SGD", {"clipnorm": 1.0}, "clip it yourself"),
        ("keras.optimizers.Ftrl", {}, "There is no rule for"),
        ("RMSprop", {}, "Did you mean"),
    ],
)
def test_what_the_book_has_no_rule_for_is_said(call, arguments, words):
    with pytest.raises(ValueError, match=words):
        d2l.rule_like(call, arguments)


def test_wrong_arguments_are_refused_in_sentences():
    with pytest.raises(TypeError, match=r"no argument 'rho'.*Known: alpha"):
        d2l.rule_like("torch.optim.RMSprop", {"rho": 0.9})
    with pytest.raises(TypeError, match="needs a learning_rate"):
        d2l.rule_like("optax.adam")
    with pytest.raises(TypeError, match=r"d2l.get_rule\('adam'\)"):
        d2l.recipe("adam", "torch")
    with pytest.raises(ValueError, match="Did you mean 'torch'"):
        d2l.recipe(d2l.Adam(), "Torch")
    with pytest.raises(ValueError, match="learning_rate is a schedule"):
        d2l.recipe(d2l.SGD(d2l.ExponentialDecay(0.1, 10, 0.5)), "torch")
    with pytest.raises(ValueError, match="momentum is an array"):
        d2l.recipe(d2l.SGD(momentum=np.array([0.1, 0.2])), "optax")
    with pytest.raises(ValueError, match="has no Lion"):
        d2l.recipe(d2l.Lion(), "torch")
    with pytest.raises(ValueError, match="no such Nadam"):
        d2l.recipe(d2l.Nadam(), "optax")
    assert all(reason[-1] != "." for reason in NO_RULE.values())


def test_the_versions_are_those_that_are_installed_for_the_tests(project):
    extras = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]
    pins = dict(pin.split("==") for pin in extras["optional-dependencies"]["frameworks"])
    for framework in ("torch", "optax"):
        assert VERSIONS[framework].split()[1] == pins[framework]
    assert VERSIONS["keras"].split()[1] == d2l.keras().__version__


def test_importing_the_recipes_imports_no_framework():
    script = (
        "import sys, d2lmini; d2lmini.recipe(d2lmini.Adam(), 'torch'); "
        "assert not {'tensorflow', 'torch', 'jax', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


every_question = pytest.mark.parametrize(
    "question", QUESTIONS, ids=lambda question: f"{question.rule}: {question.asks}"
)


@every_question
@pytest.mark.parametrize(
    ("column", "walk"),
    [("keras", walk_of_the_book), ("keras", walk_of_keras), ("d2l", d2l_walk)],
)
def test_the_table_says_what_is_done(column, walk, question):
    assert question.ask(walk) == question.says[list(COLUMNS).index(column)]


@every_question
def test_a_question_can_be_answered_in_other_ways(question):
    ways = sorted(question.answers.values())
    assert all(later - way > 1e-3 for way, later in itertools.pairwise(ways))
    for answer, way in question.answers.items():
        assert question.ask(lambda *_, way=way: way) == answer
    with pytest.raises(ValueError, match="no answer predicts"):
        question.ask(lambda *_: ways[-1] + 1e-3)
    assert question.ask(lambda *_: None) == NOTHING
    assert len(question.says) == len(COLUMNS)
    # Papers may have no epsilon at all.
    assert set(question.says) <= {*question.answers, NOTHING, "none"}


@pytest.mark.parametrize("rule", list(d2l.RULES))
def test_a_table_has_all_columns_and_defaults(rule):
    lines = table(rule).splitlines()
    assert {line.count(" | ") for line in lines} == {len(COLUMNS)}
    values = defaults(rule)
    assert all(value[0] is not None for value in values.values())
    if rule == "RMSprop":
        assert values["rho"] == (0.9, 0.9, 0.99, 0.9, 0.9, 0.9)
        assert values["epsilon"][2:4] == (1e-8, 1e-8)


def test_a_wrong_rule_gives_other_answers():
    # The questions are sharp: the forms of the book that are not Keras' are told from it.
    for name, form, asks in [
        ("RMSprop", {"epsilon_inside_root": False}, "place of $\\epsilon$"),
        ("Adagrad", {"epsilon_inside_root": False}, "place of $\\epsilon$"),
        ("Adam", {"epsilon_hat": False}, "$\\epsilon$ is beside"),
    ]:
        question = next(q for q in QUESTIONS if (q.rule, q.asks) == (name, asks))

        def walk(rule, settings, gradients, rates, form=form):
            return walk_of_the_book(rule, settings | form, gradients, rates)

        assert question.ask(walk) == question.says[2]  # PyTorch's


def test_far_above_the_root_of_epsilon_the_same_number_comes_nearer():
    rule = d2l.RMSprop(1.0)
    made = d2l.recipe(rule, "torch")
    same = dataclasses.replace(rule, epsilon_inside_root=False)
    assert "far above 1e-03" in made.agreement
    assert "eps=1e-07 comes nearer" in made.why
    for size, nearer in ((1e-2, same), (1e-5, made.takes)):
        ends = {
            r: book_path(r, np.zeros(1), np.full((50, 1), size))[-1, 0]
            for r in (rule, same, made.takes)
        }
        assert min(same, made.takes, key=lambda r, e=ends: abs(e[r] - e[rule])) is nearer


def test_compiled_keras_reads_epsilon_once():
    # Why there are no lines for each step that would make Keras follow PyTorch's Adam.
    keras = d2l.keras()

    def weight(later):
        model = d2l.concise.linear_regression(1, keras.optimizers.Adam(0.1))
        x, y = np.ones((4, 1), "float32"), np.ones((4, 1), "float32")
        model.train_on_batch(x, y)
        model.optimizer.epsilon = later
        model.train_on_batch(x, y)
        return model.get_weights()[0].item()

    assert weight(1e-7) == weight(10.0) != 0
