"""Test surfaces: a value, its gradient and Hessian by hand, and where the minima are known to be.

In two dimensions or more the last axis of `x` holds the coordinates, and all axes before it are
runs side by side. In one dimension `x` has no such axis: every entry is a run.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from d2lmini.checks import float_array


@dataclass(frozen=True, eq=False)
class Objective:
    """A function to minimize, called as ``f(x)``.

    Parameters
    ----------
    name : str
        What figures call it.
    value, gradient, hessian : callable
        Functions of an array. With `dimension` 1 they act on each entry by itself; otherwise the
        last axis holds the coordinates, `value` drops it, `gradient` keeps it and `hessian`
        doubles it.
    start : array
        Where the book's runs begin.
    domain : sequence of (low, high)
        The part of space that figures show, an interval for each coordinate.
    minimizers : array of shape (k, dimension)
        The minimizers, local ones too, if they are isolated; empty where there is none.
    formula : str
        The function in LaTeX.
    """

    name: str
    value: Callable[[np.ndarray], np.ndarray]
    gradient: Callable[[np.ndarray], np.ndarray]
    hessian: Callable[[np.ndarray], np.ndarray]
    start: np.ndarray
    domain: tuple[tuple[float, float], ...]
    minimizers: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    formula: str = ""

    @property
    def dimension(self) -> int:
        """The number of coordinates."""
        return len(self.domain)

    def __call__(self, x) -> np.ndarray:
        """Return the value at `x`.

        Parameters
        ----------
        x : array
            A point, or points along the axes before the last.

        Returns
        -------
        array
            One value for each point.

        Raises
        ------
        ValueError
            If the last axis does not hold the coordinates.
        """
        return self.value(self.point(x))

    def point(self, x) -> np.ndarray:
        """Return `x` as an array of floats, or say what shape a point has."""
        x = float_array(x, f"{self.name}: the point")
        if self.dimension > 1 and (x.ndim == 0 or x.shape[-1] != self.dimension):
            raise ValueError(
                f"{self.name} is a function of {self.dimension} coordinates, which the last axis "
                f"of the point must hold; got an array of shape {x.shape}."
            )
        return x


def quadratic(matrix, start=None, name: str = "quadratic", domain=None) -> Objective:
    r"""Return :math:`f(x) = \tfrac12 x^\top Q x`, the surface near a minimum with curvature.

    Parameters
    ----------
    matrix : array of shape (d, d)
        :math:`Q`, symmetric. Unless all eigenvalues are positive no minimizer is listed: with a
        negative one there is none, with a zero one a whole line or more.
    start : array of shape (d,), optional
        Where runs begin; all ones by default.
    name : str, default "quadratic"
        What figures call it.
    domain : sequence of (low, high), optional
        What figures show; by default twice the reach of the start, at least from -2 to 2.

    Returns
    -------
    Objective
        With the gradient :math:`Qx` and the Hessian :math:`Q`.

    Raises
    ------
    ValueError
        If the matrix is not square and symmetric, or has a single entry.
    """
    Q = float_array(matrix, "The matrix")
    if Q.ndim != 2 or Q.shape[0] != Q.shape[1] or not np.allclose(Q, Q.T):
        raise ValueError(
            "A quadratic needs a square, symmetric matrix, because only the symmetric part of Q "
            f"enters x'Qx; got shape {Q.shape}. Pass (Q + Q.T) / 2."
        )
    d = len(Q)
    if d == 1:
        raise ValueError(
            "A quadratic of one coordinate has no axis of coordinates here: use d2l.parabola, or "
            "d2l.Objective with functions of a number."
        )
    start = np.ones(d) if start is None else float_array(start, "The start")
    reach = 2 * max(1.0, float(np.abs(start).max()))
    positive = bool((np.linalg.eigvalsh(Q) > 0).all())
    return Objective(
        name=name,
        value=lambda x: 0.5 * np.einsum("...i,ij,...j->...", x, Q, x),
        gradient=lambda x: x @ Q,
        hessian=lambda x: np.broadcast_to(Q, (*x.shape, d)),
        start=start,
        domain=tuple(domain) if domain is not None else ((-reach, reach),) * d,
        minimizers=np.zeros((1, d)) if positive else np.empty((0, d)),
        formula=r"\tfrac12 x^\top Q x",
    )


def _stack(*coordinates):
    return np.stack(np.broadcast_arrays(*coordinates), axis=-1)


def _matrix(a, b, c, d):
    return _stack(_stack(a, b), _stack(c, d))


def _rosenbrock_hessian(x):
    x1, x2 = x[..., 0], x[..., 1]
    return _matrix(1200 * x1**2 - 400 * x2 + 2, -400 * x1, -400 * x1, 200.0)


def _beale_residuals(x):
    x1, x2 = x[..., 0], x[..., 1]
    powers = [x2, x2**2, x2**3]
    slopes = [np.ones_like(x2), 2 * x2, 3 * x2**2]
    curves = [np.zeros_like(x2), 2 * np.ones_like(x2), 6 * x2]
    targets = (1.5, 2.25, 2.625)
    # Residuals r = c - x1 (1 - x2^k) with their first and second derivatives.
    return [
        (c - x1 * (1 - p), p - 1, x1 * s, s, x1 * q)
        for c, p, s, q in zip(targets, powers, slopes, curves, strict=True)
    ]


def _beale_gradient(x):
    terms = _beale_residuals(x)
    return _stack(
        sum(2 * r * r1 for r, r1, _, _, _ in terms), sum(2 * r * r2 for r, _, r2, _, _ in terms)
    )


def _beale_hessian(x):
    terms = _beale_residuals(x)
    mixed = sum(2 * (r1 * r2 + r * r12) for r, r1, r2, r12, _ in terms)
    return _matrix(
        sum(2 * r1**2 for _, r1, _, _, _ in terms),
        mixed,
        mixed,
        sum(2 * (r2**2 + r * r22) for r, _, r2, _, r22 in terms),
    )


def _himmelblau_gradient(x):
    a, b = x[..., 0] ** 2 + x[..., 1] - 11, x[..., 0] + x[..., 1] ** 2 - 7
    return _stack(4 * a * x[..., 0] + 2 * b, 2 * a + 4 * b * x[..., 1])


def _himmelblau_hessian(x):
    x1, x2 = x[..., 0], x[..., 1]
    mixed = 4 * (x1 + x2)
    return _matrix(12 * x1**2 + 4 * x2 - 42, mixed, mixed, 12 * x2**2 + 4 * x1 - 26)


parabola = Objective(
    name="parabola",
    value=lambda x: 0.5 * x**2,
    gradient=lambda x: 1.0 * x,
    hessian=lambda x: np.ones_like(x),
    start=np.array(5.0),
    domain=((-6.0, 6.0),),
    minimizers=np.zeros((1, 1)),
    formula=r"\tfrac12 x^2",
)

tilted_wells = Objective(
    name="tilted wells",
    value=lambda x: 0.25 * x**4 - 0.5 * x**2 + 0.2 * x,
    gradient=lambda x: x**3 - x + 0.2,
    hessian=lambda x: 3 * x**2 - 1,
    start=np.array(1.8),
    domain=((-1.9, 1.9),),
    # The slope x^3 - x + 0.2 has three roots; the outer two are the wells.
    minimizers=np.sort(np.roots([1.0, 0.0, -1.0, 0.2]).real)[[0, 2], None],
    formula=r"\tfrac14 x^4 - \tfrac12 x^2 + 0.2 x",
)

bowl = Objective(
    name="bowl",
    # Written out, so that p and q are seen to have nothing to do with each other.
    value=lambda x: 0.1 * x[..., 0] ** 2 + 2 * x[..., 1] ** 2,
    gradient=lambda x: _stack(0.2 * x[..., 0], 4 * x[..., 1]),
    hessian=lambda x: np.broadcast_to(np.diag([0.2, 4.0]), (*x.shape, 2)),
    start=np.array([-5.0, -2.0]),
    domain=((-5.5, 1.5), (-3.0, 2.0)),
    minimizers=np.zeros((1, 2)),
    formula="0.1 p^2 + 2 q^2",
)

_TURN = np.array([[1.0, -1.0], [1.0, 1.0]]) / np.sqrt(2)  # by 45 degrees

rotated_bowl = quadratic(
    _TURN @ np.diag([0.2, 4.0]) @ _TURN.T,
    start=_TURN @ np.array([-5.0, -2.0]),
    name="rotated bowl",
    domain=((-5.5, 3.5), (-6.0, 3.0)),
)

saddle = Objective(
    name="saddle",
    value=lambda x: x[..., 0] ** 2 - x[..., 1] ** 2,
    gradient=lambda x: _stack(2 * x[..., 0], -2 * x[..., 1]),
    hessian=lambda x: np.broadcast_to(np.diag([2.0, -2.0]), (*x.shape, 2)),
    start=np.array([-1.5, 0.01]),
    domain=((-2.0, 2.0), (-2.0, 2.0)),
    minimizers=np.empty((0, 2)),
    formula="p^2 - q^2",
)

rosenbrock = Objective(
    name="Rosenbrock's valley",
    value=lambda x: (1 - x[..., 0]) ** 2 + 100 * (x[..., 1] - x[..., 0] ** 2) ** 2,
    gradient=lambda x: _stack(
        -2 * (1 - x[..., 0]) - 400 * x[..., 0] * (x[..., 1] - x[..., 0] ** 2),
        200 * (x[..., 1] - x[..., 0] ** 2),
    ),
    hessian=_rosenbrock_hessian,
    start=np.array([-1.5, 2.5]),
    domain=((-2.0, 2.0), (-1.0, 3.0)),
    minimizers=np.array([[1.0, 1.0]]),
    formula="(1 - p)^2 + 100 (q - p^2)^2",
)

beale = Objective(
    name="Beale's function",
    value=lambda x: sum(r**2 for r, *_ in _beale_residuals(x)),
    gradient=_beale_gradient,
    hessian=_beale_hessian,
    start=np.array([1.0, 1.5]),
    domain=((-1.0, 4.5), (-2.0, 2.0)),
    minimizers=np.array([[3.0, 0.5]]),
    formula=r"\sum_{k=1}^{3} (c_k - p (1 - q^k))^2, \quad c = (1.5, 2.25, 2.625)",
)

# The tilted wells along p, a parabola along q.
two_wells = Objective(
    name="two wells",
    value=lambda x: tilted_wells.value(x[..., 0]) + 0.5 * x[..., 1] ** 2,
    gradient=lambda x: _stack(tilted_wells.gradient(x[..., 0]), x[..., 1]),
    hessian=lambda x: _matrix(tilted_wells.hessian(x[..., 0]), 0.0, 0.0, 1.0),
    start=np.array([1.6, 1.2]),
    domain=((-1.9, 1.9), (-1.6, 1.6)),
    minimizers=np.pad(tilted_wells.minimizers, ((0, 0), (0, 1))),
    formula=tilted_wells.formula.replace("x", "p") + r" + \tfrac12 q^2",
)

himmelblau = Objective(
    name="Himmelblau's function",
    value=lambda x: (x[..., 0] ** 2 + x[..., 1] - 11) ** 2 + (x[..., 0] + x[..., 1] ** 2 - 7) ** 2,
    gradient=_himmelblau_gradient,
    hessian=_himmelblau_hessian,
    start=np.array([-0.5, -1.0]),
    domain=((-5.0, 5.0), (-5.0, 5.0)),
    # One minimizer is exact; the other three are roots of the gradient to double precision.
    minimizers=np.array(
        [
            [3.0, 2.0],
            [-2.805118086952745, 3.131312518250573],
            [-3.779310253377747, -3.283185991286170],
            [3.584428340330492, -1.848126526964404],
        ]
    ),
    formula="(p^2 + q - 11)^2 + (p + q^2 - 7)^2",
)

OBJECTIVES = {
    "parabola": parabola,
    "tilted_wells": tilted_wells,
    "bowl": bowl,
    "rotated_bowl": rotated_bowl,
    "saddle": saddle,
    "rosenbrock": rosenbrock,
    "beale": beale,
    "two_wells": two_wells,
    "himmelblau": himmelblau,
}
