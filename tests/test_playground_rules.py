"""The playground's mathematics: in the browser the same numbers as in Python, or it is wrong.

The JavaScript reads the settings that Python writes, runs their rules, and every point, value,
gradient and state is compared. Where the dynamics are chaotic two right programs part as well: a
run counts until a second one in Python, which mistakes every point for one 1e-15 away, has left it.
"""

import dataclasses
import functools
import json
from typing import Any

import numpy as np
import pytest
from playground_core import evaluate, misfits, program, running

import d2lmini as d2l
from d2lmini.playground import PLAYED, RANGES, WHOLE, Playground, noise_of, playground
from d2lmini.rule import DECAYS

CLOSE = 1e-12  # how near JavaScript must be
PARTED = 1e-13  # how near the second run must be for the first to count
STEPS = 50

# Every branch of every rule, at the rates that the case says.
VARIANTS = [
    "SGD({})",
    "SGD({},momentum=0.9)",
    "SGD({},momentum=0.9,nesterov=True)",
    "Adagrad({})",
    "Adagrad({},initial_accumulator_value=0,epsilon=0)",
    "Adagrad({},initial_accumulator_value=0.01,epsilon=0.001,epsilon_inside_root=False)",
    "RMSprop({})",
    "RMSprop({},rho=0.8,epsilon=0.001)",
    "RMSprop({},epsilon=0.001,epsilon_inside_root=False)",
    "RMSprop({},momentum=0.7)",
    "RMSprop({},epsilon=0.001,centered=True)",
    "RMSprop({},epsilon=0.001,centered=True,momentum=0.7)",
    "Adadelta({})",
    "Adadelta({},rho=0.8,epsilon=0.001)",
    "Adam({})",
    "Adam({},beta_1=0.8,beta_2=0.95,epsilon=0.001)",
    "Adam({},beta_2=0.95,amsgrad=True)",
    "Adam({},beta_2=0.95,epsilon=0.001,epsilon_hat=False)",
    "Adam({},beta_2=0.95,epsilon_hat=False,amsgrad=True)",
    "Adam({},beta_2=0.95,epsilon=0.001,bias_correction=False)",
    "Adam({},beta_2=0.95,epsilon=0.001,epsilon_hat=False,bias_correction=False)",
    "AdamW({},beta_2=0.95)",
    "AdamW({},weight_decay=0.3,bias_correction=False)",
    "Adamax({})",
    "Adamax({},beta_1=0.8,beta_2=0.9,epsilon=0.01)",
    "Adamax({},bias_correction=False)",
    "Nadam({})",
    "Nadam({},beta_1=0.8,beta_2=0.95,epsilon=0.001)",
    "Lion({})",
    "Lion({},beta_1=0.7,beta_2=0.8)",
]
OTHER_STARTS = {
    "parabola": -0.3,
    "tilted_wells": -1.7,
    "bowl": (1.0, 1.5),
    "rotated_bowl": (0.5, -2.0),
    "saddle": (0.7, -0.2),
    "rosenbrock": (0.4, 0.3),
    "beale": (2.5, 0.4),
    "two_wells": (-0.4, -1.0),
    "himmelblau": (2.0, 3.0),
}
# Where the gradient is zero to the last bit.
STATIONARY = {
    **dict.fromkeys(["bowl", "rotated_bowl", "saddle"], (0.0, 0.0)),
    **{"parabola": 0.0, "rosenbrock": (1.0, 1.0), "beale": (3.0, 0.5), "himmelblau": (3.0, 2.0)},
}


def case(surface: str, *more: str, rate: float, variants=VARIANTS, **settings: Any) -> Playground:
    """Return the playground that runs every variant at one rate."""
    words = ",".join([f"learning_rate={rate}", *more])
    rules = [variant.format(words) for variant in variants]
    return playground(d2l.OBJECTIVES[surface], *rules, **{"steps": STEPS} | settings)


def cases(surface: str) -> list[Playground]:
    """Return the cases of a surface: gentle, usual and wild rates, noise, decay, zero gradients."""
    other = {"start": OTHER_STARTS[surface]}
    plain = [v for v in VARIANTS if "weight_decay" not in v]
    found = [case(surface, rate=rate) for rate in (0.003, 0.07, 3.0)]
    found.append(case(surface, rate=0.2, **other))
    found.append(case(surface, "rate_decay=0.2", rate=0.1, noise=0.3, seed=7, **other))
    found.append(case(surface, "warmup_steps=12,decay_steps=25", rate=0.3, **other))
    found.append(case(surface, "warmup_steps=20", rate=0.05, noise=0.1))
    found.append(case(surface, "rate_decay=0.3,warmup_steps=5,decay_steps=60", rate=0.1, **other))
    found.append(case(surface, "weight_decay=0.4", rate=0.02, variants=plain))
    if surface in STATIONARY:
        found.append(case(surface, rate=0.1, start=STATIONARY[surface]))
    return found


# ---- the comparison -----------------------------------------------------------------------------


def columns(trace: d2l.Trace) -> dict[str, np.ndarray]:
    """Return what is compared of a run: in each table a row a step."""
    d, steps = trace.objective.dimension, trace.steps
    letters = [letter for letter in (trace.states or [{}])[0] if letter not in "tP"]
    return {
        "x": trace.x.reshape(steps + 1, d),
        "value": trace.value.reshape(steps + 1, 1),
        "gradient": trace.gradient.reshape(steps, d),
        **{f: np.reshape([state[f] for state in trace.states], (steps, d)) for f in letters},
    }


def columns_of_js(run: dict[str, Any], d: int) -> dict[str, np.ndarray]:
    """Return the same of a run in JavaScript, where lists are flat."""
    steps, letters = len(run["value"]) - 1, run["letters"] if len(run["value"]) > 1 else []
    state = np.reshape(run["state"], (steps, d, len(letters))).astype(float)
    return {
        "x": np.reshape(run["x"], (steps + 1, d)).astype(float),
        "value": np.reshape(run["value"], (steps + 1, 1)).astype(float),
        "gradient": np.reshape(run["gradient"], (steps, d)).astype(float),
        **{letter: state[..., i] for i, letter in enumerate(letters)},
    }


def rows(name: str, steps: int) -> int:
    """Return how many rows a table has after so many steps: points begin with the start."""
    return steps + (name in ("x", "value"))


def apart(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Return by how much each row differs, relative to the largest value of its column so far."""
    size = np.maximum.accumulate(np.maximum(abs(ours), abs(theirs)), axis=0)
    with np.errstate(invalid="ignore"):
        difference = np.where(ours == theirs, 0, abs(ours - theirs) / size)
    return np.nan_to_num(difference, nan=np.inf).max(axis=1, initial=0)


def shaken(play: Playground) -> Playground:
    """Return a playground whose gradients come from points a rounding error away."""
    still = play.objective
    errors = np.random.default_rng(0).choice([-1e-15, 1e-15], (STEPS, *still.start.shape))
    errors = iter(errors)

    def gradient(x):
        return still.gradient(x * (1 + next(errors)))

    moved = dataclasses.replace(still, gradient=gradient, noisy=True)
    return dataclasses.replace(play, objective=moved)


@functools.cache
def python_runs(play: Playground) -> list[tuple[d2l.Trace, int]]:
    """Return the run of each rule, and how many of its steps count."""
    found = []
    at_rest = not play.objective.gradient(play.start).any()  # exactly: it can only stay
    for rule in play.rules:
        trace = play.run(rule)
        other = columns((play if at_rest else shaken(play)).run(rule))
        counted = min(trace.steps, len(other["gradient"]))
        for name, table in columns(trace).items():
            size = rows(name, counted)
            far = apart(table[:size], other[name][:size]) > PARTED
            if far.any():
                counted = max(0, int(far.argmax()) - rows(name, 0))
        found.append((trace, counted))
    return found


def faults(play: Playground, theirs: list[dict]) -> list[str]:
    """Return where JavaScript is wrong."""
    found = []
    for rule, (trace, counted), js in zip(play.rules, python_runs(play), theirs, strict=True):
        where = f"{rule} on {play.objective.name}"
        read = columns_of_js(js, play.objective.dimension)
        if len(read["gradient"]) < counted or (
            counted == trace.steps and js["lostAt"] != (trace.diverged_at or 0)
        ):
            found.append(f"{where}: lost at step {js['lostAt']}, not {trace.diverged_at}")
            continue
        for name, table in columns(trace).items():
            size = rows(name, counted)
            off = apart(table[:size], read[name][:size]) if name in read else np.array([np.inf])
            if (off > CLOSE).any():
                found.append(f"{where}: {name} is off by {off.max():.2g}")
                break
    return found


@functools.cache
def all_runs() -> dict[str, list]:
    """Return the runs in JavaScript of all cases of each surface."""
    settings = {key: [play.setting for play in our_cases(key)] for key in d2l.OBJECTIVES}
    return dict(zip(settings, evaluate(*map(running, settings.values())), strict=True))


our_cases = functools.cache(cases)


@pytest.mark.parametrize("surface", d2l.OBJECTIVES)
def test_every_rule_takes_the_steps_of_python(surface):
    runs = all_runs()[surface]
    found = [f for play, js in zip(our_cases(surface), runs, strict=True) for f in faults(play, js)]
    assert not found, "\n" + "\n".join(found[:20])


@pytest.mark.parametrize("surface", d2l.OBJECTIVES)
def test_little_of_the_comparison_is_lost_to_chaos(surface):
    taken, counted, of_rule = 0, 0, dict.fromkeys(d2l.RULES, 0)
    for play in our_cases(surface):
        for rule, (trace, count) in zip(play.rules, python_runs(play), strict=True):
            taken += trace.steps
            counted += count
            of_rule[type(rule).__name__] += count
    assert counted / taken > 0.85
    assert min(of_rule.values()) > 2 * STEPS


def test_every_branch_is_compared():
    # Every switch both ways, and runs that are lost.
    switches = {
        (type(rule).__name__, field.name, getattr(rule, field.name))
        for rule in case("bowl", rate=0.1).rules
        for field in dataclasses.fields(rule)
        if isinstance(field.default, bool)
    }
    assert all(
        (name, field, not value) in switches for name, field, value in switches if name != "AdamW"
    )
    lost = [
        trace.diverged_at
        for key in d2l.OBJECTIVES
        for p in our_cases(key)
        for trace, counted in python_runs(p)
        if trace.diverged_at and counted == trace.steps
    ]
    assert len(lost) > 50
    assert 1 in lost  # at once: 0 / 0


# ---- surfaces, noise, what else is written twice ------------------------------------------------

POINTS = """
return Object.entries(POINTS).map(([key, points]) => points.map((x) => {
  const g = [NaN, NaN].slice(0, x.length);
  surfaces[key].gradient(x, g);
  return [surfaces[key].value(x), ...g];
}));
"""


def test_surfaces_and_their_gradients_are_those_of_python():
    rng = np.random.default_rng(0)
    points = {
        key: rng.uniform(*np.transpose(objective.domain), (200, objective.dimension))
        for key, objective in d2l.OBJECTIVES.items()
    }
    body = POINTS.replace("POINTS", json.dumps({key: x.tolist() for key, x in points.items()}))
    (found,) = evaluate(program(body))
    for (key, x), js in zip(points.items(), found, strict=True):
        objective = d2l.OBJECTIVES[key]
        x = x[:, 0] if objective.dimension == 1 else x
        ours = np.column_stack([objective(x), objective.gradient(x)])
        size = np.abs(ours).max(axis=0)  # there are zeros on the way
        assert np.abs((ours - js) / size).max() < 1e-13, key


def test_noise_is_the_same_and_nearly_normal():
    body = "return [0, 1, 9999].map((seed) => [...noiseFor(seed, 2000)]);"
    (found,) = evaluate(program(body))
    for seed, js in zip((0, 1, 9999), found, strict=True):
        z = noise_of(seed, (1000, 2))
        assert np.array_equal(z.ravel(), js)
        assert abs(z.mean()) < 0.1
        assert abs(z.std() - 1) < 0.05
    assert not np.array_equal(found[0], found[1])


def test_the_knobs_are_the_hyperparameters_and_maps_have_one_range():
    body = """
    const ends = ([key, [, , scale]]) => [key, [scale.to(0), scale.to(1)]];
    return [Object.fromEntries(Object.entries(KNOBS).map(ends)), defaults, Object.keys(TOGGLES)];
    """
    ((knobs, defaults, toggles),) = evaluate(program(body))
    assert list(knobs) == list(RANGES)
    for name, (low, high) in RANGES.items():
        if name in DECAYS:
            low, high = 1 - high, 1 - low
        js = knobs[name]
        assert js[1] == pytest.approx(high)
        assert js[0] in (0, pytest.approx(low))  # a scale whose lowest position is zero
    assert {*defaults} == {*d2l.RULES}
    for name, rule in PLAYED.items():
        fields = {f.name: f.default for f in dataclasses.fields(rule)} | dict.fromkeys(
            ("rate_decay", *WHOLE), 0
        )
        fields["weight_decay"] = fields["weight_decay"] or 0  # a slider has no "None"
        assert defaults[name] == fields
        assert {*fields} == {*fields} & {*knobs, *toggles}


# ---- wrong twins --------------------------------------------------------------------------------

# For each rule mistakes that it must not make: pieces of the JavaScript, and what replaces them.
WRONG = {
    "SGD": {
        "uphill": {"if (!b) return x - eta * g": "if (!b) return x + eta * g"},
        "momentum without minus": {"b * S[o] - eta * g)": "b * S[o] + eta * g)"},
        "momentum as a leaky average": {"b * S[o] - eta * g)": "b * S[o] - (1 - b) * eta * g)"},
        "Nesterov without its gradient": {"x + (b * v - eta * g)": "x + b * v"},
        "rate outside the velocity": {
            "b * S[o] - eta * g)": "b * S[o] - g)",
            "x + (b * v - eta * g) : x + v": "x + eta * (b * v - g) : x + eta * v",
        },
    },
    "Adagrad": {
        "first s forgotten": {"first: initial_accumulator_value": "first: 0"},
        "not squared": {"(S[o] += g * g)": "(S[o] += Math.abs(g))"},
        "s leaks": {"(S[o] += g * g)": "(S[o] = 0.99 * S[o] + g * g)"},
        "epsilon moved": {"/ root(s, epsilon, inside)": "/ root(s, epsilon, !inside)"},
        "no root": {"/ root(s, epsilon, inside)": "/ (s + epsilon)"},
    },
    "RMSprop": {
        "1 - rho dropped": {"(1 - rho) * (g * g));\n        if": "g * g);\n        if"},
        "epsilon moved": {"root(spread, epsilon, inside)": "root(spread, epsilon, !inside)"},
        "mean not squared": {"(1 - rho) * g) ** 2": "(1 - rho) * g)"},
        "spread of the step before": {
            "(S[o] = rho * S[o] + (1 - rho) * (g * g));\n        if (c":
                "S[o];\n        S[o] = rho * S[o] + (1 - rho) * (g * g);\n        if (c"
        },
        "rate outside the velocity": {
            "const step = (eta * g)": "const step = g",
            "return x - step": "return x - eta * step",
            "return x + (S[o + velocity]": "return x + eta * (S[o + velocity]",
        },
    },
    "Adadelta": {
        "epsilon forgotten above": {"root(S[o + 1], epsilon)": "Math.sqrt(S[o + 1])"},
        "epsilon moved": {"* g) / root(s, epsilon)": "* g) / root(s, epsilon, false)"},
        "gradients accumulated": {"(delta * delta)": "(g * g)"},
        "rate in the average": {"(delta * delta)": "(eta * delta * eta * delta)"},
        "rate forgotten": {"x + eta * delta": "x + delta"},
    },
    "Adam": {
        "corrections exchanged": {
            "filling(b1, h.bias": "filling(b2, h.bias", "fill2 = filling(b2": "fill2 = filling(b1",
        },
        "mean not corrected": {"(eta * (m / m_filled))": "(eta * m)"},
        "correction without its root": {"Math.sqrt(s_filled) / m_filled": "s_filled / m_filled"},
        "epsilon inside": {"(Math.sqrt(s) + epsilon)": "Math.sqrt(s + epsilon)"},
        "epsilons exchanged": {"if (hat)": "if (!hat)"},
        "largest s forgotten": {"Math.max(S[o + 2], s)": "s"},
        "not squared": {"(g * g - S[o + 1]));\n      if": "(g - S[o + 1]));\n      if"},
    },
    "AdamW": {
        "not corrected": {"AdamW: adam": "AdamW: (h) => adam({ ...h, bias_correction: false })"},
        "the other epsilon": {"AdamW: adam": "AdamW: (h) => adam({ ...h, epsilon: 1e-3 })"},
        "Adam's decays": {"AdamW: adam": "AdamW: (h) => adam({ ...h, beta_2: 0.999 })"},
    },
    "Adamax": {
        "squares": {"Math.abs(g)));\n        return x": "g * g));\n        return x"},
        "sum for maximum": {"Math.max(b2 * S[o + 1], Math.abs(g))": "b2 * S[o + 1] + Math.abs(g)"},
        "not corrected": {"(filled * (r + epsilon))": "(r + epsilon)"},
        "epsilon moved": {"(filled * (r + epsilon))": "(filled * r + epsilon)"},
    },
    "Nadam": {
        "no warm-up": {"mu = b1 * (1 - 0.5 * warm)": "mu = b1"},
        "product forgotten": {"P *= mu": "P = mu"},
        "t off by one": {"0.5 * (warm * 0.96)": "0.5 * warm"},
        "look-ahead forgotten": {"(mu_next * m) / (1 - P * mu_next)": "(mu * m) / (1 - P)"},
        "s not corrected": {"eta) / (Math.sqrt(s / s_filled)": "eta) / (Math.sqrt(s)"},
    },
    "Lion": {
        "one decay for both": {"Math.sign(b1 * S[o] + (1 - b1)": "Math.sign(b2 * S[o] + (1 - b2)"},
        "decays exchanged": {
            "Math.sign(b1 * S[o] + (1 - b1)": "Math.sign(b2 * S[o] + (1 - b2)",
            "S[o] = b2 * S[o] + (1 - b2) * g;": "S[o] = b1 * S[o] + (1 - b1) * g;",
        },
        "no sign": {"Math.sign(b1": "(b1"},
        "1 - beta dropped": {"S[o] = b2 * S[o] + (1 - b2) * g;": "S[o] = b2 * S[o] + g;"},
    },
    # What all rules share.
    "": {
        "power of beta dropped": {"power *= beta": "power = beta"},
        "t from 0": {
            "power *= beta;": "const last = power; power *= beta;", "1 - power : 1": "1 - last : 1"
        },
        "switch without effect": {"corrected ? 1 - power : 1": "1 - power"},
        "decay not multiplied by the rate": {"x[i] * decay * eta": "x[i] * decay"},
        "decay forgotten": {"decay ? x[i] - x[i] * decay * eta : x[i]": "x[i]"},
        "decay of the new point": {
            "decay ? x[i] - x[i] * decay * eta : x[i]": "x[i]",
            "rule.update(from, g[i], S, i * k, eta);":
                "rule.update(from, g[i], S, i * k, eta) * (1 - decay * eta);",
        },
        "slower too soon": {"slowing * since": "slowing * (since + 1)"},
        "slower while it warms up": {"slowing * since": "slowing * (t - 1)"},
        "a first step of nothing": {"if (t < W) eta *= t / W": "if (t <= W) eta *= (t - 1) / W"},
        "warm a step late": {"if (t < W) eta *= t / W": "if (t <= W) eta *= t / (W + 1)"},
        "no warm-up": {"if (t < W)": "if (false)"},
        "a cosine that does not wait": {"since / K)": "(t - 1) / K)"},
        "a cosine that begins a step late": {"since / K)": "Math.max(0, since - 1) / K)"},
        "the warm-up counted to the cosine": {"since / K)": "since / (K - W))"},
        "a cosine that rises again": {"Math.min(1, since / K)": "since / K"},
        "a line for the cosine": {
            "(1 + Math.cos(Math.PI * Math.min(1, since / K))) / 2":
                "(1 - Math.min(1, since / K))"
        },
        "noise of another size": {"noise * z[": "z["},
        "noise of another seed": {"seed * 65536": "0 * seed"},
        "the same noise in all coordinates": {"z[(t - 1) * d + i]": "z[(t - 1) * d]"},
        "lost a step late": {"if (lost) return t;": "if (lost) return t + 1;"},
        "lost too soon": {"<= FAR)": "<= 100)"},
        "states mixed up": {"g[i], S, i * k, eta": "g[i], S, i, eta"},
    },
}  # fmt: skip
WRONG_SURFACES = {
    "parabola": {"gradient(x, g) { g[0] = x[0]; }": "gradient(x, g) { g[0] = 2 * x[0]; }"},
    "tilted_wells": {"g[0] = x[0] ** 3 - x[0] + 0.2": "g[0] = x[0] ** 3 - x[0] - 0.2"},
    "bowl": {"g[0] = 0.2 * x[0]": "g[0] = 0.1 * x[0]"},
    "rotated_bowl": {"[(0.2 / root2 + 4 / root2)": "[(0.2 / root2 - 4 / root2)"},
    "saddle": {"g[1] = -2 * x[1]": "g[1] = 2 * x[1]"},
    "rosenbrock": {"g[1] = 200 * gap": "g[1] = 100 * gap"},
    "beale": {
        "s * (x * (2 * y)) + 2 * t * (x * (3 * y * y))": "s * (x * y) + 2 * t * (x * (3 * y * y))"
    },
    "two_wells": {"+ 0.5 * x[1] ** 2,\n    gradient": "+ x[1] ** 2,\n    gradient"},
    "himmelblau": {"2 * a + 4 * b * x[1]": "2 * a + 2 * b * x[1]"},
}
TWINS = {
    f"{rule or 'any rule'}: {mistake}": ("bowl", rule, edits)
    for rule, mistakes in WRONG.items()
    for mistake, edits in mistakes.items()
} | {f"surface {surface}": (surface, "", edits) for surface, edits in WRONG_SURFACES.items()}


@functools.cache
def wrong_runs() -> dict[str, list]:
    """Return the runs of every wrong twin, all from one process."""
    twins = {name: twin for name, twin in TWINS.items() if not misfits(twin[2])}
    programs = [
        running([play.setting for play in our_cases(surface)], edits)
        for surface, _, edits in twins.values()
    ]
    return dict(zip(twins, evaluate(*programs), strict=True))


@pytest.mark.parametrize("name", TWINS)
def test_a_wrong_twin_is_found_out(name):
    surface, rule, edits = TWINS[name]
    assert misfits(edits) == []
    runs = wrong_runs()[name]
    found = [f for play, js in zip(our_cases(surface), runs, strict=True) for f in faults(play, js)]
    assert found
    assert [fault for fault in found if not fault.startswith(rule)] == []


def test_every_rule_has_three_wrong_twins():
    assert {*WRONG} == {*d2l.RULES, ""}
    assert min(map(len, WRONG.values())) >= 3
    assert {*WRONG_SURFACES} == {*d2l.OBJECTIVES}
