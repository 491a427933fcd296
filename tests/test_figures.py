"""The figures draw what they are given, and every optimizer looks the same in all of them."""

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from comparison import DEFAULTS
from matplotlib.colors import LogNorm, to_hex, to_rgb
from numpy.testing import assert_allclose

import d2lmini as d2l
from d2lmini import figures


@pytest.fixture(autouse=True)
def book_style(monkeypatch):
    """Draw in the book's style, and leave nothing behind."""
    # It would be set for the whole process, and start a shell of IPython in it.
    monkeypatch.setattr("matplotlib_inline.backend_inline.set_matplotlib_formats", lambda *_: None)
    with plt.rc_context():
        d2l.use_book_style()
        yield
    plt.close("all")


def line(ax, label):
    """Return the line with that name in the legend."""
    (found,) = [line for line in ax.lines if line.get_label() == label]
    return found


def draw(ax):
    """Draw a figure for good; a warning on the way is an error here."""
    ax.figure.canvas.draw()


BOWL = d2l.minimize(d2l.bowl, d2l.RMSprop(0.4), steps=12)

# ---- looks --------------------------------------------------------------------------------------


def test_every_rule_has_a_look():
    rules = {rule.__name__ for rule in d2l.Rule.__subclasses__() if hasattr(d2l, rule.__name__)}
    rules -= {"Pipeline", "RuleMap"}  # these hold a rule
    assert set(d2l.RULES) <= rules
    assert set(figures.LOOKS) == {*rules, "momentum", "Nesterov", "AMSGrad"}
    for rule in DEFAULTS.values():
        plt.plot([0, 1], **d2l.look(rule))


def test_looks_are_distinct():
    assert len(set(figures.LOOKS.values())) == len(figures.LOOKS)
    looks = {name: tuple(d2l.look(rule).values()) for name, rule in DEFAULTS.items()}
    names = {"SGD", "SGD, momentum", "SGD, Nesterov", "AMSGrad", *d2l.RULES}
    assert len({looks[name] for name in names}) == len(names)
    # A variant that is no rule of its own keeps the look.
    assert looks["RMSprop, centered"] == looks["RMSprop"]


def test_a_rule_looks_like_its_twin():
    for rule in DEFAULTS.values():
        assert d2l.look(rule) == d2l.look(d2l.twin(rule))


def test_looks_do_not_rest_on_color_alone():
    for each in zip(*figures.LOOKS.values(), strict=True):
        assert len(set(each)) in (len(figures.LOOKS), 4)  # colors, markers; there are four dashes


def test_an_unknown_optimizer_gets_a_look_too():
    plt.plot([0, 1], **d2l.look(object()))


def test_colors_are_dark_enough_to_be_seen():
    # At least 2 to 1 on white; lines are 1.6 points wide and have markers and names besides.
    for color, _, _ in figures.LOOKS.values():
        parts = np.array(to_rgb(color))
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        assert 1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05) > 2, color


# ---- the figures --------------------------------------------------------------------------------


def test_contours_show_the_domain_and_the_minimizers():
    for objective in d2l.OBJECTIVES.values():
        if objective.dimension != 2:
            continue
        ax = d2l.contours(objective)
        assert (ax.get_xlim(), ax.get_ylim()) == objective.domain
        assert ax.get_xlabel() == "$p$"
        assert ax.get_ylabel() == "$q$"
        if len(objective.minimizers):
            assert_allclose(ax.lines[0].get_xydata(), objective.minimizers)
        else:
            assert len(ax.lines) == 0
        (lines,) = ax.collections
        assert sum(len(path.vertices) > 0 for path in lines.get_paths()) >= 8
        draw(ax)


def test_contours_lie_at_their_levels():
    (lines,) = d2l.contours(d2l.bowl, levels=6).collections
    assert len(lines.get_paths()) == 6
    for level, path in zip(lines.levels, lines.get_paths(), strict=True):
        # On a grid of 121 by 121, so not exactly.
        assert_allclose(d2l.bowl(path.vertices), level, rtol=0.05)


def test_plot_traces_draws_the_path():
    ax = d2l.plot_traces({"RMSprop": BOWL})
    path = line(ax, "RMSprop")
    assert_allclose(path.get_xydata(), BOWL.x)
    assert path.get_color() == d2l.look(BOWL.rule)["color"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["RMSprop"]
    assert_allclose(ax.lines[-1].get_xydata(), [BOWL.x[0]])  # a ring around the start
    draw(ax)


def test_plot_traces_draws_several_paths():
    momentum = d2l.minimize(d2l.bowl, d2l.SGD(0.1, momentum=0.5))
    ax = plt.subplots()[1]
    assert d2l.plot_traces({"a": BOWL, "b": momentum}, ax, looks={"b": {"color": "red"}}) is ax
    assert_allclose(line(ax, "a").get_xydata(), BOWL.x)
    assert_allclose(line(ax, "b").get_xydata(), momentum.x)
    assert line(ax, "b").get_color() == "red"
    assert line(ax, "b").get_marker() == d2l.look(momentum.rule)["marker"]


def test_a_single_trace_needs_no_name():
    ax = d2l.plot_traces(BOWL)
    assert any(np.array_equal(line.get_xydata(), BOWL.x) for line in ax.lines)
    assert ax.get_legend() is None


def test_plot_descent_draws_the_path_on_the_graph():
    trace = d2l.minimize(d2l.tilted_wells, d2l.SGD(0.2), steps=9)
    ax = d2l.plot_descent(trace, label="path", color="red")
    graph, path = ax.lines
    x, y = graph.get_data()
    assert (x[0], x[-1]) == d2l.tilted_wells.domain[0]
    assert_allclose(y, d2l.tilted_wells(x))
    assert_allclose(path.get_xydata(), np.column_stack([trace.x, trace.value]))
    assert path.get_label() == "path"
    assert path.get_color() == "red"
    draw(ax)


def test_plot_histories_draws_the_losses():
    rules = {"Adam": d2l.Adam(0.01), "Lion": d2l.Lion(0.01)}
    histories = {
        name: d2l.train(d2l.LinearRegression(), rule, d2l.diabetes(), evaluate_every=10)
        for name, rule in rules.items()
    }
    ax = d2l.plot_histories(histories)
    for name, history in histories.items():
        assert_allclose(line(ax, name).get_xdata(), history.epoch)
        assert_allclose(line(ax, name).get_ydata(), history.loss)
        assert line(ax, name).get_color() == d2l.look(history.rule)["color"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "loss")
    draw(ax)
    ax = d2l.plot_histories(histories, floor=0.2)
    assert_allclose(line(ax, "Adam").get_ydata(), histories["Adam"].loss - 0.2)
    assert ax.get_yscale() == "log"
    draw(ax)


def test_sensitivity_map_draws_the_table():
    rates, rhos = np.geomspace(0.01, 1, 5), np.array([0.5, 0.9, 0.99])
    values = np.arange(15.0).reshape(3, 5) + 1
    values[0, 0] = np.nan
    ax = d2l.sensitivity_map(
        ("rate", rates), ("rho", rhos), values, label="loss", mark=(0.1, 0.9), norm=LogNorm(1, 15)
    )
    (mesh,) = ax.collections
    drawn = mesh.get_array()
    assert_allclose(drawn.compressed(), values[np.isfinite(values)])
    assert drawn.mask[0, 0]
    assert to_hex(mesh.cmap.get_bad()) == figures.DIVERGED
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("rate", "rho")
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert ax.figure.axes[1].get_ylabel() == "loss"
    cross, ring = ax.lines
    assert_allclose(cross.get_xydata(), [[0.1, 0.1]])
    assert_allclose(ring.get_xydata(), [[rates[1], 0.5]])  # of those that did not diverge
    assert mesh.get_rasterized()
    draw(ax)


def test_on_a_sensitivity_map_light_is_low_and_more_memory_is_up():
    rates, rhos = np.geomspace(0.01, 1, 5), np.array([0.0, 0.9, 0.99])
    ax = d2l.sensitivity_map(("rate", rates), ("rho", rhos), np.arange(15.0).reshape(3, 5))
    (mesh,) = ax.collections
    low, high = (sum(mesh.cmap(level)[:3]) for level in (0.0, 1.0))
    assert low > high
    down, middle, up = (ax.transData.transform((0.1, 1 - rho))[1] for rho in rhos)
    assert_allclose(up - middle, middle - down)
    assert up > middle
    draw(ax)
    assert "0.99" in {label.get_text() for label in ax.get_yticklabels()}


# ---- the style ----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["svg", "pdf", "png"])
def test_the_same_figure_gives_the_same_bytes(form, tmp_path):
    files = []
    for name in ("a", "b"):
        ax = d2l.plot_traces({"RMSprop": BOWL})
        # As a notebook does, which leaves the date out.
        metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}[form]
        ax.figure.savefig(tmp_path / name, format=form, metadata=metadata)
        files.append((tmp_path / name).read_bytes())
    assert files[0] == files[1]


def test_the_page_shows_through():
    ax = d2l.plot_traces(BOWL)
    assert to_hex(ax.get_facecolor(), keep_alpha=True).endswith("00")
    assert to_hex(ax.figure.get_facecolor(), keep_alpha=True).endswith("00")
