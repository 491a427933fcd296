"""The built pages in a browser: served and from the folder, light and dark, wide and phone.

Every check is a function of a page that returns complaints; the tests at the end show that each one
can fail.
"""

import functools
import io
import re
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from chapters import ROOT, all_chapters, files_of_toc

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

NAMES = [*files_of_toc(yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))), "genindex"]
CHAPTERS = {chapter.name.removesuffix(".md"): chapter for chapter in all_chapters()}
PDF = "optimizers-by-hand.pdf"
WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}

# What a page has done since it began to load, gathered inside it.
WATCH = """
window.shifts = [];
new PerformanceObserver((list) => list.getEntries().forEach((e) => {
  if (!e.hadRecentInput) window.shifts.push(e);
})).observe({ type: "layout-shift", buffered: true });
"""


class Visit:
    """A page in a window of its own; it notes errors, and stops what would leave the site."""

    def __init__(self, browser: Any, address: str, **settings: Any) -> None:
        self.errors: list[str] = []
        self.context = browser.new_context(**{"viewport": WIDE} | settings)
        self.context.route(re.compile(r"^(?!file:|data:|blob:|http://127\.0\.0\.1:)"), self.stop)
        self.context.add_init_script(WATCH)
        self.page = self.context.new_page()
        self.page.on("console", self.listen)
        self.page.on("pageerror", lambda error: self.errors.append(f"error: {error}"))
        self.page.on("requestfailed", self.miss)
        if address:
            self.page.goto(address)

    def stop(self, route: Any) -> None:
        """Refuse a request to another host."""
        self.errors.append(f"left the site: {route.request.url}")
        route.abort()

    def miss(self, request: Any) -> None:
        """Note what could not be loaded, other than because the reader left the page."""
        if request.failure != "net::ERR_ABORTED":
            self.errors.append(f"failed: {request.url}")

    def listen(self, message: Any) -> None:
        """Note what the console calls an error or a warning."""
        if message.type in ("error", "warning"):
            self.errors.append(f"{message.type}: {message.text}")


# --- Checks ----------------------------------------------------------------------------------


def bad_mathematics(page: Any, formulas: int) -> Iterator[str]:
    """Every formula of the source is typeset; no LaTeX and no markup is left in the text."""
    if (typeset := page.locator("article .katex").count()) < formulas:
        yield f"{typeset} formulas are typeset, but the source has {formulas}"
    for error in page.locator(".katex-error").all_text_contents():
        yield f"KaTeX cannot read {error}"
    text = page.evaluate(
        """() => {
          const copy = document.querySelector("article, main").cloneNode(true);
          copy.querySelectorAll(".katex, pre, code, script").forEach((e) => e.replaceWith("…"));
          return copy.textContent;
        }"""
    )
    for match in re.finditer(r"\$|\\[a-zA-Z(\[]|\{[a-z:-]+\}`|```", text):
        yield f"raw text: {text[max(0, match.start() - 30) : match.end() + 30]!r}"


def bad_pictures(page: Any) -> Iterator[str]:
    """Every picture is there and has an alternative text."""
    pictures = page.locator("article img")
    for picture in pictures.all():
        # The one of a playground is for print.
        if not picture.evaluate("(e) => e.parentElement.shadowRoot"):
            picture.scroll_into_view_if_needed()
        if not picture.get_attribute("alt"):
            yield f"no alternative text: {picture.get_attribute('src')}"
        if not picture.evaluate("(e) => e.decode().then(() => e.naturalWidth, () => 0)"):
            yield f"not shown: {picture.get_attribute('src')}"


def overflow(page: Any, width: int) -> Iterator[str]:
    """At this width nothing sticks out of the page."""
    page.set_viewport_size({"width": width, "height": 800})
    if extra := page.evaluate("document.documentElement.scrollWidth - innerWidth"):
        wide = page.evaluate(
            """() => [...document.querySelectorAll("article *")]
              .filter((e) => e.getBoundingClientRect().right > innerWidth + 1
                && !e.closest(".katex-display, pre, .pst-scrollable-table-container"))
              .map((e) => `${e.className} ${e.textContent.slice(0, 40)}`).slice(0, 5)"""
        )
        yield f"at {width} px the page is {extra} px too wide: {wide}"


def layout_shift(page: Any) -> float:
    """Return how much of what is in sight has moved about since the page began to load."""
    page.wait_for_load_state("networkidle")
    return page.evaluate("window.shifts.reduce((sum, e) => sum + e.value, 0)")


def load_axe(page: Any) -> None:
    """Give a page the accessibility checker."""
    page.add_script_tag(path=ROOT / "node_modules" / "axe-core" / "axe.min.js")


def barriers(page: Any) -> Iterator[str]:
    """No serious or critical violation of any rule of axe; none is left out."""
    result = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    for violation in result["violations"]:
        if violation["impact"] in ("serious", "critical"):
            for node in violation["nodes"][:5]:
                yield f"{violation['id']}: {node['html'][:150]} {node['failureSummary']}"


def set_theme(page: Any, scheme: str) -> None:
    """Change the reader's preference, and wait until the page follows."""
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function("(s) => document.documentElement.dataset.theme === s", arg=scheme)


def brightness(page: Any, selector: str) -> tuple[int, int, int]:
    """Return the darkest, the most frequent and the lightest gray of an element on the screen."""
    picture = Image.open(io.BytesIO(page.locator(selector).first.screenshot())).convert("L")
    counts = picture.histogram()
    seen = [gray for gray, count in enumerate(counts) if count]
    return seen[0], counts.index(max(counts)), seen[-1]


def none(complaints: Iterator[str] | list[str]) -> None:
    """Fail with all complaints, if there is one."""
    found = list(complaints)
    assert not found, "\n" + "\n".join(found)


# --- The book --------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def server(website: Path) -> Iterator[str]:
    """Serve the website on this machine."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=website)) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


@pytest.fixture
def visit(browser: Any, server: str, website: Path) -> Iterator[Callable[..., Visit]]:
    """Open pages of the book; in the end none of them may have had an error."""
    visits = []

    def open_page(name: str, from_folder: bool = False, **settings: Any) -> Visit:
        place = website.as_uri() if from_folder else server
        visits.append(Visit(browser, f"{place}/{name}.html", **settings))
        return visits[-1]

    yield open_page
    for each in visits:
        each.context.close()
    none([error for each in visits for error in each.errors])


@pytest.fixture
def blank(browser: Any) -> Iterator[Visit]:
    """Open an empty page, for wrong samples."""
    visit = Visit(browser, "")
    yield visit
    visit.context.close()


@pytest.mark.parametrize("name", NAMES)
def test_page_on_a_server(name: str, visit: Callable):
    page = visit(name).page
    assert layout_shift(page) <= 0.05
    none(bad_pictures(page))
    none(overflow(page, 400))
    none(overflow(page, 320))


@pytest.mark.parametrize("name", [*NAMES, "search"])
def test_page_in_a_folder(name: str, visit: Callable):
    page = visit(name, from_folder=True).page
    none(bad_mathematics(page, len(CHAPTERS[name].math) if name in CHAPTERS else 0))
    none(bad_pictures(page))
    expect(page.locator("article h1, .bd-search-container h1").first).to_be_visible()


# Axe needs seconds for the thousands of elements that formulas are built from. In most pages each
# becomes one box, with its color, its width and, where it is part of a name, its text; one page is
# checked as it is.
ONE_BOX = """document.querySelectorAll(".katex").forEach((e) => {
  const box = e.querySelector(".katex-html");
  const width = e.closest(".katex-display") ? box.getBoundingClientRect().width : 0;
  box.innerHTML = `<span style="display: inline-block; min-width: ${width}px">x + y</span>`;
  if (!e.closest("label, legend, th, a")) e.querySelector(".katex-mathml").remove();
})"""


@pytest.mark.parametrize("name", [*NAMES, "search"])
def test_page_is_accessible(name: str, visit: Callable):
    page = visit(name, reduced_motion="reduce").page  # else colors are seen while they change
    load_axe(page)
    if name != "start/notation":
        page.evaluate(ONE_BOX)
    for size in (WIDE, PHONE):
        page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            set_theme(page, scheme)
            none(barriers(page))


WITH_FIGURE = "update_rules/gradient_descent"


def test_figures_are_readable_in_both_themes(visit: Callable):
    page = visit(WITH_FIGURE).page
    figure = "article div.cell_output figure img:not(.map):visible"
    dark, ground, _ = brightness(page, figure)
    assert dark < 60 < 240 < ground
    set_theme(page, "dark")
    _, ground, light = brightness(page, figure)
    assert ground < 40 < 200 < light


def test_theme_switch(visit: Callable):
    page = visit(WITH_FIGURE).page
    seen = {page.locator("html").get_attribute("data-theme")}
    for _ in range(3):
        page.locator(".theme-switch-button:visible").press("Enter")
        seen.add(page.locator("html").get_attribute("data-theme"))
    assert seen == {"light", "dark"}
    for _ in range(3):
        page.locator(".theme-switch-button:visible").press("Enter")
        chosen = page.locator("html").get_attribute("data-mode")
        if chosen == "dark":
            break
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"  # it is remembered


def test_question_by_keyboard(visit: Callable):
    page = visit(WITH_FIGURE).page
    question = page.locator("fieldset.question").first
    options, replies = question.locator("input"), question.locator(".question-feedback > div")
    options.first.focus()
    page.keyboard.press("Space")
    for chosen in range(options.count()):
        expect(options.nth(chosen)).to_be_checked()
        expect(options.nth(chosen)).to_be_focused()
        for i in range(options.count()):
            expect(replies.nth(i)).to_be_visible(visible=i == chosen)
        page.keyboard.press("ArrowDown")
    assert {"Right.", "Not quite."} == {reply.split("  ")[0] for reply in verdicts(question)}


def verdicts(question: Any) -> list[str]:
    """Return the first words of all replies to a question."""
    return question.locator(".question-feedback strong:first-child").all_text_contents()


def test_solution_by_keyboard(visit: Callable):
    page = visit(WITH_FIGURE).page
    solution = page.locator(".solution.admonition").first
    content = solution.locator("section").first
    button = solution.get_by_role("button", name=re.compile("Show or hide: Solution to"))
    expect(content).to_be_hidden()
    button.press("Enter")
    expect(content).to_be_visible()
    expect(button).to_have_attribute("aria-expanded", "true")
    button.press("Space")
    expect(content).to_be_hidden()


def test_solution_by_mouse(visit: Callable):
    page = visit(WITH_FIGURE).page
    solution = page.locator(".solution.admonition").first
    solution.locator(".admonition-title").click(position={"x": 20, "y": 10})
    expect(solution.locator("section").first).to_be_visible()
    solution.locator(".admonition-title a").click()  # to the exercise, and no error
    expect(solution.locator("section").first).to_be_visible()
    assert "#ex-" in page.url


def test_code_of_a_figure_by_keyboard(visit: Callable):
    page = visit(WITH_FIGURE).page
    code = page.locator("details.hide").first
    expect(code.locator("pre")).to_be_hidden()
    code.locator("summary").press("Enter")
    expect(code.locator("pre")).to_be_visible()


def test_focus_can_be_seen(visit: Callable):
    page = visit(WITH_FIGURE).page
    page.locator("article a.reference").first.focus()
    page.keyboard.press("Tab")
    style = page.evaluate("getComputedStyle(document.activeElement).outline")
    assert "solid 3px" in style


def test_wide_formulas_scroll_by_themselves(visit: Callable):
    page = visit(WITH_FIGURE, viewport=PHONE).page
    wide = page.locator(".katex-display").evaluate_all(
        """(all) => all.filter((e) => !e.closest("details:not([open])"))
          .filter((e) => e.scrollWidth > e.clientWidth + 1)
          .map((e) => [e.tabIndex, e.querySelector(".katex-html").getBoundingClientRect().left
            - e.getBoundingClientRect().left])"""
    )
    assert wide
    for tab_index, start in wide:
        assert tab_index == 0
        assert start >= 0  # else the beginning is out of reach


@pytest.mark.parametrize("from_folder", [False, True])
def test_search_finds_a_chapter(visit: Callable, from_folder: bool):
    page = visit("search", from_folder).page
    page.goto(f"{page.url}?q=condition+number")
    link = page.locator("#search-results a", has_text="Gradient").first
    expect(link).to_be_visible(timeout=10_000)
    link.click()
    expect(page.locator("article h1")).to_contain_text("Gradient")


def test_paper(visit: Callable):
    page = visit(WITH_FIGURE, color_scheme="dark").page
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    expect(page.locator(".solution section").first).to_be_visible()
    for hidden in (".bd-sidebar-primary", ".bd-header-article", "details.hide", ".toggle-button"):
        expect(page.locator(hidden).first).to_be_hidden()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator(".solution section").first).to_be_hidden()


def test_reduced_motion(visit: Callable):
    page = visit(WITH_FIGURE, reduced_motion="reduce").page
    moving = page.evaluate(
        """() => [...document.querySelectorAll("*")].map((e) => getComputedStyle(e))
          .filter((s) => parseFloat(s.transitionDuration) || s.animationName !== "none").length"""
    )
    assert moving == 0


def test_downloads(visit: Callable, website: Path):
    page = visit(WITH_FIGURE).page
    page.locator(".dropdown-download-buttons > button").press("Enter")
    link = page.locator(".dropdown-download-buttons a[href$='.ipynb']")
    expect(link).to_be_visible()
    assert ((website / WITH_FIGURE).parent / link.get_attribute("href")).resolve().is_file()
    link = page.locator(f".dropdown-download-buttons a[href$='{PDF}']")
    expect(link).to_be_visible()
    target = ((website / WITH_FIGURE).parent / link.get_attribute("href")).resolve()
    assert target == (website / PDF).resolve()
    if not target.is_file():
        pytest.skip("The PDF has not been built: `make pdf` makes it.")


# --- The checks can fail ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        "so $x$ is",
        r"so \(x\) is",
        r"\begin{aligned}",
        "see {eq}`eq-a`",
        '<span class="katex-error">\\foo</span>',
    ],
)
def test_bad_mathematics_is_found(blank: Visit, content: str):
    blank.page.set_content(f"<article><p>{content}</p></article>")
    assert list(bad_mathematics(blank.page, 0))


def test_missing_mathematics_is_found(blank: Visit):
    blank.page.set_content('<article><p class="katex">x</p> <code>$x$ \\(</code></article>')
    assert not list(bad_mathematics(blank.page, 1))
    assert list(bad_mathematics(blank.page, 2))


def test_bad_pictures_are_found(blank: Visit):
    pixel = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="
    blank.page.set_content(f'<article><img src="{pixel}" alt="A pixel."></article>')
    assert not list(bad_pictures(blank.page))
    blank.page.set_content(f'<article><img src="{pixel}"><img src="data:," alt="A."></article>')
    assert len(list(bad_pictures(blank.page))) == 2


def test_overflow_is_found(blank: Visit):
    blank.page.set_content('<article><p style="width: 350px">a</p></article>')
    assert not list(overflow(blank.page, 400))
    assert list(overflow(blank.page, 320))


def test_layout_shift_is_found(blank: Visit, tmp_path: Path):
    file = tmp_path / "shift.html"
    file.write_text(
        """<p id="a">text</p><div style="height: 500px; background: red">box</div><script>
        setTimeout(() => { document.getElementById("a").style.height = "300px"; }, 100);
        setTimeout(() => { document.title = "moved"; }, 300);</script>"""
    )
    blank.page.goto(file.as_uri())
    blank.page.wait_for_function("document.title === 'moved'")
    assert layout_shift(blank.page) > 0.05


def test_barriers_are_found(blank: Visit):
    page = (
        '<html lang="en"><title>A</title><main><h1>A</h1><p style="color:{}">two words</p></main>'
    )
    blank.page.set_content(page.format("#000"))
    load_axe(blank.page)
    assert not list(barriers(blank.page))
    blank.page.set_content(page.format("#bbb"))
    load_axe(blank.page)
    assert "color-contrast" in "".join(barriers(blank.page))


@pytest.mark.parametrize(
    "script",
    [
        "console.error('a')",
        "setTimeout(() => { throw new Error('a'); })",
        "fetch('https://example.org/').catch(() => {})",
        "document.body.append(Object.assign(new Image(), { src: 'http://example.org/a.png' }))",
        "document.body.append(Object.assign(new Image(), { src: 'file:///nowhere.png' }))",
    ],
)
def test_errors_are_found(blank: Visit, script: str, tmp_path: Path):
    file = tmp_path / "error.html"
    file.write_text(f"<body><script>{script}</script></body>")
    blank.page.goto(file.as_uri())
    blank.page.wait_for_load_state("networkidle")
    assert blank.errors


def test_dark_letters_in_the_dark_are_found(blank: Visit):
    blank.page.set_content(
        '<body style="background: #16191e"><p style="color: #333">text</p></body>'
    )
    _, ground, light = brightness(blank.page, "p")
    assert ground < 40
    assert light < 200
