"""The surfaces: values, gradients, Hessians and minimizers belong together."""

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

import d2lmini as d2l

every_objective = pytest.mark.parametrize("f", d2l.OBJECTIVES.values(), ids=d2l.OBJECTIVES)


def points(f, count=50, seed=0):
    """Return random points of the domain: (count,) in one dimension, else (count, dimension)."""
    low, high = np.transpose(f.domain)
    x = np.random.default_rng(seed).uniform(low, high, size=(count, f.dimension))
    return x[:, 0] if f.dimension == 1 else x


def grid(f, n=301):
    """Return a dense grid of the domain."""
    axes = [np.linspace(low, high, n) for low, high in f.domain]
    return axes[0] if f.dimension == 1 else np.stack(np.meshgrid(*axes), axis=-1)


@every_objective
def test_gradient_is_the_slope_of_the_value(f):
    for x in points(f):
        # Central differences: values up to some thousand, rounded by 2**-53, over a step of 1e-5.
        assert d2l.check_gradients(lambda x: float(f(x)), f.gradient, x) < 1e-6


@every_objective
def test_hessian_is_the_slope_of_the_gradient(f):
    h = 1e-5
    for x in points(f):
        if f.dimension == 1:
            columns = (f.gradient(x + h) - f.gradient(x - h)) / (2 * h)
        else:
            steps = h * np.eye(f.dimension)
            columns = (f.gradient(x + steps) - f.gradient(x - steps)) / (2 * h)
            assert_allclose(f.hessian(x), f.hessian(x).T)
        scale = max(1.0, np.abs(columns).max())
        assert_allclose(f.hessian(x), columns, rtol=0, atol=1e-8 * scale)


@every_objective
def test_minimizers_are_where_it_is_lowest(f):
    lowest = f(grid(f)).min()
    for x in f.minimizers:
        x = x[0] if f.dimension == 1 else x
        assert_allclose(f.gradient(x), 0, atol=1e-12)
        curvatures = np.linalg.eigvalsh(np.reshape(f.hessian(x), (f.dimension, f.dimension)))
        assert (curvatures > 0).all()
    if len(f.minimizers):
        values = [f(x[0] if f.dimension == 1 else x) for x in f.minimizers]
        assert min(values) <= lowest + 1e-12


@every_objective
def test_all_minimizers_are_named(f):
    # From everywhere in the domain, a descent that comes to rest does so at one of them.
    if not len(f.minimizers):
        assert f.name == "saddle"
        return
    low, high = np.transpose(f.domain)
    reached = set()
    for start in points(f, 40, seed=1):
        end = scipy.optimize.minimize(f, start, jac=f.gradient, method="BFGS", tol=1e-9).x
        if ((low <= end) & (end <= high)).all():
            distance = np.linalg.norm(f.minimizers - end, axis=-1)
            assert distance.min() < 1e-6
            reached.add(int(distance.argmin()))
    assert reached == set(range(len(f.minimizers)))


@every_objective
def test_starts_and_minimizers_are_in_the_picture(f):
    low, high = np.transpose(f.domain)
    for x in [f.start, *f.minimizers]:
        assert ((low <= x) & (x <= high)).all()
    assert f.minimizers.shape[1:] in [(f.dimension,), (0,)]
    assert f.name
    assert f.formula


@every_objective
def test_axes_before_the_coordinates_are_runs(f):
    x = points(f, 24)
    value, gradient, hessian = f(x), f.gradient(x), f.hessian(x)
    assert value.shape == (24,)
    assert gradient.shape == x.shape
    assert hessian.shape == (*x.shape, f.dimension)[: 1 + 2 * (f.dimension > 1)]
    for k in range(24):
        assert_allclose(f(x[k]), value[k], rtol=1e-14)
        assert_allclose(f.gradient(x[k]), gradient[k], rtol=1e-13)
        assert_allclose(f.hessian(x[k]), hessian[k], rtol=1e-13)
    table = x.reshape(4, 6, *x.shape[1:])
    assert_allclose(f(table), value.reshape(4, 6), rtol=1e-14)
    assert_allclose(f.gradient(table), gradient.reshape(table.shape), rtol=1e-13)


@every_objective
def test_integers_are_points_too(f):
    x = np.ones(f.dimension if f.dimension > 1 else (), dtype=int)
    assert f(x) == f(x.astype(float))
    assert f(x.tolist()) == f(x.astype(float))


@pytest.mark.parametrize("x", [[1.0, 2.0, 3.0], [1.0], 1.0, [[1.0], [2.0]]])
def test_a_point_of_the_wrong_shape_is_refused(x):
    with pytest.raises(ValueError, match=r"function of 2 coordinates.*last axis"):
        d2l.bowl(x)


def test_two_wells_are_tilted_wells_and_a_parabola():
    x = points(d2l.two_wells)
    assert_allclose(d2l.two_wells(x), d2l.tilted_wells(x[:, 0]) + d2l.parabola(x[:, 1]))


def test_rotated_bowl_is_the_bowl_turned_by_45_degrees():
    x = points(d2l.bowl)
    turn = np.array([[1, 1], [-1, 1]]) / np.sqrt(2)  # of rows
    assert_allclose(d2l.rotated_bowl(x @ turn), d2l.bowl(x), rtol=1e-12, atol=1e-14)
    assert_allclose(d2l.bowl.start @ turn, d2l.rotated_bowl.start)


def test_known_values():
    assert d2l.bowl([-5, -2]) == 10.5
    assert d2l.rosenbrock([-1, 1]) == 4
    assert d2l.beale([0, 0]) == 1.5**2 + 2.25**2 + 2.625**2
    assert d2l.himmelblau([0, 0]) == 170
    assert d2l.saddle([2, 1]) == 3


# ---- quadratics of one's own --------------------------------------------------------------------


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.data())
def test_quadratic_is_half_x_q_x(data):
    d = data.draw(st.integers(2, 4))
    numbers = st.floats(-10, 10, allow_subnormal=False)
    A = data.draw(arrays(float, (d, d), elements=numbers))
    Q, x = A + A.T, data.draw(arrays(float, d, elements=numbers))
    f = d2l.quadratic(Q)
    assert_allclose(f(x), 0.5 * x @ Q @ x, rtol=1e-9, atol=1e-9)
    assert_allclose(f.gradient(x), Q @ x, rtol=1e-9, atol=1e-9)
    assert_allclose(f.hessian(x), Q)
    assert f.dimension == d


def test_quadratic_has_a_minimizer_only_if_all_curvatures_are_positive():
    assert_allclose(d2l.quadratic(np.diag([1.0, 2.0])).minimizers, [[0, 0]])
    assert len(d2l.quadratic(np.diag([1.0, -2.0])).minimizers) == 0


@pytest.mark.parametrize("Q", [[[1, 2], [3, 4]], [[1, 2]], [1, 2], 3.0])
def test_quadratic_refuses_what_is_not_symmetric(Q):
    with pytest.raises(ValueError, match=r"symmetric.*\(Q \+ Q.T\) / 2"):
        d2l.quadratic(Q)


def test_quadratic_of_one_coordinate_is_refused():
    with pytest.raises(ValueError, match=r"one coordinate.*d2l.parabola"):
        d2l.quadratic([[2.0]])
