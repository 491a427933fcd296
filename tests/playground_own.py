"""What a reader brings to the playground: rules, schedules and surfaces that the book has not."""

import numpy as np

import d2lmini as d2l


@d2l.update_rule
class Signum(d2l.Rule):
    """The sign of a leaky average; its state has a letter for each kind of shape."""

    learning_rate: float = 0.001
    momentum: float = 0.9

    def zero_state(self, x):
        return {"mean_so_far": np.zeros_like(x), "k": 0.0, "past": np.zeros((2, *x.shape))}

    def update(self, x, g, t, eta, mean_so_far, k, past):
        m = self.momentum * mean_so_far + (1 - self.momentum) * g
        state = {"mean_so_far": m, "k": k + 1.0, "past": np.stack([g, past[0]])}
        return x - eta * np.sign(m), state


@d2l.update_rule
class Damped(d2l.SGD):
    """A rule of the book with other equations: no step is longer than the learning rate."""

    def update(self, x, g, t, eta, **state):
        return x - eta * np.tanh(g), state


@d2l.update_rule
class Scaled(d2l.Rule):
    """A rule whose letters mean other things than the book's: its v is no velocity."""

    learning_rate: float = 0.1

    def zero_state(self, x):
        return {"v": np.zeros_like(x), "m": np.zeros_like(x)}

    def update(self, x, g, t, eta, v, m):
        return x - eta * g, {"v": v + g**2, "m": m + np.abs(g)}


@d2l.update_rule
class SGD(d2l.Rule):
    """A rule of the reader's own by the name of one of the book, and without momentum."""

    learning_rate: float = 0.1

    def update(self, x, g, t, eta):
        return x - 2 * eta * g, {}


@d2l.update_rule
class ARuleWithTheLongestNameOfAllRules(Damped):
    """A rule whose name does not fit beside a picture."""


def quartic(x):
    """Return the value at a single point, as a reader writes it."""
    return float(x[0] ** 4 + x[1] ** 2 + x[0] * x[1])


MINE = d2l.Objective("mine", quartic, start=[-1.5, 1.0], domain=[(-2, 3), (-1.5, 2)])
ALONE = d2l.Objective(
    "waves", lambda x: x**2 / 4 + np.sin(3 * x), start=2.5, minimizers=[[-0.4948]]
)
# A noisy gradient of the reader's own: asked for twice, it says two things.
NOISES = np.random.default_rng(0)
NOISY = d2l.Objective(
    "noisy",
    lambda x: x[..., 0] ** 2 + x[..., 1] ** 2,
    lambda x: 2 * x + NOISES.normal(size=x.shape),
    start=[1.0, 2.0],
    noisy=True,
)
PLAYGROUNDS = {
    "rule": d2l.playground(d2l.bowl, Signum(0.1), d2l.SGD(0.4), d2l.Adam(0.4), steps=30),
    "letters": d2l.playground(d2l.bowl, Scaled(0.1), d2l.Adam(0.2), steps=9, step=5),
    "rule, one coordinate": d2l.playground(d2l.parabola, Signum(0.1), steps=7, step=3),
    "other equations": d2l.playground(d2l.bowl, d2l.SGD(0.1), Damped(0.1), SGD(0.1), SGD(0.2)),
    "surface": d2l.playground(
        MINE, "Adam(learning_rate=0.2,bias_correction=False)", d2l.SGD(0.1, momentum=0.5), steps=60
    ),
    "surface, one coordinate": d2l.playground(ALONE, d2l.RMSprop(0.05), start=1.0, steps=20),
    "schedule": d2l.playground(
        d2l.rosenbrock, d2l.SGD(d2l.CosineDecay(1e-3, 50)), d2l.SGD(lambda k: 5e-4), steps=50
    ),
    "long names": d2l.playground(
        d2l.Objective("years", lambda x: (x - 2015) ** 2 / 10, start=2003.0, domain=[(1990, 2030)]),
        ARuleWithTheLongestNameOfAllRules(0.7),
        ARuleWithTheLongestNameOfAllRules(0.2),
        steps=60,
    ),
    "noise": d2l.playground(MINE, d2l.Nadam(0.1), noise=0.5, seed=3, steps=25),
    "noise of its own": d2l.playground(NOISY, d2l.SGD(0.1), steps=12),
    "diverging": d2l.playground(
        MINE, d2l.SGD(0.4), d2l.SGD(1e7), d2l.SGD(0.01), view="race", steps=15
    ),
}
