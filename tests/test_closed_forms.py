"""Where a rule's path has a formula, the run follows it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import d2lmini as d2l

ETA = 0.01
L, M = 4.0, 0.2  # the curvatures of the bowl


def path(rule, gradients, start=0.0):
    """Return the points that a rule visits when it is fed these gradients, in float64."""
    x = np.asarray(start, dtype=float)
    state, points = rule.init(x), [x]
    for g in gradients:
        x, state = rule.step(x, np.asarray(g, dtype=float), state)
        points.append(x)
    return np.array(points)


def steps(rule, g, count=50):
    """Return the steps of a rule on a gradient that never changes."""
    return np.diff(path(rule, [g] * count))


# ---- quadratics: the rate is an eigenvalue ------------------------------------------------------


@pytest.mark.parametrize("eta", [0.01, 0.1, 0.25, 0.4, 0.49, 0.51])
def test_gradient_descent_multiplies_each_coordinate_by_1_minus_eta_lambda(eta):
    trace = d2l.minimize(d2l.bowl, d2l.SGD(eta), steps=40)
    t = np.arange(41)[:, None]
    assert_allclose(trace.x, (1 - eta * np.array([M, L])) ** t * d2l.bowl.start, rtol=1e-12)


def test_gradient_descent_converges_exactly_below_2_over_l():
    eta = 2 / L * np.array([0.999, 1.0, 1.001])[:, None]
    trace = d2l.minimize(d2l.bowl, d2l.SGD(eta), steps=3000)
    steep = np.abs(trace.x[:, :, 1])
    assert (np.diff(steep[:, 0]) < 0).all()
    assert (steep[:, 1] == 2.0).all()  # from one side to the other, for ever
    assert (np.diff(steep[:, 2]) > 0).all()


def test_the_best_rate_of_gradient_descent_is_2_over_the_sum():
    kappa = L / M
    trace = d2l.minimize(d2l.bowl, d2l.SGD(2 / (L + M)), steps=60)
    rate = np.linalg.norm(trace.x[1:], axis=1) / np.linalg.norm(trace.x[:-1], axis=1)
    assert_allclose(rate, (kappa - 1) / (kappa + 1), rtol=1e-12)


@pytest.mark.parametrize("mu", [0.5, 0.9])
@pytest.mark.parametrize("share", [0.1, 0.9, 0.999, 1.001])
def test_heavy_ball_follows_the_powers_of_its_matrix(mu, share):
    eta = share * (2 + 2 * mu) / L  # the limit of the steeper coordinate is at share 1
    trace = d2l.minimize(d2l.bowl, d2l.SGD(eta, momentum=mu), steps=100)
    for i, curvature in enumerate((M, L)):
        A = np.array([[mu, -eta * curvature], [mu, 1 - eta * curvature]])  # of (v, x)
        points = [np.linalg.matrix_power(A, t) @ [0, d2l.bowl.start[i]] for t in range(101)]
        assert_allclose(trace.x[:, i], [x for _, x in points], rtol=1e-9, atol=1e-9)
        stable = np.abs(np.linalg.eigvals(A)).max() < 1
        assert stable == (curvature == M or share < 1)


def test_heavy_ball_at_its_best():
    root = np.sqrt(L / M)
    rate = (root - 1) / (root + 1)
    rule = d2l.SGD(4 / (np.sqrt(L) + np.sqrt(M)) ** 2, momentum=rate**2)
    trace = d2l.minimize(d2l.bowl, rule, steps=300)
    # Both coordinates have a double eigenvalue: t * rate^t, so the t-th root tends to the rate.
    shrunk = (np.linalg.norm(trace.x[-1]) / 300) ** (1 / 300)
    assert_allclose(shrunk, rate, rtol=0.01)
    # ... and gradient descent at its own best is far behind.
    assert rate < (L - M) / (L + M) - 0.25


def test_nesterov_has_a_double_root_in_its_slowest_mode():
    root = np.sqrt(L / M)
    eta, mu, rate = 1 / L, (root - 1) / (root + 1), 1 - 1 / root
    trace = d2l.minimize(d2l.bowl, d2l.SGD(eta, momentum=mu, nesterov=True), steps=100)
    t = np.arange(101)
    c = (1 - (1 + mu) * eta * M) / rate - 1  # from the first step
    # A double root is a sensitive one: rounding is amplified as if by a square root.
    assert_allclose(trace.x[:, 0], -5 * (1 + c * t) * rate**t, rtol=1e-10)


def test_momentum_is_polyaks_and_nesterov_is_sutskevers():
    eta, mu = 0.1, 0.8
    f = d2l.rosenbrock
    start = np.array([-1.0, 0.9])
    heavy = d2l.minimize(f, d2l.SGD(eta / 500, momentum=mu), start=start, steps=100)
    x, before = start, start
    for k in range(100):
        x, before = x - eta / 500 * f.gradient(x) + mu * (x - before), x
        assert_allclose(heavy.x[k + 1], x, rtol=1e-12)
    # Sutskever's form takes the gradient at w + mu v; that point is where Keras' form stands.
    ahead = d2l.minimize(f, d2l.SGD(eta / 500, momentum=mu, nesterov=True), start=start, steps=100)
    w, v = start, np.zeros(2)
    for k in range(100):
        v = mu * v - eta / 500 * f.gradient(w + mu * v)
        w = w + v
        assert_allclose(ahead.x[k + 1], w + mu * v, rtol=1e-12)


# ---- a gradient that never changes --------------------------------------------------------------

T = np.arange(1, 51)
every_g = pytest.mark.parametrize("g", [3.0, -0.5, 1e-4])


@every_g
def test_momentum_on_a_slope(g):
    mu = 0.9
    x = path(d2l.SGD(ETA, momentum=mu), [g] * 50)[1:]
    velocity = -ETA * g * (1 - mu**T) / (1 - mu)
    assert_allclose(np.diff(x), velocity[1:], rtol=1e-11)
    assert_allclose(x, -ETA * g / (1 - mu) * (T - mu * (1 - mu**T) / (1 - mu)), rtol=1e-11)
    nesterov = steps(d2l.SGD(ETA, momentum=mu, nesterov=True), g)
    assert_allclose(nesterov, mu * velocity - ETA * g, rtol=1e-11)


@every_g
def test_adagrad_on_a_slope(g):
    s = 0.1 + T * g**2
    assert_allclose(steps(d2l.Adagrad(ETA), g), -ETA * g / np.sqrt(s + 1e-7), rtol=1e-11)
    s = T * g**2
    outside = d2l.Adagrad(ETA, initial_accumulator_value=0, epsilon_inside_root=False)
    assert_allclose(steps(outside, g), -ETA * g / (np.sqrt(s) + 1e-7), rtol=1e-11)


def test_adagrad_goes_like_two_eta_root_t():
    x = path(d2l.Adagrad(ETA, initial_accumulator_value=0, epsilon=0), [2.0] * 2000)
    # The sum of 1 / sqrt(s) is 2 sqrt(t) + zeta(1/2) + ..., with zeta(1/2) = -1.4603545.
    assert_allclose(-x[-1] / ETA, 2 * np.sqrt(2000) - 1.4603545, atol=0.02)


@every_g
def test_rmsprop_on_a_slope(g):
    rho = 0.9
    s = (1 - rho**T) * g**2
    assert_allclose(steps(d2l.RMSprop(ETA), g), -ETA * g / np.sqrt(s + 1e-7), rtol=1e-11)
    outside = d2l.RMSprop(ETA, epsilon_inside_root=False)
    assert_allclose(steps(outside, g), -ETA * g / (np.sqrt(s) + 1e-7), rtol=1e-11)


def test_rmsprop_begins_with_3_16_eta_and_ends_with_eta():
    first, *_, last = steps(d2l.RMSprop(ETA, epsilon=0), 7.0, 200)
    assert_allclose(first, -ETA / np.sqrt(0.1), rtol=1e-12)
    assert_allclose(first / ETA, -3.162, atol=3e-4)
    assert_allclose(last, -ETA, rtol=1e-8)


@pytest.mark.parametrize("g", [3.0, -0.5])
def test_centered_rmsprop_on_a_slope(g):
    rho = 0.9
    got = steps(d2l.RMSprop(ETA, centered=True), g, 400)
    t = np.arange(1, 401)
    # s - m^2 is a difference of nearly equal numbers, and exact only to about 1e-15 g^2.
    assert_allclose(got, -ETA * g / np.sqrt(rho**t * (1 - rho**t) * g**2 + 1e-7), rtol=1e-6)
    # Nothing varies, so nothing is divided by but epsilon: 3162 eta g.
    assert_allclose(got[-1], -ETA * g / np.sqrt(1e-7), rtol=1e-6)


def test_rmsprop_with_momentum_collects_the_steps():
    plain = steps(d2l.RMSprop(ETA), 2.0)
    weights = 0.8 ** (T[:, None] - T) * (T[:, None] >= T)
    assert_allclose(steps(d2l.RMSprop(ETA, momentum=0.8), 2.0), weights @ plain, rtol=1e-11)


@every_g
def test_adadelta_first_step(g):
    epsilon, rho = 1e-7, 0.95
    for eta in (1.0, 0.001):
        first = path(d2l.Adadelta(eta), [g])[1]
        assert_allclose(
            first, -eta * np.sqrt(epsilon) * g / np.sqrt((1 - rho) * g**2 + epsilon), rtol=1e-12
        )
        assert abs(first) < eta * np.sqrt(epsilon / (1 - rho))


@every_g
def test_adadelta_path_does_not_depend_on_the_rate_but_for_its_length(g):
    assert_allclose(steps(d2l.Adadelta(1.0), g) * 0.001, steps(d2l.Adadelta(0.001), g), rtol=1e-10)


@every_g
@pytest.mark.parametrize("amsgrad", [False, True])
def test_adam_on_a_slope(g, amsgrad):
    epsilon, beta_2 = 1e-7, 0.999
    keras = -ETA * g / (abs(g) + epsilon / np.sqrt(1 - beta_2**T))
    assert_allclose(steps(d2l.Adam(ETA, amsgrad=amsgrad), g), keras, rtol=1e-11)
    paper = -ETA * g / (abs(g) + epsilon)
    assert_allclose(steps(d2l.Adam(ETA, amsgrad=amsgrad, epsilon_hat=False), g), paper, rtol=1e-11)


@every_g
def test_adams_first_step_is_eta(g):
    for hat in (True, False):
        first = path(d2l.Adam(ETA, epsilon=0, epsilon_hat=hat), [g])[1]
        assert_allclose(first, -ETA * np.sign(g), rtol=1e-12)
    # In Keras' form epsilon counts for 1 / sqrt(1 - beta_2) = 31.6 times as much at first.
    first = path(d2l.Adam(ETA), [g])[1]
    expected = -ETA * np.sign(g) / (1 + 1e-7 / (np.sqrt(1 - 0.999) * abs(g)))
    assert_allclose(first, expected, rtol=1e-12)


@every_g
def test_adamax_on_a_slope(g):
    assert_allclose(steps(d2l.Adamax(ETA), g), -ETA * g / (abs(g) + 1e-7), rtol=1e-11)


@every_g
def test_nadam_on_a_slope(g):
    mu = 0.9 * (1 - 0.5 * 0.96 ** np.arange(1, 52))
    product = np.cumprod(mu)
    m = (1 - 0.9**T) * g
    m_hat = mu[1:] * m / (1 - product[1:]) + (1 - mu[:-1]) * g / (1 - product[:-1])
    assert_allclose(steps(d2l.Nadam(ETA), g), -ETA * m_hat / (abs(g) + 1e-7), rtol=1e-11)


@every_g
def test_lion_with_decay_settles_at_one_over_lambda(g):
    decay = 0.5
    x = path(d2l.Lion(ETA, weight_decay=decay), [g] * 50)[1:]
    assert_allclose(x, -np.sign(g) / decay * (1 - (1 - ETA * decay) ** T), rtol=1e-11)


@pytest.mark.parametrize("cls", d2l.RULES.values(), ids=d2l.RULES)
def test_decay_alone_shrinks_geometrically(cls):
    rule = cls(learning_rate=0.1, weight_decay=0.5)
    x = path(rule, [0.0] * 50, start=3.0)
    assert_allclose(x, 3 * (1 - 0.1 * 0.5) ** np.arange(51), rtol=1e-12)


def test_the_half_life_of_a_leaky_average_is_not_its_mean_age():
    rule = d2l.RMSprop(rho=0.9)
    x, state = np.array(0.0), rule.init(np.array(0.0))
    s = []
    for g in [1.0] + [0.0] * 300:
        x, state = rule.step(x, np.array(g), state)
        s.append(float(state["s"]))
    weights = np.array(s)  # of a square, by its age
    half_life = np.log(0.5) / np.log(0.9)
    assert 6 < half_life < 7
    assert weights[6] > weights[0] / 2 > weights[7]
    assert_allclose(weights, 0.1 * 0.9 ** np.arange(301), rtol=1e-12)
    assert_allclose(weights @ np.arange(301), 0.9 / 0.1, rtol=1e-9)


# ---- what was published -------------------------------------------------------------------------


def test_rmsprop_ends_on_the_bowl_where_dive_into_deep_learning_says():
    trace = d2l.minimize(d2l.bowl, d2l.RMSprop(0.4, rho=0.9, epsilon=1e-6), steps=20)
    assert_allclose(trace.x[-1], [-0.010599, 0.0], atol=5e-7)


def reddi(rule, big, small, period, count):
    """Return the mean place in the last period of a run on [-1, 1].

    The gradient is big once a period and small, of the other sign, in between.
    """
    x, places = np.array(0.0), []
    state = rule.init(x)
    for t in range(count):
        x, state = rule.advance(x, big if t % period == 0 else small, state)
        x = np.clip(x, -1, 1)
        places.append(x)
    return np.mean(places[-period:])


@pytest.mark.parametrize(
    ("rule", "problem", "adam", "amsgrad"),
    [
        ({"learning_rate": 0.01, "beta_1": 0, "beta_2": 0.1}, (3.0, -1.0, 3, 3000), 0.996, -0.997),
        (
            {"learning_rate": 0.02, "beta_1": 0.9, "beta_2": 0.99},
            (1010.0, -10.0, 101, 60_000),
            0.940,
            -0.956,
        ),
    ],
    ids=["period 3", "period 101"],
)
def test_adam_walks_the_wrong_way_and_amsgrad_does_not(rule, problem, adam, amsgrad):
    # Over a period the gradients have a positive sum, so the best place is -1.
    assert_allclose(reddi(d2l.Adam(**rule), *problem), adam, atol=5e-4)
    assert_allclose(reddi(d2l.Adam(**rule, amsgrad=True), *problem), amsgrad, atol=5e-4)
