"""The still pictures of the playground: what stands where nothing can move, drawn by matplotlib."""

import base64
import dataclasses
import io
import math
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap

from d2lmini import figures
from d2lmini.checks import name_of
from d2lmini.descend import Trace
from d2lmini.objectives import Objective
from d2lmini.optimizers import SGD
from d2lmini.playground import RANGES, WHOLE, Pace, Playground, of_the_book
from d2lmini.rule import DECAYS, Rule

CELLS = 81  # of a map, across and up
FLOOR = -12.0  # twelve powers of ten of the loss gone count as all of it
SYMBOLS = {
    **{"learning_rate": "η", "momentum": "β", "rho": "ρ", "beta_1": "β₁", "beta_2": "β₂"},
    **{"epsilon": "ε", "initial_accumulator_value": "s₀", "weight_decay": "λ"},
}
BASINS = [figures.SKY, figures.ORANGE, figures.GREEN, figures.PURPLE]
OWN_MARKERS = "osD^vPX"  # of the rules of a reader's own
LONGEST = 28  # letters of a name beside the losses


def named(playground: Playground) -> dict[str, tuple[Rule, dict[str, Any]]]:
    """Return the rules by their names, each with its look.

    The same rule twice is named with what differs; the later one takes a color that no other has,
    and so does a rule of the reader's own.
    """
    names = [everyday_name(rule) for rule in playground.rules]
    looks = [figures.look(rule) if of_the_book(rule) else {} for rule in playground.rules]
    taken = {look["color"] for look in looks if look}
    palette = dict.fromkeys(color for color, _, _ in figures.LOOKS.values())
    free = [color for color in palette if color not in taken]
    found, later = {}, 0
    for i, (name, rule, look) in enumerate(zip(names, playground.rules, looks, strict=True)):
        twins = [twin for twin, same in zip(playground.rules, names, strict=True) if same == name]
        if name in names[:i] or not look:
            color = free[later % len(free)] if free else look.get("color", figures.GRAY)
            plain = {"linestyle": "-", "marker": OWN_MARKERS[later % len(OWN_MARKERS)]}
            look = (look | {"linestyle": "--"} if look else plain) | {"color": color}
            later += 1
        label = ", ".join([name, *differences(rule, twins)])
        found[label if label not in found else f"{label} ({i + 1})"] = rule, look
    return found


def shown(playground: Playground) -> list[dict[str, Any]]:
    """Return what the element shows of each rule: a short name, what differs, its look."""
    names, found = [everyday_name(rule) for rule in playground.rules], []
    looks = [look for _, look in named(playground).values()]
    for i, (name, rule, look) in enumerate(zip(names, playground.rules, looks, strict=True)):
        twins = [twin for twin, same in zip(playground.rules, names, strict=True) if same == name]
        detail = "".join(f"{words}, " for words in differences(rule, twins)[:1])
        label = name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
        label = f"{label} {names[: i + 1].count(name)}" if len(twins) > 1 else label
        found.append({"label": label, "detail": detail, "look": look})
    return found


def differences(rule: Rule, twins: list[Rule]) -> list[str]:
    """Return the hyperparameters in which a rule differs from others of its name."""
    found = []
    for name in dict.fromkeys(field.name for twin in twins for field in dataclasses.fields(twin)):
        # What is missing is a switch that is on.
        value, *others = (getattr(each, name, True) for each in (rule, *twins))
        if all(other == value for other in others):
            continue
        if value is None or isinstance(value, bool):
            found.append(f"{'' if value else 'no '}{name.replace('_', ' ')}")
        elif callable(value) and (pace := Pace.of(value)):
            falls = pace.rate_decay or pace.decay_steps
            rate = (
                f"η from {pace.learning_rate:.3g} down"
                if falls
                else f"η = {pace.learning_rate:.3g}"
            )
            within = f" in {pace.decay_steps:g}" if pace.decay_steps else ""
            found.append(rate + within + f" after {pace.warmup_steps}" * (pace.warmup_steps > 0))
        elif callable(value):
            function = name_of(value)
            found.append(f"η by {'a function' if function == '<lambda>' else function}")
        elif isinstance(value, str):
            found.append(f"{name} = {value}")
        else:
            found.append(f"{SYMBOLS.get(name, name)} = {value:.3g}")
    return found


def everyday_name(rule: Rule) -> str:
    """Return what the menu of the playground calls a rule."""
    name = type(rule).__name__.lstrip("_")
    if not of_the_book(rule):
        return name
    if name == "SGD" and rule.momentum:
        return "Nesterov" if rule.nesterov else "momentum"
    return "AMSGrad" if name == "Adam" and rule.amsgrad else name


def least(objective: Objective) -> float | None:
    """Return the level that losses are measured from: the lowest minimum, if there is one."""
    if len(objective.minimizers) == 0:
        return None
    return float(objective(objective.minimizers.reshape(-1, *objective.start.shape)).min())


def draw(traces: dict[str, Trace], ax, looks: dict[str, dict]) -> None:
    """Draw paths on their surface."""
    # Their looks are given: that of a rule of the reader's own is not asked for.
    traces = {n: dataclasses.replace(trace, rule=SGD()) for n, trace in traces.items()}
    for label, trace in traces.items():
        if trace.steps > 60:  # a long path is a thin line with a few marks
            looks[label] = looks[label] | {"markevery": trace.steps // 12, "linewidth": 0.8}
        if trace.objective.dimension == 1:
            figures.plot_descent(trace, ax, label, **looks[label])
    if trace.objective.dimension > 1:
        figures.plot_traces(traces, ax, looks)
        ax.get_legend().remove()


def paths(playground: Playground):
    """Return the figure of all paths in one panel, beside their losses."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.4), layout="constrained")
    rules = named(playground)
    traces = dict(zip(rules, playground.runs(), strict=True))
    draw(traces, left, {label: look for label, (_, look) in rules.items()})
    floor = least(playground.objective)
    for label, trace in traces.items():
        loss = trace.value if floor is None else np.maximum(trace.value - floor, 1e-16)
        right.plot(loss, label=label, markevery=max(1, len(loss) // 12), **rules[label][1])
    right.set(xlabel="step", ylabel="loss above the least" if floor else "loss")
    right.set_yscale("linear" if floor is None else "log")
    longest = max(map(len, traces))
    columns = 4 if longest < 12 else 3 if longest < 24 else 2
    fig.legend(handles=right.lines, loc="outside upper center", ncols=columns)
    return fig


def race(playground: Playground):
    """Return the figure of every path in a panel of its own."""
    rules = named(playground)
    columns = min(len(rules), 4)
    rows = math.ceil(len(rules) / columns)
    width = min(7.2, 3.2 * columns)
    size = {"figsize": (width, width / columns * rows), "layout": "constrained"}
    fig, panels = plt.subplots(rows, columns, squeeze=False, **size)
    for ax in panels.flat[len(rules) :]:
        ax.remove()
    for ax, (label, (_, look)), trace in zip(
        panels.flat, rules.items(), playground.runs(), strict=False
    ):
        draw({label: trace}, ax, {label: look})
        ax.set(title=label, xlabel="", ylabel="", xticks=[], yticks=[])
    return fig


def with_values(rule: Rule, name: str, values: np.ndarray) -> Rule:
    """Return a rule with many values of a hyperparameter, or of what changes its rate."""
    if name in ("rate_decay", *WHOLE) or (name == "learning_rate" and callable(rule.learning_rate)):
        pace = Pace.of(rule.learning_rate)
        values = np.round(values) if name in WHOLE else values
        name, values = "learning_rate", dataclasses.replace(pace, **{name: values})
    return dataclasses.replace(rule, **{name: values})


def judge(playground: Playground, rule: Rule, start: np.ndarray) -> np.ndarray:
    """Return what becomes of runs: log10 of the share of the loss that is left, nan if one is lost.

    The loss at the end is the largest over the last fifth: a run that swings passes the bottom now
    and then. On a map over starts, where there are several minima: the number of the one reached.
    """
    objective, late = playground.objective, []

    def gradient(x):
        visited.append(None)
        if len(visited) > max(1, 0.8 * playground.steps):
            late[:] = [np.maximum.reduce([*late, objective(x)])]
        return objective.gradient(x)

    visited: list[None] = []
    # Called noisy, since it must be called once a step and not tried out before.
    watched = dataclasses.replace(objective, gradient=gradient, noisy=True)
    trace = dataclasses.replace(playground, objective=watched).run(rule, start, record=False)
    lost = np.asarray(0 if trace.diverged_at is None else trace.diverged_at) > 0
    if has_basins(playground):
        away = np.linalg.norm(trace.x[-1][..., None, :] - objective.minimizers, axis=-1)
        near = away.min(axis=-1) < 0.05 * np.ptp(objective.domain[0])
        found = np.where(near, away.argmin(axis=-1), np.nan)
    else:
        floor = least(objective)
        floor = lowest(objective) if floor is None else floor
        with np.errstate(all="ignore"):
            end = np.maximum.reduce([*late, trace.value[-1]])
            left = (end - floor) / (trace.value[0] - floor)
            found = np.maximum(np.log10(np.maximum(left, 1e-300)), FLOOR)
    return np.where(lost, np.nan, found)


def has_basins(playground: Playground) -> bool:
    """Say whether a map shows in which minimum runs end."""
    return {*playground.axes} == {"x1", "x2"} and len(playground.objective.minimizers) > 1


def outcomes(playground: Playground):
    """Return the figure of what becomes of the selected rule under many settings."""
    objective, rule = playground.objective, playground.rules[playground.select]
    start = np.array(np.broadcast_to(playground.start, (CELLS, CELLS, *playground.start.shape)))
    shown = []
    for axis, shape in zip(playground.axes, ((1, CELLS), (CELLS, 1)), strict=True):
        if axis in ("x1", "x2"):
            i = int(axis[1]) - 1
            values = np.linspace(*objective.domain[i], CELLS)
            coordinate = start if objective.dimension == 1 else start[..., i]
            coordinate[...] = values.reshape(shape)
            shown.append((f"start ${'pq'[i]}$" if objective.dimension > 1 else "start $x$", values))
            continue
        values = np.geomspace(*RANGES[axis], CELLS)
        values = 1 - values if axis in DECAYS else values
        shown.append((axis, values))
        # A schedule has a rate for each of the runs side by side.
        runs = (CELLS, CELLS, *[1] * playground.start.ndim)
        values = values.reshape(*shape, *runs[2:])
        rule = with_values(rule, axis, np.broadcast_to(values, runs))
    values = judge(playground, rule, start)
    basins = has_basins(playground)
    if basins:
        style = {"cmap": ListedColormap(BASINS), "vmin": 0, "vmax": len(BASINS) - 1}
    else:
        # More than at the start is shown as lost.
        values = np.where(values > 0, np.nan, values)
        style = {"vmin": FLOOR, "vmax": 0.0}
    fig, ax = plt.subplots(figsize=(4.8, 3.6), layout="constrained")
    label = f"log$_{{10}}$ of the loss left after {playground.steps} steps"
    style |= {"colorbar": not basins, "best": False}
    figures.sensitivity_map(*shown, values, ax, label, **style)
    if playground.axes[0] in ("x1", "x2"):
        ax.set_xscale("linear")
    if playground.axes[1] in ("x1", "x2"):
        ax.set_yscale("linear")
    if basins and playground.axes[0] == "x1":
        ax.plot(*objective.minimizers.T, "+", color=figures.BLACK, markersize=9)
    return fig


def lowest(objective: Objective) -> float:
    """Return the lowest value at the edge of the picture of a surface without a minimum."""
    (left, right), (bottom, top) = objective.domain
    x1, x2 = np.meshgrid([left, right, (left + right) / 2], [bottom, top])
    return float(objective(np.stack([x1, x2], axis=-1)).min())


def words(playground: Playground) -> str:
    """Return what the figure of a playground shows, as its alternative text."""
    name = playground.objective.name
    where = f"the {name}" if name[:1].islower() and not playground.traces else name
    rules = named(playground)
    if playground.view == "map":
        across, up = (axis.replace("_", " ") for axis in playground.axes)
        return (
            f"Map of what becomes of {list(rules)[playground.select]} on {where} after "
            f"{playground.steps} steps, over {across} and {up}."
        )
    ends = []
    for label, trace in zip(rules, playground.runs(), strict=True):
        end = f"diverges at step {trace.diverged_at}"
        if not trace.diverged_at:
            end = f"goes from loss {trace.value[0]:.3g} to {trace.value[-1]:.3g}"
        ends.append(f"{label} {end}")
    point = ", ".join(f"{value:.3g}" for value in np.atleast_1d(playground.start))
    return f"Paths on {where} from ({point}), {playground.steps} steps: {'; '.join(ends)}."


def pictures(figure) -> tuple[dict[str, str], dict]:
    """Return a figure in the formats that the notebook keeps, and always as PNG; close it."""
    try:
        from IPython import get_ipython
    except ModuleNotFoundError:
        shell = None
    else:
        shell = get_ipython()
    format_as = shell.display_formatter.format if shell else lambda *_, **__: ({}, {})
    data, metadata = format_as(figure, exclude={"image/png"})
    # The one of points gets a ground, which a dark notebook does not show through: as an image
    # within HTML it has no metadata that could ask for one.
    if figure.get_facecolor()[3] < 1:
        figure.set_facecolor("white")
    more, its_metadata = format_as(figure, include={"image/png"})
    data, metadata = data | more, metadata | its_metadata
    if "image/png" not in data:
        file, style = io.BytesIO(), {"facecolor": figure.get_facecolor(), "dpi": figure.dpi}
        figure.savefig(file, format="png", bbox_inches="tight", **style)
        data["image/png"] = base64.b64encode(file.getvalue()).decode()
    plt.close(figure)
    return data, metadata
