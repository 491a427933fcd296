"""Learning-rate schedules: their formulas, and Keras' values."""

import inspect
import math

import numpy as np
import pytest

import d2lmini as d2l

SCHEDULES = {
    "ExponentialDecay": d2l.ExponentialDecay(0.1, 30, 0.5),
    "InverseTimeDecay": d2l.InverseTimeDecay(0.1, 30, 0.5),
    "PiecewiseConstantDecay": d2l.PiecewiseConstantDecay([30, 60], [0.1, 0.05, 0.2]),
    "CosineDecay": d2l.CosineDecay(0.1, 90, alpha=0.25),
}
every_schedule = pytest.mark.parametrize("name", list(SCHEDULES))


def of_keras(name):
    """Return the schedule that the twin of a rule with ours gets."""
    return d2l.twin(d2l.SGD(SCHEDULES[name]))._learning_rate


@every_schedule
def test_schedule_is_that_of_keras(name):
    ours, theirs = SCHEDULES[name], of_keras(name)
    # Keras computes in float32: some eight operations, each right to a unit in the last place.
    for k in range(120):
        assert abs(ours(k) - float(theirs(k))) <= 8 * np.spacing(np.float32(0.1)), k


@every_schedule
def test_arguments_are_those_of_keras(name):
    ours = list(inspect.signature(getattr(d2l, name)).parameters)
    theirs = inspect.signature(getattr(d2l.keras().optimizers.schedules, name)).parameters
    assert ours == list(theirs)[: len(ours)]


@every_schedule
def test_a_rule_with_a_schedule_follows_keras(name):
    for rule in (d2l.SGD(SCHEDULES[name], momentum=0.9), d2l.Adam(SCHEDULES[name])):
        # As far as the float32 of Keras' schedules allows: eight units (above) of all 120 steps.
        agreement = d2l.agree(rule, steps=120)
        assert agreement.difference < 120 * 8 * 2**-24 * agreement.moved


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
