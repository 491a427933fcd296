"""Models with their loss and its gradient written by hand, and the check that both agree."""

from collections.abc import Callable

import numpy as np

from d2lmini.checks import refuse_non_finite, same_shape
from d2lmini.datasets import Dataset
from d2lmini.rule import Parameters, as_parameters, items, like, same_structure


class LinearRegression:
    r"""A weighted sum of the features and an intercept, fitted by least squares.

    .. math::
        \hat y = X w + b, \qquad L(w, b) = \frac{1}{2n} \sum_i (\hat y_i - y_i)^2

    The half makes the gradient the mean of (error times feature), with no 2 in front of it. Keras'
    ``"mse"`` has no half, so at the same learning rate it takes steps twice as long.
    """

    def init(self, data: Dataset) -> dict[str, np.ndarray]:
        """Return parameters of zeros: ``w`` of shape (d,) and ``b`` of shape (1,)."""
        return {"w": np.zeros(data.x.shape[1]), "b": np.zeros(1)}

    def residual(self, parameters: dict[str, np.ndarray], x, y) -> np.ndarray:
        """Return prediction minus target, of shape (n,).

        Raises
        ------
        ValueError
            If the shapes would broadcast, or there are no examples.
        """
        if len(y) == 0:
            raise ValueError("The minibatch is empty: the mean of no errors is undefined.")
        prediction = x @ parameters["w"] + parameters["b"]
        same_shape(prediction, y, "The prediction", "the target")
        return prediction - y

    def loss(self, parameters: dict[str, np.ndarray], x, y) -> float:
        """Return half the mean squared error."""
        r = self.residual(parameters, x, y)
        return float(r @ r) / (2 * len(r))

    def gradient(self, parameters: dict[str, np.ndarray], x, y) -> dict[str, np.ndarray]:
        """Return the gradient of `loss`, shaped like the parameters."""
        r = self.residual(parameters, x, y)
        return {"w": r @ x / len(r), "b": r.mean(keepdims=True)}


def numerical_gradient(
    loss: Callable[[Parameters], float], parameters: Parameters, h: float = 1e-5
) -> Parameters:
    r"""Return the central differences :math:`(L(x + h e_i) - L(x - h e_i)) / 2h`.

    Parameters
    ----------
    loss : callable
        A function of the parameters alone.
    parameters : array, or list or dict of arrays
        Where to differentiate.
    h : float, default 1e-5
        The step: near the cube root of the machine precision, where the error of the formula
        (of order h²) and that of rounding (of order 1/h) balance.

    Returns
    -------
    array, or list or dict of arrays
        Shaped like the parameters.
    """
    parameters = as_parameters(parameters, "The parameters")
    if not isinstance(parameters, (list, dict)):
        return _differences(loss, parameters, h)
    gradient = {}
    for key, part in items(parameters):

        def loss_of_part(value, key=key):
            parts = dict(items(parameters))
            parts[key] = value
            return loss(like(parameters, parts))

        gradient[key] = _differences(loss_of_part, part, h)
    return like(parameters, gradient)


def _differences(loss, x, h):
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += h
        down[index] -= h
        gradient[index] = (loss(up) - loss(down)) / (2 * h)
    return gradient


def check_gradients(
    loss: Callable[[Parameters], float],
    gradient: Callable[[Parameters], Parameters],
    parameters: Parameters,
    h: float = 1e-5,
) -> float:
    """Return how far a gradient written by hand is from the differences of its loss.

    Parameters
    ----------
    loss, gradient : callable
        Functions of the parameters alone.
    parameters : array, or list or dict of arrays
        Where to compare; a random point finds more than zeros do.
    h : float, default 1e-5
        The step of the differences.

    Returns
    -------
    float
        The largest difference, divided by the largest entry of the gradient (or by 1 where that
        is smaller). About 1e-9 is agreement; 1e-3 is a bug.

    Raises
    ------
    ValueError
        If the gradient is not shaped like the parameters or not finite.
    """
    parameters = as_parameters(parameters, "The parameters")
    by_hand = as_parameters(gradient(parameters), "The gradient")
    same_structure(parameters, by_hand)
    by_differences = numerical_gradient(loss, parameters, h)
    if not isinstance(parameters, (list, dict)):
        by_hand, by_differences = [by_hand], [by_differences]
    size = error = 0.0
    for key, part in items(by_hand):
        refuse_non_finite(np.asarray(by_differences[key]), "The loss near these parameters")
        size = max(size, float(np.abs(part).max(initial=0)))
        error = max(error, float(np.abs(part - by_differences[key]).max(initial=0)))
    return error / max(size, 1.0)
