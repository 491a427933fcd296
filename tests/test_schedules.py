"""Learning-rate schedules: their formulas, and Keras' values."""

import inspect
import math

import numpy as np
import pytest

import d2lmini as d2l

SCHEDULES = {
    "ExponentialDecay": d2l.ExponentialDecay(0.1, 30, 0.5),
    "ExponentialDecay in stairs": d2l.ExponentialDecay(0.1, 32, 0.5, staircase=True),
    "InverseTimeDecay": d2l.InverseTimeDecay(0.1, 30, 0.5),
    "InverseTimeDecay in stairs": d2l.InverseTimeDecay(0.1, 32, 0.5, staircase=True),
    "PiecewiseConstantDecay": d2l.PiecewiseConstantDecay([30, 60], [0.1, 0.05, 0.2]),
    "PolynomialDecay": d2l.PolynomialDecay(0.1, 90),
    "PolynomialDecay, squared": d2l.PolynomialDecay(0.1, 90, 0.01, power=2.0),
    "PolynomialDecay, again and again": d2l.PolynomialDecay(0.1, 32, 0.01, cycle=True),
    "CosineDecay": d2l.CosineDecay(0.1, 90, alpha=0.25),
    "CosineDecay, warmed up": d2l.CosineDecay(0.01, 60, 0.25, warmup_target=0.1, warmup_steps=20),
    "CosineDecayRestarts": d2l.CosineDecayRestarts(0.1, 16),
    "CosineDecayRestarts, lower": d2l.CosineDecayRestarts(0.1, 16, 1.0, m_mul=0.5, alpha=0.1),
}
# Those that use additions, divisions by powers of two and choices alone.
EXACT = ["PiecewiseConstantDecay"]
every_schedule = pytest.mark.parametrize("name", list(SCHEDULES))


def of_keras(name):
    """Return the schedule that the twin of a rule with ours gets."""
    return d2l.twin(d2l.SGD(SCHEDULES[name]))._learning_rate


@every_schedule
def test_schedule_is_that_of_keras(name):
    ours, theirs = SCHEDULES[name], of_keras(name)
    # Keras computes in float32: some eight operations, each right to a unit in the last place.
    units = 8
    steps = set(range(120))
    if name.startswith("CosineDecayRestarts"):
        # The place in a wave is what is left of k / K < 8, four times as large and more, at a slope
        # of pi / 2. And logarithms that are rounded may end a wave one step later.
        units = 8 * 4 * 8 / 2
        steps -= {16, 48, 112} if ours.t_mul == 2 else set()
    for k in steps:
        assert abs(ours(k) - float(theirs(k))) <= units * np.spacing(np.float32(0.1)), k


@pytest.mark.parametrize("name", EXACT)
def test_exact_schedules_are_those_of_keras_bit_for_bit(name):
    ours, theirs = SCHEDULES[name], of_keras(name)
    assert all(np.float32(ours(k)) == np.float32(theirs(k)) for k in range(120))


@every_schedule
def test_arguments_are_those_of_keras(name):
    kind = type(SCHEDULES[name])
    theirs = getattr(d2l.keras().optimizers.schedules, kind.__name__)
    theirs = [each for each in inspect.signature(theirs).parameters.values() if each.name != "name"]
    for mine, other in zip(inspect.signature(kind).parameters.values(), theirs, strict=True):
        assert (mine.name, mine.default) == (other.name, other.default)


# Not with waves that get longer: at the end of one, Keras may be a step late (see above).
@pytest.mark.parametrize("name", [name for name in SCHEDULES if name != "CosineDecayRestarts"])
def test_a_rule_with_a_schedule_follows_keras(name):
    units = 128 if name.startswith("CosineDecayRestarts") else 8
    for rule in (d2l.SGD(SCHEDULES[name], momentum=0.9), d2l.Adam(SCHEDULES[name])):
        # As far as the float32 of Keras' schedules allows: the units above, of all 120 steps.
        agreement = d2l.agree(rule, steps=120)
        assert agreement.difference < 120 * units * 2**-24 * agreement.moved


def test_exponential_decay_multiplies():
    schedule = SCHEDULES["ExponentialDecay"]
    assert schedule(0) == 0.1
    for k in range(0, 90, 10):
        assert schedule(k + 30) == pytest.approx(schedule(k) / 2, rel=1e-14)


def test_inverse_time_decay_divides():
    schedule = SCHEDULES["InverseTimeDecay"]
    assert schedule(0) == 0.1
    assert schedule(60) == pytest.approx(0.05, rel=1e-14)
    assert schedule(180) == pytest.approx(0.025, rel=1e-14)


def test_piecewise_constant_decay_changes_after_its_boundaries():
    schedule = SCHEDULES["PiecewiseConstantDecay"]
    assert [schedule(k) for k in (0, 30, 31, 60, 61, 999)] == [0.1, 0.1, 0.05, 0.05, 0.2, 0.2]


def test_cosine_decay_goes_down_half_a_wave_and_stays():
    schedule = SCHEDULES["CosineDecay"]
    rates = [schedule(k) for k in range(120)]
    assert rates[0] == 0.1
    assert (np.diff(rates[:91]) < 0).all()
    assert rates[45] == pytest.approx(0.1 * (0.25 + 0.75 / 2), rel=1e-14)
    assert rates[90:] == [0.1 * 0.25] * 30
    assert d2l.CosineDecay(1.0, 4)(1) == pytest.approx((1 + math.sqrt(0.5)) / 2, rel=1e-14)


def test_boundaries_and_values_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"2 boundaries cut the steps into 3 stretches.*got 2"):
        d2l.PiecewiseConstantDecay([10, 20], [0.1, 0.2])
    with pytest.raises(ValueError, match="must increase"):
        d2l.PiecewiseConstantDecay([20, 10], [0.1, 0.2, 0.3])


def test_stairs_are_flat():
    for kind in (d2l.ExponentialDecay, d2l.InverseTimeDecay):
        stairs, smooth = kind(0.1, 10, 0.5, staircase=True), kind(0.1, 10, 0.5)
        assert [stairs(k) for k in range(30)] == [smooth(k - k % 10) for k in range(30)]


def test_inverse_root_decay_halves_after_three_times_its_steps():
    schedule = d2l.InverseRootDecay(0.1, 20)
    assert schedule(0) == 0.1
    assert schedule(60) == pytest.approx(0.05, rel=1e-14)
    slow = d2l.InverseRootDecay(0.1)
    assert [slow(t - 1) for t in (4, 9, 16)] == pytest.approx([0.1 / 2, 0.1 / 3, 0.1 / 4])


def test_the_rate_of_transformers_is_a_warm_up_and_an_inverse_root():
    W = 40
    schedule = d2l.Warmup(d2l.InverseRootDecay(0.1, W), W)
    for k in range(200):
        # min(t / W, sqrt(W / t)) of the highest rate, but for the step in which it is held
        t = k + 1 if k < W else k
        assert schedule(k) == pytest.approx(0.1 * min(t / W, math.sqrt(W / t)), rel=1e-14)


def test_polynomial_decay_ends_where_it_should_and_may_cycle():
    schedule = d2l.PolynomialDecay(0.1, 10, 0.02)
    assert schedule(0) == pytest.approx(0.1)
    assert schedule(5) == pytest.approx(0.06)
    assert schedule(10) == schedule(1000) == 0.02
    again = d2l.PolynomialDecay(0.1, 10, 0.02, cycle=True)
    assert again(10) == pytest.approx(0.02)
    assert again(11) == pytest.approx(0.02 + 0.08 * 9 / 20)
    assert d2l.PolynomialDecay(0.1, 10)(10) == 1e-4  # Keras' default, which is not 0


def test_cosine_decay_warms_up_and_then_takes_all_its_steps():
    schedule = d2l.CosineDecay(0.0, 10, 0.1, warmup_target=0.2, warmup_steps=4)
    assert [schedule(k) for k in range(5)] == pytest.approx([0.0, 0.05, 0.1, 0.15, 0.2])
    cosine = d2l.CosineDecay(0.2, 10, 0.1)
    assert [schedule(k) for k in range(4, 30)] == [cosine(k) for k in range(26)]


def test_restarts_come_when_they_should():
    schedule = d2l.CosineDecayRestarts(0.1, 10, m_mul=0.5)
    rates = np.array([schedule(k) for k in range(400)])
    starts = np.flatnonzero(np.diff(rates) > 0) + 1
    assert list(starts) == [10, 30, 70, 150, 310]
    assert rates[starts] == pytest.approx([0.1 * 0.5**i for i in range(1, 6)], rel=1e-14)
    first = d2l.CosineDecay(0.1, 10)
    assert [schedule(k) for k in range(10)] == [first(k) for k in range(10)]


def test_warmup_reaches_the_rate_at_its_last_step():
    schedule = d2l.Warmup(d2l.CosineDecay(0.1, 20), 5)
    assert [schedule(k) for k in range(5)] == pytest.approx([0.02, 0.04, 0.06, 0.08, 0.1])
    assert [schedule(5 + k) for k in range(30)] == [d2l.CosineDecay(0.1, 20)(k) for k in range(30)]
    held = d2l.Warmup(0.1, 0)
    assert [held(k) for k in range(5)] == [0.1] * 5
    twice = d2l.Warmup(d2l.Warmup(0.1, 2), 0)
    assert [twice(k) for k in range(4)] == [0.05, 0.1, 0.1, 0.1]


@pytest.mark.parametrize("schedule", [*SCHEDULES.values(), d2l.InverseRootDecay(0.1, 10)])
def test_a_step_before_the_first_is_refused(schedule):
    for each in (schedule, d2l.Warmup(schedule, 3)):
        with pytest.raises(ValueError, match="step counts the steps taken, from 0 on, but is -20"):
            each(-20)


def test_a_negative_rate_is_not_warmed_up():
    for rate in (-0.1, np.array([0.1, -0.1])):
        with pytest.raises(ValueError, match="Warmup: schedule must not be a negative rate"):
            d2l.Warmup(rate, 5)


def test_one_cycle_is_up_and_down():
    schedule = d2l.OneCycle(0.1, 100)
    rates = [schedule(k) for k in range(120)]
    assert rates[0] == pytest.approx(0.1 / 25)
    assert rates[29] == 0.1 == max(rates)
    assert (np.diff(rates[:30]) > 0).all()
    assert (np.diff(rates[29:100]) < 0).all()
    assert rates[99:] == pytest.approx([0.1 / 25 / 1e4] * 21, rel=1e-12)


def test_warmup_stable_decay_has_three_parts():
    schedule = d2l.WarmupStableDecay(0.1, 4, 10, 5)
    rates = [schedule(k) for k in range(25)]
    assert rates[:4] == pytest.approx([0.025, 0.05, 0.075, 0.1])
    assert rates[4:15] == [0.1] * 11
    assert rates[15:] == pytest.approx([0.08, 0.06, 0.04, 0.02, 0, 0, 0, 0, 0, 0], abs=1e-15)


@pytest.mark.parametrize(
    "schedule",
    [
        *SCHEDULES.values(),
        *(d2l.InverseRootDecay(0.1), d2l.Warmup(d2l.CosineDecay(0.1, 20), 5)),
        *(d2l.OneCycle(0.1, 60), d2l.WarmupStableDecay(0.1, 9, 30, 20)),
    ],
    ids=lambda schedule: type(schedule).__name__,
)
def test_rates_are_floats_of_python(schedule):
    # A float64 of NumPy would turn float32 parameters into float64.
    assert {type(schedule(k)) for k in range(70)} == {float}


def test_rates_of_many_runs_side_by_side():
    rates = np.array([0.1, 0.2])
    for make in (
        lambda rate: d2l.PolynomialDecay(rate, 10, cycle=True),
        lambda rate: d2l.CosineDecayRestarts(rate, 4),
        lambda rate: d2l.CosineDecay(0.0, 10, warmup_target=rate, warmup_steps=3),
        lambda rate: d2l.Warmup(d2l.InverseRootDecay(rate), 3),
        lambda rate: d2l.Warmup(rate, 3),
        lambda rate: d2l.OneCycle(rate, 20),
        lambda rate: d2l.WarmupStableDecay(rate, 3, 4, 5),
    ):
        assert make(rates).shape == (2,)
        for k in range(12):
            assert list(make(rates)(k)) == pytest.approx([make(0.1)(k), make(0.2)(k)], rel=1e-14)
