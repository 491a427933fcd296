"""The figures of the book: a trace on its contours, histories side by side, sensitivity maps.

matplotlib is imported when this module is first used. Every optimizer has one color, one dash
pattern and one marker throughout the book; where one figure shows the same optimizer twice, the
second has a look of its own.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib as mpl
import matplotlib.patheffects
import matplotlib.pyplot as plt
import numpy as np

from d2lmini.checks import (
    did_you_mean,
    explain_arguments,
    float_array,
    kind,
    number,
    shown,
    whole_number,
)
from d2lmini.descend import History, Trace
from d2lmini.objectives import Objective
from d2lmini.optimizers import SGD
from d2lmini.rule import DECAYS, Schedule

# The palette of Okabe and Ito, made for readers with any color vision, and a gray; its yellow is
# left out because it is too light for a line.
BLACK, ORANGE, SKY, GREEN = "#000000", "#e69f00", "#56b4e9", "#009e73"
BLUE, VERMILION, PURPLE, GRAY = "#0072b2", "#d55e00", "#cc79a7", "#767676"

# Two more of Tol's muted palette and a brown, since there are more rules than colors in that one.
WINE, INDIGO, BROWN = "#882255", "#332288", "#7a4a00"

# One look for each optimizer, and no color twice: color, dashes, marker.
LOOKS = {
    "SGD": (BLACK, "-", "o"),
    "momentum": (ORANGE, "-", "s"),
    "Nesterov": (BROWN, "--", "d"),
    "Adagrad": (GREEN, "-", "^"),
    "RMSprop": (BLUE, "-", "D"),
    "Adadelta": (PURPLE, "-", "v"),
    "Adam": (VERMILION, "-", "P"),
    "AMSGrad": (INDIGO, "--", "p"),
    "AdamW": (WINE, "--", "h"),
    "Adamax": (SKY, "-", "X"),
    "Nadam": ("#5d8a00", ":", "<"),
    "Lion": (GRAY, "-.", "*"),
}
# What stands on a logarithmic axis of a map.
LOGARITHMIC = {*DECAYS, "learning_rate", "epsilon", "weight_decay", "initial_accumulator_value"}
# What a map of outcomes means by its colors, here and in the playground: light is low, and one
# color is left for runs that diverged.
LOW_IS_LIGHT, DIVERGED = "cividis_r", VERMILION


@explain_arguments
def look(rule: Any) -> dict[str, Any]:
    """Return the look of an optimizer, the same throughout the book.

    Parameters
    ----------
    rule : Rule or tf.keras.optimizers.Optimizer
        The optimizer.

    Returns
    -------
    dict
        Its color, dashes and marker, as keyword arguments of ``plot``.

    Examples
    --------
    >>> d2l.look(d2l.Adam())
    {'color': '#d55e00', 'linestyle': '-', 'marker': 'P'}
    """
    if rule is None or isinstance(rule, (str, type)):
        raise TypeError(f"Looks are of rules, such as d2l.look(d2l.Adam()), not of {shown(rule)}.")
    # A rule of one's own that is a form of one of the book's has its look.
    classes = [cls.__name__ for cls in type(rule).__mro__]
    name = next((known for known in classes if known in LOOKS), classes[0])
    if name == "SGD" and np.any(rule.momentum):
        name = "Nesterov" if rule.nesterov else "momentum"
    if name == "Adam" and rule.amsgrad:
        name = "AMSGrad"
    color, dashes, marker = LOOKS.get(name, (GRAY, "-", "."))
    return {"color": color, "linestyle": dashes, "marker": marker}


@explain_arguments
def use_book_style(formats: Sequence[str] = ("svg", "pdf", "png")) -> None:
    """Set matplotlib up for the book: sizes, fonts, transparent ground, reproducible files.

    Parameters
    ----------
    formats : sequence of str, default ("svg", "pdf", "png")
        What a notebook keeps of each figure: for the website, the PDF and plain Jupyter.

    Examples
    --------
    >>> d2l.use_book_style("svg")
    """
    known = ("svg", "pdf", "png", "retina", "jpeg")
    formats = [formats] if isinstance(formats, str) else formats
    if not isinstance(formats, Sequence):
        raise TypeError(f"The formats must be names, such as ('svg', 'png'), not {shown(formats)}.")
    for name in formats:
        if name not in known:
            raise ValueError(f"There is no format {shown(name)}. {did_you_mean(name, known)}")
    plt.rcParams.update(
        {
            "figure.figsize": (6.0, 3.6),
            "figure.dpi": 120,
            "figure.constrained_layout.use": True,
            "font.size": 10,
            "axes.titlesize": 10,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": False,
            "axes.prop_cycle": mpl.cycler(color=[BLACK, BLUE, VERMILION, GREEN, ORANGE, PURPLE]),
            "lines.linewidth": 1.6,
            "lines.markersize": 3.5,
            "legend.frameon": False,
            "image.cmap": LOW_IS_LIGHT,
            # The page shows through, light or dark; the site turns the lightness of figures over.
            "figure.facecolor": "none",
            "axes.facecolor": "none",
            "savefig.facecolor": "none",
            "legend.facecolor": "none",
            # Letters are drawn, so that a figure looks the same whatever fonts the reader has. The
            # salt keeps the ids in the file from changing from run to run.
            "svg.fonttype": "path",
            "pdf.fonttype": 42,  # whole fonts, as printers like them
            "savefig.dpi": 200,  # for the parts of vector figures that are pictures
            "svg.hashsalt": "optimizers-by-hand",
        }
    )
    try:
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ModuleNotFoundError:  # not in a notebook
        return
    set_matplotlib_formats(*formats)


@explain_arguments
def contours(objective, ax=None, levels: int = 12):
    """Draw the level lines of a surface.

    They are spaced evenly in the logarithm of the height above the lowest value in the picture;
    evenly in the height itself, where the surface has no minimum.

    Parameters
    ----------
    objective : Objective
        A surface of two coordinates.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    levels : int, default 12
        How many lines.

    Returns
    -------
    matplotlib.axes.Axes
        Where it was drawn.

    Examples
    --------
    >>> ax = d2l.contours(d2l.bowl)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('$p$', '$q$')
    """
    if not isinstance(objective, Objective):
        raise TypeError(
            f"contours draws a surface such as d2l.bowl, not {shown(objective)}. "
            "d2l.OBJECTIVES has those of the book by name."
        )
    if objective.dimension != 2:
        raise ValueError(
            f"Contours need a function of two coordinates, but {objective.name} has "
            f"{objective.dimension}. For one, use d2l.plot_descent."
        )
    levels = whole_number(levels, "levels", 1)
    ax = _axes(ax)
    (left, right), (bottom, top) = objective.domain
    x1, x2 = np.meshgrid(np.linspace(left, right, 121), np.linspace(bottom, top, 121))
    z = np.asarray(objective(np.stack([x1, x2], axis=-1)), dtype=float)
    z = np.where(np.isfinite(z), z, np.nan)  # where it has no value it has no lines
    if not np.nanmax(z, initial=-np.inf) > np.nanmin(z, initial=np.inf):
        raise ValueError(
            f"{objective.name} has no two values on its domain {objective.domain}, so that there "
            "are no contours. Pass a domain, as in domain=[(0.1, 2), (-1, 3)]."
        )
    lowest, highest = np.nanmin(z), np.nanmax(z)
    spaced = lowest + np.geomspace((highest - lowest) * 1e-3, highest - lowest, levels)
    if len(objective.minimizers) == 0:  # no floor to count from
        spaced = np.linspace(lowest, highest, levels + 2)[1:-1]
    ax.contour(x1, x2, z, levels=spaced, colors=GRAY, linewidths=0.6, linestyles="-", alpha=0.8)
    if len(objective.minimizers):
        ax.plot(*objective.minimizers.T, "+", color=GRAY, markersize=9, markeredgewidth=1.4)
    ax.set(xlim=(left, right), ylim=(bottom, top), xlabel="$p$", ylabel="$q$")
    return ax


@explain_arguments
def plot_traces(traces: Trace | Mapping[str, Trace], ax=None, looks: Mapping | None = None):
    """Draw one or more paths on the contours of their surface, with a legend if they have names.

    Parameters
    ----------
    traces : Trace or dict of str to Trace
        The paths; the keys name them in the legend.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    looks : dict of str to dict, optional
        Keyword arguments of ``plot`` for a path, where that of its rule will not do.

    Returns
    -------
    matplotlib.axes.Axes
        Where it was drawn.

    Examples
    --------
    >>> rules = {"SGD": d2l.SGD(0.1), "Adam": d2l.Adam(0.1)}
    >>> traces = {name: d2l.minimize(d2l.bowl, rule) for name, rule in rules.items()}
    >>> ax = d2l.plot_traces(traces)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['SGD', 'Adam']
    """
    named = {"": traces} if isinstance(traces, Trace) else _by_name(traces, Trace, "plot_traces")
    looks = _looks(looks, named)
    first = next(iter(named.values()))
    for name, trace in named.items():
        if trace.objective.dimension == 1:
            raise ValueError(
                f"plot_traces draws in the plane, but {trace.objective.name} has one coordinate: "
                "use d2l.plot_descent."
            )
        if trace.x.ndim != 1 + first.objective.start.ndim:
            raise ValueError(
                f"plot_traces draws single runs, but {repr(name) if name else 'this one'} holds "
                f"{trace.diverged_at.size} side by side. Run them one by one to draw their paths."
            )
        _refuse_unrecorded(trace)
        if not np.allclose(first.objective(trace.x), trace.value, equal_nan=True):
            raise ValueError(
                f"These traces are on different surfaces, {first.objective.name!r} and "
                f"{trace.objective.name!r}: draw each on its own, with ax=."
            )
    ax = contours(first.objective, ax)
    for name, trace in named.items():
        style = look(trace.rule) | looks.get(name, {})
        _draw(ax.plot, trace.x[:, 0], trace.x[:, 1], label=name or None, **style)
    ax.plot(*first.x[0], "o", color=GRAY, markersize=8, markerfacecolor="none")
    if any(named):
        ax.legend(loc="best")
    return ax


@explain_arguments
def plot_descent(trace: Trace, ax=None, label: str | None = None, **style):
    """Draw a path on the graph of a function of one variable.

    Parameters
    ----------
    trace : Trace
        A run on an objective of dimension 1.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    label : str, optional
        The name of the path.
    **style
        Keyword arguments of ``plot``, where the look of the rule will not do.

    Returns
    -------
    matplotlib.axes.Axes
        Where it was drawn.

    Examples
    --------
    >>> ax = d2l.plot_descent(d2l.minimize(d2l.parabola, d2l.SGD(0.3)), label="SGD")
    >>> ax.get_xlabel()
    '$x$'
    """
    if not isinstance(trace, Trace):
        raise TypeError(
            f"plot_descent draws a Trace, what d2l.minimize returns, not a {type(trace).__name__}."
        )
    objective = trace.objective
    if objective.dimension != 1 or trace.x.ndim != 1:
        raise ValueError(
            f"plot_descent draws one run on a function of one variable, but {objective.name} has "
            f"{objective.dimension} coordinate(s) and the points have the shape {trace.x.shape}. "
            "For two coordinates use d2l.plot_traces."
        )
    _refuse_unrecorded(trace)
    ax = _axes(ax)
    (left, right) = objective.domain[0]
    grid = np.linspace(left, right, 241)
    ax.plot(grid, objective(grid), color=GRAY, linewidth=1)
    _draw(ax.plot, trace.x, trace.value, label=label, **(look(trace.rule) | style))
    ax.set(xlim=(left, right), xlabel="$x$", ylabel="$f(x)$")
    return ax


@explain_arguments
def plot_histories(
    histories: History | Mapping[str, History], ax=None, floor: float | None = None, looks=None
):
    """Draw the losses of trainings side by side, over epochs.

    Parameters
    ----------
    histories : History or dict of str to History
        The trainings; the keys name them in the legend.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    floor : float, optional
        The lowest loss there is: the curves show how far above it they are, on a log scale.
    looks : dict of str to dict, optional
        Keyword arguments of ``plot`` for a training, where that of its rule will not do.

    Returns
    -------
    matplotlib.axes.Axes
        Where it was drawn.

    Examples
    --------
    >>> history = d2l.train(d2l.LinearRegression(), d2l.SGD(0.1), d2l.diabetes())
    >>> ax = d2l.plot_histories({"SGD": history})
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('epoch', 'loss')
    """
    single = isinstance(histories, History)
    histories = {"": histories} if single else _by_name(histories, History, "plot_histories")
    looks = _looks(looks, histories)
    if floor is not None:
        floor = number(floor, "floor")
        least = min(history.loss.min() for history in histories.values())
        if floor > least:
            raise ValueError(
                f"The floor must be the lowest loss there is, but it is {floor:.6g}, and a loss is "
                f"{least:.6g}."
            )
    ax = _axes(ax)
    for name, history in histories.items():
        style = look(history.rule) | {"marker": ""} | looks.get(name, {})
        loss = history.loss if floor is None else history.loss - floor
        _draw(ax.plot, history.epoch, loss, label=name or None, **style)
    ax.set(xlabel="epoch", ylabel="loss" if floor is None else "loss above the least")
    if floor is not None:
        ax.set_yscale("log")
    if any(histories):
        ax.legend()
    return ax


@explain_arguments
def plot_schedules(schedules: Mapping[str, Schedule], steps: int, ax=None, looks=None):
    """Draw the learning rates that schedules give, step by step.

    Parameters
    ----------
    schedules : dict of str to callable
        The schedules, or numbers for rates that are held; the keys name them in the legend.
    steps : int
        How many steps: the first is 0, no step taken yet.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    looks : dict of str to dict, optional
        Keyword arguments of ``plot`` for a schedule.

    Returns
    -------
    matplotlib.axes.Axes
        Where it was drawn.

    Examples
    --------
    >>> ax = d2l.plot_schedules({"cosine": d2l.CosineDecay(0.1, 90), "held": 0.05}, steps=100)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('steps taken', 'learning rate')
    """
    if not isinstance(schedules, Mapping) or not schedules:
        raise TypeError(
            "plot_schedules draws each schedule under its name, as in {'cosine': "
            f"d2l.CosineDecay(0.1, 90)}}, but got {shown(schedules)}."
        )
    steps, looks, ax = whole_number(steps, "steps", 1), _looks(looks, schedules), _axes(ax)
    # A rule checks what a schedule returns, and says what was wrong with it.
    rules = {name: SGD(schedule) for name, schedule in schedules.items()}
    for name, rule in rules.items():
        if rule.shape:
            raise ValueError(f"plot_schedules draws one rate a schedule, but {name!r} holds many.")
        rates = [rule.rate(t) for t in range(1, steps + 1)]
        _draw(ax.plot, np.arange(steps), rates, label=name, **looks.get(name, {}))
    ax.set(xlabel="steps taken", ylabel="learning rate")
    ax.legend()
    return ax


@explain_arguments
def sensitivity_map(
    first: tuple[str, np.ndarray],
    second: tuple[str, np.ndarray],
    values: np.ndarray,
    ax=None,
    label: str = "",
    mark: tuple[float, float] | None = None,
    colorbar: bool = True,
    best: bool = True,
    **style,
):
    """Draw a table of outcomes over two hyperparameters: light is low, vermilion has diverged.

    The axes are logarithmic. A decay (``momentum``, ``rho``, ``beta_1``, ``beta_2``) runs on the
    logarithm of one minus itself, so that 0.9, 0.99 and 0.999 are equally far apart and more memory
    is up, or right.

    Parameters
    ----------
    first, second : tuple of (str, array)
        Name and values of the hyperparameters across and up.
    values : array of shape (len(second), len(first))
        The outcome of each run, nan where it diverged. Infinite ones are drawn as diverged, too.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    label : str
        What the color means.
    mark : (float, float), optional
        A setting to mark with a cross, such as the default of Keras.
    colorbar : bool, default True
        Whether to draw the scale of colors beside the map.
    best : bool, default True
        Whether to mark the lowest value with a ring.
    **style
        Keyword arguments of ``pcolormesh``, such as a ``norm``.

    Returns
    -------
    matplotlib.axes.Axes
        Where it was drawn.

    Examples
    --------
    >>> rates, rhos = np.logspace(-2, 0, 5), np.array([0.5, 0.9, 0.99])
    >>> rule = d2l.RMSprop(rates[:, None], rho=rhos[:, None, None])
    >>> end = d2l.minimize(d2l.bowl, rule, record=False).value[-1]
    >>> ax = d2l.sensitivity_map(("learning_rate", rates), ("rho", rhos), end)
    """
    for pair in (first, second):
        if not isinstance(pair, tuple) or len(pair) != 2 or not isinstance(pair[0], str):
            raise TypeError(
                "Each axis of a map is a name and its values, as in ('learning_rate', rates), but "
                f"one is {kind(pair)}."
            )
        places = float_array(pair[1], pair[0])
        if places.ndim != 1:
            raise ValueError(
                f"The values of {pair[0]} must be in one row, but have the shape {places.shape}. "
                "Flatten them with .ravel()."
            )
        if pair[0] in LOGARITHMIC and ((1 - places if pair[0] in DECAYS else places) <= 0).any():
            raise ValueError(
                f"The values of {pair[0]} must be above 0, because the axis is logarithmic"
                f"{', and below 1' * (pair[0] in DECAYS)}."
            )
    if mark is not None and (not isinstance(mark, Sequence) or len(mark) != 2):
        raise TypeError(f"A mark is two numbers, as in mark=(0.001, 0.9), not {shown(mark)}.")
    mark = mark and [number(value, "A number of the mark") for value in mark]
    shape = (np.size(second[1]), np.size(first[1]))
    if np.shape(values) != shape:
        hint = " Transpose them, with .T." if np.shape(values) == shape[::-1] else ""
        raise ValueError(
            f"The values must have the shape {shape}, a row for each {second[0]} and a column for "
            f"each {first[0]}, but have {np.shape(values)}.{hint}"
        )
    if np.asarray(values).dtype.kind not in "fiub":
        raise TypeError(f"The values must be real numbers, but are {np.asarray(values).dtype}.")
    ax = _axes(ax)
    ax.set(xscale="log", yscale="log")
    across, up = (_place(axis, *named) for axis, named in ((ax.xaxis, first), (ax.yaxis, second)))
    outcomes = np.ma.masked_invalid(values)
    colors = style.pop("cmap", plt.colormaps[LOW_IS_LIGHT].with_extremes(bad=DIVERGED))
    # One picture inside the vector figure: a mesh of thousands of cells would weigh megabytes.
    looks = {"rasterized": True, "shading": "nearest", "cmap": colors}
    mesh = _draw(ax.pcolormesh, across, up, outcomes, **looks, **style)
    if colorbar:
        ax.figure.colorbar(mesh, ax=ax, label=label)
    # A mark is white with a dark rim, to be seen on every color of the map.
    rim = [mpl.patheffects.withStroke(linewidth=4, foreground=BLACK)]
    style = {"color": "white", "markersize": 9, "markeredgewidth": 2, "markerfacecolor": "none"}
    style |= {"path_effects": rim, "clip_on": False}
    if mark is not None:
        point = (
            1 - value if name in DECAYS else value
            for value, (name, _) in zip(mark, (first, second), strict=True)
        )
        ax.plot(*point, "x", **style)
    if best and outcomes.count():
        row, column = np.unravel_index(outcomes.argmin(), outcomes.shape)
        ax.plot(across[column], up[row], "o", **style)
    return ax


def _by_name(things: Any, wanted: type, function: str) -> dict:
    """Return a dict of traces or histories, or say how they are named."""
    word = wanted.__name__
    if not isinstance(things, Mapping) or not things:
        given = "an empty dict" if isinstance(things, Mapping) else kind(things)
        other = {Trace: "d2l.plot_traces", History: "d2l.plot_histories"}.get(type(things))
        raise TypeError(
            f"{function} draws each {word} under its name, as in {{'SGD': …, 'Adam': …}}, but got "
            f"{given}.{f' For that there is {other}.' if other else ''}"
        )
    for name, thing in things.items():
        if not isinstance(thing, wanted):
            raise TypeError(f"{function}: {name!r} is {kind(thing)}, not a {word}.")
    return dict(things)


def _axes(ax: Any):
    """Return where to draw, a new figure by default, or say what axes are."""
    if ax is None:
        return plt.subplots()[1]
    if not isinstance(ax, mpl.axes.Axes):
        hint = ""
        if isinstance(ax, (Trace, History)):
            hint = " Several curves are drawn each under its name, as in {'SGD': …, 'Adam': …}."
        raise TypeError(
            f"ax must be axes of matplotlib, as plt.subplots() makes, not {shown(ax)}.{hint}"
        )
    return ax


def _looks(looks: Any, curves: Mapping) -> Mapping[str, Mapping]:
    """Return the looks by name, or say how they are written."""
    if looks is not None and not isinstance(looks, Mapping):
        raise TypeError(
            "looks are keyword arguments of plot under the name of a curve, as in "
            f"looks={{'SGD': {{'color': 'red'}}}}, not {kind(looks)}."
        )
    for name, style in (looks or {}).items():
        if name not in curves:
            raise ValueError(
                f"looks has {name!r}, but there is no such curve. "
                f"{did_you_mean(name, map(str, curves))}"
            )
        if not isinstance(style, Mapping):
            raise TypeError(
                f"The look of {name!r} must be keyword arguments of plot, as in "
                f"{{'color': 'red'}}, not {shown(style)}."
            )
    return looks or {}


def _draw(plot: Callable, *values: Any, **style: Any) -> Any:
    """Draw with matplotlib, or say which keyword argument of a style it does not know."""
    try:
        return plot(*values, **style)
    except AttributeError as error:
        word = str(error).rpartition("argument ")[2]
        raise TypeError(f"matplotlib's {plot.__name__} has no keyword argument {word}.") from None


def _refuse_unrecorded(trace: Trace) -> None:
    if len(trace.x) != trace.steps + 1:
        raise ValueError(
            "This trace holds the start and the end only, not the path between: make it with "
            "record=True to draw it."
        )


def _place(axis: mpl.axis.Axis, name: str, values: np.ndarray) -> np.ndarray:
    """Name an axis, and return where the values of a hyperparameter stand on it."""
    axis.set_label_text(name)
    if name not in DECAYS:
        return np.asarray(values)
    axis.set_inverted(True)
    axis.set_major_formatter(lambda place, _: f"{1 - place:.12g}")
    axis.set_minor_formatter(mpl.ticker.NullFormatter())
    return 1 - np.asarray(values)
