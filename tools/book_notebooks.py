"""A Sphinx extension that writes every chapter with code as a plain Jupyter notebook.

It walks the document tree of the website, in which numbers, references and citations are text
already, writes it as the Markdown that Jupyter itself understands, and puts the cells of the
chapter, with their outputs from the execution cache, in their places. Above them stands a cell
that installs the package where it is missing. The notebooks lie in ``notebooks/`` beside the
website, and each is offered by its page's download button.
"""

from __future__ import annotations

import base64
import html
import posixpath
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import nbformat
from book_files import SERVED, WHEEL
from book_question import letters, question
from docutils import nodes
from jupyter_cache import get_cache
from myst_nb.core.read import create_nb_reader
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx_design.dropdown import dropdown_main
from sphinx_exercise.nodes import is_exercise_node, is_solution_node
from sphinx_proof.nodes import NODE_TYPES, proof_node, unenumerable_node
from sphinxcontrib.bibtex.transforms import BibliographyTransform, node_text_transform

import d2lmini
from d2lmini.playground import from_setting

logger = logging.getLogger(__name__)
THEOREMS = (*NODE_TYPES.values(), unenumerable_node)
SILENT = (nodes.raw, nodes.comment, nodes.target, nodes.system_message, addnodes.index)
INLINE_TAGS = {"emphasis": "*", "title_reference": "*", "strong": "**"}
# The kinds of images, the one that every Jupyter shows first.
IMAGES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".svg": "image/svg+xml",
    ".pdf": "application/pdf",
}
DISPLAY = re.compile(r"^( *)\$\$\n(.*?)\n *\$\$$", re.DOTALL | re.MULTILINE)
Frame = Callable[[str], str]

LICENSES = (
    "Text and figures: © %s, [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/);"
    " code: MIT License."
)
# The first cell with code. What pip is asked for leaves alone what fits, as on Colab.
INSTALL = """\
# The code below needs the package of the book, d2lmini. Where it is missing, this installs it.
import importlib.util
from pathlib import Path

wheel, website = "{wheel}", "{website}"
if importlib.util.find_spec("d2lmini") is None:
    beside = Path(wheel).resolve()
    source = beside.as_uri() if beside.exists() else website and f"{{website}}/{{wheel}}"
    if source:
        print(f"Installing d2lmini from {{source}}; if TensorFlow is missing, a few minutes.")
        %pip install --quiet "d2lmini[keras,airfoil] @ {{source}}"
        importlib.invalidate_caches()
    if importlib.util.find_spec("d2lmini") is None:
        raise ModuleNotFoundError(
            f"d2lmini is not installed{{', for pip failed: see above' if source else ''}}. Put the"
            f" file {{wheel}} beside this notebook, and run this cell again: the book's website has"
            " it on the page 'How to use this book', and the folder of all notebooks holds it."
        )
    print("d2lmini is installed.")
"""
MOVES = "*Run the cell: the picture then becomes the playground.*"


def is_cell(node: nodes.Node) -> bool:
    """Say whether a node is a code cell with its outputs."""
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def is_chapter(app: Sphinx, page: str) -> bool:
    """Say whether a page has cells, and so becomes a notebook."""
    return "kernelspec" in app.env.metadata[page]


def indent(text: str, by: str, first: str = "") -> str:
    """Indent every line that is not empty, and the first line by something else."""
    lines = [by + line if line else line for line in text.split("\n")]
    lines[0] = (first or by) + text.split("\n", 1)[0]
    return "\n".join(lines)


def quote(text: str) -> str:
    """Quote Markdown; a formula goes on one line, or Jupyter would take the marks for its own."""
    text = DISPLAY.sub(lambda m: f"{m[1]}$$ {' '.join(m[2].split())} $$", text)
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def details(summary: str, text: str) -> str:
    """Fold text away."""
    return f"<details>\n<summary>{summary}</summary>\n\n{text}\n\n</details>"


def call(begins: str, setting: str) -> str:
    """Return the call in Python of a playground that begins with one setting and gets another.

    What the second leaves out stays as it is, as in the element: but for the step, the selected
    rule and, on another surface, the start.
    """

    def parts(text: str) -> tuple[dict[str, str], list[str]]:
        each = [part.strip() for part in text.split("&")]
        given = dict(part.split("=", 1) for part in each if part and "(" not in part)
        return given, [part for part in each if "(" in part]

    (before, old_rules), (given, rules) = parts(begins), parts(setting)
    gone = {"step", "select"} | ({"from"} if given.get("surface") else set())
    kept = {key: value for key, value in before.items() if key not in gone} | given
    if kept.get("view") != "map":
        kept.pop("axes", None)
    rules = rules or old_rules
    made = from_setting("&".join([*(f"{key}={value}" for key, value in kept.items()), *rules]))
    names = {"from": "start", "surface": None}
    arguments = [f"d2l.{kept.get('surface', 'bowl')}", *(f'"{rule}"' for rule in rules)]
    for key in kept:
        if name := names.get(key, key):
            value = made.start.tolist() if key == "from" else getattr(made, name)
            arguments.append(f"{name}={value!r}".replace("'", '"'))
    line = f"d2l.playground({', '.join(arguments)})"
    if len(line) <= 88:
        return line
    return "d2l.playground(\n" + "".join(f"    {argument},\n" for argument in arguments) + ")"


class Chapter:
    """The writer of one notebook."""

    def __init__(self, app: Sphinx, page: str):
        self.app, self.env, self.page = app, app.env, page
        self.cells: list[nbformat.NotebookNode] = []
        self.attachments: dict[str, dict[str, str]] = {}
        self.footnotes: list[str] = []
        self.settings: list[str] = []  # calls that set playgrounds, for the end of a block
        self.level = 0
        self.in_table = False
        self.executed = self.read_cells()

    def read_cells(self) -> list[nbformat.NotebookNode]:
        """Read the cells of the source, and their outputs from the cache."""
        path = self.env.doc2path(self.page)
        source = Path(path).read_text("utf-8")
        config = self.env.mystnb_config
        notebook = create_nb_reader(path, self.env.myst_config, config, source).read(source)
        with suppress(KeyError):  # a chapter that failed is not there; the build says so itself
            _, notebook = get_cache(config.execution_cache_path).merge_match_into_notebook(notebook)
        return notebook.cells

    # --- Cells ------------------------------------------------------------------------------------

    def markdown(self, text: str) -> None:
        """Add a Markdown cell."""
        cell = nbformat.v4.new_markdown_cell(text)
        if self.attachments:
            cell["attachments"], self.attachments = self.attachments, {}
        self.cells.append(cell)

    def code(self, node: nodes.container, folded: bool) -> list[str]:
        """Add a code cell; return what stands below it: the captions of its figures."""
        source = self.executed[node["cell_index"]]
        tags = source.metadata.get("tags", [])
        cell = nbformat.v4.new_code_cell(source.source)
        if folded or {"hide-input", "check"} & {*tags}:
            cell.metadata["jupyter"] = {"source_hidden": True}
        if folded:
            cell.metadata["jupyter"]["outputs_hidden"] = True
        if "raises-exception" in tags:
            cell.metadata["tags"] = ["raises-exception"]
        alts = [image.get("alt", "") for image in node.findall(nodes.image)]
        cell.outputs = [self.clean(output, alts) for output in source.outputs if self.shown(output)]
        self.cells.append(cell)
        below = [self.caption(figure) for figure in node.findall(nodes.figure)]
        if any("<optimizer-" in o.get("data", {}).get("text/html", "") for o in source.outputs):
            below.append(MOVES)
        return below

    def shown(self, output: nbformat.NotebookNode) -> bool:
        """Say whether the website shows an output."""
        return output.get("name") != "stderr" or self.app.config.nb_output_stderr == "show"

    def clean(self, output: nbformat.NotebookNode, alts: list[str]) -> nbformat.NotebookNode:
        """Keep of an output what every Jupyter shows, and nothing about this machine."""
        output = nbformat.from_dict(output)
        output.pop("execution_count", None)
        if output.output_type == "error":
            here = f"{self.env.srcdir.parent}/"
            output.traceback = [line.replace(here, "") for line in output.traceback]
        if "image/png" in output.get("data", {}):
            for kind in ("image/svg+xml", "application/pdf", "text/html"):
                output.data.pop(kind, None)
            # A figure with a transparent ground is drawn for a light one, also in a dark theme.
            output.metadata["needs_background"] = "light"
            if alts:
                output.metadata.setdefault("image/png", {})["alt"] = alts.pop(0)
        return output

    # --- Structure --------------------------------------------------------------------------------

    def walk(self, children: Iterable[nodes.Node], frame: Frame | None = None) -> None:
        """Write nodes as cells; a frame is drawn around all text between them."""
        text: list[str] = []

        def close() -> None:
            if joined := self.join(text):
                self.markdown(frame(joined) if frame else joined)
            text.clear()

        for node in children:
            if isinstance(node, nodes.section):
                close()
                self.level += 1
                self.walk(node.children)
                self.level -= 1
            elif is_cell(node):
                close()
                text += self.code(node, folded=frame is not None)
            elif next(node.findall(is_cell), None):
                close()
                title, body = self.box(node)
                self.walk(body, self.continued(title))
            else:
                text.append(self.block(node))
            text.append(self.asked())
        close()

    def asked(self) -> str:
        """Write how to set the playgrounds that the last block speaks of."""
        calls, self.settings = self.settings, []
        if not calls:
            return ""
        fence = "```python\n" + "\n\n".join(calls) + "\n```"
        how = "On the website these words are links. Here, put a call into a new cell:"
        return details("To see it here", f"{how}\n\n{fence}")

    @staticmethod
    def continued(title: str) -> Frame:
        """Return a frame for the pieces of a solution between its cells."""
        titles = iter([title])
        return lambda text: details(next(titles, f"{title}, continued"), text)

    @staticmethod
    def join(blocks: Iterable[str]) -> str:
        """Put blocks below one another."""
        return "\n\n".join(filter(None, blocks))

    def blocks(self, children: Iterable[nodes.Node]) -> str:
        """Write nodes below one another."""
        return self.join(map(self.block, children))

    # --- Blocks -----------------------------------------------------------------------------------

    def block(self, node: nodes.Node) -> str:
        """Write one block."""
        if isinstance(node, SILENT):
            return ""
        if isinstance(node, question):
            return self.question(node)
        if isinstance(node, (*THEOREMS, proof_node, nodes.Admonition)):
            return self.admonition(node)
        if isinstance(node, dropdown_main):
            return details(self.plain(node[0]), self.blocks(node[1].children))
        writer = getattr(self, f"block_{node.tagname}", None)
        if not writer:
            logger.warning("A notebook cannot show '%s' yet.", node.tagname, location=node)
            return ""
        return writer(node)

    def block_paragraph(self, node: nodes.Element) -> str:
        """Write a paragraph on one line."""
        text = self.inline(node).strip()
        return re.sub(r"^(\d*)(?=[-+#>.)] )", r"\1\\", text)  # else it might begin a list

    block_compact_paragraph = block_paragraph

    def block_title(self, node: nodes.title) -> str:
        """Write the heading of a section, with its number."""
        numbers = self.app.builder.secnumbers
        anchor = "" if self.level == 1 else f"#{node.parent['ids'][0]}"
        number = ".".join(map(str, numbers.get(anchor) or ()))
        return f"{'#' * self.level} {number + '. ' if number else ''}{self.inline(node)}"

    def block_rubric(self, node: nodes.rubric) -> str:
        """Write a heading that no contents list."""
        return f"**{self.inline(node)}**"

    def block_container(self, node: nodes.Element) -> str:
        """Write what a container contains; one with a caption is a listing."""
        first, *rest = node.children or [nodes.Text("")]
        if isinstance(first, nodes.caption):
            return self.join([self.blocks(rest), self.numbered(node, "code-block", first)])
        return self.blocks(node.children)

    def block_compound(self, node: nodes.Element) -> str:
        """Write a compound; a contents list needs the website."""
        return "" if "toctree-wrapper" in node["classes"] else self.blocks(node.children)

    def block_block_quote(self, node: nodes.Element) -> str:
        """Write a quotation."""
        return quote(self.blocks(node.children))

    def block_attribution(self, node: nodes.Element) -> str:
        """Write whose words a quotation has."""
        return f"— {self.inline(node)}"

    def block_transition(self, node: nodes.Element) -> str:
        """Write a rule."""
        return "---"

    def block_bullet_list(self, node: nodes.Element) -> str:
        """Write a list of points."""
        return self.list_items(node, ["- "] * len(node))

    def block_enumerated_list(self, node: nodes.Element) -> str:
        """Write a numbered list."""
        start = node.get("start", 1)
        return self.list_items(node, [f"{start + n}. " for n in range(len(node))])

    def list_items(self, node: nodes.Element, marks: list[str]) -> str:
        """Write the items of a list, tightly if each is one paragraph."""
        items = [
            indent(self.blocks(item.children), " " * len(mark), mark)
            for mark, item in zip(marks, node.children, strict=True)
        ]
        return ("\n\n" if any("\n\n" in item for item in items) else "\n").join(items)

    def block_definition_list(self, node: nodes.Element) -> str:
        """Write terms in bold above what they mean."""
        return self.blocks(node.children)

    def block_definition_list_item(self, node: nodes.Element) -> str:
        """Write one term and what it means."""
        term, *_, definition = node.children
        return indent(f"**{self.inline(term)}**\n\n{self.blocks(definition.children)}", "  ", "- ")

    def block_math_block(self, node: nodes.math_block) -> str:
        """Write a displayed formula, and its number as a tag."""
        latex = "\n".join(line for line in node.astext().strip().split("\n") if line.strip())
        numbers = self.app.builder.fignumbers.get("displaymath", {})
        number = next((numbers[i] for i in node["ids"] if i in numbers), None)
        tag = rf" \tag{{{'.'.join(map(str, number))}}}" if number else ""
        return f"$$\n{latex}{tag}\n$$"

    def block_literal_block(self, node: nodes.literal_block) -> str:
        """Write a listing."""
        language = node.get("language", "default")
        if language == "default":  # of an included file
            language = "python" if node.get("source", "").endswith(".py") else ""
        text = node.astext().rstrip()
        fence = max(["```", *(f"{run}`" for run in re.findall("`{3,}", text))], key=len)
        return f"{fence}{language}\n{text}\n{fence}"

    def block_image(self, node: nodes.image) -> str:
        """Write an image, and attach its file to the cell."""
        files = [Path(self.env.srcdir, name) for name in node["candidates"].values()]
        path = min(files, key=lambda file: list(IMAGES).index(file.suffix))
        data = base64.b64encode(path.read_bytes()).decode()
        self.attachments[path.name] = {IMAGES[path.suffix]: data}
        alt = re.sub(r"([][])", r"\\\1", " ".join(node.get("alt", "").split()))
        return f"![{alt}](attachment:{path.name})"

    def block_figure(self, node: nodes.figure) -> str:
        """Write a figure above its caption."""
        images = [self.block_image(image) for image in node.findall(nodes.image)]
        legend = [child for child in node.children if isinstance(child, nodes.legend)]
        return self.join([*images, self.caption(node), *(self.blocks(x.children) for x in legend)])

    def caption(self, node: nodes.figure) -> str:
        """Write the number and the caption of a figure."""
        captions = [child for child in node.children if isinstance(child, nodes.caption)]
        return self.numbered(node, "figure", captions[0]) if captions else ""

    def numbered(self, node: nodes.Element, kind: str, words: nodes.Element) -> str:
        """Write "**Fig. 2.1** Its caption"."""
        number = self.app.builder.fignumbers.get(kind, {}).get((node["ids"] or [""])[0])
        text = self.inline(words).strip()
        if not number:
            return text
        label = self.app.config.numfig_format[kind] % ".".join(map(str, number))
        return f"**{label}** {text}"

    def block_table(self, node: nodes.table) -> str:
        """Write a table with pipes, below its number and caption."""
        titles = [child for child in node.children if isinstance(child, nodes.title)]
        group = next(node.findall(nodes.tgroup))
        width = group["cols"]
        self.in_table = True
        body = [[self.entry(e) for e in row.children] for row in group.findall(nodes.row)]
        self.in_table = False
        if not next(group.findall(nodes.thead), None):
            body.insert(0, [""] * width)
        marks = {"text-left": ":--", "text-right": "--:", "text-center": ":-:"}
        first = next(group.findall(nodes.row)).children
        ruler = [next((marks[c] for c in e["classes"] if c in marks), "---") for e in first]
        rows = [body[0], ruler, *body[1:]]
        lines = [f"| {' | '.join(row)} |" for row in rows]
        return self.join([*(self.numbered(node, "table", t) for t in titles), "\n".join(lines)])

    def entry(self, node: nodes.entry) -> str:
        """Write one entry of a table."""
        if "morecols" in node or "morerows" in node:
            logger.warning("A notebook cannot join the entries of a table.", location=node)
        return "<br>".join(self.inline(child) for child in node.children)

    def block_footnote(self, node: nodes.footnote) -> str:
        """Put a footnote aside for the end."""
        label, *body = node.children
        self.footnotes.append(f"<sup>{label.astext()}</sup> {self.blocks(body)}")
        return ""

    # --- Boxes ------------------------------------------------------------------------------------

    def box(self, node: nodes.Element) -> tuple[str, list[nodes.Node]]:
        """Return the title and the contents of a box."""
        if isinstance(node, proof_node):
            return "Proof", node[0].children
        if isinstance(node, dropdown_main):
            return self.plain(node[0]), node[1].children
        title, *body = node.children
        words = self.plain(title) if is_solution_node(node) else self.inline(title)
        if isinstance(node, THEOREMS):
            words = f"{node['realtype'].title()}{self.number(node, node['countertype'])}{words}"
        elif is_exercise_node(node):
            words = f"Exercise{self.number(node, 'exercise')}{words}"
        contents: list[nodes.Node] = []
        for part in body:  # sphinx-proof and sphinx-exercise wrap theirs in a section
            contents += part.children if isinstance(part, nodes.section) else [part]
        return words, contents

    def number(self, node: nodes.Element, kind: str) -> str:
        """Return the number of a theorem or exercise, with a space before it."""
        number = self.app.builder.fignumbers.get(kind, {}).get(node["ids"][0])
        return " " + ".".join(map(str, number)) if number else ""

    def admonition(self, node: nodes.Element) -> str:
        """Write a box: quoted below its title, or folded if it is a solution or a proof."""
        title, body = self.box(node)
        text = self.blocks(body)
        if is_solution_node(node):
            return details(title, text)
        if isinstance(node, proof_node):
            return details(title, text + ("\n\n□" if text.endswith("$$") else " □"))
        return quote(f"**{title}{'' if title[-1] in '.?!' else '.'}**\n\n{text}")

    def question(self, node: question) -> str:
        """Write a question with lettered options, and its answers folded."""
        stem, *blocks = (c for c in node.children if c.tagname != "question_option")
        options = [f"- ({letter}) {self.inline(option[0])}" for letter, option in letters(node)]
        answers = [
            indent(f"({letter}) {self.blocks(option[1].children)}", "  ", "- ")
            for letter, option in letters(node)
        ]
        return self.join(
            [
                f"**Question {node['number']}.** {self.inline(stem)}",
                self.blocks(blocks),
                "\n".join(options),
                details("Answers", "\n\n".join(answers)),
            ]
        )

    # --- Inline -----------------------------------------------------------------------------------

    def inline(self, node: nodes.Node) -> str:
        """Write what stands within a line."""
        return "".join(self.span(child) for child in node.children)

    def span(self, node: nodes.Node) -> str:
        """Write one piece of a line."""
        if isinstance(node, nodes.Text):
            return self.escape(node.astext())
        if isinstance(node, nodes.math):
            return self.math(node)
        if isinstance(node, nodes.literal):
            return self.literal(node.astext())
        if isinstance(node, nodes.reference):
            return self.reference(node)
        if isinstance(node, nodes.footnote_reference):
            return f"<sup>{node.astext()}</sup>"
        if isinstance(node, (nodes.superscript, nodes.subscript)):
            tag = node.tagname[:3]
            return f"<{tag}>{self.inline(node)}</{tag}>"
        if isinstance(node, nodes.image):
            return self.block_image(node)
        if isinstance(node, SILENT):
            return ""
        if "explanation" in node:
            return f"{self.inline(node)} ({self.escape(node['explanation'])})"
        mark = INLINE_TAGS.get(node.tagname, "")
        return f"{mark}{self.inline(node)}{mark}"

    def escape(self, text: str) -> str:
        """Write words so that Markdown leaves them alone."""
        text = re.sub(r"([\\`*$]|(?<!\w)_|_(?!\w)|<(?=[\w/!]))", r"\\\1", text.replace("\n", " "))
        text = re.sub(r"&(?=#?\w+;)", "&amp;", text)
        return text.replace("|", r"\|") if self.in_table else text

    def math(self, node: nodes.math) -> str:
        """Write a formula; a bar would end the entry of a table, so there it gets its name."""
        latex = " ".join(node.astext().split())
        if self.in_table:
            latex = latex.replace(r"\|", r"\Vert ").replace("|", r"\vert ").strip()
        return f"${latex}$"

    def literal(self, text: str) -> str:
        """Write code within a line."""
        fence = max(["", *re.findall("`+", text)], key=len) + "`"
        pad = " " if "`" in text else ""
        text = text.replace("|", r"\|") if self.in_table else text
        return f"{fence}{pad}{text}{pad}{fence}"

    def reference(self, node: nodes.reference) -> str:
        """Write a link if it leads out of the book or to another notebook, else its words."""
        words, uri = self.inline(node), node.get("refuri", "")
        if "play" in node["classes"]:
            self.settings.append(f"# {' '.join(node.astext().split())}\n{self.call(uri)}")
            return words
        if "on-site" in node["classes"]:
            site = self.app.config.html_baseurl.rstrip("/")
            return f"[{words}]({site}/{node['file']})" if site else words
        if uri and not node.get("internal"):
            return f"<{uri}>" if node.astext() == uri else f"[{words}]({uri})"
        page = posixpath.normpath(posixpath.join(posixpath.dirname(self.page), uri.split("#")[0]))
        page = page.removesuffix(".html")
        if uri and page != self.page and page in self.env.found_docs and is_chapter(self.app, page):
            return f"[{words}]({posixpath.basename(page)}.ipynb)"
        return words

    def call(self, uri: str) -> str:
        """Return the call that makes the playground to which a link leads."""
        name, _, setting = uri.partition("#")[2].partition("?")
        begins = next(
            data["playgrounds"][name]
            for data in self.env.metadata.values()
            if name in data.get("playgrounds", ())
        )
        return call(begins, setting)

    def plain(self, node: nodes.Node) -> str:
        """Write a title for HTML, where Markdown is not read, but formulas are."""
        if isinstance(node, nodes.Text):
            return html.escape(node.astext(), quote=False)
        if isinstance(node, nodes.math):
            return f"${html.escape(node.astext(), quote=False)}$"
        if isinstance(node, SILENT):
            return ""
        return "".join(map(self.plain, node.children))

    # --- The whole --------------------------------------------------------------------------------

    def references(self) -> str:
        """Write the list of the works that this chapter cites."""
        domain = self.env.get_domain("cite")
        keys = {
            target.key
            for reference in domain.citation_refs
            if reference.docname == self.page
            for target in reference.targets
        }
        works = []
        for work in domain.citations:
            if work.key in keys:
                entry = BibliographyTransform.backend.paragraph(work.formatted_entry)
                node_text_transform(entry)
                works.append(f"- {self.block(entry)}")
        return self.join(["## References", "\n".join(works)]) if works else ""

    def begin(self) -> None:
        """Write where the notebook comes from, and the cell that installs what it needs."""
        config = self.app.config
        site = config.html_baseurl.rstrip("/")
        book = f"[{config.html_title}]({site}/{self.page}.html)" if site else config.html_title
        where = "from the book's website, or " if site else ""
        self.markdown(
            f"From the book **{book}**, version {d2lmini.__version__}."
            f" {LICENSES % f'{config.copyright} {config.author}'}\n\n"
            "Run the cells from top to bottom. The first one installs the package of the book,"
            f" `d2lmini`, where it is missing: {where}from the file `{WHEEL}`, if that lies beside"
            " this notebook. In the folder of all notebooks, `pip install -r requirements.txt`"
            " installs everything beforehand, JupyterLab too."
        )
        website = f"{site}/{SERVED}" if site else ""
        cell = nbformat.v4.new_code_cell(INSTALL.format(wheel=WHEEL, website=website).rstrip())
        cell.metadata["jupyter"] = {"source_hidden": True}
        self.cells.append(cell)

    def write(self, doctree: nodes.document) -> str:
        """Return the notebook as the text of its file."""
        self.begin()
        self.walk(doctree.children)
        notes = self.join(["---", *self.footnotes]) if self.footnotes else ""
        for text in (notes, self.references()):
            if text:
                self.markdown(text)
        count = 0
        for number, cell in enumerate(self.cells):
            cell["id"] = f"cell-{number:03}"
            if cell.cell_type == "code":
                cell.execution_count = count = count + 1
                for output in cell.outputs:
                    if output.output_type == "execute_result":
                        output["execution_count"] = count
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = nbformat.v4.new_notebook(
            cells=self.cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}}
        )
        nbformat.validate(notebook)
        return nbformat.writes(notebook) + "\n"


def export(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Write the notebook of a page, and offer it there."""
    if doctree is None or not is_chapter(app, page):
        return
    text = Chapter(app, page).write(doctree)
    out = Path(app.outdir)
    for path in (
        out / "_sources" / f"{page}.ipynb",
        notebook_folder(app) / f"{Path(page).name}.ipynb",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    context["ipynb_source"] = f"{page}.ipynb"


def notebook_folder(app: Sphinx) -> Path:
    """Return the folder of the notebooks, beside the website."""
    return Path(app.outdir).parent / "notebooks"


def check_names(app: Sphinx, env: object) -> None:
    """Refuse two chapters of one name: the folder is flat."""
    names = [Path(page).name for page in sorted(app.env.found_docs) if is_chapter(app, page)]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ExtensionError(f"Two chapters are called {twice.pop()}.md: rename one of them.")


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.connect("env-updated", check_names)
    # The theme makes the download button at priority 501, from what the context says by then.
    app.connect("html-page-context", export, priority=400)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
