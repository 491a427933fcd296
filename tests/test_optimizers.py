"""Properties that every update rule has, and some that only some have."""

import copy
import dataclasses

import numpy as np
import pytest
from comparison import CHANGING_RATE, DEFAULTS, SETTINGS
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import d2lmini as d2l
from d2lmini.rule import items

# The same examples in every run.
properties = settings(derandomize=True, deadline=None, max_examples=25)

RULES = SETTINGS | {
    "SGD with decay and a schedule": d2l.SGD(CHANGING_RATE, momentum=0.9, weight_decay=0.01),
    "Adam with decay and a schedule": d2l.Adam(CHANGING_RATE, weight_decay=0.01),
    "Adam of the paper": d2l.Adam(epsilon_hat=False),
    "RMSprop with epsilon outside": d2l.RMSprop(epsilon_inside_root=False),
}
every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
ordinary = st.floats(-100, 100, allow_subnormal=False)
# Not so small that a square vanishes.
nonzero = st.one_of(st.floats(1e-3, 100), st.floats(-100, -1e-3))


@st.composite
def runs(draw, elements=ordinary):
    """Return a start of up to 5 elements and gradients for up to 6 steps."""
    n, count = draw(st.integers(1, 5)), draw(st.integers(1, 6))
    start = draw(arrays(float, n, elements=ordinary))
    return start, draw(arrays(float, (count, n), elements=elements))


def walk(rule, x, gradients):
    """Return the end of a run, and its state."""
    state = rule.init(x)
    for g in gradients:
        x, state = rule.step(x, g, state)
    return x, state


def flat(state):
    """Return the fields of a state by (letter, part), as arrays."""
    return {
        (letter, key): np.asarray(part)
        for letter, field in state.items()
        for key, part in (items(field) if isinstance(field, (list, dict)) else [("", field)])
    }


def same_bits(a, b):
    a, b = np.asarray(a), np.asarray(b)
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


# ---- a rule is a pure function ------------------------------------------------------------------


@every_rule
@properties
@given(run=runs())
def test_a_step_changes_nothing_that_is_passed_in(rule, run):
    x, gradients = run
    x, state = walk(rule, x, gradients)
    g = gradients[-1]
    before = copy.deepcopy((x, g, state))
    new_x, new_state = rule.step(x, g, state)
    assert same_bits(x, before[0])
    assert same_bits(g, before[1])
    assert state.keys() == before[2].keys()
    assert all(same_bits(value, before[2][key]) for key, value in state.items())
    # Nor do old and new share memory, so that a path never changes afterwards.
    old = [x, g, *(v for v in state.values() if isinstance(v, np.ndarray))]
    new = [new_x, *(v for v in new_state.values() if isinstance(v, np.ndarray))]
    assert not any(np.shares_memory(a, b) for a in old for b in new)


@every_rule
@properties
@given(run=runs())
def test_the_same_inputs_give_the_same_bits(rule, run):
    x, gradients = run
    first, first_state = walk(rule, x, gradients)
    walk(rule, x + 1, gradients[::-1])  # another run in between leaves nothing behind
    again, again_state = walk(rule, x, gradients)
    assert same_bits(first, again)
    assert all(same_bits(value, again_state[key]) for key, value in first_state.items())


@every_rule
@properties
@given(run=runs())
def test_advance_is_step_without_the_checks(rule, run):
    x, gradients = run
    x, state = walk(rule, x, gradients)
    stepped, advanced = rule.step(x, gradients[0], state), rule.advance(x, gradients[0], state)
    assert same_bits(stepped[0], advanced[0])
    assert all(same_bits(value, advanced[1][key]) for key, value in stepped[1].items())


@every_rule
def test_a_rule_cannot_be_changed(rule):
    with pytest.raises(dataclasses.FrozenInstanceError):
        rule.learning_rate = 1.0


@pytest.mark.parametrize("rule", DEFAULTS.values(), ids=DEFAULTS)
def test_the_repr_is_the_call_that_makes_the_rule(rule):
    again = eval(repr(rule), vars(d2l))
    assert type(again) is type(rule)
    assert vars(again) == vars(rule)


# ---- arrays, lists and dicts --------------------------------------------------------------------


@every_rule
@properties
@given(run=runs(), cut=st.integers(0, 5))
def test_array_list_and_dict_give_the_same_numbers(rule, run, cut):
    x, gradients = run
    whole, _ = walk(rule, x, gradients)
    listed, state = walk(rule, [x[:cut], x[cut:]], [[g[:cut], g[cut:]] for g in gradients])
    named, _ = walk(
        rule,
        {"a": x[:cut], "b": x[cut:]},
        [{"b": g[cut:], "a": g[:cut]} for g in gradients],  # the order of keys is no matter
    )
    assert same_bits(np.concatenate(listed), whole)
    assert list(named) == ["a", "b"]
    assert same_bits(np.concatenate(list(named.values())), whole)
    assert all(isinstance(field, list) for key, field in state.items() if key != "t")


@every_rule
def test_numbers_and_arrays_without_axes_are_parameters_too(rule):
    gradients = [0.5, -1.0, 2.0]
    vector, _ = walk(rule, np.array([1.0]), [np.array([g]) for g in gradients])
    number, _ = walk(rule, 1.0, gradients)
    several, _ = walk(rule, [np.array(1.0)] * 2, [[np.array(g)] * 2 for g in gradients])
    assert float(number) == vector[0] == several[0] == several[1]


@every_rule
@properties
@given(run=runs(), seed=st.integers(0, 99))
def test_every_element_goes_its_own_way(rule, run, seed):
    x, gradients = run
    order = np.random.default_rng(seed).permutation(len(x))
    end, _ = walk(rule, x, gradients)
    shuffled, _ = walk(rule, x[order], gradients[:, order])
    assert same_bits(shuffled, end[order])
    alone, _ = walk(rule, x[:1], gradients[:, :1])
    assert same_bits(alone, end[:1])


@every_rule
def test_the_state_has_the_shape_of_its_parameters(rule):
    x = {"W": np.ones((2, 3)), "b": np.ones(3, dtype=np.float32)}
    state = rule.init(x)
    assert state.pop("t") == 0
    for letter, field in state.items():
        if letter != "P":  # Nadam's product of momenta is one number
            for key, part in field.items():
                assert part.shape == x[key].shape
                assert part.dtype == x[key].dtype
    assert "v" not in state or all((field == 0).all() for field in state["v"].values())


@every_rule
def test_float32_stays_float32(rule):
    x, g = np.ones(3, np.float32), np.array([0.1, 0, -2], np.float32)
    end, state = walk(rule, x, [g] * 3)
    assert end.dtype == np.float32
    assert all(v.dtype == np.float32 for v in state.values() if isinstance(v, np.ndarray))


@every_rule
@pytest.mark.parametrize("start", [[1, 2], np.array([1, 2]), (1, 2), np.array([1, 2], np.int8)])
def test_integers_become_floats(rule, start):
    end, _ = walk(rule, start, [[1, -1]] * 2)
    expected, _ = walk(rule, np.array([1.0, 2.0]), [np.array([1.0, -1.0])] * 2)
    assert same_bits(end, expected)


# ---- hyperparameters that are arrays ------------------------------------------------------------

NUMBERS = {
    "learning_rate": [0.0, 0.001, 0.5],
    "momentum": [0.0, 0.5, 0.99],
    "rho": [0.0, 0.9, 0.999],
    "beta_1": [0.0, 0.9, 0.99],
    "beta_2": [0.5, 0.9, 0.999],
    "epsilon": [1e-10, 1e-7, 0.1],
    "initial_accumulator_value": [0.0, 0.1, 1.0],
    "weight_decay": [0.0, 0.01, 1.0],
}


@pytest.mark.parametrize("rule", SETTINGS.values(), ids=SETTINGS)
def test_an_array_of_hyperparameters_is_as_many_runs(rule):
    rng = np.random.default_rng(1)
    gradients = rng.normal(size=(40, 4))
    x = rng.normal(size=4)
    for name in NUMBERS.keys() & {field.name for field in dataclasses.fields(rule)}:
        many = dataclasses.replace(rule, **{name: np.array(NUMBERS[name])[:, None]})
        assert many.shape == (3, 1)
        side_by_side, _ = walk(many, np.tile(x, (3, 1)), [np.tile(g, (3, 1)) for g in gradients])
        for row, value in zip(side_by_side, NUMBERS[name], strict=True):
            alone, _ = walk(dataclasses.replace(rule, **{name: value}), x, gradients)
            assert same_bits(row, alone), f"{name}={value}"


def test_two_arrays_of_hyperparameters_are_all_pairs():
    rates, rhos = np.array([0.1, 0.2, 0.3]), np.array([0.5, 0.9])
    rule = d2l.RMSprop(rates[:, None, None], rho=rhos[None, :, None])
    assert rule.shape == (3, 2, 1)
    trace = d2l.minimize(d2l.bowl, rule, steps=10)
    for i, rate in enumerate(rates):
        for j, rho in enumerate(rhos):
            alone = d2l.minimize(d2l.bowl, d2l.RMSprop(rate, rho=rho), steps=10)
            assert same_bits(trace.x[:, i, j], alone.x)


# ---- learning rates -----------------------------------------------------------------------------


@every_rule
@properties
@given(run=runs())
def test_a_learning_rate_of_zero_never_moves(rule, run):
    x, gradients = run
    end, _ = walk(dataclasses.replace(rule, learning_rate=0), x, gradients)
    assert (end == x).all()


@every_rule
@properties
@given(run=runs(), rate=st.floats(0, 1))
def test_a_constant_schedule_is_a_constant(rule, run, rate):
    x, gradients = run
    asked = []

    def schedule(step):
        asked.append(step)
        return rate

    constant, _ = walk(dataclasses.replace(rule, learning_rate=rate), x, gradients)
    scheduled, _ = walk(dataclasses.replace(rule, learning_rate=schedule), x, gradients)
    assert same_bits(constant, scheduled)
    assert asked == list(range(len(gradients)))  # the steps already taken, as in Keras


# ---- symmetries ---------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", SETTINGS.values(), ids=SETTINGS)
@properties
@given(run=runs())
def test_mirrored_gradients_give_the_mirrored_path(rule, run):
    x, gradients = run
    assert (walk(rule, -x, -gradients)[0] == -walk(rule, x, gradients)[0]).all()


SCALE_FREE = {
    "RMSprop": d2l.RMSprop(epsilon=0),
    "RMSprop, momentum": d2l.RMSprop(epsilon=0, momentum=0.9),
    "Adagrad from 0": d2l.Adagrad(epsilon=0, initial_accumulator_value=0),
    "Adam": d2l.Adam(epsilon=0),
    "Adam of the paper": d2l.Adam(epsilon=0, epsilon_hat=False),
    "AMSGrad": d2l.Adam(epsilon=0, amsgrad=True),
    "AdamW": d2l.AdamW(epsilon=0),
    "Adamax": d2l.Adamax(epsilon=0),
    "Nadam": d2l.Nadam(epsilon=0),
    "Lion": d2l.Lion(),
}


@pytest.mark.parametrize("rule", SCALE_FREE.values(), ids=SCALE_FREE)
@properties
@given(run=runs(nonzero), power=st.integers(-20, 20))
def test_without_epsilon_the_size_of_gradients_is_no_matter(rule, run, power):
    x, gradients = run
    # Powers of 4, so that even the roots of the scale are exact and every bit must agree.
    scaled, _ = walk(rule, x, gradients * 4.0**power)
    assert same_bits(scaled, walk(rule, x, gradients)[0])


@pytest.mark.parametrize("rule", SCALE_FREE.values(), ids=SCALE_FREE)
@properties
@given(run=runs(nonzero), scales=arrays(float, 5, elements=st.floats(1e-3, 1e3)))
def test_without_epsilon_every_coordinate_may_have_its_own_unit(rule, run, scales):
    if isinstance(rule, d2l.Lion):  # there rounding could turn a sign
        scales = 2.0 ** np.round(np.log2(scales))
    x, gradients = run
    scaled, _ = walk(rule, x, gradients * scales[: len(x)])
    np.testing.assert_allclose(scaled, walk(rule, x, gradients)[0], rtol=1e-11, atol=1e-11)


SGDS = {name: rule for name, rule in SETTINGS.items() if isinstance(rule, d2l.SGD)}


@pytest.mark.parametrize("rule", SGDS.values(), ids=SGDS)
@properties
@given(run=runs(), seed=st.integers(0, 99))
def test_sgd_is_linear_in_the_gradients(rule, run, seed):
    _, first = run
    second = np.random.default_rng(seed).normal(size=first.shape)
    zero = np.zeros(first.shape[1])
    both = walk(rule, zero, 2 * first - 3 * second)[0]
    apart = 2 * walk(rule, zero, first)[0] - 3 * walk(rule, zero, second)[0]
    np.testing.assert_allclose(both, apart, rtol=1e-10, atol=1e-12)


# ---- how long a step can be ---------------------------------------------------------------------


@properties
@given(run=runs(), rho=st.floats(0, 0.999))
def test_a_step_of_rmsprop_is_at_most_eta_over_root_1_minus_rho(run, rho):
    _, gradients = run
    rule = d2l.RMSprop(0.1, rho=rho)
    x = np.zeros(gradients.shape[1])
    state = rule.init(x)
    for g in gradients:
        new_x, state = rule.step(x, g, state)
        assert (np.abs(new_x - x) <= 0.1 / np.sqrt(1 - rho) * (1 + 1e-9)).all()
        x = new_x


@properties
@given(run=runs(), beta_1=st.floats(0, 0.99))
def test_every_step_of_lion_is_eta_or_nothing(run, beta_1):
    _, gradients = run
    rule = d2l.Lion(0.125, beta_1=beta_1)
    x = np.zeros(gradients.shape[1])
    state = rule.init(x)
    for g in gradients:
        new_x, state = rule.step(x, g, state)
        assert np.isin(np.abs(new_x - x), [0, 0.125]).all()
        x = new_x


@properties
@given(run=runs())
def test_the_divisor_of_amsgrad_never_shrinks(run):
    x, gradients = run
    rule = d2l.Adam(amsgrad=True, beta_2=0.5)
    state = rule.init(x)
    for g in gradients:
        x, new = rule.step(x, g, state)
        assert (new["s_max"] >= state["s_max"]).all()
        assert (new["s_max"] >= new["s"]).all()
        state = new


# ---- special cases that are other rules ---------------------------------------------------------


@properties
@given(run=runs())
def test_without_momentum_nesterov_changes_nothing(run):
    assert same_bits(walk(d2l.SGD(nesterov=True), *run)[0], walk(d2l.SGD(), *run)[0])


@properties
@given(run=runs())
def test_adamw_is_adam_with_decay_and_adam_with_none_is_adamw_without(run):
    assert same_bits(walk(d2l.AdamW(), *run)[0], walk(d2l.Adam(weight_decay=0.004), *run)[0])
    # A decay of zero turns -0.0 into 0.0, which are equal.
    assert (walk(d2l.AdamW(weight_decay=0), *run)[0] == walk(d2l.Adam(), *run)[0]).all()


@properties
@given(run=runs(nonzero))
def test_without_memory_the_rules_take_steps_of_the_sign(run):
    x, gradients = run
    signs = x - 0.01 * np.sign(gradients).sum(axis=0)
    for rule in (
        d2l.RMSprop(0.01, rho=0, epsilon=0),
        d2l.Adam(0.01, beta_1=0, beta_2=0, epsilon=0),
        d2l.Adamax(0.01, beta_1=0, beta_2=0, epsilon=0),
        d2l.Lion(0.01, beta_1=0, beta_2=0),
    ):
        # Adam's s + (g^2 - s) is g^2 but for the last digits of an s that was larger: 1e-16 * 1e4
        # beside 1e-6 for the extremes drawn here.
        np.testing.assert_allclose(walk(rule, x, gradients)[0], signs, rtol=1e-12, atol=1e-7)


# ---- by name ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(d2l.RULES))
def test_a_rule_is_found_by_its_name_in_any_case(name):
    for spelled in (name, name.lower(), name.upper()):
        rule = d2l.get_rule(spelled, learning_rate=0.3)
        assert type(rule) is d2l.RULES[name] is getattr(d2l, name)
        assert rule.learning_rate == 0.3
