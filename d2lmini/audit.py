"""What Keras says of itself and what it does: an experiment for each claim, with a verdict.

A row is a claim of the documentation and a *reproduction*: a few lines that can be pasted anywhere
and end by printing what happens. For each outcome the row has an answer, as a question has in
`d2lmini.conventions`. So a verdict is not believed, nor looked up in a source: `Row.verdict` makes
it of what was printed. The book runs all rows when it is built and shows the lines that it ran; a
test says which row another version of Keras changes.
"""

import contextlib
import inspect
import io
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from d2lmini import concise

VERSION = "3.15.1"  # of Keras: `Row.seen` is its answer
DATE = "2026-11-22"  # when it was asked, and when reports were looked for
AS_DOCUMENTED, DIFFERS, NOT_DOCUMENTED = "as documented", "differs", "not documented"
SOURCE = f"https://github.com/keras-team/keras/blob/v{VERSION}/"


@dataclass(frozen=True)
class Row:
    """A claim about Keras, and an experiment that decides it.

    Parameters
    ----------
    claim : str
        What one may believe, in a few words.
    place : str
        Whose docstring speaks of it, as a name in ``keras``.
    quote : str
        Some words of that docstring on the matter; empty if it has none.
    code : str
        The reproduction: it imports what it needs, and prints what happens.
    answers : dict
        For each answer, what the reproduction prints then.
    documented : str or None
        The answer of the documentation; None if it has none, or too few words to decide.
    seen : str
        The answer of Keras `VERSION`.
    before : tuple of str, optional
        The last version known to do otherwise, or to be documented otherwise, and how.
    threads : tuple of str, optional
        Where it was reported.
    """

    claim: str
    place: str
    quote: str
    code: str
    answers: Mapping[str, str]
    documented: str | None
    seen: str
    before: tuple[str, str] | None = None
    threads: tuple[str, ...] = ()

    def answer(self, printed: str) -> str:
        """Return the answer for which the reproduction prints this.

        Parameters
        ----------
        printed : str
            What the reproduction printed.

        Returns
        -------
        str
            One of the answers.

        Raises
        ------
        ValueError
            If it prints this for none of them.
        """
        for answer, predicted in self.answers.items():
            if printed.strip() == predicted:
                return answer
        raise ValueError(
            f"{self.claim}: the reproduction prints {printed.strip()!r}, which no answer "
            f"predicts: {dict(self.answers)}."
        )

    def verdict(self, printed: str) -> str:
        """Return the verdict on what some version of Keras printed.

        Parameters
        ----------
        printed : str
            What the reproduction printed.

        Returns
        -------
        str
            "as documented", "differs", "not documented", or "mended after …" with the last version
            that is known to differ.
        """
        answer = self.answer(printed)
        if self.documented is None:
            return NOT_DOCUMENTED
        if answer != self.documented:
            return DIFFERS
        if answer != self.seen:
            return f"mended after {VERSION}"
        return f"mended after {self.before[0]}" if self.before else AS_DOCUMENTED


def run(code: str) -> str:
    """Run a reproduction as if it were pasted, and return what it prints.

    Parameters
    ----------
    code : str
        Lines of Python.

    Returns
    -------
    str
        What they print.
    """
    concise.keras()  # imported quietly
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "<reproduction>", "exec"), {"__name__": "__main__"})
    return printed.getvalue().strip()


def ask(names: Sequence[str] | None = None) -> dict[str, str]:
    """Run the reproductions of some rows, or of all.

    Parameters
    ----------
    names : sequence of str, optional
        The names of the rows.

    Returns
    -------
    dict
        What each prints.
    """
    return {name: run(ROWS[name].code) for name in names or ROWS}


def changes(outcomes: Mapping[str, str], version: str) -> list[str]:
    """Say which rows a version of Keras changes.

    Parameters
    ----------
    outcomes : dict
        What the reproductions printed there, by the names of the rows.
    version : str
        That version.

    Returns
    -------
    list of str
        A sentence for each row whose answer is not that of `VERSION`.
    """
    found = []
    for name, printed in outcomes.items():
        row = ROWS[name]
        try:
            answer = row.answer(printed)
        except ValueError as unforeseen:
            found.append(f"{name}: Keras {version} does something new. {unforeseen}")
            continue
        if answer != row.seen:
            found.append(
                f"{name}: Keras {version} answers {answer!r}, where {VERSION} answered "
                f"{row.seen!r}. The verdict is now {row.verdict(printed)!r}: write a new section "
                "and a new `seen`."
            )
    return found


def table(outcomes: Mapping[str, str]) -> str:
    """Return claims and verdicts as a table in Markdown.

    Parameters
    ----------
    outcomes : dict
        What the reproductions printed, by the names of the rows.

    Returns
    -------
    str
        A line for each row.
    """
    lines = ["| claim | what happens | verdict |", "|---|---|---|"]
    for name, printed in outcomes.items():
        row = ROWS[name]
        verdict = row.verdict(printed)
        shown = f"**{verdict}**" if verdict == DIFFERS else verdict
        lines.append(f"| {row.claim} | {row.answer(printed)} | {shown} |")
    return "\n".join(lines)


def docstring(place: str) -> tuple[str, str]:
    """Return the docstring of an object of Keras, its lines joined, and the file of its source.

    Parameters
    ----------
    place : str
        A name in ``keras``, such as ``"optimizers.Adam"``.

    Returns
    -------
    tuple of str
        The text, and a path such as ``"keras/src/optimizers/adam.py"``.
    """
    found = concise.keras()
    for name in place.split("."):
        found = getattr(found, name)
    parts = Path(inspect.getsourcefile(inspect.unwrap(found))).parts
    start = len(parts) - 1 - parts[::-1].index("keras")
    return " ".join(inspect.getdoc(found).split()), "/".join(parts[start:])


def shown(name: str, printed: str) -> str:
    """Return a row in Markdown: the documentation, the reproduction, its outcome, the verdict.

    Parameters
    ----------
    name : str
        The name of the row.
    printed : str
        What its reproduction printed.

    Returns
    -------
    str
        Paragraphs and blocks of code.
    """
    row = ROWS[name]
    link = f"[docstring of `keras.{row.place}`]({SOURCE}{docstring(row.place)[1]}) ({VERSION})"
    says = f"In the {link}: “{row.quote}”." if row.quote else f"The {link} is silent."
    if row.quote and row.documented is None:
        says += " No more is said."
    verdict = row.verdict(printed)
    known = ", ".join(
        f"[{'/'.join(url.split('/')[-4:-2])} {url.split('/')[-1]}]({url})" for url in row.threads
    )
    if known:
        known = f" See {known}."
    elif verdict == DIFFERS:
        known = f" No report of it was found on {DATE}."
    return (
        f"{says}\n\n```python\n{row.code.rstrip()}\n```\n\nIt prints\n\n"
        f"```text\n{printed}\n```\n\n**Verdict: {verdict}** ({row.answer(printed)}).{known}"
    )


def _code(lines: str) -> str:
    return textwrap.dedent(lines).lstrip("\n")


ROWS = {
    "order": Row(
        claim="A gradient is unscaled, gathered, then clipped",
        place="optimizers.SGD",
        quote="",
        code=_code(
            """
            import keras

            optimizer = keras.optimizers.SGD(
                1.0, loss_scale_factor=2.0, gradient_accumulation_steps=2, clipnorm=1.0
            )
            x = keras.Variable([0.0])
            for g in (6.0, -3.6):  # of twice the loss: the gradients are 3 and -1.8
                optimizer.apply([keras.ops.array([g])], [x])
            print(f"went down by {0 - x.numpy()[0]:.1f}")
            """
        ),
        answers={
            "unscale, gather, clip": "went down by 0.6",
            "unscale, clip, gather": "went down by 0.0",
            "gather, clip, unscale": "went down by 0.5",
        },
        documented=None,
        seen="unscale, gather, clip",
    ),
    "accumulation": Row(
        claim="Accumulated steps are steps of the means",
        place="optimizers.Adam",
        quote="using the average value of the gradients since the last update",
        code=_code(
            """
            import keras
            import numpy as np


            def end(gradients, every=None):
                optimizer = keras.optimizers.Adam(
                    0.1, weight_decay=0.5, clipnorm=1.0, gradient_accumulation_steps=every
                )
                x = keras.Variable(np.ones(4, "float32"))
                for g in gradients:
                    optimizer.apply([keras.ops.convert_to_tensor(g)], [x])
                return x.numpy()


            g = np.random.default_rng(0).integers(-8, 8, (40, 4)).astype("float32")
            means = g.reshape(10, 4, 4).mean(axis=1)
            print("same weights:", np.array_equal(end(g, every=4), end(means)))
            """
        ),
        answers={
            "the same, bit for bit": "same weights: True",
            "other steps": "same weights: False",
        },
        documented="the same, bit for bit",
        seen="the same, bit for bit",
        before=("3.4.1", "same weights: False"),
        threads=(
            "https://github.com/keras-team/keras/issues/19990",
            "https://github.com/keras-team/keras/pull/19998",
        ),
    ),
    "accumulation-rest": Row(
        claim="Batches that do not fill a step wait",
        place="optimizers.SGD",
        quote="",
        code=_code(
            """
            import keras
            import numpy as np

            model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
            model.compile(keras.optimizers.SGD(0.1, gradient_accumulation_steps=2), "mse")
            x, y = np.ones((3, 1)), np.ones((3, 1))
            for epoch in (1, 2):
                model.fit(x, y, batch_size=1, verbose=0)
                print("steps after", 3 * epoch, "batches:", int(model.optimizer.iterations))
            """
        ),
        answers={
            "they wait for the next epoch": "steps after 3 batches: 1\nsteps after 6 batches: 3",
            "they are dropped": "steps after 3 batches: 1\nsteps after 6 batches: 2",
            "they make a step": "steps after 3 batches: 2\nsteps after 6 batches: 4",
        },
        documented=None,
        seen="they wait for the next epoch",
    ),
    "schedule-counter": Row(
        claim="A schedule counts batches, not steps",
        place="optimizers.SGD",
        quote='Learning rate schedules will look at "real" iterations value',
        code=_code(
            """
            import keras

            rates = [1.0, 2.0, 4.0, 8.0, 16.0]
            schedule = keras.optimizers.schedules.PiecewiseConstantDecay([0, 1, 2, 3], rates)
            optimizer = keras.optimizers.SGD(schedule, gradient_accumulation_steps=2)
            x, path = keras.Variable([0.0]), []
            for k in range(4):
                optimizer.apply([keras.ops.array([-1.0])], [x])
                path.append(int(x.numpy()[0]))
            print("x goes to", *path)
            """
        ),
        answers={
            "it counts batches": "x goes to 0 2 2 10",
            "it counts steps": "x goes to 0 1 1 3",
        },
        documented="it counts batches",
        seen="it counts batches",
    ),
    "decay": Row(
        claim="Weight decay is decoupled, and times the rate",
        place="optimizers.Lion",
        quote="similar strength (lr * wd)",
        code=_code(
            """
            import keras

            for name in ("SGD", "Adam", "AdamW", "Lion"):
                x = keras.Variable([1.0])
                optimizer = getattr(keras.optimizers, name)(0.1, weight_decay=0.5)
                optimizer.apply([keras.ops.array([0.0])], [x])  # no gradient: only the decay
                print(f"{name}: 1 becomes {x.numpy()[0]:.2f}")
            """
        ),
        answers={
            "each takes off rate times decay": (
                "SGD: 1 becomes 0.95\n"
                "Adam: 1 becomes 0.95\n"
                "AdamW: 1 becomes 0.95\n"
                "Lion: 1 becomes 0.95"
            ),
            "each takes off the decay": (
                "SGD: 1 becomes 0.50\n"
                "Adam: 1 becomes 0.50\n"
                "AdamW: 1 becomes 0.50\n"
                "Lion: 1 becomes 0.50"
            ),
            "as a gradient, in all but AdamW": (
                "SGD: 1 becomes 0.95\n"
                "Adam: 1 becomes 0.90\n"
                "AdamW: 1 becomes 0.95\n"
                "Lion: 1 becomes 0.90"
            ),
        },
        documented="each takes off rate times decay",
        seen="each takes off rate times decay",
    ),
    "clip-inf": Row(
        claim="One infinite gradient spoils all arrays",
        place="optimizers.SGD",
        quote="",
        code=_code(
            """
            import keras
            import numpy as np

            for setting in ("clipnorm", "global_clipnorm", "clipvalue"):
                a, b = keras.Variable([0.0]), keras.Variable([0.0])
                optimizer = keras.optimizers.SGD(1.0, **{setting: 1.0})
                optimizer.apply([keras.ops.array([np.inf]), keras.ops.array([0.5])], [a, b])
                print(f"{setting}: steps {0 - a.numpy()[0]:.1f} and {0 - b.numpy()[0]:.1f}")
            """
        ),
        answers={
            "with the global norm, all become nan": (
                "clipnorm: steps nan and 0.5\n"
                "global_clipnorm: steps nan and nan\n"
                "clipvalue: steps 1.0 and 0.5"
            ),
            "with the global norm, the others stand still": (
                "clipnorm: steps nan and 0.5\n"
                "global_clipnorm: steps nan and 0.0\n"
                "clipvalue: steps 1.0 and 0.5"
            ),
        },
        documented=None,
        seen="with the global norm, all become nan",
    ),
    "repeated-tokens": Row(
        claim="A token that comes twice has one gradient",
        place="optimizers.Ftrl",
        quote="n = n + g ** 2",
        code=_code(
            """
            import keras
            import numpy as np
            import tensorflow as tf

            RULES = (
                "SGD RMSprop Adagrad Adadelta Adam AdamW Adamax Nadam Lion Ftrl Lamb Adafactor "
                "Muon ScheduleFreeAdamW"
            )


            def first_step(rule, dense):
                layer = keras.layers.Embedding(2, 3, embeddings_initializer="ones")
                with tf.GradientTape() as tape:
                    looked_up = layer(np.array([0, 0, 1]))  # token 0 comes twice
                    loss = tf.reduce_sum(looked_up * [[1.0], [-3.0], [2.0]])
                (weights,) = layer.trainable_variables
                g = tape.gradient(loss, weights.value)
                if dense:
                    g = tf.convert_to_tensor(g)  # the same gradient, as an ordinary array
                getattr(keras.optimizers, rule)(0.1).apply([g], [weights])
                return 1 - weights.numpy()


            changed = []
            for rule in RULES.split():
                sparse, dense = first_step(rule, dense=False), first_step(rule, dense=True)
                if np.abs(sparse / dense - 1).max() > 0.01:
                    changed.append(rule)
            print(len(changed), "of", len(RULES.split()), "rules take another step:", *changed)
            """
        ),
        answers={
            "squares are taken slice by slice, in 12 of 14 rules": (
                "12 of 14 rules take another step: RMSprop Adagrad Adadelta Adam "
                "AdamW Adamax Nadam Ftrl Lamb Adafactor Muon ScheduleFreeAdamW"
            ),
            "the same step": "0 of 14 rules take another step:",
        },
        documented="the same step",
        seen="squares are taken slice by slice, in 12 of 14 rules",
    ),
    "repeated-clip": Row(
        claim="The norm of a clipped embedding is no higher",
        place="optimizers.SGD",
        quote="so that its norm is no higher than this value",
        code=_code(
            """
            import keras
            import numpy as np
            import tensorflow as tf

            layer = keras.layers.Embedding(1, 1, embeddings_initializer="zeros")
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(layer(np.array([0, 0])))  # the gradient is 2
            (weights,) = layer.trainable_variables
            g = tape.gradient(loss, weights.value)
            keras.optimizers.SGD(1.0, clipnorm=1.0).apply([g], [weights])
            print(f"step of length {0 - weights.numpy()[0, 0]:.3f}")
            """
        ),
        answers={
            "it may be higher": "step of length 1.414",
            "it is not": "step of length 1.000",
        },
        documented="it is not",
        seen="it may be higher",
    ),
    "adam-epsilon": Row(
        claim="Adam's epsilon is the paper's epsilon hat",
        place="optimizers.Adam",
        quote='"epsilon hat" in the Kingma and Ba paper',
        code=_code(
            """
            import keras

            x = keras.Variable([0.0])
            optimizer = keras.optimizers.Adam(1.0, beta_2=0.75, epsilon=0.5)
            optimizer.apply([keras.ops.array([1.0])], [x])
            print(f"first step {0 - x.numpy()[0]:.3f}")
            """
        ),
        answers={
            "epsilon hat": "first step 0.500",
            "that of Algorithm 1": "first step 0.667",
        },
        documented="epsilon hat",
        seen="epsilon hat",
    ),
    "adagrad-one": Row(
        claim="Adagrad with rate 1 is the paper's",
        place="optimizers.Adagrad",
        quote="To match the exact form in the original paper, use `1.0`",
        code=_code(
            """
            import keras

            for settings in ({}, {"initial_accumulator_value": 0.0}):
                x = keras.Variable([0.0])
                keras.optimizers.Adagrad(1.0, **settings).apply([keras.ops.array([1.0])], [x])
                print(f"{settings}: first step {0 - x.numpy()[0]:.3f}")
            """
        ),
        answers={
            "only from an accumulator of 0": (
                "{}: first step 0.953\n{'initial_accumulator_value': 0.0}: first step 1.000"
            ),
            "yes": ("{}: first step 1.000\n{'initial_accumulator_value': 0.0}: first step 1.000"),
        },
        documented=None,
        seen="only from an accumulator of 0",
    ),
    "ftrl-start": Row(
        claim="Ftrl forgets where it starts",
        place="optimizers.Ftrl",
        quote="z = z + g - sigma * w",
        code=_code(
            """
            import keras

            x = keras.Variable([1.0, 2.0])
            optimizer = keras.optimizers.Ftrl(0.1)
            optimizer.apply([keras.ops.array([0.0, 0.0])], [x])
            print("weights after a gradient of zero:", *(abs(x.numpy()).round(3)))
            """
        ),
        answers={
            "a gradient of 0 sets weights to 0": "weights after a gradient of zero: 0.0 0.0",
            "a gradient of 0 changes nothing": "weights after a gradient of zero: 1.0 2.0",
        },
        documented="a gradient of 0 sets weights to 0",
        seen="a gradient of 0 sets weights to 0",
    ),
    "ftrl-l2": Row(
        claim="Ftrl's L2 strength is the formula's",
        place="optimizers.Ftrl",
        quote=("w = (sgn(z) * lambda_1 - z) / ((beta + sqrt(n)) / alpha + lambda_2)"),
        code=_code(
            """
            import keras

            x = keras.Variable([0.0])
            optimizer = keras.optimizers.Ftrl(
                1.0, initial_accumulator_value=0.0, l2_regularization_strength=1.0
            )
            optimizer.apply([keras.ops.array([1.0])], [x])
            print(f"w = {x.numpy()[0]:.3f}")
            """
        ),
        answers={
            "it counts twice": "w = -0.333",
            "it counts once": "w = -0.500",
        },
        documented="it counts once",
        seen="it counts twice",
        threads=(
            "https://github.com/tensorflow/tensorflow/issues/3725",
            "https://github.com/tensorflow/tensorflow/pull/47181",
        ),
    ),
    "lamb-registry": Row(
        claim="Every rule can be had by its name",
        place="optimizers.get",
        quote="String: name of an optimizer",
        code=_code(
            """
            import keras

            for name in ("adam", "adafactor", "lamb"):
                try:
                    print(name, "->", type(keras.optimizers.get(name)).__name__)
                except ValueError:
                    print(name, "-> ValueError")
            """
        ),
        answers={
            "not Lamb": "adam -> Adam\nadafactor -> Adafactor\nlamb -> ValueError",
            "Lamb too": "adam -> Adam\nadafactor -> Adafactor\nlamb -> Lamb",
        },
        documented="Lamb too",
        seen="not Lamb",
    ),
    "adafactor-nan": Row(
        claim="Adafactor keeps away from 0/0",
        place="optimizers.Adafactor",
        quote="A small offset to keep denominator away from 0",
        code=_code(
            """
            import keras
            import numpy as np

            x = keras.Variable([[1.0, 1.0], [1.0, 1.0]])
            g = keras.ops.array([[1.0, 0.0], [0.0, 0.0]])  # a silent unit, a black pixel
            keras.optimizers.Adafactor().apply([g], [x])
            print(np.isnan(x.numpy()).sum(), "of 4 weights are nan")
            """
        ),
        answers={
            "zero rows and columns give nan": "4 of 4 weights are nan",
            "no nan": "0 of 4 weights are nan",
        },
        documented="no nan",
        seen="zero rows and columns give nan",
    ),
    "adafactor-memory": Row(
        claim="Adafactor needs less memory",
        place="optimizers.Adafactor",
        quote="taking less memory because it only saves partial information",
        code=_code(
            """
            import keras
            import numpy as np

            for rule in (keras.optimizers.Adam(), keras.optimizers.Adafactor()):
                x = keras.Variable(np.ones((500, 400), "float32"))
                rule.build([x])
                kept = sum(int(np.prod(v.shape)) for v in rule.variables)
                print(f"{type(rule).__name__} keeps {kept / 200_000:.2f} numbers for each weight")
            """
        ),
        answers={
            "half of Adam's: a number for each weight": (
                "Adam keeps 2.00 numbers for each weight\n"
                "Adafactor keeps 1.00 numbers for each weight"
            ),
            "next to nothing": (
                "Adam keeps 2.00 numbers for each weight\n"
                "Adafactor keeps 0.00 numbers for each weight"
            ),
        },
        documented=None,
        seen="half of Adam's: a number for each weight",
    ),
    "adafactor-relative-step": Row(
        claim="Adafactor's relative_step makes a difference",
        place="optimizers.Adafactor",
        quote=(
            "If `learning_rate` is a constant and `relative_step=True`, "
            "learning rate will be adjusted"
        ),
        code=_code(
            """
            import keras

            for relative in (True, False):
                x, path = keras.Variable([1.0]), [1.0]
                optimizer = keras.optimizers.Adafactor(0.9, relative_step=relative)
                for t in range(4):
                    optimizer.apply([keras.ops.array([-1.0])], [x])
                    path.append(float(x.numpy()[0]))
                print(relative, *(f"{new / old - 1:.2f}" for old, new in zip(path, path[1:])))
            """
        ),
        answers={
            "none: the rate falls either way": (
                "True 0.90 0.71 0.58 0.50\nFalse 0.90 0.71 0.58 0.50"
            ),
            "without it the rate is kept": "True 0.90 0.71 0.58 0.50\nFalse 0.90 0.90 0.90 0.90",
        },
        documented="without it the rate is kept",
        seen="none: the rate falls either way",
    ),
    "schedule-free-start": Row(
        claim="Schedule-Free starts from the weights",
        place="optimizers.ScheduleFreeAdamW",
        quote="Optimizer that implements the Schedule-Free AdamW algorithm.",
        code=_code(
            """
            import keras
            import numpy as np


            def weight_after_one_step(built):
                layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
                model = keras.Sequential([keras.Input((1,)), layer])
                optimizer = keras.optimizers.ScheduleFreeAdamW(0.05)
                if built:
                    optimizer.build(model.trainable_variables)
                model.compile(optimizer, loss=lambda y, p: p)  # the gradient is 1
                model.fit(np.ones((1, 1)), np.ones((1, 1)), verbose=0)
                return float(layer.kernel.numpy()[0, 0])


            print(f"compile, fit: 1 becomes {weight_after_one_step(built=False):.2f}")
            print(f"build, compile, fit: 1 becomes {weight_after_one_step(built=True):.2f}")
            """
        ),
        answers={
            "in fit it starts from zero": (
                "compile, fit: 1 becomes -0.05\nbuild, compile, fit: 1 becomes 0.95"
            ),
            "it starts from the weights": (
                "compile, fit: 1 becomes 0.95\nbuild, compile, fit: 1 becomes 0.95"
            ),
        },
        documented="it starts from the weights",
        seen="in fit it starts from zero",
        threads=("https://github.com/keras-team/keras/pull/23353",),
    ),
    "schedule-free": Row(
        claim="Schedule-Free interpolates by beta_1",
        place="optimizers.ScheduleFreeAdamW",
        quote="the interpolation between `momentum` and `x`",
        code=_code(
            """
            import keras
            import numpy as np


            def path(beta_1):
                optimizer = keras.optimizers.ScheduleFreeAdamW(0.1, beta_1=beta_1)
                x, points = keras.Variable([1.0]), []
                for t in range(20):
                    optimizer.apply([keras.ops.array([np.cos(t)], "float32")], [x])
                    points.append(x.numpy()[0])
                return np.array(points)


            apart = np.abs(path(0.5) - path(0.9)).max()
            print("beta_1 makes a difference:", bool(apart > 1e-3))
            """
        ),
        answers={
            "beta_1 changes nothing": "beta_1 makes a difference: False",
            "it interpolates": "beta_1 makes a difference: True",
        },
        documented="it interpolates",
        seen="beta_1 changes nothing",
    ),
    "muon-none": Row(
        claim="Muon has two decays",
        place="optimizers.Muon",
        quote="If set, weight decay is applied when using the Adam optimizer",
        code=_code(
            """
            import keras
            import numpy as np

            kernel = keras.Variable(np.ones((2, 2), "float32"))
            bias = keras.Variable(np.ones(2, "float32"))
            optimizer = keras.optimizers.Muon(0.1, weight_decay=None)
            zeros = [keras.ops.zeros((2, 2)), keras.ops.zeros(2)]
            optimizer.apply(zeros, [kernel, bias])
            print(f"kernel {kernel.numpy()[0, 0]:.4f}, bias {bias.numpy()[0]:.4f}")
            """
        ),
        answers={
            "without weight_decay, biases still decay": "kernel 1.0000, bias 0.9996",
            "none without weight_decay": "kernel 1.0000, bias 1.0000",
        },
        documented="without weight_decay, biases still decay",
        seen="without weight_decay, biases still decay",
    ),
    "muon-float64": Row(
        claim="Muon trains in double precision",
        place="optimizers.Muon",
        quote="",
        code=_code(
            """
            import keras
            import numpy as np

            for rule in (keras.optimizers.Adam(0.1), keras.optimizers.Muon(0.1)):
                x = keras.Variable(np.eye(2), dtype="float64")
                try:
                    rule.apply([keras.ops.ones((2, 2), "float64")], [x])
                    print(type(rule).__name__, "takes a step")
                except Exception as error:
                    print(type(rule).__name__, "raises", type(error).__name__)
            """
        ),
        answers={
            "an array of doubles is an error": (
                "Adam takes a step\nMuon raises InvalidArgumentError"
            ),
            "as Adam does": "Adam takes a step\nMuon takes a step",
        },
        documented=None,
        seen="an array of doubles is an error",
    ),
    "piecewise": Row(
        claim="A boundary belongs to the piece before it",
        place="optimizers.schedules.PiecewiseConstantDecay",
        quote="`values[0]` when `step <= boundaries[0]`",
        code=_code(
            """
            import keras

            schedule = keras.optimizers.schedules.PiecewiseConstantDecay([2], [1.0, 0.5])
            print(*(f"{float(schedule(k)):.1f}" for k in range(5)))
            """
        ),
        answers={
            "before it": "1.0 1.0 1.0 0.5 0.5",
            "after it": "1.0 1.0 0.5 0.5 0.5",
        },
        documented="before it",
        seen="before it",
    ),
    "integer-schedule": Row(
        claim="A schedule has the type of its first rate",
        place="optimizers.schedules.ExponentialDecay",
        quote="same type as `initial_learning_rate`",
        code=_code(
            """
            import keras

            for rate in (1, 1.0):
                schedule = keras.optimizers.schedules.ExponentialDecay(rate, 10, 0.5)
                print(repr(rate), "->", *(f"{float(schedule(k)):.2f}" for k in (0, 5, 10)))
            """
        ),
        answers={
            "whole numbers stay whole": "1 -> 1.00 0.00 0.00\n1.0 -> 1.00 0.71 0.50",
            "whole numbers are rates too": "1 -> 1.00 0.71 0.50\n1.0 -> 1.00 0.71 0.50",
        },
        documented="whole numbers stay whole",
        seen="whole numbers stay whole",
    ),
    "cosine-example": Row(
        claim="CosineDecay's example can be used",
        place="optimizers.schedules.CosineDecay",
        quote="initial_learning_rate = 0",
        code=_code(
            """
            import keras

            for rate in (0, 0.0):
                schedule = keras.optimizers.schedules.CosineDecay(
                    rate, 1000, warmup_target=0.1, warmup_steps=1000
                )
                try:
                    print(repr(rate), f"-> {float(schedule(500)):.3f} at step 500")
                except Exception as error:
                    print(repr(rate), "->", type(error).__name__)
            """
        ),
        answers={
            "asked for a rate, it raises an error": (
                "0 -> InvalidArgumentError\n0.0 -> 0.050 at step 500"
            ),
            "it gives a rate": "0 -> 0.050 at step 500\n0.0 -> 0.050 at step 500",
        },
        documented="it gives a rate",
        seen="asked for a rate, it raises an error",
    ),
    "cosine-end": Row(
        claim="CosineDecay ends at alpha times its target",
        place="optimizers.schedules.CosineDecay",
        quote="learning rate from `warmup_target` to `warmup_target * alpha`",
        code=_code(
            """
            import keras

            schedule = keras.optimizers.schedules.CosineDecay(
                0.0, 100, alpha=0.1, warmup_target=0.5, warmup_steps=10
            )
            print(*(f"{float(schedule(k)):.3f}" for k in (0, 5, 10, 110, 1000)))
            """
        ),
        answers={
            "at alpha times the target": "0.000 0.250 0.500 0.050 0.050",
            "at alpha": "0.000 0.250 0.500 0.100 0.100",
        },
        documented="at alpha times the target",
        seen="at alpha times the target",
        before=("3.12.4", "its docstring said that it goes from `warmup_target` to `alpha`"),
        threads=("https://github.com/keras-team/keras/issues/21772",),
    ),
    "ema-fit": Row(
        claim="fit puts the average in place of the weights",
        place="optimizers.SGD",
        quote="this happens automatically after the last epoch",
        code=_code(
            """
            import keras
            import numpy as np


            def last_weight(fits, epochs):
                layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
                model = keras.Sequential([keras.Input((1,)), layer])
                optimizer = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5)
                model.compile(optimizer, loss=lambda y, p: -p)  # each step adds 0.1
                for _ in range(fits):
                    model.fit(np.ones((1, 1)), np.ones((1, 1)), epochs=epochs, verbose=0)
                return float(layer.kernel.numpy()[0, 0])


            once, often = last_weight(1, 4), last_weight(4, 1)
            print(f"one fit of 4 epochs {once:.2f}, 4 fits of one {often:.2f}")
            """
        ),
        answers={
            "after each call of fit": "one fit of 4 epochs 0.31, 4 fits of one 0.25",
            "never": "one fit of 4 epochs 0.40, 4 fits of one 0.40",
        },
        documented="after each call of fit",
        seen="after each call of fit",
    ),
    "ema-constraint": Row(
        claim="A constrained weight stays so with use_ema",
        place="constraints.NonNeg",
        quote="Constrains the weights to be non-negative",
        code=_code(
            """
            import keras
            import numpy as np

            layer = keras.layers.Dense(
                1, use_bias=False, kernel_initializer="ones", kernel_constraint="non_neg"
            )
            model = keras.Sequential([keras.Input((1,)), layer])
            model.compile(keras.optimizers.SGD(3.0, use_ema=True), loss=lambda y, p: p)
            model.fit(np.ones((1, 1)), np.ones((1, 1)), verbose=0)
            print(f"the weight after fit: {layer.kernel.numpy()[0, 0]:.1f}")
            """
        ),
        answers={
            "the average is taken before": "the weight after fit: -2.0",
            "it stays so": "the weight after fit: 0.0",
        },
        documented="it stays so",
        seen="the average is taken before",
    ),
    "saved-model": Row(
        claim="A saved model goes on as if never stopped",
        place="Model.save",
        quote="Thus models can be reinstantiated in the exact same state",
        code=_code(
            """
            import tempfile

            import keras
            import numpy as np

            x = np.linspace(-1, 1, 32)[:, None]
            y = x**3


            def weights_after(model):
                model.fit(x, y, shuffle=False, verbose=0)
                return np.concatenate([w.ravel() for w in model.get_weights()])


            keras.utils.set_random_seed(0)
            model = keras.Sequential(
                [keras.Input((1,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1)]
            )
            model.compile("adam", "mse")
            weights_after(model)
            with tempfile.TemporaryDirectory() as folder:
                model.save(f"{folder}/model.keras")
                model.save_weights(f"{folder}/model.weights.h5")
                weights_only = keras.models.clone_model(model)
                weights_only.load_weights(f"{folder}/model.weights.h5")
                weights_only.compile("adam", "mse")
                saved = keras.models.load_model(f"{folder}/model.keras")
            on = weights_after(model)
            for name, other in (("model", saved), ("weights only", weights_only)):
                print(f"{name}: goes on alike:", np.allclose(on, weights_after(other), atol=1e-6))
            """
        ),
        answers={
            "a model does, weights loaded before compile do not": (
                "model: goes on alike: True\nweights only: goes on alike: False"
            ),
            "not even a model": ("model: goes on alike: False\nweights only: goes on alike: False"),
        },
        documented="a model does, weights loaded before compile do not",
        seen="a model does, weights loaded before compile do not",
    ),
    "loss-scale-growth": Row(
        claim="A loss scale doubles, halves and skips",
        place="optimizers.LossScaleOptimizer",
        quote="is halved, and the train step is skipped",
        code=_code(
            """
            import keras
            import numpy as np

            optimizer = keras.optimizers.LossScaleOptimizer(
                keras.optimizers.SGD(1.0), initial_scale=8.0, dynamic_growth_steps=2
            )
            x = keras.Variable([0.0])
            for g in (8.0, 8.0, np.nan):
                optimizer.apply([keras.ops.array([g], "float32")], [x])
                scale = float(optimizer.dynamic_scale.numpy())
                print(f"after {g}: scale {scale:.0f}, weight {x.numpy()[0]:.0f}")
            """
        ),
        answers={
            "it does": (
                "after 8.0: scale 8, weight -1\n"
                "after 8.0: scale 16, weight -2\n"
                "after nan: scale 8, weight -2"
            ),
            "it does not halve": (
                "after 8.0: scale 8, weight -1\n"
                "after 8.0: scale 16, weight -2\n"
                "after nan: scale 16, weight -2"
            ),
        },
        documented="it does",
        seen="it does",
    ),
    "loss-scale-floor": Row(
        claim="No gradient that is not finite is used",
        place="optimizers.LossScaleOptimizer",
        quote="if a nonfinite gradient is encountered",
        code=_code(
            """
            import keras
            import numpy as np

            optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1))
            x = keras.Variable([1.0])
            for _ in range(200):  # broken batches
                optimizer.apply([keras.ops.array([np.nan], "float32")], [x])
            scale = float(optimizer.dynamic_scale.numpy())
            good = scale * 0.5  # the gradient of the scaled loss, in a good batch
            optimizer.apply([keras.ops.array([good], "float32")], [x])
            print(f"scale {scale:.0f}, then weight {x.numpy()[0]:.2f}")
            """
        ),
        answers={
            "a scale of 0 makes one that is used": "scale 0, then weight nan",
            "a scale of 0 skips the step": "scale 0, then weight 1.00",
            "a scale never makes one": "scale 1, then weight 0.95",
        },
        documented="a scale never makes one",
        seen="a scale of 0 makes one that is used",
    ),
}
