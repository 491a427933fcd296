"""Playgrounds of a reader's own rules, schedules and surfaces: the record, and its element."""

import base64
import io
import json
import re

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from bs4 import BeautifulSoup
from playground_core import evaluate, program
from playground_own import ALONE, MINE, NOISES, PLAYGROUNDS, Damped, Signum
from playground_reader import PHONE, Reader

import d2lmini as d2l
from d2lmini import stills
from d2lmini.playground import GRID, LIVE, PLAYED, script

sync_api = pytest.importorskip("playwright.sync_api")

every_playground = pytest.mark.parametrize("name", PLAYGROUNDS)
LETTERS = {"m": "mean gradient", "s": "squared gradients", "v": "velocity"}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def unpacked(text, kind="<f8"):
    return np.frombuffer(base64.b64decode(text), kind)


# ---- the record ---------------------------------------------------------------------------------


@every_playground
def test_the_recorded_numbers_are_those_of_minimize(name):
    play = PLAYGROUNDS[name]
    d, record = play.objective.dimension, play.record()
    assert len(record["runs"]) == len(play.rules)
    for rule, trace, run in zip(play.rules, play.traces, record["runs"], strict=True):
        if not play.noise and not play.objective.noisy:
            trace = d2l.minimize(play.objective, rule, start=play.start, steps=play.steps)
        np.testing.assert_array_equal(unpacked(run["x"]).reshape(-1, d), trace.x.reshape(-1, d))
        np.testing.assert_array_equal(unpacked(run["value"]), trace.value)
        slopes = unpacked(run["gradient"]).reshape(-1, d)
        np.testing.assert_array_equal(slopes[: trace.steps], trace.gradient.reshape(-1, d))
        assert len(slopes) == max(trace.steps, 1)  # there is one at the start, even if it was lost
        assert run["lostAt"] == (trace.diverged_at or 0)
        states = unpacked(run["states"]).reshape(trace.steps + 1, d, len(run["letters"]))
        for t, state in enumerate([rule.init(play.start), *trace.states]):
            for j, letter in enumerate(run["letters"]):
                np.testing.assert_array_equal(states[t, :, j], np.broadcast_to(state[letter], d))


def test_the_cases_hold_what_can_happen():
    runs = {name: play.record()["runs"] for name, play in PLAYGROUNDS.items()}
    assert [run["lostAt"] for run in runs["diverging"]] == [
        PLAYGROUNDS["diverging"].traces[0].diverged_at,
        1,
        0,
    ]
    assert runs["diverging"][0]["lostAt"] > 1
    assert runs["rule"][0]["letters"] == ["mean_so_far", "k"]  # "past" goes with no coordinate
    assert [run["known"] for run in runs["rule"]] == [False, True, True]
    assert runs["noise"][0]["letters"] == ["m", "s", "P"]


def test_with_noise_the_runs_are_those_of_the_element_that_runs_them_itself():
    live = d2l.playground(d2l.bowl, d2l.Adam(0.1), noise=0.5, seed=3, steps=30)
    recorded = d2l.playground(d2l.bowl, d2l.Adam(0.1), Signum(0.1), noise=0.5, seed=3, steps=30)
    assert live.setting
    assert not live.traces
    np.testing.assert_array_equal(live.run(live.rules[0]).x, recorded.traces[0].x)
    assert "noise 0.5, seed 3" in recorded.record()["words"]
    assert "noise" not in d2l.playground(d2l.bowl, Signum(0.1)).record()["words"]


def test_a_minimum_far_out_is_no_divergence_with_noise_either():
    far = d2l.Objective("far", lambda x: (x / 1e7 - 1) ** 2, start=0.0)
    (trace,) = d2l.playground(far, d2l.SGD(1e13), noise=1e-9).traces
    assert trace.diverged_at is None
    assert trace.x[-1] > 1e6


def test_what_runs_at_random_runs_once():
    play = PLAYGROUNDS["noise of its own"]
    before = NOISES.bit_generator.state
    end = play.traces[0].value[-1]
    assert f"to {end:.3g}." in stills.words(play)
    (loss,) = play.figure().axes[1].lines
    np.testing.assert_array_equal(loss.get_ydata(), play.traces[0].value)
    assert unpacked(play.record()["runs"][0]["value"])[-1] == end
    assert NOISES.bit_generator.state == before


@pytest.mark.parametrize(("objective", "dimension"), [(ALONE, 1), (MINE, 2)])
def test_a_surface_of_ones_own_is_a_light_grid_of_its_values(objective, dimension):
    surface = d2l.playground(objective, steps=2).record()["surface"]
    lines = [np.linspace(*ends, GRID[dimension]) for ends in objective.domain]
    expected = (
        objective(lines[0]) if dimension == 1 else objective(np.stack(np.meshgrid(*lines), -1))
    )
    found = surface["low"] + surface["span"] * unpacked(surface["heights"], "<f4").astype(float)
    np.testing.assert_allclose(found, np.ravel(expected), atol=1e-6 * surface["span"])
    assert surface["domain"] == objective.domain
    assert len(surface["heights"]) < 20_000
    assert surface["least"] == (None if dimension == 2 else objective(objective.minimizers[0, 0]))


def test_what_the_element_can_run_is_not_recorded_and_the_rest_is():
    live = [
        d2l.playground(d2l.bowl, d2l.SGD(d2l.InverseTimeDecay(1, 10, 1))),
        d2l.playground(d2l.bowl, "Adam(learning_rate=0.1,bias_correction=False)"),
        *(d2l.playground(d2l.beale, rule(0.1)) for rule in d2l.RULES.values()),
    ]
    assert all(play.setting and not play.traces for play in live)
    assert all(play.setting is None and play.traces for play in PLAYGROUNDS.values())

    class Warmed(d2l.InverseTimeDecay):
        """A schedule of the book with another equation."""

        def __call__(self, step):
            return min(1.0, step / 10) * super().__call__(step)

    play = d2l.playground(d2l.bowl, d2l.SGD(Warmed(0.4, 10, 1.0)))
    np.testing.assert_array_equal(play.traces[0].x[1], d2l.bowl.start)  # its first rate is 0


def test_the_element_runs_the_rules_that_javascript_has(monkeypatch):
    ((names, known),) = evaluate(program("return [Object.keys(rules), Object.keys(BOOK.rules)];"))
    assert [*LIVE] == names == known == [*PLAYED]
    # One that only Python has does not reach the menu, which could not run it; it is recorded.
    monkeypatch.setitem(d2l.RULES, "Signum", Signum)
    ((menu,),) = evaluate(program("return [Object.keys(MENU)];"))
    assert "Signum" not in menu
    assert d2l.playground(d2l.bowl, "Signum(learning_rate=0.2)").traces


def test_it_says_what_it_is():
    assert repr(PLAYGROUNDS["rule, one coordinate"]) == (
        "<playground of recorded runs: Signum(learning_rate=0.1) on parabola, 7 steps>"
    )
    assert PLAYGROUNDS["rule"].record()["words"] == (
        "Computed in Python beforehand: Signum(learning_rate=0.1), SGD(learning_rate=0.4) and "
        "Adam(learning_rate=0.4) on bowl, so that only the step can be moved here; change the "
        "numbers in the cell."
    )


class Halving:
    """A schedule that Python writes with its address in memory."""

    def __call__(self, step):
        return 0.5**step


class Anonymous(Signum):
    """A rule that is written so."""

    __repr__ = object.__repr__


def test_no_address_of_memory_is_shown():
    play = d2l.playground(d2l.bowl, d2l.SGD(Halving()), Anonymous())
    shown = [repr(play), json.dumps(play.record()), stills.words(play)]
    assert not [text for text in shown if re.search(r"\b0x[0-9a-f]{4}", text)]
    assert "Halving" in shown[0]
    assert "Anonymous object>" in shown[0]


REFUSED = {
    "map": (lambda: d2l.playground(MINE, view="map"), "Leave out view='map': maps need runs that"),
    "map of a rule": (lambda: d2l.playground(d2l.bowl, Signum(), view="map"), "These are recorded"),
    "prediction": (
        lambda: d2l.playground(MINE, predict=True),
        "Leave out predict=True: a prediction needs runs that the figure computes itself",
    ),
    "not finite": (
        lambda: d2l.playground(
            d2l.Objective("logs", lambda x: x[0] - np.log(x[0]) + x[1] ** 2, start=[2.0, 1.0])
        ),
        "of logs its value is not finite, as at [-4.0, -4.0]. Pass a domain",
    ),
    "failing": (
        lambda: d2l.playground(
            d2l.Objective("tens", lambda x: 10 / [1, 2][int(x[0])] + x[1], start=[1.0, 1.0])
        ),
        "of tens its value fails: IndexError: list index out of range. Pass a domain",
    ),
    "flat": (
        lambda: d2l.playground(d2l.Objective("flat", lambda x: 0 * x, start=1.0)),
        "of flat its value is 0 everywhere: there is nothing to descend",
    ),
    "no curvature": (
        lambda: d2l.playground(MINE, "SGD(learning_rate=1/L)"),
        "mine has no curvature L",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_recorded_is_refused_in_a_sentence(case):
    call, sentence = REFUSED[case]
    with pytest.raises(ValueError, match=re.escape(sentence)) as caught:
        call()
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


# ---- the picture --------------------------------------------------------------------------------


@every_playground
def test_the_output_has_the_record_the_picture_and_its_words(name):
    play = PLAYGROUNDS[name]
    data, _ = play._repr_mimebundle_()
    assert data["text/plain"] == repr(play)
    page = BeautifulSoup(data["text/html"], "html.parser")
    assert page.script.get_text() == script(recorded=True)
    element = page.find("optimizer-recording")
    assert json.loads(element["record"]) == json.loads(json.dumps(play.record()))
    assert element.img["src"] == f"data:image/png;base64,{data['image/png']}"
    assert element.img["alt"] == stills.words(play)
    # Where it is not trusted.
    page.script.decompose()
    element.unwrap()
    assert [tag.name for tag in page.find_all()] == ["img"]
    assert not page.get_text().strip()


def test_the_output_has_the_same_bytes_every_time(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")  # as the build does: no figure is dated
    with mpl.rc_context({"svg.hashsalt": "the same"}):
        first, second = (
            d2l.playground(MINE, Signum(0.1), Damped(0.1), noise=0.1, steps=9)._repr_mimebundle_()
            for _ in range(2)
        )
    assert first == second


def test_no_two_runs_look_alike():
    for play in PLAYGROUNDS.values():
        looks = [look for _, look in stills.named(play).values()]
        assert len({look["color"] for look in looks}) == len(looks)
    labels = [run["label"] for run in PLAYGROUNDS["other equations"].record()["runs"]]
    assert labels == ["SGD 1", "Damped", "SGD 2", "SGD 3"]
    details = [run["detail"] for run in PLAYGROUNDS["schedule"].record()["runs"]]
    assert details == ["η from 0.001 down in 50, ", "η by a function, "]


@pytest.mark.parametrize("style", ["book", "default", "dark_background"])
@pytest.mark.parametrize("make", [d2l.playground, lambda: PLAYGROUNDS["surface"]])
def test_the_picture_brings_its_ground(make, style):
    # Letters in a dark theme must not be dark on dark: the ground is opaque, and far from the ink.
    with plt.rc_context():
        if style == "book":
            d2l.use_book_style()
            assert mpl.rcParams["figure.facecolor"] == "none"
        else:
            plt.style.use(style)
        data, _ = make()._repr_mimebundle_()
    picture = plt.imread(io.BytesIO(base64.b64decode(data["image/png"])))
    if picture.shape[-1] == 4:
        assert (picture[..., 3] == 1).all()
    # That of lines has none: the website has its own, light or dark.
    assert style != "book" or "fill: #ffffff" not in data["image/svg+xml"]
    ground = picture[0, 0, :3]
    assert len({*ground.tolist()}) == 1
    assert ground[0] == (0 if style == "dark_background" else 1)
    assert np.abs(picture[..., :3] - ground).max() > 0.9


# ---- the element in a browser --------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with the scripts, as the website has them."""
    path = tmp_path_factory.mktemp("recording")
    (path / "playground.js").write_text(script(), "utf-8")
    (path / "recording.js").write_text(script(recorded=True), "utf-8")
    return path


@pytest.fixture
def read(browser, folder):
    """Return a function that opens a page; afterwards nothing may have gone wrong on it."""
    readers = []

    def open_page(name, **context):
        record = json.dumps(PLAYGROUNDS[name].record())
        readers.append(Reader(browser, folder, record, "recording", **context))
        return readers[-1]

    yield open_page
    for reader in readers:
        reader.context.close()
        assert reader.errors == []


@every_playground
def test_the_element_has_the_recorded_points_and_values(read, name):
    reader, play = read(name), PLAYGROUNDS[name]
    for i, trace in enumerate(play.traces):
        x = np.reshape(trace.x, (len(trace.x), -1))
        np.testing.assert_array_equal(reader.trajectory(i), x)
        np.testing.assert_array_equal(reader.ask(f"e.trajectory({i}).value"), trace.value)
        lost = reader.ask(f"e.trajectory({i}).lostAt")
        assert lost == (trace.diverged_at or 0)


@pytest.mark.parametrize("t", [0, 1, 13])
@pytest.mark.parametrize("name", ["rule", "surface", "surface, one coordinate", "noise"])
def test_the_table_shows_the_recorded_numbers(read, name, t):
    reader, play = read(name), PLAYGROUNDS[name]
    reader.ask(f"e.step(() => {t})")
    reader.ask("e.paint()")  # now, and not at the next frame
    trace, d = play.traces[0], play.objective.dimension
    state = trace.states[t - 1] if t else play.rules[0].init(play.start)
    expected = {
        "x": trace.x[t],
        "g": trace.gradient[max(t - 1, 0)],
        **{n: state[n] for n in play.record()["runs"][0]["letters"]},
        "": trace.x[t] - trace.x[max(t - 1, 0)],
    }
    table = reader.table()
    assert table.keys() == expected.keys()
    for letter, values in expected.items():
        np.testing.assert_allclose(
            table[letter], np.broadcast_to(values, d), rtol=6e-4, atol=1e-300, err_msg=letter
        )


def test_only_of_the_books_rules_letters_have_names(read):
    def heads(reader):
        return [text.strip() for text in reader.element.locator("tbody th").all_inner_texts()]

    reader = read("rule")
    assert heads(reader) == ["x point", "g gradient", "mean_so_far", "k", "step"]
    reader.element.get_by_role("radio", name="Adam").check()
    adams = ["x point", "g gradient", "m mean gradient", "s squared gradients"]
    assert heads(reader) == [*adams, "step"]
    assert heads(read("noise")) == [*adams, "P", "step"]  # Nadam's product, one number


MARK = """(() => {
  const f = e.surfaceFrame, seen = [], type = CanvasRenderingContext2D.prototype, { arc } = type;
  type.arc = function (x, y, r) { seen.push([x, y, r]); return arc.apply(this, arguments); };
  e.paint();
  type.arc = arc;
  const [marks, rings] = [6, 8].map((size) => seen.filter(([, , r]) => r === size));
  return [[f.x0, f.x1, f.y0, f.y1, f.left, f.top, f.w, f.h], marks, rings];
})()"""


@pytest.mark.parametrize("t", [0, 2, 20])
@pytest.mark.parametrize("name", ["surface, one coordinate", "rule"])
def test_a_step_moves_the_mark_to_the_recorded_point(read, name, t):
    reader, (trace, *_) = read(name), PLAYGROUNDS[name].traces
    marker = "e.items[0].look.mark = 'o'"  # a circle, whose middle can be heard of
    reader.ask(f"({marker}, e.step(() => {t}))")
    (x0, x1, y0, y1, left, top, w, h), marks, rings = reader.ask(MARK)
    for [(px, py, _)], i in ((marks, t), (rings, 0)):  # the ring is the start
        point = np.atleast_1d(trace.x[i])
        across, up = point[0], point[1] if len(point) == 2 else trace.value[i]
        assert (px - left) / w == pytest.approx((across - x0) / (x1 - x0), abs=1e-9)
        assert 1 - (py - top) / h == pytest.approx((up - y0) / (y1 - y0), abs=1e-9)
    sync_api.expect(reader.element.locator(".counter")).to_contain_text(f"step {t} of ")


def test_a_surface_between_the_points_of_its_grid(read):
    reader, rng = read("surface"), np.random.default_rng(0)
    points = rng.uniform(*np.transpose(MINE.domain), (50, 2))
    found = reader.ask(f"{points.tolist()}.map((x) => e.surface.value(x))")
    values = MINE(points)
    assert np.abs(found - values).max() < 2e-3 * np.ptp(values)
    corners = [[a, b] for a in MINE.domain[0] for b in MINE.domain[1]]
    found = reader.ask(f"{corners}.map((x) => e.surface.value(x))")
    np.testing.assert_allclose(found, MINE(np.array(corners)), rtol=1e-5)
    # The picture is the domain: nothing is known beside it.
    f = reader.ask("[e.surfaceFrame.x0, e.surfaceFrame.x1, e.surfaceFrame.y0, e.surfaceFrame.y1]")
    assert f == [*MINE.domain[0], *MINE.domain[1]]


def test_nothing_is_offered_that_cannot_work(read):
    reader = read("rule")
    controls = reader.element.locator("button, input, select, summary").locator("visible=true")
    names = [
        control.evaluate("(n) => n.getAttribute('aria-label') ?? n.closest('label, button')"
                         ".textContent.trim().split(' ')[0]")
        for control in controls.all()
    ]  # fmt: skip
    assert names == [
        *("Paths", "Race", "Reset to the setting of this figure"),
        *("To the start", "−1: one step back", "Play", "+1: one step forward", "To the end"),
        *("Step", "Signum", "SGD", "Adam"),
    ]
    words = reader.element.get_by_text("Computed in Python beforehand: Signum")
    sync_api.expect(words).to_be_visible()
    # Nor does a click on the picture start elsewhere, or a setting from a script do anything.
    before = reader.trajectory()
    reader.element.locator(".left canvas").click(position={"x": 200, "y": 80})
    np.testing.assert_array_equal(reader.trajectory(), before)
    reader.set("surface=beale")
    sync_api.expect(reader.element.get_by_role("alert")).to_contain_text("change the numbers in")
    assert reader.ask("[e.setting, e.surface.key]") == ["", "bowl"]
    reader.element.get_by_role("button", name="Reset").click()
    sync_api.expect(reader.element.get_by_role("alert")).to_have_text("")


def test_time_goes_by_keys_slider_loss_and_play(read):
    reader = read("surface")
    press = reader.page.keyboard.press
    reader.element.locator(".stage").focus()
    for key, step in (("ArrowLeft", 59), (",", 58), (".", 59), ("Home", 0), ("End", 60)):
        press(key)
        assert reader.ask("e.now.step") == step
    reader.element.get_by_label("Step", exact=True).focus()
    press("ArrowLeft")
    assert reader.ask("e.now.step") == 59
    box = reader.element.locator(".right canvas").bounding_box()
    reader.page.mouse.click(box["x"] + reader.ask("e.lossFrame.px(7)"), box["y"] + 60)
    assert reader.ask("e.now.step") == 7
    reader.element.get_by_role("button", name="Play").click()
    at_end = "document.querySelector('optimizer-recording').now.step === 60"
    reader.page.wait_for_function(at_end, timeout=30_000)
    trace = PLAYGROUNDS["surface"].traces[0]
    said = reader.element.locator(".unseen")
    sync_api.expect(said).to_contain_text(f"Step 60: Adam f = −{-trace.value[-1]:.3g}")


def test_with_reduced_motion_play_shows_the_end_at_once(read):
    reader = read("rule, one coordinate", reduced_motion="reduce")
    assert reader.ask("e.now.step") == 3
    reader.element.get_by_role("button", name="Play").click()
    assert reader.ask("[e.now.step, Boolean(e.playing)]") == [7, False]


def test_a_race_says_who_arrives_or_what_it_needs_for_that(read):
    reader = read("diverging")  # a race from the start
    legend = reader.element.locator(".legend")
    sync_api.expect(legend).to_contain_text("Give the surface its minimizers")
    assert reader.element.locator(".right canvas").is_hidden()
    reader = read("rule")
    reader.element.get_by_role("button", name="Race").click()
    sync_api.expect(reader.element.locator(".legend li").first).to_contain_text("Adam: step ")


def test_runs_that_are_lost_say_so(read):
    reader = read("diverging")
    lost = [trace.diverged_at for trace in PLAYGROUNDS["diverging"].traces if trace.diverged_at]
    words = reader.element.locator(".result.lost").all_inner_texts()
    assert [text.split(", ")[1] for text in words] == [f"diverged at step {t}" for t in lost]


LOOKS = ["rule", "surface, one coordinate", "diverging", "schedule", "long names"]


@pytest.mark.parametrize("name", LOOKS)
@pytest.mark.parametrize("theme", ["light", "dark", "forced"])
def test_no_barriers(read, name, theme):
    reader = read(name, **({"forced_colors": "active"} if theme == "forced" else {}))
    assert reader.barriers(theme) == []


@pytest.mark.parametrize("name", LOOKS)
def test_it_fits_from_320_pixels_on(read, name):
    reader = read(name)
    for width in (320, 390, 620, 1280):
        reader.page.set_viewport_size({"width": width, "height": 900})
        reader.page.wait_for_timeout(60)
        assert reader.page.evaluate("document.documentElement.scrollWidth") <= width
    reader = read(name, viewport=PHONE, has_touch=True, is_mobile=True, device_scale_factor=3)
    width, box = reader.ask("[e.left.canvas.width, e.left.canvas.clientWidth]")
    assert width == 3 * box


TEXTS = """(() => {
  const type = CanvasRenderingContext2D.prototype, { fillText } = type, seen = [];
  type.fillText = function (text, x, y) {
    seen.push([text, x + this.measureText(text).width / 2, e.left.canvas.clientWidth / e.unit]);
    return fillText.apply(this, arguments);
  };
  e.kept.clear();
  e.paint();
  type.fillText = fillText;
  return seen;
})()"""


def test_no_arrow_is_drawn_for_letters_that_the_book_does_not_know(read):
    reader = read("letters")
    arrows = {"−g", "step", "v", "−m"}
    assert {text for text, *_ in reader.ask(TEXTS)} & arrows == {"−g", "step"}
    reader.element.get_by_role("radio", name="Adam").check()
    assert {text for text, *_ in reader.ask(TEXTS)} & arrows == {"−g", "step", "−m"}


def test_ticks_differ_and_stay_in_the_picture(read):
    ticks = [tick for tick in read("long names").ask(TEXTS) if re.fullmatch(r"[12]\d{3}", tick[0])]
    assert [text for text, *_ in ticks] == ["1990", "2000", "2010", "2020", "2030"]
    assert max(right - width for _, right, width in ticks) <= 0
    ((labels,),) = evaluate(
        program("return [along(2001, 2009, ticks(2001, 2009, 5)).map(([, text]) => text)];")
    )
    assert labels == ["2002", "2004", "2006", "2008"]


def test_the_picture_stands_in_its_place_in_print_and_without_javascript(read):
    reader = read("rule")
    picture, stage = reader.page.locator("img"), reader.element.locator(".stage")
    assert (picture.is_visible(), stage.is_visible()) == (False, True)
    reader.page.emulate_media(media="print")
    assert (picture.is_visible(), stage.is_visible()) == (True, False)
    assert read("rule", java_script_enabled=False).page.locator("img").is_visible()


@pytest.mark.parametrize("order", [("live", "recorded"), ("recorded", "live", "recorded")])
def test_both_kinds_stand_on_one_page_as_a_notebook_has_them(browser, tmp_path, order):
    plays = {"live": d2l.playground(d2l.bowl, d2l.SGD(0.4)), "recorded": PLAYGROUNDS["rule"]}
    outputs = [plays[kind]._repr_mimebundle_()[0]["text/html"] for kind in order]
    page_file = tmp_path / "page.html"
    page_file.write_text(f"<!doctype html><title>Page</title>{''.join(outputs)}", "utf-8")
    page, errors = browser.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(page_file.as_uri())
    found = page.evaluate(
        """[...document.querySelectorAll("optimizer-playground, optimizer-recording")]
           .map((e) => [e.tagName.slice(10).toLowerCase(), e.trajectory(0).x.at(-1)])"""
    )
    page.close()
    assert errors == []
    ends = {"live": plays["live"].run(d2l.SGD(0.4)), "recorded": PLAYGROUNDS["rule"].traces[0]}
    tags = {"live": "playground", "recorded": "recording"}
    assert [tag for tag, _ in found] == [tags[kind] for kind in order]
    for kind, (_, end) in zip(order, found, strict=True):
        np.testing.assert_allclose(end, ends[kind].x[-1], rtol=1e-12)
