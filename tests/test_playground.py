"""The playground as Python has it: settings, script, picture; and in a notebook and on a page."""

import base64
import functools
import gzip
import io
import json
import re
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from playground_core import evaluate, program
from playground_own import PLAYGROUNDS as RECORDED
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

import d2lmini as d2l
from d2lmini import stills
from d2lmini.playground import RANGES, Pace, facts, from_setting, script
from d2lmini.rule import DECAYS

TOOLS = Path(__file__).resolve().parent.parent / "tools"
PLAYGROUNDS = {
    "nothing said": d2l.playground(),
    "paths": d2l.playground(
        d2l.rotated_bowl,
        d2l.SGD(0.4, momentum=0.9, nesterov=True),
        d2l.RMSprop(1 / 3, epsilon=1e-12, epsilon_inside_root=False),
        "AdamW(learning_rate=0.1,weight_decay=None,bias_correction=False)",
        start=(-1.25, 1e-3),
        steps=100,
        step=0,
        noise=0.25,
        seed=12,
        predict=True,
        select=2,
    ),
    "a slowing rate": d2l.playground(d2l.parabola, d2l.Lion(d2l.InverseTimeDecay(0.5, 10, 2.0))),
    "a warm-up and a cosine": d2l.playground(
        d2l.bowl,
        d2l.SGD(d2l.Warmup(d2l.CosineDecay(0.5, 30), 10)),
        d2l.SGD(d2l.Warmup(0.5, 10)),
        d2l.Adam(d2l.CosineDecay(0.5, 30)),
        d2l.Adam(d2l.Warmup(d2l.InverseTimeDecay(0.5, 10, 2.0), 10)),
        "Lion(learning_rate=0.5,rate_decay=0.2,warmup_steps=3,decay_steps=20)",
    ),
    "race": d2l.playground(d2l.beale, d2l.Adam(), d2l.Adam(0.1), d2l.Adamax(1.0), view="race"),
    "map": d2l.playground(d2l.saddle, d2l.SGD(0.1), view="map", steps=20),
    "basins": d2l.playground(d2l.himmelblau, d2l.SGD(0.01), view="map", steps=8),
    "start across": d2l.playground(
        d2l.tilted_wells, d2l.Adagrad(0.1), view="map", axes=("x1", "rate_decay")
    ),
    "schedules": d2l.playground(
        d2l.bowl,
        d2l.SGD(d2l.Warmup(d2l.InverseTimeDecay(0.6, 1, 0.1), 7)),
        view="map",
        axes=("warmup_steps", "decay_steps"),
        noise=0.3,
    ),
    "a schedule and momentum": d2l.playground(
        d2l.bowl, d2l.SGD(0.2), view="map", axes=("decay_steps", "momentum")
    ),
    "rates of a schedule": d2l.playground(
        d2l.bowl,
        d2l.SGD(d2l.Warmup(d2l.CosineDecay(0.6, 30), 7), momentum=0.9),
        view="map",
        axes=("learning_rate", "warmup_steps"),
    ),
}
every_playground = pytest.mark.parametrize("name", PLAYGROUNDS)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


# ---- settings -----------------------------------------------------------------------------------


def test_the_name_is_that_of_the_function_however_it_is_imported():
    import d2lmini.playground

    assert d2lmini.playground is d2l.playground
    assert callable(d2l.playground)


def test_a_setting_says_what_differs_from_the_defaults():
    assert PLAYGROUNDS["nothing said"].setting == "surface=bowl&steps=40&SGD(learning_rate=0.1)"
    assert PLAYGROUNDS["paths"].setting == (
        "surface=rotated_bowl&from=-1.25,0.001&steps=100&step=0&noise=0.25&seed=12&predict=1"
        "&select=2&SGD(learning_rate=0.4,momentum=0.9,nesterov=True)"
        "&RMSprop(learning_rate=0.3333333333333333,epsilon=1e-12,epsilon_inside_root=False)"
        "&AdamW(learning_rate=0.1,weight_decay=None,bias_correction=False)"
    )
    assert PLAYGROUNDS["map"].setting == (
        "surface=saddle&steps=20&view=map&axes=learning_rate,momentum&SGD(learning_rate=0.1)"
    )
    assert "&axes=x1,x2&" in PLAYGROUNDS["basins"].setting
    slowing = PLAYGROUNDS["a slowing rate"].setting
    assert slowing.endswith("&Lion(learning_rate=0.5,rate_decay=0.2)")
    assert PLAYGROUNDS["a warm-up and a cosine"].setting == (
        "surface=bowl&steps=40&SGD(learning_rate=0.5,warmup_steps=10,decay_steps=30)"
        "&SGD(learning_rate=0.5,warmup_steps=10)&Adam(learning_rate=0.5,decay_steps=30)"
        "&Adam(learning_rate=0.5,rate_decay=0.2,warmup_steps=10)"
        "&Lion(learning_rate=0.5,rate_decay=0.2,warmup_steps=3,decay_steps=20)"
    )


def test_a_setting_makes_the_schedules_of_the_package():
    warm, held, cosine, slow, both = PLAYGROUNDS["a warm-up and a cosine"].rules
    again = from_setting(PLAYGROUNDS["a warm-up and a cosine"].setting).rules
    rates = [rule.learning_rate for rule in again]
    assert rates[:3] == [rule.learning_rate for rule in (warm, held, cosine)]
    wave = d2l.CosineDecay(0.5, 20)
    for t in range(1, 60):
        assert again[3].rate(t) == pytest.approx(slow.rate(t), rel=1e-14)
        rate = 0.5 * t / 3 if t <= 3 else wave(t - 4) / (1 + 0.2 * (t - 4))
        assert again[4].rate(t) == both.rate(t) == pytest.approx(rate, rel=1e-14, abs=1e-16)


def test_a_pace_has_the_rates_of_its_schedule_alone_and_side_by_side():
    paces = [(0.5, k, W, K) for k in (0.0, 0.2) for W in (0, 1, 7) for K in (0, 1, 30) if not k * K]
    many = Pace(*(np.array(values) for values in zip(*paces, strict=True)))
    for t in range(1, 60):
        rates = [d2l.SGD(Pace(*pace).schedule()).rate(t) for pace in paces]
        assert [Pace(*pace)(t - 1) for pace in paces] == pytest.approx(rates, rel=1e-14, abs=1e-16)
        assert list(many(t - 1)) == pytest.approx(rates, rel=1e-14, abs=1e-16)
    assert all(Pace.of(Pace(*pace).schedule()) == Pace(*pace) for pace in paces)


@pytest.mark.parametrize(
    "schedule",
    [
        d2l.CosineDecay(0.1, 30, alpha=0.1),
        d2l.CosineDecay(0.1, 30, warmup_target=0.2, warmup_steps=4),
        d2l.CosineDecay(0.1, 2.5),
        d2l.CosineDecay(0.1, 1001),
        d2l.Warmup(d2l.Warmup(0.1, 2), 3),
        d2l.Warmup(d2l.InverseRootDecay(0.1), 3),
        d2l.Warmup(lambda k: 0.1, 3),
        d2l.InverseTimeDecay(0.1, 1, 1, staircase=True),
        d2l.PolynomialDecay(0.1, 10),
    ],
    ids=lambda schedule: type(schedule).__name__,
)
def test_other_schedules_are_recorded(schedule):
    play = d2l.playground(d2l.bowl, d2l.SGD(schedule), steps=5)
    assert play.setting is None
    assert play.traces


@every_playground
def test_a_setting_can_be_read_again_here_and_in_the_browser(name):
    setting = PLAYGROUNDS[name].setting
    assert from_setting(setting).setting == setting
    body = """
    const base = { steps: 40, step: 40, noise: 0, seed: 0, view: "paths", axes: null };
    return writeSetting(readSetting(SETTING, base));
    """
    (written,) = evaluate(program(body.replace("SETTING", json.dumps(setting))))
    # JavaScript has no None, and writes 0.001 for 1e-3.
    assert from_setting(written).setting == setting.replace("weight_decay=None", "weight_decay=0")


def test_rates_may_be_parts_of_the_largest_curvature():
    (rule,) = from_setting("surface=bowl&SGD(learning_rate=1.9/L)").rules
    assert rule.learning_rate == 1.9 / 4
    (rule,) = d2l.playground(d2l.rotated_bowl, "SGD(learning_rate=2/L,rate_decay=0.5)").rules
    assert rule.rate(1) == 0.5
    assert rule.rate(3) == 0.25


REFUSED = {
    "rule for surface": (
        lambda: d2l.playground(d2l.SGD()),
        "needs the surface first, such as d2l.bowl, not SGD(learning_rate=0.01). Of a function",
    ),
    "function for surface": (lambda: d2l.playground(np.sin), "d2l.bowl, not a ufunc. Of a func"),
    "three coordinates": (
        lambda: d2l.playground(d2l.quadratic(np.eye(3))),
        "one or two coordinates, but quadratic has 3",
    ),
    "class for rule": (lambda: d2l.playground(d2l.bowl, d2l.SGD), "d2l.SGD(), not the class"),
    "many rates": (lambda: d2l.playground(d2l.bowl, d2l.SGD(np.ones((2, 1)))), "with a number for"),
    "start of another dimension": (
        lambda: d2l.playground(d2l.bowl, start=3),
        "A start on bowl has 2 coordinates, but this one has 1",
    ),
    "no steps": (lambda: d2l.playground(steps=0), "steps must be a whole number of at least 1"),
    "too many steps": (lambda: d2l.playground(steps=1001), "steps must be at most 1000"),
    "step after the last": (lambda: d2l.playground(steps=5, step=6), "step must be at most 5"),
    "negative noise": (lambda: d2l.playground(noise=-1), "noise must not be negative"),
    "unknown view": (lambda: d2l.playground(view="maps"), "Did you mean 'map'?"),
    "rule that is not there": (lambda: d2l.playground(select=1), "select must be at most 0"),
    "axis of another rule": (
        lambda: d2l.playground(d2l.bowl, d2l.SGD(0.1), view="map", axes=("learning_rate", "rho")),
        "two of learning_rate, momentum, weight_decay, rate_decay, warmup_steps, decay_steps, x1, "
        "x2, but are",
    ),
    "rule misspelled": (lambda: from_setting("Adm(beta_1=0.5)"), "Did you mean 'Adam'"),
    "rule not closed": (lambda: from_setting("Adam(beta_1=0.5"), "must be written as in"),
    "hyperparameter misspelled": (lambda: from_setting("SGD(lr=1)"), "mean 'learning_rate'"),
    "hyperparameter out of range": (lambda: from_setting("SGD(momentum=1)"), "must be in [0, 1)"),
    "half a step": (
        lambda: from_setting("SGD(warmup_steps=2.5)"),
        "warmup_steps must be a whole number of at least 0, but is 2.5",
    ),
    "too many steps to fall": (
        lambda: from_setting("SGD(decay_steps=1001)"),
        "decay_steps must be at most 1000, but is 1001",
    ),
    "no number": (lambda: from_setting("SGD(momentum=1/L/L)"), "'1/L/L' is not a number"),
    "no curvature": (
        lambda: from_setting("surface=beale&SGD(learning_rate=1/L)"),
        "Beale's function has no curvature L",
    ),
    "unknown surface": (lambda: from_setting("surface=bowel"), "Did you mean 'bowl'"),
    "unknown word": (lambda: from_setting("step_=3"), "not part of a setting. Did you mean 'step'"),
    "steps not whole": (lambda: from_setting("steps=2.5"), "steps must be a whole number"),
    "start not a number": (lambda: from_setting("from=a,b"), "'a' is not a number"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_gets_a_sentence(case):
    call, sentence = REFUSED[case]
    with pytest.raises((TypeError, ValueError), match=re.escape(sentence)) as caught:
        call()
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


# ---- the script ---------------------------------------------------------------------------------


def test_the_script_is_small():
    assert len(gzip.compress(script().encode(), 9)) <= 25_150
    # The part for recorded runs comes with these only.
    assert "optimizer-recording" not in script()
    assert len(gzip.compress(script(recorded=True).encode(), 9)) <= 26_500


@pytest.mark.parametrize("recorded", [False, True])
def test_the_script_can_stand_in_a_page_and_asks_no_host_for_anything(recorded):
    text = script(recorded)
    assert "</script" not in text
    assert "<!--" not in text
    assert not re.search(r"https?:|import\(|fetch\(|XMLHttpRequest", text)
    page = BeautifulSoup(f"<script>{text}</script><p>after</p>", "html.parser")
    assert page.p.get_text() == "after"


@pytest.mark.parametrize("recorded", [False, True])
def test_in_a_notebook_the_second_script_does_nothing(recorded):
    # Elsewhere than in a browser it would fail at once: there is no HTMLElement.
    defined = "globalThis.customElements = { get: () => true };"
    assert evaluate(f"{defined}{script(recorded)} return 1;") == [1]


def test_the_script_knows_what_the_package_says():
    known = facts()
    assert {*known["surfaces"]} == {*d2l.OBJECTIVES}
    assert {*known["rules"]} == {*d2l.RULES}
    for key, objective in d2l.OBJECTIVES.items():
        curvatures = known["surfaces"][key]["curvatures"]
        points = np.random.default_rng(0).normal(size=(3, *objective.start.shape))
        hessians = np.reshape(objective.hessian(points), (3, *[objective.dimension] * 2))
        constant = np.ptp(hessians, axis=0).max() == 0
        assert (curvatures is not None) == constant
        if constant:
            np.testing.assert_allclose(curvatures, np.linalg.eigvalsh(hessians[0]), atol=1e-12)


# ---- the picture --------------------------------------------------------------------------------


@every_playground
def test_the_picture_is_drawn_and_put_into_words(name):
    play = PLAYGROUNDS[name]
    data, _ = play._repr_mimebundle_()
    assert {"text/html", "text/plain", "image/png"} <= {*data}
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert data["text/plain"] == f"<playground {play.setting}>"
    page = BeautifulSoup(data["text/html"], "html.parser")
    element = page.find("optimizer-playground")
    assert element["setting"] == play.setting
    assert element.img["src"] == f"data:image/png;base64,{data['image/png']}"
    assert element.img["alt"] == stills.words(play)
    assert not plt.get_fignums()


@functools.cache
def output(name):
    """Return the output of a cell with a playground, in the book's style."""
    with plt.rc_context():
        d2l.use_book_style()
        return (PLAYGROUNDS | RECORDED)[name]._repr_mimebundle_()


def test_where_it_is_not_trusted_the_picture_is_left():
    # What a sanitizer leaves: no scripts, of unknown tags what is in them.
    page = BeautifulSoup(output("paths")[0]["text/html"], "html.parser")
    page.script.decompose()
    page.find("optimizer-playground").unwrap()
    assert [tag.name for tag in page.find_all()] == ["img"]
    assert page.img["src"].startswith("data:image/png;base64,")
    assert not page.get_text().strip()


def test_a_notebook_keeps_the_formats_of_all_figures():
    formats = {"image/png", "image/svg+xml", "application/pdf"}
    assert {*output("paths")[0]} == {"text/plain", "text/html", *formats}


def test_words_say_how_the_runs_end():
    play = d2l.playground(d2l.rosenbrock, d2l.SGD(0.001), d2l.SGD(1.0), steps=9)
    assert stills.words(play) == (
        "Paths on Rosenbrock's valley from (-1.5, 2.5), 9 steps: SGD, η = 0.001 goes from loss "
        "12.5 to 36.7; SGD, η = 1 diverges at step 2."
    )


def test_the_picture_has_the_same_bytes_every_time():
    with plt.rc_context():
        d2l.use_book_style()
        (first, _), (second, _) = output("paths"), PLAYGROUNDS["paths"]._repr_mimebundle_()
        assert first["text/html"] == second["text/html"]
        assert first["image/png"] == second["image/png"]


def test_the_paths_are_those_of_the_runs():
    play = PLAYGROUNDS["paths"]
    fig = play.figure()
    left, right = fig.axes
    names = ["Nesterov", "RMSprop", "AdamW"]
    assert [text.get_text() for text in fig.legends[0].get_texts()] == names
    for name, rule in zip(names, play.rules, strict=True):
        trace = play.run(rule)
        (path,) = [line for line in left.lines if line.get_label() == name]
        (loss,) = [line for line in right.lines if line.get_label() == name]
        np.testing.assert_array_equal(path.get_xydata(), trace.x)
        np.testing.assert_allclose(loss.get_ydata(), trace.value)


def test_the_same_rule_twice_looks_different():
    looks = [look for _, look in stills.named(PLAYGROUNDS["race"]).values()]
    assert list(stills.named(PLAYGROUNDS["race"])) == ["Adam, η = 0.001", "Adam, η = 0.1", "Adamax"]
    adam = [
        d2l.Adam(0.1),
        "Adam(learning_rate=0.1,bias_correction=False)",
        d2l.Adam(0.1, weight_decay=0.5),
        d2l.Adam(d2l.InverseTimeDecay(0.3, 1, 1)),
        d2l.Adam(0.1),
        d2l.Adam(d2l.Warmup(0.1, 9)),
        d2l.Adam(d2l.Warmup(d2l.CosineDecay(0.1, 20), 9)),
    ]
    assert list(stills.named(d2l.playground(d2l.bowl, *adam))) == [
        "Adam, η = 0.1, no weight decay, bias correction",
        "Adam, η = 0.1, no weight decay, no bias correction",
        "Adam, η = 0.1, λ = 0.5, bias correction",
        "Adam, η from 0.3 down, no weight decay, bias correction",
        "Adam, η = 0.1, no weight decay, bias correction (5)",
        "Adam, η = 0.1 after 9, no weight decay, bias correction",
        "Adam, η from 0.1 down in 20 after 9, no weight decay, bias correction",
    ]
    assert len({look["color"] for look in looks}) == 3


WITH_MAPS = "map, basins, start across, schedules, a schedule and momentum, rates of a schedule"
MAPS = pytest.mark.parametrize("name", WITH_MAPS.split(", "))


@MAPS
def test_a_map_shows_single_runs(name):
    play = PLAYGROUNDS[name]
    ax = play.figure().axes[0]
    values = np.ma.filled(ax.collections[0].get_array().astype(float), np.nan)
    assert values.shape == (stills.CELLS, stills.CELLS)
    corners = ax.collections[0].get_coordinates()
    for j, i in np.random.default_rng(0).integers(1, stills.CELLS - 1, (25, 2)):
        # The middle of a cell on its scale, which a corner is a step of the grid away from.
        rule, start = play.rules[play.select], np.array(play.start)
        for n, axis in enumerate(play.axes):
            low, high = corners[j, i, n], corners[j + 1, i + 1, n]
            grid = (
                np.linspace(*play.objective.domain[int(axis[1]) - 1], stills.CELLS)
                if (axis in ("x1", "x2"))
                else np.geomspace(*RANGES[axis], stills.CELLS)
            )
            (value,) = grid[(low < grid) & (grid < high)]
            rule, start = at(play, rule, start, axis, 1 - value if axis in DECAYS else value)
        alone = stills.judge(play, rule, start)
        if name != "basins" and alone > 0:  # more than at the start is shown as lost
            alone = np.nan
        np.testing.assert_allclose(alone, values[j, i], rtol=1e-9)


def at(play, rule, start, axis, value):
    """Return a rule and a start, one of them with another value."""
    if axis not in ("x1", "x2"):
        return stills.with_values(rule, axis, value), start
    start = np.atleast_1d(start).copy()
    start[int(axis[1]) - 1] = value
    return rule, start.reshape(play.start.shape)


GREW, LOST = 98, 99  # as in map.js
OUTCOMES = """
const { entries: [entry], ...more } = readSetting(SETTING, { steps: 40, noise: 0, seed: 0 });
const surface = surfaces[more.surface];
const [across, up] = more.axes.map((key) => axisOf(key, surface, entry.h));
const map = new OutcomeMap(surface, entry, more, across, up);
return [...Array(300)].map((_, n) => {
  const p = (0.5 + (n % 20)) / 20, q = (0.5 + Math.floor(n / 20)) / 15;
  return [across.to(p), up.to(q), map.outcome(p, q)];
});
"""


@MAPS
def test_maps_judge_runs_as_the_browser_does(name):
    play = PLAYGROUNDS[name]
    (found,) = evaluate(program(OUTCOMES.replace("SETTING", json.dumps(play.setting))))
    kinds = set()
    for *values, outcome in found:
        rule, start = play.rules[play.select], play.start
        for axis, value in zip(play.axes, values, strict=True):
            rule, start = at(play, rule, start, axis, value)
        ours = stills.judge(play, rule, start)
        if name == "basins":
            assert outcome == (
                LOST if play.run(rule, start).diverged_at else np.nan_to_num(ours, nan=-1)
            )
        elif outcome == LOST:
            assert np.isnan(ours)
        elif outcome == GREW:
            assert ours > 0
        else:
            assert outcome == pytest.approx(float(ours), abs=1e-6)
        kinds.add(round(outcome))
    assert len(kinds) > 2


# ---- on a page ----------------------------------------------------------------------------------


@pytest.fixture
def build(tmp_path, monkeypatch):
    """Return a function that builds a page with playgrounds, from stored outputs."""
    monkeypatch.syspath_prepend(TOOLS)

    def run(builder, text="", place="part/page", named=True, names=("paths", "map")):
        cells = [nbformat.v4.new_markdown_cell(f"# Page\n\n{text}")]
        for name in names:
            data, metadata = output(name)
            stored = nbformat.v4.new_output("execute_result", data, metadata=metadata)
            options = {"image": {"alt": f"Alt of {name}."}}
            if named:
                options["figure"] = {"caption": f"Caption of {name}.", "name": f"fig-{name}"}
            cell = nbformat.v4.new_code_cell("d2l.playground()", outputs=[stored])
            cell.metadata["mystnb"] = options
            cells.append(cell)
        language = {"name": "python", "pygments_lexer": "ipython3"}
        source = tmp_path / "source"
        (source / place).parent.mkdir(parents=True)
        nbformat.write(
            nbformat.v4.new_notebook(cells=cells, metadata={"language_info": language}),
            source / f"{place}.ipynb",
        )
        other = f"# Other\n\n{{play}}`afar <fig-map?steps=9>`\n\n```{{toctree}}\n{place}\n```\n"
        (source / "index.md").write_text(other, "utf-8")
        settings = {
            "extensions": ["myst_nb", "book_playground"],
            "nb_execution_mode": "off",
            "project": "page",
            "numfig": True,
            # A dict of our own: extensions would write into Sphinx's, for all later builds.
            "source_suffix": {".rst": "restructuredtext"},
        }
        warnings = io.StringIO()
        out = tmp_path / builder
        with docutils_namespace():
            app = Sphinx(
                source, None, out, tmp_path / "doctrees", builder, settings, None, warnings
            )
            app.build()
        return out, warnings.getvalue()

    return run


LINK = "{play}`a *rate* & more <fig-paths?surface=bowl&SGD(learning_rate=1.9/L)>`"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("place", ["page", "part/page", "part/of/page"])
def test_the_page_has_the_element_around_its_figure(build, place):
    out, warnings = build("html", LINK, place)
    assert warnings == ""
    assert (out / "_static" / "playground.js").read_text("utf-8") == script()
    file = out / f"{place}.html"
    text = file.read_text("utf-8")
    assert "data:" not in text
    page = BeautifulSoup(text, "html.parser")
    figures = page.select("figure")
    assert [figure["id"] for figure in figures] == ["fig-paths", "fig-map"]
    for name, figure in zip(("paths", "map"), figures, strict=True):
        (element,) = figure.select("optimizer-playground")
        assert element["setting"] == PLAYGROUNDS[name].setting
        assert element.has_attr("linked")
        (image,) = element.select("img")
        assert image["alt"] == f"Alt of {name}."
        assert (file.parent / image["src"]).resolve().suffix == ".svg"
        assert (file.parent / image["src"]).exists()
        assert not element.select("figcaption")
        assert f"Caption of {name}." in figure.figcaption.get_text()
    # One script, which stops the page until it has run, right before the first.
    (tag,) = page.select("script[src$='playground.js']")
    assert [*tag.attrs] == ["src"]
    assert (file.parent / tag["src"]).resolve() == out / "_static" / "playground.js"
    assert tag.find_next().name == "optimizer-playground"
    assert "customElements" not in "".join(page.find_all(string=True))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_recorded_runs_bring_their_record_and_their_script(build):
    names = ("rule", "paths", "map", "surface")
    out, warnings = build("html", LINK, names=names)
    assert warnings == ""
    assert (out / "_static" / "recording.js").read_text("utf-8") == script(recorded=True)
    page = BeautifulSoup((out / "part" / "page.html").read_text("utf-8"), "html.parser")
    for name in ("rule", "surface"):
        (element,) = page.select(f"#fig-{name} optimizer-recording")
        assert json.loads(element["record"]) == json.loads(json.dumps(RECORDED[name].record()))
        assert not element.has_attr("linked")
        assert element.img["src"].endswith(".svg")
        assert element.img["alt"] == f"Alt of {name}."
    tags = page.select("script[src^='../_static/playground'], script[src^='../_static/rec']")
    assert [tag["src"] for tag in tags] == ["../_static/recording.js", "../_static/playground.js"]
    assert [tag.find_next().name for tag in tags] == ["optimizer-recording", "optimizer-playground"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_link_cannot_set_recorded_runs(build):
    link = "{play}`words <fig-rule?steps=3>`"
    _, warnings = build("html", link, names=("rule", "map"))
    assert "The runs of 'fig-rule' are recorded: no link can set it." in warnings


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_words_become_links_that_set_a_playground(build):
    out, _ = build("html", LINK)
    page = BeautifulSoup((out / "part" / "page.html").read_text("utf-8"), "html.parser")
    (link,) = page.select("a.play")
    assert link["href"] == "#fig-paths?surface=bowl&SGD(learning_rate=1.9/L)"
    assert link.get_text() == "a *rate* & more"
    page = BeautifulSoup((out / "index.html").read_text("utf-8"), "html.parser")
    (link,) = page.select("a.play")
    assert link["href"] == "part/page.html#fig-map?steps=9"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_paper_has_the_picture_and_the_words(build):
    out, warnings = build("latex", LINK)
    assert warnings == ""
    tex = (out / "page.tex").read_text("utf-8")
    assert tex.count(r"\sphinxincludegraphics{{") == 2
    assert len(set(re.findall(r"graphics\{\{(\w+)\}\.pdf\}", tex))) == 2
    assert r"a *rate* \& more" in tex
    assert "?surface=" not in tex
    assert "<optimizer" not in tex


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("target", "complaint"),
    [
        ("fig-other?steps=3", "There is no playground 'fig-other'"),
        ("fig-paths?SDG(momentum=0.5)", "Did you mean 'SGD'?"),
        ("fig-paths?surface=beale&SGD(learning_rate=1/L)", "has no curvature L"),
        ("fig-paths?select=3", "select must be at most 2"),
        ("fig-paths?step=101", "step must be at most 100"),
        ("fig-paths?speed=3", "'speed' is not part of a setting"),
    ],
)
def test_a_link_that_cannot_be_obeyed_is_an_error_of_the_build(build, target, complaint):
    _, warnings = build("html", f"{{play}}`words <{target}>`")
    assert complaint in warnings
    assert "page.ipynb:" in warnings


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_playground_without_a_name_is_an_error_of_the_build(build):
    _, warnings = build("html", named=False)
    assert "A playground needs a figure with a name" in warnings
