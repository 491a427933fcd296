"""Methods of second order: exact facts, SciPy's matrices and steps, and wrong twins that fail."""

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.linalg import cg
from test_any_input import ANYTHING, VALUES, answer, often

import d2lmini as d2l
from d2lmini import second_order

SURFACES = [d2l.rosenbrock, d2l.beale, d2l.himmelblau, d2l.two_wells, d2l.bowl, d2l.rotated_bowl]
METHODS = [d2l.newton, d2l.newton_cg, d2l.nonlinear_cg, d2l.bfgs, d2l.lbfgs]
on_surfaces = pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
by_method = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)


def chain(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def chain_gradient(x):
    g, e = np.zeros_like(x), x[1:] - x[:-1] ** 2
    g[1:] += 200 * e
    g[:-1] += -400 * x[:-1] * e - 2 * (1 - x[:-1])
    return g


def positive(size, seed, largest=50.0):
    """Return a symmetric matrix with eigenvalues from 1 up."""
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(size, size)))[0]
    Q = turn @ np.diag(np.linspace(1, largest, size)) @ turn.T
    return (Q + Q.T) / 2


# ---- all methods --------------------------------------------------------------------------------


@on_surfaces
@by_method
def test_every_method_arrives(method, surface):
    run = method(surface)
    assert np.linalg.norm(surface.minimizers - run.x[-1], axis=1).min() < 1e-4
    assert (np.diff(run.value) <= 1e-12 * (1 + abs(run.value[:-1]))).all()
    assert len(run.x) == len(run.value) == len(run.gradient) == run.steps + 1
    assert len(run.step_sizes) == run.steps
    assert "No entry of the gradient" in run.stopped


@by_method
def test_a_function_of_a_number(method):
    run = method(d2l.tilted_wells)
    assert run.x.shape == (run.steps + 1,)
    assert np.abs(d2l.tilted_wells.minimizers - run.x[-1]).min() < 1e-5


@by_method
def test_counts_are_those_of_the_calls(method):
    calls = {"value": 0, "gradient": 0}

    def value(x):
        calls["value"] += 1
        return chain(x)

    def gradient(x):
        calls["gradient"] += 1
        return chain_gradient(x)

    hessian = {"hessian": lambda x: np.eye(4)} if method is d2l.newton else {}
    run = method(value, gradient, **hessian, start=np.full(4, 0.3), steps=15)
    assert {what: int(run.evaluations[what][-1]) for what in calls} == calls
    for counts in run.evaluations.values():
        assert len(counts) == run.steps + 1
        assert (np.diff(counts) >= 0).all()


@pytest.mark.parametrize("method", [d2l.newton, d2l.newton_cg, d2l.lbfgs])
def test_cost_is_in_gradients(method):
    run = method(chain, chain_gradient, start=np.full(4, 0.3), steps=5)
    spent = run.evaluations
    cost = spent["value"] + 2 * spent["product"] + 2 * 4 * spent["hessian"]
    np.testing.assert_array_equal(run.cost, cost)
    run = d2l.gauss_newton(*decay(0.2), [1.5, 1.0], steps=5)
    cost = run.evaluations["value"] + 2 * run.evaluations["jacobian"]
    np.testing.assert_array_equal(run.cost, cost)


def test_a_product_of_another_size_is_named():
    with pytest.raises(ValueError, match="must have 4 entries"):
        d2l.newton_cg(chain, chain_gradient, lambda x, v: 1.0, start=np.full(4, 0.3))


@by_method
def test_a_budget_is_kept(method):
    run = method(d2l.rosenbrock, budget=7)
    assert run.evaluations["value"][-1] <= 7
    assert "budget of 7" in run.stopped


@by_method
def test_a_wrong_gradient_is_named(method):
    hessian = {"hessian": lambda x: np.eye(4)} if method is d2l.newton else {}
    run = method(chain, lambda x: -chain_gradient(x), **hessian, start=np.full(4, 0.3))
    assert run.steps == 0
    assert "Is it the gradient of this value?" in run.stopped


@pytest.mark.parametrize("method", [d2l.newton_cg, d2l.nonlinear_cg, d2l.bfgs, d2l.lbfgs])
@pytest.mark.parametrize("seed", range(5))
def test_rounding_in_single_precision_is_not_called_a_wrong_gradient(method, seed):
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(50, 6)).astype(np.float32)
    y = rng.normal(size=50).astype(np.float32)

    def value(x):
        return float(np.mean((A @ x.astype(np.float32) - y) ** 2))

    def gradient(x):
        return 2 * A.T @ (A @ x.astype(np.float32) - y) / np.float32(50)

    run = method(value, gradient, start=np.zeros(6), tolerance=0)
    assert run.steps > 0
    assert "Is it the gradient" not in run.stopped
    wrong = method(value, lambda x: -gradient(x), start=np.zeros(6))
    assert wrong.steps == 0
    assert "Is it the gradient of this value?" in wrong.stopped


@by_method
def test_falling_without_end_is_said(method):
    assert "without end" in method(d2l.saddle).stopped


@by_method
def test_the_start_is_not_changed(method):
    start = np.array([-1.0, 2.0])
    method(d2l.rosenbrock, start=start)
    assert start.tolist() == [-1.0, 2.0]


def test_a_trace_is_drawn():
    ax = d2l.plot_traces({"bfgs": d2l.bfgs(d2l.bowl), "SGD": d2l.minimize(d2l.bowl, d2l.SGD(0.1))})
    assert len(ax.get_legend().get_texts()) == 2


# ---- the line search ----------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:The line search algorithm did not converge")
@pytest.mark.parametrize("c2", [0.1, 0.9])
@on_surfaces
def test_steps_meet_the_wolfe_conditions_as_those_of_scipy_do(surface, c2):
    rng = np.random.default_rng(0)
    for _ in range(50):
        x = rng.uniform(-3, 3, 2)
        g = surface.gradient(x)
        d = -g * rng.uniform(0.01, 1) + 0.1 * np.linalg.norm(g) * rng.normal(size=2)
        if g @ d >= 0 or surface is d2l.two_wells:
            continue
        ours = d2l.line_search(surface.value, surface.gradient, x, d, c2=c2)
        theirs = scipy.optimize.line_search(surface.value, surface.gradient, x, d, c2=c2)[0]
        assert ours.wolfe
        for step in [ours.step] + ([theirs] if theirs else []):
            assert surface(x + step * d) <= surface(x) + 1e-4 * step * (g @ d) + 1e-12
            assert abs(surface.gradient(x + step * d) @ d) <= c2 * abs(g @ d) * (1 + 1e-9)
        assert ours.value == surface(x + ours.step * d)
        np.testing.assert_array_equal(ours.gradient, surface.gradient(x + ours.step * d))


def test_trials_between_are_the_minima_of_cubics_and_parabolas():
    def cubic(x):
        return x**3 - 3 * x, 3 * x**2 - 3  # the minimum is at 1

    for low, high in ((0.2, 1.7), (1.7, 0.2), (0.5, 2.0)):
        ends = [(x, *cubic(x)) for x in (low, high)]
        np.testing.assert_allclose(second_order._between(*ends), 1)
    low, high = (0.0, 4.0, -4.0), (3.0, 1.0, None)  # (x - 2)^2
    np.testing.assert_allclose(second_order._between(low, high), 2)
    assert second_order._between(low, (3.0, np.inf, None)) == 1.5


@on_surfaces
def test_each_step_of_nonlinear_cg_leaves_a_tenth_of_the_slope_at_most(surface):
    run = d2l.nonlinear_cg(surface)
    moves = np.diff(run.x, axis=0)
    before, after = (np.sum(moves * g, axis=1) for g in (run.gradient[:-1], run.gradient[1:]))
    assert (np.abs(after) <= 0.1 * np.abs(before) * (1 + 1e-6)).all()


def test_a_line_search_on_an_objective():
    at = [-1.5, 2.5], [-1.0, 0.0]
    found = d2l.line_search(d2l.rosenbrock, d2l.rosenbrock.gradient, *at)
    assert found.step == d2l.line_search(d2l.rosenbrock.value, d2l.rosenbrock.gradient, *at).step


def test_first_step_far_too_long_and_far_too_short():
    for first in (1e-8, 1e8):
        found = d2l.line_search(
            d2l.rosenbrock.value,
            d2l.rosenbrock.gradient,
            [-1.5, 2.5],
            [-1.0, 0.0],
            first_step=first,
        )
        assert found.wolfe


# ---- conjugate gradients ------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_linear_conjugate_gradients_are_those_of_scipy(seed):
    Q, b = positive(8, seed), np.random.default_rng(seed).normal(size=8)
    path = []
    cg(Q, b, callback=lambda x: path.append(x.copy()), maxiter=6, rtol=0)
    run = d2l.conjugate_gradient(Q, b, steps=6)
    np.testing.assert_allclose(run.x[1:], path[:6], rtol=1e-7, atol=1e-9)
    by_function = d2l.conjugate_gradient(lambda v: Q @ v, b, steps=6)
    np.testing.assert_array_equal(by_function.x, run.x)
    assert run.evaluations["product"][-1] == 7


@pytest.mark.parametrize("size", [2, 5, 12])
def test_linear_conjugate_gradients_end_after_n_steps(size):
    Q, b = positive(size, 0), np.ones(size)
    run = d2l.conjugate_gradient(Q, b)
    np.testing.assert_allclose(run.x[-1], np.linalg.solve(Q, b), rtol=1e-7)
    np.testing.assert_allclose(run.gradient, run.x @ Q - b, atol=1e-9)
    np.testing.assert_allclose(run.value, 0.5 * ((run.x @ Q) * run.x).sum(1) - run.x @ b, atol=1e-9)


def test_a_matrix_of_small_entries_must_be_symmetric_too():
    with pytest.raises(ValueError, match="symmetric"):
        d2l.conjugate_gradient([[1e-9, 5e-9], [0.0, 1e-9]], [1e-9, 1e-9])
    run = d2l.conjugate_gradient(1e-9 * positive(4, 0), 1e-9 * np.ones(4))
    np.testing.assert_allclose(run.x[-1], np.linalg.solve(positive(4, 0), np.ones(4)))


def test_the_inverse_as_preconditioner_needs_one_step():
    Q, b = positive(6, 1), np.arange(6.0)
    run = d2l.conjugate_gradient(Q, b, preconditioner=lambda r: np.linalg.solve(Q, r), steps=1)
    np.testing.assert_allclose(run.x[-1], np.linalg.solve(Q, b), rtol=1e-9)


def exact_paths(size=6):
    Q = positive(size, 3)
    surface = d2l.quadratic(Q, start=np.linspace(-1, 2, size))
    linear = d2l.conjugate_gradient(Q, np.zeros(size), surface.start)
    return surface, linear.x[:size]


@pytest.mark.parametrize("variant", ["fletcher-reeves", "polak-ribiere"])
def test_on_a_quadratic_with_exact_steps_nonlinear_is_linear(variant):
    surface, path = exact_paths()
    run = d2l.nonlinear_cg(surface, variant=variant, exact=True, tolerance=0, steps=5)
    np.testing.assert_allclose(run.x, path, atol=1e-7)


def test_betas_by_hand():
    new, old = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    assert second_order.cg_beta("fletcher-reeves", new, old) == 5 / 25
    assert second_order.cg_beta("polak-ribiere", new, old) == 0  # not -6/25
    assert second_order.cg_beta("polak-ribiere", old, new) == 14 / 5


WRONG_BETAS = {
    "without the squares": lambda v, new, old: np.linalg.norm(new) / np.linalg.norm(old),
    "upside down": lambda v, new, old: old @ old / (new @ new),
    "by the new difference": lambda v, new, old: new @ (new - old) / (new @ new),
    "the other sign": lambda v, new, old: -(new @ new) / (old @ old),
    "none": lambda v, new, old: 0.0,
}


@pytest.mark.parametrize("name", list(WRONG_BETAS))
def test_wrong_betas_are_no_conjugate_gradients(name, monkeypatch):
    monkeypatch.setattr(second_order, "cg_beta", WRONG_BETAS[name])
    surface, path = exact_paths()
    run = d2l.nonlinear_cg(surface, exact=True, tolerance=0, steps=5)
    assert np.abs(run.x - path[: len(run.x)]).max() > 1e-2


# ---- quasi-Newton -------------------------------------------------------------------------------


def scipys_pairs(method="BFGS"):
    path = [np.array([-1.2, 1.0, 0.5, -0.3])]
    end = scipy.optimize.minimize(
        chain,
        path[0],
        jac=chain_gradient,
        method=method,
        options={"maxiter": 8},
        callback=lambda x: path.append(x.copy()),
    )
    return np.diff(path, axis=0), np.diff([chain_gradient(x) for x in path], axis=0), end.hess_inv


def from_updates(update, s, y):
    P = np.eye(s.shape[1])
    for one_s, one_y in zip(s, y, strict=True):
        P = update(P, one_s, one_y)
    return P


def from_loops(loops, s, y):
    return np.stack([loops(e, list(s), list(y)) for e in np.eye(s.shape[1])])


def test_matrices_are_those_of_scipy():
    s, y, of_scipy = scipys_pairs()
    np.testing.assert_allclose(from_updates(second_order.bfgs_update, s, y), of_scipy, atol=1e-9)
    loops = from_loops(second_order.two_loop, s, y)
    np.testing.assert_allclose(loops, of_scipy, atol=1e-9)
    limited = scipy.optimize.LbfgsInvHessProduct(s[-3:], y[-3:]).todense()
    np.testing.assert_allclose(
        from_loops(second_order.two_loop, s[-3:], y[-3:]), limited, atol=1e-9
    )


right_update = second_order.bfgs_update


def exchanged(P, s, y):
    return right_update(P, y, s)


def without_s(P, s, y):
    left = np.eye(s.size) - np.outer(s, y) / (s @ y)
    return left @ P @ left.T


def turned(P, s, y):
    left = np.eye(s.size) - np.outer(y, s) / (s @ y)
    return left @ P @ left.T + np.outer(s, s) / (s @ y)


def dfp(P, s, y):
    return P + np.outer(s, s) / (s @ y) - np.outer(P @ y, P @ y) / (y @ P @ y)


def wrong_loops(sign=1.0, newest_first=True, swap=False, first=1.0):
    def loops(g, steps, changes):
        if swap:
            steps, changes = changes, steps
        pairs = list(zip(steps, changes, strict=True))
        q, kept = g.copy(), []
        for s, y in reversed(pairs) if newest_first else pairs:
            a = s @ q / (s @ y)
            q = q - first * a * y
            kept.append(a)
        order = list(zip(reversed(kept), pairs, strict=True))
        for a, (s, y) in order:
            q = q + (a - sign * (y @ q) / (s @ y)) * s
        return q

    return loops


def test_the_frame_of_the_wrong_loops_is_right():
    s, y, of_scipy = scipys_pairs()
    np.testing.assert_allclose(from_loops(wrong_loops(), s, y), of_scipy, atol=1e-9)


@pytest.mark.parametrize("update", [exchanged, without_s, turned, dfp])
def test_wrong_updates_are_not_those_of_scipy(update):
    s, y, of_scipy = scipys_pairs()
    assert np.abs(from_updates(update, s, y) - of_scipy).max() > 1e-3


@pytest.mark.parametrize(
    "wrong", [{"sign": -1.0}, {"newest_first": False}, {"swap": True}, {"first": -1.0}], ids=str
)
def test_wrong_loops_are_not_those_of_scipy(wrong):
    s, y, of_scipy = scipys_pairs()
    assert np.abs(from_loops(wrong_loops(**wrong), s, y) - of_scipy).max() > 1e-3


@pytest.mark.parametrize("scaling", ["first", "none"])
def test_bfgs_with_exact_steps_makes_the_steps_of_conjugate_gradients(scaling):
    surface, path = exact_paths()
    run = d2l.bfgs(surface, scaling=scaling, exact=True, tolerance=0, steps=5)
    np.testing.assert_allclose(run.x, path, atol=1e-7)


# (`without_s` makes the same steps: the next gradient is at right angles to s.)
@pytest.mark.parametrize("update", [exchanged, turned])
def test_wrong_updates_do_not(update, monkeypatch):
    monkeypatch.setattr(second_order, "bfgs_update", update)
    surface, path = exact_paths()
    run = d2l.bfgs(surface, scaling="none", exact=True, tolerance=0, steps=5)
    assert len(run.x) < len(path) or np.abs(run.x - path).max() > 1e-2


@pytest.mark.parametrize("scaling", ["first", "none"])
def test_lbfgs_with_full_memory_is_bfgs(scaling):
    start = np.random.default_rng(0).uniform(-0.5, 0.5, 10)
    full = d2l.bfgs(chain, chain_gradient, start=start, scaling=scaling, steps=15)
    limited = d2l.lbfgs(chain, chain_gradient, start=start, scaling=scaling, steps=15, memory=15)
    np.testing.assert_allclose(full.x, limited.x, atol=1e-6)
    other = d2l.lbfgs(chain, chain_gradient, start=start, scaling=scaling, steps=15, memory=2)
    assert np.abs(full.x - other.x[: len(full.x)]).max() > 1e-3


@pytest.mark.parametrize(
    ("method", "of_scipy"), [(d2l.bfgs, "BFGS"), (d2l.lbfgs, "L-BFGS-B"), (d2l.nonlinear_cg, "CG")]
)
def test_costs_are_like_those_of_scipy(method, of_scipy):
    ratios = []
    for seed in range(5):
        start = np.random.default_rng(seed).uniform(-0.5, 0.5, 20)
        theirs = scipy.optimize.minimize(
            chain,
            start,
            jac=chain_gradient,
            method=of_scipy,
            options={"gtol": 1e-6, "maxiter": 5000},
        )
        run = method(chain, chain_gradient, start=start)
        ratios.append(run.cost[-1] / theirs.nfev)
    assert 1 / 3 < np.median(ratios) < 3


# ---- Newton, Gauss and Newton, products ---------------------------------------------------------


def test_newton_on_a_quadratic_takes_one_step():
    surface = d2l.quadratic(positive(5, 2), start=np.ones(5))
    for damped in (True, False):
        run = d2l.newton(surface, damped=damped)
        assert run.steps == 1
        np.testing.assert_allclose(run.x[-1], 0, atol=1e-9)


def test_pure_newton_goes_to_the_saddle_and_damped_to_a_well():
    start = [0.35, 1.2]
    pure = d2l.newton(d2l.two_wells, start=start, damped=False)
    assert np.linalg.eigvalsh(d2l.two_wells.hessian(pure.x[-1]))[0] < 0
    assert pure.evaluations["hessian"][-1] == pure.steps


def test_newton_cg_takes_exact_products_and_differences_alike():
    def product(x, v):
        return d2l.rosenbrock.hessian(x) @ v

    exact = d2l.newton_cg(
        d2l.rosenbrock.value, d2l.rosenbrock.gradient, product, start=[-1.5, 2.5], steps=10
    )
    differences = d2l.newton_cg(d2l.rosenbrock, steps=10)
    np.testing.assert_allclose(exact.x, differences.x, atol=1e-4)
    assert differences.evaluations["gradient"][-1] > exact.evaluations["gradient"][-1]


def test_products_are_those_of_the_hessian():
    rng = np.random.default_rng(0)
    for surface in SURFACES:
        x, v = rng.normal(size=(2, 2))
        found = d2l.hessian_product(surface.gradient, x, v)
        np.testing.assert_allclose(found, surface.hessian(x) @ v, rtol=1e-6, atol=1e-6)
    assert d2l.hessian_product(d2l.bowl.gradient, [1.0, 1.0], [0.0, 0.0]).tolist() == [0, 0]


def decay(noise, seed=0):
    t = np.linspace(0, 4, 20)
    y = 2 * np.exp(-0.8 * t) + noise * np.random.default_rng(seed).normal(size=20)
    return (
        lambda x: x[0] * np.exp(-x[1] * t) - y,
        lambda x: np.stack([np.exp(-x[1] * t), -x[0] * t * np.exp(-x[1] * t)], axis=1),
    )


@pytest.mark.parametrize("damping", [0.0, 1e-3])
@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_gauss_newton_is_where_scipy_is(noise, damping):
    model = decay(noise)
    theirs = scipy.optimize.least_squares(model[0], [1.5, 1.0], jac=model[1], method="lm")
    run = d2l.gauss_newton(*model, [1.5, 1.0], damping=damping, tolerance=1e-9)
    np.testing.assert_allclose(run.x[-1], theirs.x, atol=1e-6)
    assert np.isclose(run.value[-1], theirs.cost)
    assert run.evaluations["jacobian"][-1] == run.steps + 1


def test_damping_is_a_third_after_a_step_and_double_after_none():
    residuals, jacobian = decay(0.2)
    x, accepted, refused = np.array([8.0, 3.0]), 0, 0
    path, J = [x], jacobian(x)
    tau = 1e-3 * (J * J).sum(axis=0).max()
    for _ in range(12):
        J, r = jacobian(x), residuals(x)
        new = x - np.linalg.solve(J.T @ J + tau * np.eye(2), J.T @ r)
        if np.sum(residuals(new) ** 2) < np.sum(r**2):
            x, tau, accepted = new, tau / 3, accepted + 1
            path.append(x)
        else:
            tau, refused = 2 * tau, refused + 1
    assert accepted >= 3
    assert refused >= 3
    run = d2l.gauss_newton(residuals, jacobian, [8.0, 3.0], steps=12, tolerance=0)
    np.testing.assert_allclose(run.x, path, atol=1e-9)


def test_residuals_and_jacobians_are_counted():
    calls = {"value": 0, "jacobian": 0}
    residuals, jacobian = decay(0.2)

    def counted(what, function):
        def asked(x):
            calls[what] += 1
            return function(x)

        return asked

    run = d2l.gauss_newton(
        counted("value", residuals), counted("jacobian", jacobian), [1.5, 1.0], steps=9
    )
    assert {what: int(run.evaluations[what][-1]) for what in calls} == calls


def test_gauss_newton_on_a_linear_model_takes_one_step():
    A, y = np.random.default_rng(0).normal(size=(9, 3)), np.arange(9.0)
    run = d2l.gauss_newton(lambda x: A @ x - y, lambda x: A, np.zeros(3), damping=0, steps=1)
    np.testing.assert_allclose(run.x[-1], np.linalg.lstsq(A, y, rcond=None)[0])


def test_flatten_and_back():
    parts = {"w": np.arange(6.0).reshape(2, 3), "b": np.array([7.0])}
    vector, restore = d2l.flatten(parts)
    assert vector.tolist() == [0, 1, 2, 3, 4, 5, 7]
    for key, part in restore(vector).items():
        np.testing.assert_array_equal(part, parts[key])
    vector, restore = d2l.flatten([np.ones((2, 1)), np.zeros(2)])
    assert [part.shape for part in restore(vector)] == [(2, 1), (2,)]
    assert d2l.flatten(np.ones((2, 2)))[1](np.zeros(4)).shape == (2, 2)
    restore(vector)[0][0] = 7.0  # a copy
    assert vector.tolist() == [1, 1, 0, 0]


# ---- whatever they are given --------------------------------------------------------------------


@often
@given(
    st.sampled_from(METHODS),
    ANYTHING,
    st.lists(VALUES, max_size=2),
    st.dictionaries(
        st.sampled_from(["start", "steps", "tolerance", "budget", "memory"]), VALUES, max_size=2
    ),
)
def test_a_method_runs_or_refuses(method, f, others, named):
    answer(method, f, *others, **named)


@often
@given(ANYTHING, st.lists(VALUES, max_size=3))
def test_the_others_run_or_refuse(first, others):
    answer(d2l.conjugate_gradient, first, *others)
    answer(d2l.gauss_newton, first, *others)
    answer(d2l.line_search, first, *others)
    answer(d2l.hessian_product, first, *others)
    answer(d2l.flatten, first)
    answer(d2l.line_search, d2l.bowl.value, d2l.bowl.gradient, first, *others[:1])
    answer(d2l.hessian_product, np.cos, first, *others[:1])
    answer(d2l.bfgs, d2l.bowl.value, d2l.bowl.gradient, start=first)
