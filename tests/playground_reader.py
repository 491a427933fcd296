"""Someone who reads a page with a playground in Chromium: drags, types, asks and looks."""

import html
import json
from pathlib import Path
from typing import Any

import numpy as np

from chapters import ROOT

PHONE = {"width": 390, "height": 844}
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
PICTURE = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


class Reader:
    """Someone with a page open on which there is one playground: its setting, or its record."""

    def __init__(
        self, browser: Any, folder: Path, given: str, kind: str = "playground", **context: Any
    ) -> None:
        attribute = "linked setting" if kind == "playground" else "record"
        page = folder / "page.html"
        page.write_text(
            f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Page</title>
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <style>
              html[data-theme="dark"] {{ background: #14181e; color: #e0e0e0 }}
              a {{ color: inherit }}
              body {{ margin: 0 auto; max-width: 46rem; padding: 0 8px }} figure {{ margin: 0 }}
            </style></head><body><main><h1>A page</h1>
            <p><a id="edge" href="#fig?SGD(learning_rate=1.9/L)">1.9/L</a>
            <a id="wrong" href="#fig?SGD(learning_rate=0.1,rho=0.5)">wrong</a>
            <a id="other" href="#end">the end</a></p>
            <script src="{kind}.js"></script>
            <figure id="fig"><optimizer-{kind} {attribute}="{html.escape(given)}">
              <img src="{PICTURE}" alt="The computed figure."></optimizer-{kind}></figure>
            <p id="end" style="margin-top: 1500px">End</p></main></body></html>""",
            "utf-8",
        )
        self.errors: list[str] = []
        self.context = browser.new_context(**{"viewport": {"width": 900, "height": 900}} | context)
        self.page = self.context.new_page()
        self.page.set_default_timeout(10_000)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda message: self.errors.append(message.text))
        self.address = page.as_uri()
        self.page.goto(self.address)
        self.element = self.page.locator(f"optimizer-{kind}")
        if context.get("java_script_enabled", True):  # wait until it is drawn
            frame = "new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))"
            self.page.evaluate(frame)

    def ask(self, expression: str) -> Any:
        """Return the value of an expression about the element `e`, once it is drawn."""
        draw = "if (e.waiting) e.paint()"
        return self.element.evaluate(f"(e) => {{ {draw}; return {expression}; }}")

    def trajectory(self, i: int = 0) -> np.ndarray:
        """Return the points of a run."""
        return np.array(self.ask(f"e.trajectory({i}).x"))

    def drag(self, handle: str, dx: float, dy: float) -> None:
        """Drag a handle by so many pixels."""
        box = self.element.locator(handle).bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + dx, y + dy, steps=5)
        self.page.mouse.up()

    def set(self, setting: str) -> None:
        """Give the element another setting."""
        self.ask(f"e.setting = {json.dumps(setting)}")

    def table(self) -> dict[str, list[float]]:
        """Return the numbers of the table, by their letters; those of the step have none."""
        rows = self.element.locator("tbody tr").all()
        texts = {row.locator("i").inner_text(): row.locator("td").all_inner_texts() for row in rows}
        return {n: [float(text.replace("−", "-")) for text in row] for n, row in texts.items()}

    def barriers(self, theme: str) -> list[tuple]:
        """Return what axe finds in a theme of the page."""
        self.page.evaluate(f"document.documentElement.dataset.theme = {json.dumps(theme)}")
        self.ask("e.shadowRoot.querySelectorAll('details').forEach((d) => (d.open = true))")
        self.page.add_script_tag(path=AXE)
        result = self.page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
        return [
            (v["id"], n["html"][:90], n["failureSummary"][-160:])
            for v in result["violations"]
            for n in v["nodes"]
        ]

    def settled(self) -> None:
        """Wait until the page's address has followed what was done."""
        self.page.wait_for_timeout(450)

    def knob(self, name: str) -> Any:
        """Return the number input of a knob."""
        return self.element.get_by_label(f"{name}, as a number")
