"""Which modules of the package a piece of code reaches, known from what it imports and names.

A chapter's outputs can change only with these: a change of another module runs it not again. What
cannot be read off the code (`getattr` on the package, a subprocess) counts as reaching everything.
"""

import ast
from functools import cached_property
from pathlib import Path

PACKAGE = "d2lmini"
# Code that is run from text, where names cannot be seen.
UNSEEN = {"exec", "subprocess", "import_module", "__import__"}


class Package:
    """The modules of a package, and where the names live that it exports."""

    def __init__(self, folder: Path) -> None:
        self.files = {file.stem: file for file in folder.glob("*.py")}

    @cached_property
    def exports(self) -> dict[str, str]:
        """Return the module of each name that `__init__` imports or fetches when it is used."""
        found = {}
        for node in self._init.body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{PACKAGE}."):
                module = node.module.removeprefix(f"{PACKAGE}.")
                found |= {(alias.asname or alias.name): module for alias in node.names}
            elif _assigns(node, "_LAZY"):
                found |= ast.literal_eval(node.value)
        return found

    @property
    def rest_of_init(self) -> str:
        """Return what `__init__` does besides naming modules, as text."""
        lists = ("_LAZY", "__all__", "_OF_D2L", "_ELSEWHERE")
        body = [
            ast.dump(node)
            for node in self._init.body
            if not isinstance(node, ast.ImportFrom) and not any(_assigns(node, n) for n in lists)
        ]
        return "\n".join(body)

    @cached_property
    def _init(self) -> ast.Module:
        init = self.files.get("__init__")
        return ast.parse(init.read_text("utf-8") if init else "")

    @cached_property
    def _next(self) -> dict[str, set[str]]:
        return {
            name: self.named(file.read_text("utf-8"))
            for name, file in self.files.items()
            if name != "__init__"
        }

    def named(self, code: str) -> set[str]:
        """Return the modules that code imports, or of which it uses a name."""
        try:
            nodes = list(ast.walk(ast.parse(code)))
        except SyntaxError:  # IPython's own syntax
            return set(self.files) - {"__init__"}
        seen = {node.id for node in nodes if isinstance(node, ast.Name)}
        found, aliases = set(), set()
        for node in nodes:
            if isinstance(node, ast.Import):
                seen |= {alias.name for alias in node.names}
                for alias in node.names:
                    package, _, module = alias.name.partition(".")
                    if package == PACKAGE:
                        found |= {module} if module else set()
                        aliases |= {alias.asname or package} if not module else {package}
            elif isinstance(node, ast.ImportFrom) and node.module == PACKAGE:
                found |= {self._home(alias.name) for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                seen.add(node.module)
                package, _, module = node.module.partition(".")
                found |= {module} if package == PACKAGE else set()
        attributes = [n for n in nodes if isinstance(n, ast.Attribute) and _is(n.value, aliases)]
        bare = sum(_is(node, aliases) for node in nodes) > len(attributes)
        found |= {self._home(node.attr) for node in attributes}
        if bare or "*" in found or seen & UNSEEN:
            return set(self.files) - {"__init__"}
        return found & set(self.files)

    def _home(self, name: str) -> str:
        """Return the module of an exported name; "*" where that is unknown."""
        return name if name in self.files else self.exports.get(name, "*")

    def reached(self, code: str) -> set[str]:
        """Return the modules that code reaches, directly or by way of others."""
        found, ahead = set(), self.named(code)
        while ahead:
            found |= ahead
            ahead = set().union(*(self._next[name] for name in ahead)) - found
        return found


def _is(node: ast.AST, names: set[str]) -> bool:
    return isinstance(node, ast.Name) and node.id in names


def _assigns(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Assign) and any(_is(target, {name}) for target in node.targets)
