r"""A Sphinx extension for self-check questions that answer at once, without JavaScript.

::

    ```{question} What is the half-life of the leaky average at $\rho = 0.9$?
    - [ ] 10 steps
      The mean age of the weights is about 10 steps; the half-life is shorter.
    - [x] about 6.6 steps
      Solve $\rho^n = 1/2$ for $n$.
    ```

The first line of an item is the option, what is indented below it is its feedback, and exactly
one option is marked ``[x]``. A long question may be written as a paragraph above the options.
On the web the option is a radio button and a style sheet shows the feedback of the chosen one
(``_static/question.css``). On paper the options are lettered, and the answers to all questions
of a section stand after its last question.
"""

from __future__ import annotations

import re
from string import ascii_lowercase
from textwrap import dedent

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)
OPTION = re.compile(r"[-*] \[(.)\] *(.*)")


class question(nodes.General, nodes.Element):
    """A question: its stem, further blocks, its options; ``number`` counts within the page."""


class question_stem(nodes.TextElement):
    """The question itself."""


class question_option(nodes.Element):
    """One option: a choice and its feedback; ``right`` says whether it is the answer."""


class question_choice(nodes.TextElement):
    """The words of an option."""


class question_feedback(nodes.Element):
    """What the reader is told who chooses this option."""


class Question(SphinxDirective):
    """The ``{question}`` directive."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Split the source into the question, its options and their feedback."""
        starts = [i for i, line in enumerate(self.content) if OPTION.match(line)]
        first, *ends = [*starts, len(self.content)]
        stem, body = self.parse_stem(first)
        node = question("", stem, *body, number=self.env.new_serialno("question") + 1)
        node["ids"] = [f"question-{node['number']}"]
        self.set_source_info(node)
        marks = []
        for start, end in zip(starts, ends, strict=True):
            mark, words = OPTION.match(self.content[start]).groups()
            marks.append(mark)
            node += self.parse_option(mark == "x", words, start, end)
        for letter, option in letters(node):
            option["name"] = f"{node['ids'][0]}-{letter}"
        self.check(node, marks)
        return [node]

    def parse_stem(self, end: int) -> tuple[question_stem, list[nodes.Node]]:
        """Return the question, and the blocks between it and the first option."""
        above = nodes.Element()
        self.state.nested_parse(self.content[:end], self.content_offset, above)
        if self.arguments:
            text, _ = self.state.inline_text(self.arguments[0], self.lineno)
        elif above.children and isinstance(above[0], nodes.paragraph):
            text = above.pop(0).children
        else:
            text = []
        return question_stem("", "", *text), above.children

    def parse_option(self, right: bool, words: str, start: int, end: int) -> question_option:
        """Return one option; its feedback begins with a verdict in words."""
        text, _ = self.state.inline_text(words, self.lineno + start)
        feedback = question_feedback()
        lines = dedent("\n".join(self.content[start + 1 : end])).splitlines()
        self.state.nested_parse(lines, self.content_offset + start + 1, feedback)
        option = question_option("", question_choice("", "", *text), feedback, right=right)
        option["empty"] = not feedback.children
        if not (feedback.children and isinstance(feedback[0], nodes.paragraph)):
            feedback.insert(0, nodes.paragraph())
        verdict = "Right." if right else "Not quite."
        feedback[0][:0] = [nodes.strong("", verdict), nodes.Text(" ")]
        return option

    def check(self, node: question, marks: list[str]) -> None:
        """Warn, in a sentence, of what the author has forgotten."""
        options = [child for child in node.children if isinstance(child, question_option)]
        faults = []
        if not node[0].astext():
            faults.append("it has no text: write the question after {question}, or below it")
        if len(options) < 2:
            faults.append(
                "it needs two options or more, each a line that begins with - [ ] or - [x]"
            )
        if strange := sorted(set(marks) - {" ", "x"}):
            faults.append(f"an option is marked [{strange[0]}]: use [x] or [ ]")
        if marks.count("x") != 1:
            faults.append(f"{marks.count('x')} options are marked [x]: mark exactly one")
        for option in options:
            if option["empty"]:
                faults.append(
                    f"the option '{option[0].astext()}' has no feedback: indent it by two spaces "
                    "on the lines below the option"
                )
            if not option[0].astext():
                faults.append("an option has no words: write them on the line of its mark")
        for fault in faults:
            logger.warning("Question %d: %s.", node["number"], fault, location=node)


def letters(node: question) -> list[tuple[str, question_option]]:
    """Pair each option of a question with its letter."""
    options = [child for child in node.children if isinstance(child, question_option)]
    return list(zip(ascii_lowercase, options, strict=False))


class PrintQuestions(SphinxPostTransform):
    """On paper: a box with lettered options, and the answers after the last one of a section."""

    default_priority = 300
    formats = ("latex",)

    def run(self, **kwargs: object) -> None:
        """Replace every question by ordinary nodes."""
        answers: dict[nodes.Element, list[question]] = {}
        for node in list(self.document.findall(question)):
            answers.setdefault(node.parent, []).append(node)
        for parent, asked in answers.items():
            replies = nodes.admonition(classes=["answers"])
            replies += nodes.title("", "Answers")
            parent.insert(parent.index(asked[-1]) + 1, replies)
            for node in asked:
                replies += self.reply(node)
                node.replace_self(self.ask(node))

    @staticmethod
    def ask(node: question) -> nodes.admonition:
        """Return the box of a question."""
        stem, *blocks = (c for c in node.children if not isinstance(c, question_option))
        options = nodes.enumerated_list(enumtype="loweralpha", prefix="(", suffix=")")
        for _, option in letters(node):
            options += nodes.list_item("", nodes.paragraph("", "", *option[0].children))
        box = nodes.admonition(classes=["question"])
        box += [
            nodes.title("", f"Question {node['number']}"),
            nodes.paragraph("", "", *stem.children),
        ]
        box += [*blocks, options]
        return box

    @staticmethod
    def reply(node: question) -> list[nodes.Node]:
        """Return the feedback of every option of a question."""
        blocks = []
        for letter, option in letters(node):
            first, *rest = option[1].children
            lead = nodes.strong("", f"{node['number']} ({letter})")
            first[:0] = [lead, nodes.Text("\N{NO-BREAK SPACE} ")]
            blocks += [first, *rest]
        return blocks


def visit_question(self, node: question) -> None:
    """Open the group of radio buttons."""
    self.body.append(self.starttag(node, "fieldset", CLASS="question"))


def visit_stem(self, node: question_stem) -> None:
    """Open the question."""
    number = f'<span class="question-number">Question {node.parent["number"]}.</span> '
    self.body.append(f"<legend>{number}")


def visit_option(self, node: question_option) -> None:
    """Open an option with its button; what describes the button is empty until it is chosen."""
    self.body.append(
        f'<div class="question-option"><input type="radio" name="{node.parent["ids"][0]}" '
        f'id="{node["name"]}" aria-describedby="{node["name"]}-feedback" />'
    )


def visit_choice(self, node: question_choice) -> None:
    """Open the label of the button."""
    self.body.append(f'<label for="{node.parent["name"]}">')


def visit_feedback(self, node: question_feedback) -> None:
    """Open the feedback; its outer element stays, so that a screen reader hears the change."""
    kind = "right" if node.parent["right"] else "wrong"
    self.body.append(
        f'<div class="question-feedback" id="{node.parent["name"]}-feedback" aria-live="polite">'
        f'<div class="question-{kind}">'
    )


def close(*tags: str):
    """Return a function that closes these tags."""
    return lambda self, node: self.body.append("".join(f"</{tag}>" for tag in tags) + "\n")


def setup(app: Sphinx) -> dict[str, object]:
    """Register the directive."""
    app.add_node(question, html=(visit_question, close("fieldset")))
    app.add_node(question_stem, html=(visit_stem, close("legend")))
    app.add_node(question_option, html=(visit_option, close("div")))
    app.add_node(question_choice, html=(visit_choice, close("label")))
    app.add_node(question_feedback, html=(visit_feedback, close("div", "div")))
    app.add_directive("question", Question)
    app.add_post_transform(PrintQuestions)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
