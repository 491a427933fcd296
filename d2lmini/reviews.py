"""Reviews in which the order of the words decides, and the recurrent network that reads them.

The reviews are made by a grammar, so that they need no network and nobody's permission; the loader
of real ones, of films, downloads them once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from d2lmini.checks import (
    array_of,
    did_you_mean,
    explain_arguments,
    number,
    plural,
    shown,
    true_or_false,
    unchangeable,
    whole_number,
)
from d2lmini.datasets import Dataset
from d2lmini.models import (
    _Model,
    cross_entropy,
    cross_entropy_gradient,
    glorot,
    number_of_classes,
    refuse_no_dataset,
    refuse_other_biases,
    refuse_other_parameters,
    same_length,
)

PAD, UNKNOWN = "<pad>", "<unknown>"
TOPICS = ("plot", "cast", "music", "pace", "ending", "script", "hero", "picture")
PRAISE = ("good", "great", "fresh", "clever", "moving", "funny", "rich", "bold")
BLAME = ("bad", "dull", "stale", "silly", "cold", "weak", "poor", "tired")
NEGATIONS = ("not", "never")
DEGREES = ("very", "really", "so")
TURNS = ("but", "yet")  # what follows them counts
CONCESSIONS = ("although", "though")  # what precedes them counts
REMARKS = (
    "we saw it at home",
    "it lasted two hours",
    "my friend came along",
    "they sell popcorn here",
    "it rained that night",
    "our seats were red",
)


def _vocabulary() -> tuple[str, ...]:
    """Return every word of the grammar once, after the padding, in the order of the tables."""
    groups = (TOPICS, PRAISE, BLAME, NEGATIONS, DEGREES, TURNS, CONCESSIONS)
    words = [PAD, ".", "the", "was", *(word for group in groups for word in group)]
    words += [word for remark in REMARKS for word in remark.split()]
    return tuple(dict.fromkeys(words))


WORDS = _vocabulary()
NUMBER_OF = {word: i for i, word in enumerate(WORDS)}


@explain_arguments
@unchangeable
@dataclass(frozen=True, eq=False, repr=False)
class Reviews(Dataset):
    """Texts as rows of whole numbers, one for each word, and whether each praises (1) or not (0).

    Parameters
    ----------
    name, x, y, feature_names : Any
        As in `Dataset`; `x` of shape (n, length) holds whole numbers, 0 for padding.
    words : tuple of str
        The word that each number stands for. The first is the padding.

    Raises
    ------
    TypeError, ValueError
        As `Dataset`; or if a number in `x` stands for no word.

    Examples
    --------
    >>> data = d2l.reviews(2, seed=3)
    >>> data
    <Reviews 'reviews': x of shape (2, 21), y of shape (2,), 61 words>
    >>> data.x.dtype.kind, len(data.words)
    ('i', 61)
    """

    words: tuple[str, ...] = WORDS

    def __post_init__(self) -> None:
        super().__post_init__()
        words = self.words
        if isinstance(words, str) or not isinstance(words, Sequence):
            raise TypeError(f"{self.name}: words must be a tuple of text, one word for each number.")
        if not all(isinstance(word, str) for word in words):
            raise TypeError(f"{self.name}: words must be text, all of them.")
        object.__setattr__(self, "words", tuple(words))
        object.__setattr__(self, "x", tokens_of(self.x, len(words), f"{self.name}: x"))

    def __repr__(self) -> str:
        """Return the name, the shapes and the number of words."""
        return f"<Reviews {self.name!r}: x of shape {self.x.shape}, y of shape {self.y.shape}, " + (
            f"{plural(len(self.words), 'word')}>"
        )

    def read(self, tokens) -> str:
        """Return the text that a row of `x` stands for, without the padding.

        Parameters
        ----------
        tokens : array of int, shape (length,)
            Such as ``data.x[0]``.

        Returns
        -------
        str
            The words, with blanks between them.

        Raises
        ------
        TypeError, ValueError
            If these are no numbers of words.

        Examples
        --------
        >>> data = d2l.reviews(2, seed=3)
        >>> data.read(data.tokens("the plot was good ."))
        'the plot was good .'
        """
        row = tokens_of(np.atleast_2d(array_of(tokens, "The tokens")), len(self.words))
        if len(row) != 1:
            raise ValueError("One review at a time is read: pass a row, such as data.x[0].")
        return " ".join(self.words[i] for i in row[0] if i)

    def tokens(self, text: str) -> np.ndarray:
        """Return the numbers of the words of a text, padded to the length of the rows of `x`.

        Parameters
        ----------
        text : str
            Words with blanks between them; full stops are words.

        Returns
        -------
        array of int, shape (length,)
            What a network reads: ``model.predict(parameters, [data.tokens(text)])``.

        Raises
        ------
        ValueError
            If the text has a word that is not in `words`, or more words than a row of `x`.

        Examples
        --------
        >>> d2l.reviews(2).tokens("the plot was good .")[:6].tolist()
        [2, 4, 3, 12, 1, 0]
        """
        if not isinstance(text, str):
            raise TypeError(f"A text is needed, but got {shown(text)}. data.read(x) reads numbers.")
        numbers, row = [], np.zeros(self.x.shape[1], dtype=np.int64)
        for word in text.split():
            if word in self.words[1:]:
                numbers.append(self.words.index(word, 1))
            elif UNKNOWN in self.words:
                numbers.append(self.words.index(UNKNOWN))
            else:
                raise ValueError(
                    f"These reviews have no word {word!r}. {did_you_mean(word, self.words[1:])} "
                    "Write small letters, and a blank before a full stop."
                )
        if len(numbers) > len(row):
            raise ValueError(
                f"The text has {plural(len(numbers), 'word')}, but the rows of x have room for "
                f"{len(row)}."
            )
        row[: len(numbers)] = numbers
        return row


@explain_arguments
def reviews(n: int = 2000, seed: int = 0, *, remarks: int = 1, unseen: bool = False) -> Reviews:
    """Return reviews made by a grammar in which the order of the words decides.

    ========== ==========================================================================
    review     verdict ``.`` remark ``.`` (as many as asked for) joint verdict ``.``
    verdict    ``the`` topic ``was`` [negation] [degree] opinion
    topic      plot, cast, music, pace, ending, script, hero, picture
    opinion    praise: good, great, fresh, clever, moving, funny, rich, bold;
               blame: bad, dull, stale, silly, cold, weak, poor, tired
    negation   not, never: turns praise into blame, and blame into praise
    degree     very, really, so: no matter
    joint      but, yet: the second verdict counts; although, though: the first
    remark     six sentences without an opinion, such as "we saw it at home"
    ========== ==========================================================================

    One of the two verdicts praises and the other blames, after negation, and their topics differ.
    Every review comes with its mirror image, in which the two verdicts have changed places. It has
    the same words, and the same pairs of neighbors, each as often; and the other label.

    Parameters
    ----------
    n : int, default 2000
        How many, an even number: rows 0 and 1 are mirror images, 2 and 3, and so on.
    seed : int, default 0
        Where they come from.
    remarks : int, default 1
        How many remarks stand between the two verdicts. Each is four or five words and a full stop.
    unseen : bool, default False
        A quarter of the combinations of a topic and an opinion never occur: those whose places in
        the lists above add up to a multiple of four. With True, only these occur.

    Returns
    -------
    Reviews
        A `Dataset` whose `x`, of shape (n, 15 + 6 remarks), holds whole numbers, 0 for padding at
        the end, and `y` 1 for praise and 0 for blame; with `words`, `read` and `tokens`.

    Raises
    ------
    TypeError, ValueError
        If `n` is not an even whole number of at least 2, or another argument is out of its range.

    Examples
    --------
    >>> data = d2l.reviews(4, seed=8)
    >>> for x, y in zip(data.x[:2], data.y):
    ...     print(y, data.read(x))
    """
    n, seed = whole_number(n, "n", 2), whole_number(seed, "seed", 0)
    remarks = whole_number(remarks, "remarks", 0)
    unseen = true_or_false(unseen, "unseen")
    if n % 2:
        raise ValueError(f"n must be even, since every review has its mirror image, but is {n}.")
    rng = np.random.default_rng(seed)
    x = np.zeros((n, 15 + 6 * remarks), dtype=np.int64)
    y = np.zeros(n, dtype=np.int64)
    for i in range(0, n, 2):
        topics = rng.choice(len(TOPICS), size=2, replace=False)
        praising = int(rng.integers(2))  # which of the two verdicts praises
        verdicts = [_verdict(rng, topics[k], k == praising, unseen) for k in (0, 1)]
        between = [REMARKS[rng.integers(len(REMARKS))].split() + ["."] for _ in range(remarks)]
        joint = (TURNS + CONCESSIONS)[rng.integers(4)]
        counts = 1 if joint in TURNS else 0  # which of the two verdicts counts
        for k, (first, second) in enumerate((verdicts, verdicts[::-1])):
            words = [*first, ".", *(w for remark in between for w in remark), joint, *second, "."]
            x[i + k, : len(words)] = [NUMBER_OF[word] for word in words]
            y[i + k] = (counts == praising) != bool(k)
    return Reviews("reviews", x, y)


def _verdict(rng, topic: int, praises: bool, unseen: bool) -> list[str]:
    """Return the words of one verdict, from combinations that are kept apart."""
    negated = rng.random() < 0.5
    opinions = PRAISE if praises != negated else BLAME
    places = [j for j in range(len(opinions)) if ((topic + j) % 4 == 0) == unseen]
    words = ["the", TOPICS[topic], "was"]
    words += [NEGATIONS[rng.integers(2)]] * negated
    words += [DEGREES[rng.integers(3)]] * (rng.random() < 0.5)
    return [*words, opinions[places[rng.integers(len(places))]]]


def tokens_of(x, words: int, name: str = "The tokens") -> np.ndarray:
    """Return numbers of words as a table of integers, or say why they are none.

    Parameters
    ----------
    x : array of shape (n, length)
        Whole numbers.
    words : int
        How many words there are.
    name : str
        What to call them.

    Returns
    -------
    array of int, shape (n, length)
        The same.

    Raises
    ------
    TypeError, ValueError
        If they are not whole, no table, or one is out of range.
    """
    if not (isinstance(x, np.ndarray) and x.dtype.kind in "iu"):
        given = x = array_of(x, name)
        if given.dtype.kind not in "iuf":
            raise TypeError(f"{name} must be whole numbers, one for each word, but are others.")
        if given.dtype.kind == "f":
            with np.errstate(invalid="ignore"):
                x = given.astype(np.int64)
            if (x != given).any():
                raise ValueError(f"{name} must be whole numbers, one for each word.")
    if x.ndim != 2:
        raise ValueError(
            f"{name} must be a table with one text a row, but has shape {x.shape}. One text is a "
            "row, too: x[:1], not x[0]."
        )
    if x.size and (x.min() < 0 or x.max() >= words):
        raise ValueError(
            f"{name} must lie between 0, the padding, and {words - 1}, since there are "
            f"{plural(words, 'word')}; but they range from {x.min()} to {x.max()}."
        )
    return x


STARTS = ("orthogonal", "glorot", "identity")


@explain_arguments
class EmbeddingRNN(_Model):
    r"""A recurrent network that looks up a vector for each word, and then names one of k classes.

    .. math::
        a_t = E_{w_t} U + h_{t-1} W + b, \qquad
        h_t = \begin{cases} \tanh(a_t) & w_t \neq 0 \\ h_{t-1} & w_t = 0 \end{cases}, \qquad
        h_0 = 0, \qquad Z = h_T V + c

    with the loss of `SoftmaxRegression` on the scores Z. The examples `x`, of shape (n, T), are
    whole numbers :math:`w_t`, one for each word. At a 0, the padding, the state stays as it is:
    padding, before or after the words, changes no score, and its row of E has no gradient.

    Parameters
    ----------
    embedding : int, default 16
        The length d of the vector of a word.
    hidden : int, default 32
        The number h of hidden units.
    seed : int, default 0
        Where the initial weights come from: `E` is uniform between -0.05 and 0.05, as in Keras,
        `U` and `V` with the width of Glorot and Bengio (2010).
    recurrent : {"orthogonal", "glorot", "identity"}, default "orthogonal"
        How `W` starts: a random orthogonal matrix, as in Keras; uniform, as `U`; or the identity.
    gain : float, default 1.0
        What that matrix is multiplied by: the singular values of an orthogonal one.

    Raises
    ------
    ValueError
        If a number is out of its range, or there is no such start.

    References
    ----------
    Elman (1990); Saxe, McClelland and Ganguli (2014) on orthogonal starts.

    Examples
    --------
    >>> data, model = d2l.reviews(100), d2l.EmbeddingRNN(embedding=4, hidden=8)
    >>> {name: value.shape for name, value in model.init(data).items()}
    {'E': (61, 4), 'U': (4, 8), 'W': (8, 8), 'b': (8,), 'V': (8, 2), 'c': (2,)}
    """

    def __init__(
        self,
        embedding: int = 16,
        hidden: int = 32,
        seed: int = 0,
        recurrent: str = "orthogonal",
        gain: float = 1.0,
    ) -> None:
        if not isinstance(recurrent, str) or recurrent not in STARTS:
            raise ValueError(
                f"There is no start {shown(recurrent)} for the recurrent weights. "
                f"{did_you_mean(recurrent, STARTS)}"
            )
        self.embedding = whole_number(embedding, "embedding", 1)
        self.hidden = whole_number(hidden, "hidden", 1)
        self.seed = whole_number(seed, "seed", 0)
        self.recurrent = recurrent
        self.gain = number(gain, "gain")

    def init(self, data: Dataset) -> dict[str, np.ndarray]:
        """Return random ``E`` (words, d), ``U`` (d, h), ``W`` (h, h), ``V`` (h, k); zero b, c."""
        refuse_no_dataset(data)
        words = len(data.words) if isinstance(data, Reviews) else int(np.max(data.x)) + 1
        tokens_of(data.x, words, f"{data.name}: x")
        rng = np.random.default_rng(self.seed)
        d, h, k = self.embedding, self.hidden, number_of_classes(data)
        E, U = rng.uniform(-0.05, 0.05, (words, d)), glorot(rng, d, h)
        if self.recurrent == "orthogonal":
            Q, R = np.linalg.qr(rng.normal(size=(h, h)))
            W = Q * np.where(np.diag(R) < 0, -1.0, 1.0)
        else:
            W = glorot(rng, h, h) if self.recurrent == "glorot" else np.eye(h)
        V = glorot(rng, h, k)
        return {"E": E, "U": U, "W": self.gain * W, "b": np.zeros(h), "V": V, "c": np.zeros(k)}

    def forward(self, parameters: dict[str, np.ndarray], x) -> tuple[np.ndarray, np.ndarray]:
        """Return the states h_0, …, h_T, of shape (T + 1, n, h), and the scores, of shape (n, k).

        Raises
        ------
        TypeError, ValueError
            If `x` is no table of numbers of words, or the parameters belong to another network.
        """
        E, U, W, b, V, c = _weights(parameters)
        x = tokens_of(x, len(E), "x")
        inputs = E[x.T] @ U + b  # (T, n, h): each word's vector, looked up
        h = np.zeros((len(inputs) + 1, len(x), len(W)), dtype=inputs.dtype)
        for t, (a, word) in enumerate(zip(inputs, x.T), start=1):
            h[t] = np.where(word[:, None] > 0, np.tanh(a + h[t - 1] @ W), h[t - 1])
        return h, h[-1] @ V + c

    def scores(self, parameters: dict[str, np.ndarray], x) -> np.ndarray:
        """Return the scores Z, of shape (n, k)."""
        return self.forward(parameters, x)[1]

    def predict(self, parameters: dict[str, np.ndarray], x) -> np.ndarray:
        """Return the class with the largest score, for each example."""
        return self.scores(parameters, x).argmax(axis=-1)

    def loss(self, parameters: dict[str, np.ndarray], x, y) -> float:
        """Return the mean cross-entropy."""
        same_length(x, y)
        return cross_entropy(self.scores(parameters, x), y)

    def gradient(self, parameters: dict[str, np.ndarray], x, y) -> dict[str, np.ndarray]:
        """Return the gradient of `loss`, shaped like the parameters: backpropagation in time."""
        same_length(x, y)
        E, U, W, _, V, _ = _weights(parameters)
        x = tokens_of(x, len(E), "x")
        h, Z = self.forward(parameters, x)
        dZ = cross_entropy_gradient(Z, y)  # (n, k)
        dh = dZ @ V.T  # (n, h)
        dA = np.zeros_like(h[1:])  # (T, n, h)
        for t in range(len(dA), 0, -1):
            read = x[:, t - 1, None] > 0
            dA[t - 1] = np.where(read, dh * (1 - h[t] ** 2), 0)  # through tanh
            dh = np.where(read, dA[t - 1] @ W.T, dh)  # to the state before
        words, dA, before = x.T.ravel(), dA.reshape(-1, len(W)), h[:-1].reshape(-1, len(W))
        dE = np.zeros_like(E)
        np.add.at(dE, words, dA @ U.T)  # a word that was read twice gets both
        return {
            "E": dE,
            "U": E[words].T @ dA,
            "W": before.T @ dA,
            "b": dA.sum(axis=0),
            "V": h[-1].T @ dZ,
            "c": dZ.sum(axis=0),
        }


def _weights(parameters) -> list[np.ndarray]:
    """Return the arrays of the network in order, or say that they belong to another one."""
    names = ("E", "U", "W", "b", "V", "c")
    refuse_other_parameters(parameters, names)
    E, U, W, b, V, c = (np.asarray(parameters[name]) for name in names)
    fit = E.ndim == U.ndim == W.ndim == V.ndim == 2
    fit = fit and E.shape[1] == len(U) and W.shape == (U.shape[1],) * 2 and len(V) == len(W)
    if not fit:
        shapes = ", ".join(f"{name} {np.shape(parameters[name])}" for name in names)
        raise ValueError(f"These parameters do not fit together: {shapes}. init(data) makes them.")
    refuse_other_biases(b=(b, U.shape[1:]), c=(c, V.shape[1:]))
    return [E, U, W, b, V, c]
