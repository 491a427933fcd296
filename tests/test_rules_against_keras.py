"""Every update rule takes the steps of `tf.keras`, and every wrong twin of it does not."""

import dataclasses
import inspect

import numpy as np
import pytest
from comparison import (
    DEFAULTS,
    SETTINGS,
    assert_follows_keras,
    exact_path,
    keras_path,
    problem,
    setting,
    units_apart,
)
from wrong_twins import OWN, TWINS, edited

import d2lmini as d2l

every_rule = pytest.mark.parametrize("name", list(SETTINGS))
both_dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])


@both_dtypes
@pytest.mark.parametrize("variant", ["plain", "weight decay", "schedule"])
@every_rule
def test_rule_follows_keras(name, variant, dtype):
    assert_follows_keras(setting(name, variant), dtype=dtype)


@every_rule
def test_rule_follows_keras_with_default_arguments(name):
    assert_follows_keras(setting(name, "defaults"))


@pytest.mark.parametrize("structure", ["list", "dict"])
@every_rule
def test_rule_follows_keras_on_several_arrays(name, structure):
    assert_follows_keras(setting(name, "defaults"), structure=structure)


@pytest.mark.parametrize(
    ("name", "twin"), [pytest.param(n, t, id=f"{n}: {t.mistake}") for n, t in TWINS]
)
def test_wrong_twin_is_caught(name, twin):
    rule = setting(name, twin.variant)
    wrong = twin.of(rule)
    # A schedule refuses the step -1 before there is anything to compare.
    caught = pytest.raises(
        (AssertionError, ValueError), match=r"units in the last place apart|steps taken, from 0 on"
    )
    with caught:
        assert_follows_keras(wrong, rule, structure=twin.structure)
    # For its mistake, not for its rounding: a bound a thousand times as wide catches it too.
    with caught:
        assert_follows_keras(wrong, rule, structure=twin.structure, dtype="float64", slack=1000)


def test_every_rule_has_wrong_twins():
    assert set(OWN) == set(SETTINGS) == set(DEFAULTS)
    assert {type(rule) for rule in SETTINGS.values()} == set(d2l.RULES.values())
    assert min(map(len, OWN.values())) >= 3


@every_rule
def test_an_edit_that_changes_nothing_is_not_caught(name):
    # The wrong twins fail for their mistakes, not because they are edited.
    for method in ("update", "zero_state", "advance", "_decay_and_update", "rate"):
        rule = setting(name)
        same = edited(rule, {}, method)
        assert type(same) is not type(rule)
        assert_follows_keras(same, rule)


@both_dtypes
@pytest.mark.parametrize("variant", ["plain", "weight decay", "schedule"])
def test_nadam_differs_by_the_rounding_of_0_96(variant, dtype):
    # The reason for Nadam's bounds: with Keras' rounding in the rule, it too is equal bit for bit.
    rule = setting("Nadam", variant)
    number = "x.dtype.type"
    rounded = edited(
        rule,
        {
            "mu = self.beta_1 * (1 - 0.5 * 0.96**t)": (
                f"beta, decay = {number}(self.beta_1), {number}(np.float32(0.96))\n"
                "    mu = beta * (1 - decay**t / 2)"
            ),
            "mu_next = self.beta_1 * (1 - 0.5 * 0.96 ** (t + 1))": (
                "mu_next = beta * (1 - decay ** (t + 1) / 2)"
            ),
            "P = P * mu": f"P = {number}(P) * beta * (1 - {number}(0.96) ** t / 2)",
        },
    )
    x, gradients = problem("array", dtype)
    state, path = rounded.init(x), []
    for g in gradients:
        x, state = rounded.step(x, g, state)
        path.append(x.ravel())
    assert units_apart(np.array(path), keras_path(rule, "array", dtype)) == 0


@every_rule
def test_compiled_training_stays_in_the_last_places(name):
    # Compiled, as in `model.fit`, TensorFlow replaces x / sqrt(y) by x * rsqrt(y), so that even
    # Keras equals Keras only nearly, and how nearly depends on the processor. No processor can be
    # asked for more than this: a root and a quotient err by half a unit each, rsqrt by two and the
    # product by half, so a compiled step rounds at most 2.5 times as much as a plain one. So
    # compiled training may be as many times farther from what double precision gives; 4 leaves room
    # for the worst case to come to one and not to the other. A wrong rule is out by thousands.
    rule = setting(name, "defaults")
    exact = exact_path(rule)
    rounding = units_apart(keras_path(rule, "array", "float32"), exact)
    compiled = keras_path(rule, "array", "float32", optimized=True)
    assert units_apart(compiled, exact) <= 4 * rounding


def test_rounding_is_no_excuse_for_a_wrong_rule():
    # The bound of the test above would notice an epsilon in the wrong place.
    rule = setting("RMSprop", "defaults")
    rounding = units_apart(keras_path(rule, "array", "float32"), exact_path(rule))
    wrong = dataclasses.replace(rule, epsilon_inside_root=False)
    assert units_apart(exact_path(wrong), exact_path(rule)) > 100 * rounding


@pytest.mark.parametrize("name", list(d2l.RULES))
def test_arguments_and_defaults_are_those_of_keras(name):
    ours = inspect.signature(d2l.RULES[name]).parameters
    theirs = inspect.signature(getattr(d2l.keras().optimizers, name)).parameters
    extra = {"epsilon_inside_root", "epsilon_hat"}  # for the arrangements that Keras lacks
    for argument, parameter in ours.items():
        if argument in extra:
            assert parameter.default is True  # Keras' arrangement
        else:
            assert parameter.default == theirs[argument].default, argument
    names = [argument for argument in ours if argument not in extra]
    # In Keras' order, too, so that unnamed arguments mean the same.
    assert names == [argument for argument in theirs if argument in names]
    assert not {"rho", "momentum", "nesterov", "centered", "amsgrad", "epsilon"} & (
        set(theirs) - set(ours)
    )


@pytest.mark.parametrize("name", ["Adagrad", "RMSprop", "Adam"])
def test_arrangements_that_keras_lacks_differ_only_by_epsilon(name):
    # Where epsilon stands makes a difference of the size of epsilon, and none at epsilon = 0.
    switch = "epsilon_hat" if name == "Adam" else "epsilon_inside_root"
    x, gradients = problem("array", "float64")
    ends = {}
    for epsilon in (1e-4, 0.0):
        for value in (True, False):
            rule = dataclasses.replace(SETTINGS[name], **{"epsilon": epsilon, switch: value})
            end, state = x[0], rule.init(x[0])  # the dense gradients: no division by zero
            for g in gradients:
                end, state = rule.step(end, g[0], state)
            ends[epsilon, value] = end
    assert np.abs(ends[1e-4, True] - ends[1e-4, False]).max() > 1e-6
    np.testing.assert_allclose(ends[0.0, True], ends[0.0, False], rtol=1e-12, atol=0)
