"""Chapter sources taken apart: cells, directives, roles, labels and prose, each with its line."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

ROOT = Path(__file__).resolve().parent.parent
# Directives whose body is not prose.
VERBATIM = {"literalinclude", "code-block", "code", "raw", "index", "bibliography", "toctree"}


@dataclass(frozen=True)
class Directive:
    """A directive; its place in `Chapter.events` says what stands before and after it."""

    name: str
    argument: str
    options: dict[str, Any]
    body: str
    line: int


@dataclass(frozen=True)
class Cell:
    """A code cell."""

    source: str
    options: dict[str, Any]
    line: int

    @property
    def tags(self) -> list[str]:
        """The tags of the cell."""
        return self.options.get("tags", [])

    def figure(self, kind: str, name: str) -> str:
        """Return an entry of the cell's figure options, such as ``figure("image", "alt")``."""
        return str(self.options.get("mystnb", {}).get(kind, {}).get(name, "")).strip()


@dataclass(repr=False)
class Chapter:
    """One source file of the book."""

    name: str
    text: str
    events: list[Directive | Cell] = field(default_factory=list)
    targets: dict[str, int] = field(default_factory=dict)
    duplicates: list[str] = field(default_factory=list)
    roles: list[tuple[str, str, int]] = field(default_factory=list)
    prose: list[tuple[str, int]] = field(default_factory=list)
    math: list[tuple[str, int]] = field(default_factory=list)

    def __repr__(self) -> str:
        return self.name

    @property
    def stem(self) -> str:
        """The chapter's name in labels and keys."""
        return Path(self.name).stem.replace("_", "-")

    @property
    def cells(self) -> list[Cell]:
        """The code cells, those in solutions included."""
        return [event for event in self.events if isinstance(event, Cell)]

    @property
    def code(self) -> str:
        """The source of all cells."""
        return "\n".join(cell.source for cell in self.cells)

    def directives(self, *names: str) -> list[Directive]:
        """Return the directives of these names, in order."""
        return [event for event in self.events if getattr(event, "name", None) in names]

    def add_target(self, label: str, line: int) -> None:
        """Note a label that the rest of the book can refer to."""
        if label in self.targets:
            self.duplicates.append(f"{self.name}:{line}: the label {label} is there already")
        self.targets[label] = line


@functools.cache
def parser() -> MarkdownIt:
    """Return the Markdown parser that the book is built with."""
    settings = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    extensions = set(settings["parse"]["myst_enable_extensions"])
    return create_md_parser(MdParserConfig(enable_extensions=extensions), RendererHTML)


def read(text: str, name: str = "update_rules/sample.md") -> Chapter:
    """Take the source of a chapter apart."""
    chapter = Chapter(name, text)
    _walk(chapter, text, 1)
    return chapter


def all_chapters(folder: Path = ROOT / "chapters") -> list[Chapter]:
    """Read every source file of the book."""
    files = sorted(folder.rglob("*.md"))
    return [read(file.read_text("utf-8"), file.relative_to(folder).as_posix()) for file in files]


def _walk(chapter: Chapter, text: str, first: int) -> None:
    line = first
    for token in parser().parse(text):
        line = first + token.map[0] if token.map else line
        if token.type in ("fence", "colon_fence") and token.info.startswith("{"):
            _directive(chapter, token, line)
        elif token.type == "myst_target":
            chapter.add_target(token.content, line)
        elif token.type.startswith("math_block"):
            chapter.math.append((token.content, line))
            if token.info:
                chapter.add_target(token.info, line)
        elif token.type == "inline":
            _inline(chapter, token, line)


def _inline(chapter: Chapter, token: Token, line: int) -> None:
    for child in token.children or []:
        if child.type in ("softbreak", "hardbreak"):
            line += 1
        elif child.type == "text":
            chapter.prose.append((child.content, line))
        elif child.type == "math_inline":
            chapter.math.append((child.content, line))
        elif child.type == "myst_role":
            chapter.roles.append((child.meta["name"], child.content, line))
        elif child.type == "image":
            chapter.events.append(
                Directive("image", child.attrs["src"], {"alt": child.content}, "", line)
            )


def _directive(chapter: Chapter, token: Token, line: int) -> None:
    name, _, argument = token.info.partition("}")
    name, argument = name[1:], argument.strip()
    options, body, skipped = _options(token.content)
    if name == "code-cell":
        cell = Cell(body, options, line)
        chapter.events.append(cell)
        # Captions are Markdown; alternative texts are taken as they are.
        _walk(chapter, cell.figure("figure", "caption"), line)
        chapter.prose.append((cell.figure("image", "alt"), line))
        if label := cell.figure("figure", "name"):
            chapter.add_target(label, line)
        return
    chapter.events.append(Directive(name, argument, options, body, line))
    for key in ("label", "name"):
        if key in options:
            chapter.add_target(str(options[key]), line)
    if name == "math":
        chapter.math.append((body, line))
    elif name not in VERBATIM:
        if not name.startswith("solution"):  # there the argument is a label
            _walk(chapter, argument, line)
        _walk(chapter, body, line + 1 + skipped)


def _options(content: str) -> tuple[dict[str, Any], str, int]:
    """Split the content of a directive into its options, its body and how many lines those took."""
    lines = content.splitlines()
    if lines and lines[0].strip() == "---":
        end = lines.index("---", 1)
        return yaml.safe_load("\n".join(lines[1:end])) or {}, "\n".join(lines[end + 1 :]), end + 1
    end = 0
    options = {}
    while end < len(lines) and lines[end].startswith(":") and ":" in lines[end][1:]:
        key, _, value = lines[end][1:].partition(":")
        options[key] = yaml.safe_load(value) if key == "tags" else value.strip()
        end += 1
    return options, "\n".join(lines[end:]), end


def files_of_toc(toc: dict[str, Any]) -> Iterator[str]:
    """Return the names, without extension, of all chapters in a table of contents."""
    for key, value in toc.items():
        if key in ("root", "file"):
            yield value
        elif isinstance(value, list):
            for entry in value:
                yield from files_of_toc(entry)
