"""The update rules of deep learning. Read from top to bottom, this file is a summary of the book.

Every class is a rule under the name that it has in `tf.keras.optimizers`, and takes the same steps,
up to rounding. Its arguments have the names and the defaults that they have there; only
`epsilon_inside_root` and `epsilon_hat` are the book's own. In the body of `update`:

====== =========================================================
x      the parameters, g the gradient at x
t      the number of this step; the first step is t = 1
eta    the learning rate of this step
v      the velocity (momentum)
m      the leaky average of gradients (first moment)
s      the sum, or leaky average, of squared gradients
u      Adadelta's leaky average of squared updates
r      Adamax's decaying maximum of absolute gradients
s_max  AMSGrad's largest s so far
P      Nadam's product of all its momenta so far
====== =========================================================

All products, quotients and roots act on each element by itself. A leaky average is written
``a + (1 - rho) * (new - a)`` or ``rho * a + (1 - rho) * new``. The two are the same in exact
arithmetic; each rule uses the one that Keras uses, so that the rounding agrees too.
"""

from typing import Any

import numpy as np

from d2lmini.checks import did_you_mean, explain_arguments, shown
from d2lmini.rule import Hyperparameter, Rule, Schedule, State, update_rule


@update_rule
class SGD(Rule):
    r"""Gradient descent; on minibatches, stochastic gradient descent; with or without momentum.

    .. math::
        x_t &= x_{t-1} - \eta g_t                                 &&\text{plain} \\
        v_t &= \beta v_{t-1} - \eta g_t, \quad x_t = x_{t-1} + v_t  &&\text{momentum} \\
        x_t &= x_{t-1} + \beta v_t - \eta g_t                     &&\text{Nesterov}

    Parameters
    ----------
    learning_rate : float, array or schedule, default 0.01
        :math:`\eta`, at least 0; it acts inside the velocity.
    momentum : float or array, default 0
        :math:`\beta`, in [0, 1).
    nesterov : bool, default False
        Take the look-ahead form. Without momentum it changes nothing.
    weight_decay : float, array or None, default None
        Decoupled: before the rule acts, :math:`x \leftarrow x - \lambda \eta x`.

    Raises
    ------
    TypeError, ValueError
        If an argument is unknown, not a number, or out of its range.

    References
    ----------
    Cauchy (1847); Robbins and Monro (1951); Polyak (1964); Sutskever et al. (2013).

    Examples
    --------
    >>> d2l.feed(d2l.SGD(0.5, momentum=0.5), [1.0, 1.0, 1.0]).tolist()
    [0.0, -0.5, -1.25, -2.125]
    """

    learning_rate: Hyperparameter | Schedule = 0.01
    momentum: Hyperparameter = 0.0
    nesterov: bool = False
    weight_decay: Hyperparameter | None = None

    def zero_state(self, x: np.ndarray) -> State:
        return {"v": np.zeros_like(x)} if np.any(self.momentum) else {}

    def update(self, x, g, t, eta, v=None):
        if v is None:  # no momentum: the rule has no state
            return x - eta * g, {}
        v = self.momentum * v - eta * g
        if self.nesterov:
            return x + (self.momentum * v - eta * g), {"v": v}
        return x + v, {"v": v}


@update_rule
class Adagrad(Rule):
    r"""Adagrad: divide each gradient by the root of the sum of its squares so far.

    .. math::
        s_t = s_{t-1} + g_t^2, \qquad x_t = x_{t-1} - \frac{\eta}{\sqrt{s_t + \epsilon}} g_t

    Parameters
    ----------
    learning_rate : float, array or schedule, default 0.001
        :math:`\eta`, at least 0.
    initial_accumulator_value : float or array, default 0.1
        :math:`s_0`. The paper starts from 0.
    epsilon : float or array, default 1e-7
        :math:`\epsilon`, inside the root.
    weight_decay : float, array or None, default None
        Decoupled: before the rule acts, :math:`x \leftarrow x - \lambda \eta x`.
    epsilon_inside_root : bool, default True
        False gives :math:`\sqrt{s_t} + \epsilon`, as in the paper and in PyTorch. Not in Keras.

    Raises
    ------
    TypeError, ValueError
        If an argument is unknown, not a number, or out of its range.

    References
    ----------
    Duchi, Hazan and Singer (2011).

    Examples
    --------
    >>> d2l.minimize(d2l.bowl, d2l.Adagrad(learning_rate=1.0))
    Adagrad(learning_rate=1) on bowl: 10.5 -> 0.0187 in 20 steps
    """

    learning_rate: Hyperparameter | Schedule = 0.001
    initial_accumulator_value: Hyperparameter = 0.1
    epsilon: Hyperparameter = 1e-7
    weight_decay: Hyperparameter | None = None
    epsilon_inside_root: bool = True

    def zero_state(self, x: np.ndarray) -> State:
        return {"s": np.zeros_like(x) + self.initial_accumulator_value}

    def update(self, x, g, t, eta, s):
        s = s + g**2
        return x - eta * g / root(s, self.epsilon, self.epsilon_inside_root), {"s": s}


@update_rule
class RMSprop(Rule):
    r"""RMSprop: divide each gradient by the root of a leaky average of its squares.

    .. math::
        s_t &= \rho s_{t-1} + (1 - \rho) g_t^2 \\
        x_t &= x_{t-1} - \frac{\eta}{\sqrt{s_t + \epsilon}} g_t

    Centered, the root is :math:`\sqrt{s_t - m_t^2 + \epsilon}` with
    :math:`m_t = \rho m_{t-1} + (1 - \rho) g_t`. With momentum, the step is collected in a velocity:
    :math:`v_t = \beta v_{t-1} - \eta g_t / \sqrt{s_t + \epsilon}`, and :math:`x_t = x_{t-1} + v_t`.

    In single precision the difference :math:`s_t - m_t^2` of a nearly constant gradient that is not
    small can be rounded to less than :math:`-\epsilon`; then the step is nan, in Keras as here.

    Parameters
    ----------
    learning_rate : float, array or schedule, default 0.001
        :math:`\eta`, at least 0.
    rho : float or array, default 0.9
        :math:`\rho`, in [0, 1). The mean age of a square in the average is 1 / (1 - rho) steps,
        counting the newest as one step old.
    momentum : float or array, default 0
        :math:`\beta`, in [0, 1).
    epsilon : float or array, default 1e-7
        :math:`\epsilon`, inside the root.
    centered : bool, default False
        Divide by an estimate of the gradient's standard deviation, not of its root mean square.
    weight_decay : float, array or None, default None
        Decoupled: before the rule acts, :math:`x \leftarrow x - \lambda \eta x`.
    epsilon_inside_root : bool, default True
        False gives :math:`\sqrt{s_t} + \epsilon`, as in PyTorch. Not an argument in Keras.

    Raises
    ------
    TypeError, ValueError
        If an argument is unknown, not a number, or out of its range.

    References
    ----------
    Tieleman and Hinton (2012); centered: Graves (2013).

    Examples
    --------
    >>> d2l.minimize(d2l.bowl, d2l.RMSprop(learning_rate=0.4))
    RMSprop(learning_rate=0.4) on bowl: 10.5 -> 1.123e-05 in 20 steps
    """

    learning_rate: Hyperparameter | Schedule = 0.001
    rho: Hyperparameter = 0.9
    momentum: Hyperparameter = 0.0
    epsilon: Hyperparameter = 1e-7
    centered: bool = False
    weight_decay: Hyperparameter | None = None
    epsilon_inside_root: bool = True

    def zero_state(self, x: np.ndarray) -> State:
        letters = ["s"]
        if self.centered:
            letters.append("m")
        if np.any(self.momentum):
            letters.append("v")
        return {letter: np.zeros_like(x) for letter in letters}

    def update(self, x, g, t, eta, s, m=None, v=None):
        s = self.rho * s + (1 - self.rho) * g**2
        state, spread = {"s": s}, s
        if self.centered:
            m = state["m"] = self.rho * m + (1 - self.rho) * g
            spread = s - m**2
        step = eta * g / root(spread, self.epsilon, self.epsilon_inside_root)
        if v is None:
            return x - step, state
        v = state["v"] = self.momentum * v - step
        return x + v, state


@update_rule
class Adadelta(Rule):
    r"""Adadelta: RMSprop whose learning rate is the root of its own past squared updates.

    .. math::
        s_t &= \rho s_{t-1} + (1 - \rho) g_t^2 \\
        \Delta_t &= -\frac{\sqrt{u_{t-1} + \epsilon}}{\sqrt{s_t + \epsilon}} g_t \\
        u_t &= \rho u_{t-1} + (1 - \rho) \Delta_t^2 \\
        x_t &= x_{t-1} + \eta \Delta_t

    Parameters
    ----------
    learning_rate : float, array or schedule, default 0.001
        :math:`\eta`; the paper has none, which is 1. It does not enter :math:`u`.
    rho : float or array, default 0.95
        :math:`\rho`, in [0, 1).
    epsilon : float or array, default 1e-7
        :math:`\epsilon`, inside both roots. It sets the size of the first steps.
    weight_decay : float, array or None, default None
        Decoupled: before the rule acts, :math:`x \leftarrow x - \lambda \eta x`.

    Raises
    ------
    TypeError, ValueError
        If an argument is unknown, not a number, or out of its range.

    References
    ----------
    Zeiler (2012).

    Examples
    --------
    >>> d2l.minimize(d2l.bowl, d2l.Adadelta(learning_rate=1.0, epsilon=0.01))
    Adadelta(learning_rate=1, epsilon=0.01) on bowl: 10.5 -> 0.04135 in 20 steps
    """

    learning_rate: Hyperparameter | Schedule = 0.001
    rho: Hyperparameter = 0.95
    epsilon: Hyperparameter = 1e-7
    weight_decay: Hyperparameter | None = None

    def zero_state(self, x: np.ndarray) -> State:
        return {"s": np.zeros_like(x), "u": np.zeros_like(x)}

    def update(self, x, g, t, eta, s, u):
        s = self.rho * s + (1 - self.rho) * g**2
        delta = -(root(u, self.epsilon) * g / root(s, self.epsilon))
        u = self.rho * u + (1 - self.rho) * delta**2
        return x + eta * delta, {"s": s, "u": u}


@update_rule
class Adam(Rule):
    r"""Adam: leaky averages of the gradient and of its square, both corrected for their start.

    .. math::
        m_t &= m_{t-1} + (1 - \beta_1)(g_t - m_{t-1}) \\
        s_t &= s_{t-1} + (1 - \beta_2)(g_t^2 - s_{t-1}) \\
        x_t &= x_{t-1} - \eta \frac{\sqrt{1 - \beta_2^t}}{1 - \beta_1^t}
               \frac{m_t}{\sqrt{s_t} + \hat\epsilon}

    Parameters
    ----------
    learning_rate : float, array or schedule, default 0.001
        :math:`\eta`, at least 0.
    beta_1, beta_2 : float or array, default 0.9 and 0.999
        The decays of the two averages, in [0, 1).
    epsilon : float or array, default 1e-7
        :math:`\hat\epsilon`, beside the root of the uncorrected average.
    amsgrad : bool, default False
        Divide by the largest :math:`s` so far, so that what divides never falls. The correction of
        the start in front of it still moves, so the rate of an element may yet grow.
    weight_decay : float, array or None, default None
        Decoupled: before the rule acts, :math:`x \leftarrow x - \lambda \eta x`.
    epsilon_hat : bool, default True
        False gives Algorithm 1 of the paper, which adds :math:`\epsilon` to the root of the
        corrected average, :math:`\sqrt{\hat s_t} + \epsilon`. Not an argument in Keras. The two are
        equal where :math:`\hat\epsilon = \epsilon \sqrt{1 - \beta_2^t}`, so for no pair of positive
        constants, unless :math:`\beta_2 = 0`.

    Raises
    ------
    TypeError, ValueError
        If an argument is unknown, not a number, or out of its range.

    References
    ----------
    Kingma and Ba (2015); AMSGrad: Reddi, Kale and Kumar (2018).

    Examples
    --------
    >>> d2l.feed(d2l.Adam(learning_rate=0.1), [3.0, 3.0, 3.0]).round(4).tolist()
    [0.0, -0.1, -0.2, -0.3]
    """

    learning_rate: Hyperparameter | Schedule = 0.001
    beta_1: Hyperparameter = 0.9
    beta_2: Hyperparameter = 0.999
    epsilon: Hyperparameter = 1e-7
    amsgrad: bool = False
    weight_decay: Hyperparameter | None = None
    epsilon_hat: bool = True

    def zero_state(self, x: np.ndarray) -> State:
        letters = ["m", "s"] + ["s_max"] * self.amsgrad
        return {letter: np.zeros_like(x) for letter in letters}

    def update(self, x, g, t, eta, m, s, s_max=None):
        m = m + (1 - self.beta_1) * (g - m)
        s = s + (1 - self.beta_2) * (g**2 - s)
        state = {"m": m, "s": s}
        if self.amsgrad:
            s = state["s_max"] = np.maximum(s_max, s)
        m_filled, s_filled = filled(self.beta_1, t, x), filled(self.beta_2, t, x)
        if self.epsilon_hat:
            alpha = eta * np.sqrt(s_filled) / m_filled
            return x - m * alpha / (np.sqrt(s) + self.epsilon), state
        m_hat, s_hat = m / m_filled, s / s_filled
        return x - eta * m_hat / (np.sqrt(s_hat) + self.epsilon), state


@update_rule
class AdamW(Rule):
    r"""Adam with decoupled weight decay.

    .. math::
        x \leftarrow x - \lambda \eta x, \quad \text{then the step of Adam}

    Parameters
    ----------
    learning_rate : float, array or schedule, default 0.001
        :math:`\eta`, at least 0.
    weight_decay : float or array, default 0.004
        :math:`\lambda`.
    beta_1, beta_2, epsilon : float or array, default 0.9, 0.999 and 1e-7
        As in `Adam`.
    amsgrad, epsilon_hat : bool, default False and True
        As in `Adam`.

    Raises
    ------
    TypeError, ValueError
        If an argument is unknown, not a number, or out of its range.

    References
    ----------
    Loshchilov and Hutter (2019), whose decay is not multiplied by :math:`\eta`.

    Examples
    --------
    >>> d2l.feed(d2l.AdamW(0.1, weight_decay=0.5), [0.0, 0.0], start=1.0).round(4).tolist()
    [1.0, 0.95, 0.9025]
    """

    learning_rate: Hyperparameter | Schedule = 0.001
    weight_decay: Hyperparameter | None = 0.004
    beta_1: Hyperparameter = 0.9
    beta_2: Hyperparameter = 0.999
    epsilon: Hyperparameter = 1e-7
    amsgrad: bool = False
    epsilon_hat: bool = True

    zero_state = Adam.zero_state
    update = Adam.update


@update_rule
class Adamax(Rule):
    r"""Adamax: Adam with a decaying maximum of absolute gradients in place of the root.

    .. math::
        m_t &= m_{t-1} + (1 - \beta_1)(g_t - m_{t-1}) \\
        r_t &= \max(\beta_2 r_{t-1}, |g_t|) \\
        x_t &= x_{t-1} - \frac{\eta}{1 - \beta_1^t} \frac{m_t}{r_t + \epsilon}

    Parameters
    ----------
    learning_rate : float, array or schedule, default 0.001
        :math:`\eta`, at least 0. The paper suggests 0.002.
    beta_1, beta_2 : float or array, default 0.9 and 0.999
        The decays of the average and of the maximum, in [0, 1).
    epsilon : float or array, default 1e-7
        :math:`\epsilon`; the paper has none.
    weight_decay : float, array or None, default None
        Decoupled: before the rule acts, :math:`x \leftarrow x - \lambda \eta x`.

    Raises
    ------
    TypeError, ValueError
        If an argument is unknown, not a number, or out of its range.

    References
    ----------
    Kingma and Ba (2015), section 7.1.

    Examples
    --------
    >>> d2l.feed(d2l.Adamax(learning_rate=0.1), [3.0, 3.0, 3.0]).round(4).tolist()
    [0.0, -0.1, -0.2, -0.3]
    """

    learning_rate: Hyperparameter | Schedule = 0.001
    beta_1: Hyperparameter = 0.9
    beta_2: Hyperparameter = 0.999
    epsilon: Hyperparameter = 1e-7
    weight_decay: Hyperparameter | None = None

    def zero_state(self, x: np.ndarray) -> State:
        return {"m": np.zeros_like(x), "r": np.zeros_like(x)}

    def update(self, x, g, t, eta, m, r):
        m = m + (1 - self.beta_1) * (g - m)
        r = np.maximum(self.beta_2 * r, np.abs(g))
        return x - eta * m / (filled(self.beta_1, t, x) * (r + self.epsilon)), {"m": m, "r": r}


@update_rule
class Nadam(Rule):
    r"""Nadam: Adam with Nesterov's look-ahead, along a schedule of momenta that warms up.

    .. math::
        \mu_t &= \beta_1 (1 - \tfrac12 0.96^t), \qquad P_t = P_{t-1} \mu_t, \quad P_0 = 1 \\
        \hat m_t &= \frac{\mu_{t+1} m_t}{1 - P_t \mu_{t+1}} + \frac{(1 - \mu_t) g_t}{1 - P_t} \\
        x_t &= x_{t-1} - \eta \frac{\hat m_t}{\sqrt{s_t / (1 - \beta_2^t)} + \epsilon}

    with the averages :math:`m` and :math:`s` of Adam.

    Parameters
    ----------
    learning_rate : float, array or schedule, default 0.001
        :math:`\eta`, at least 0.
    beta_1, beta_2 : float or array, default 0.9 and 0.999
        The decays of the two averages, in [0, 1).
    epsilon : float or array, default 1e-7
        :math:`\epsilon`, beside the root of the corrected average.
    weight_decay : float, array or None, default None
        Decoupled: before the rule acts, :math:`x \leftarrow x - \lambda \eta x`.

    Raises
    ------
    TypeError, ValueError
        If an argument is unknown, not a number, or out of its range.

    References
    ----------
    Dozat (2016).

    Examples
    --------
    >>> d2l.minimize(d2l.bowl, d2l.Nadam(learning_rate=0.4))
    Nadam(learning_rate=0.4) on bowl: 10.5 -> 0.06029 in 20 steps
    """

    learning_rate: Hyperparameter | Schedule = 0.001
    beta_1: Hyperparameter = 0.9
    beta_2: Hyperparameter = 0.999
    epsilon: Hyperparameter = 1e-7
    weight_decay: Hyperparameter | None = None

    def zero_state(self, x: np.ndarray) -> State:
        return {"m": np.zeros_like(x), "s": np.zeros_like(x), "P": 1.0}

    def update(self, x, g, t, eta, m, s, P):
        mu = self.beta_1 * (1 - 0.5 * 0.96**t)
        mu_next = self.beta_1 * (1 - 0.5 * 0.96 ** (t + 1))
        P = P * mu
        m = m + filled(self.beta_1, 1, x) * (g - m)
        s = s + filled(self.beta_2, 1, x) * (g**2 - s)
        m_hat = mu_next * m / (1 - P * mu_next) + (1 - mu) * g / (1 - P)
        s_hat = s / filled(self.beta_2, t, x)
        return x - m_hat * eta / (np.sqrt(s_hat) + self.epsilon), {"m": m, "s": s, "P": P}


@update_rule
class Lion(Rule):
    r"""Lion: the sign of an interpolation between the gradient and its leaky average.

    .. math::
        x_t &= x_{t-1} - \eta \operatorname{sign}(\beta_1 m_{t-1} + (1 - \beta_1) g_t) \\
        m_t &= \beta_2 m_{t-1} + (1 - \beta_2) g_t

    Parameters
    ----------
    learning_rate : float, array or schedule, default 0.001
        :math:`\eta`, at least 0: the size of every step of every element, where the sign is not 0,
        and apart from the decay.
    beta_1, beta_2 : float or array, default 0.9 and 0.99
        The weight of the average in the step, and its decay, in [0, 1).
    weight_decay : float, array or None, default None
        Decoupled: before the rule acts, :math:`x \leftarrow x - \lambda \eta x`.

    Raises
    ------
    TypeError, ValueError
        If an argument is unknown, not a number, or out of its range.

    References
    ----------
    Chen et al. (2023).

    Examples
    --------
    >>> d2l.feed(d2l.Lion(learning_rate=0.1), [3.0, 0.01, -5.0]).round(4).tolist()
    [0.0, -0.1, -0.2, -0.1]
    """

    learning_rate: Hyperparameter | Schedule = 0.001
    beta_1: Hyperparameter = 0.9
    beta_2: Hyperparameter = 0.99
    weight_decay: Hyperparameter | None = None

    def zero_state(self, x: np.ndarray) -> State:
        return {"m": np.zeros_like(x)}

    def update(self, x, g, t, eta, m):
        new_x = x - eta * np.sign(self.beta_1 * m + filled(self.beta_1, 1, x) * g)
        return new_x, {"m": self.beta_2 * m + filled(self.beta_2, 1, x) * g}


def root(s: np.ndarray, epsilon: Hyperparameter, inside: bool = True) -> np.ndarray:
    r"""Return :math:`\sqrt{s + \epsilon}`, or :math:`\sqrt{s} + \epsilon` if not `inside`."""
    return np.sqrt(s + epsilon) if inside else np.sqrt(s) + epsilon


def filled(beta: Hyperparameter, t: int, x: np.ndarray) -> np.ndarray:
    r"""Return :math:`1 - \beta^t`, the weight that is in a leaky average after t steps.

    It is taken in the precision of `x`: in float32, 1 - 0.999 is not quite 0.001. Where Keras
    rounds 1 - beta in this way the rules here call ``filled(beta, 1, x)``, elsewhere not.
    """
    beta = x.dtype.type(beta)
    # float_power rounds the powers of an array as ** does those of a number; ** itself may not.
    return 1 - (np.float_power(beta, t) if beta.ndim else beta**t)


RULES = {
    rule.__name__: rule
    for rule in (SGD, Adagrad, RMSprop, Adadelta, Adam, AdamW, Adamax, Nadam, Lion)
}


@explain_arguments
def get_rule(name: str, **hyperparameters: Any) -> Rule:
    """Return the rule of that name, in any case of letters.

    Parameters
    ----------
    name : str
        For example ``"rmsprop"``.
    **hyperparameters
        The arguments of the rule.

    Returns
    -------
    Rule
        For example ``RMSprop(learning_rate=0.01)``.

    Raises
    ------
    ValueError
        If there is no such rule.

    Examples
    --------
    >>> d2l.get_rule("rmsprop", learning_rate=0.1)
    RMSprop(learning_rate=0.1)
    """
    by_lower = {known.lower(): rule for known, rule in RULES.items()}
    if not isinstance(name, str) or name.lower() not in by_lower:
        advice = did_you_mean(str(name).rpartition(".")[2], RULES)
        if "." in str(name):
            advice = "d2l.rule_like(name, arguments) knows those of other frameworks."
        raise ValueError(f"There is no update rule {shown(name)}. {advice}")
    return by_lower[name.lower()](**hyperparameters)
