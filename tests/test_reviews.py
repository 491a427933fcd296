"""Reviews: the grammar keeps its promises, the network is what it says, Keras' twin agrees."""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_any_input import ANYTHING, VALUES, answer, often

import d2lmini as d2l
from d2lmini.reviews import (
    BLAME,
    CONCESSIONS,
    NEGATIONS,
    PRAISE,
    REMARKS,
    TOPICS,
    TURNS,
    WORDS,
    Reviews,
)

SMALL = d2l.EmbeddingRNN(embedding=3, hidden=4)


def random_parameters(model, data, seed=0, size=0.4):
    rng = np.random.default_rng(seed)
    return {k: v + size * rng.normal(size=v.shape) for k, v in model.init(data).items()}


def counts(row, neighbors):
    """Return how often each word, or each pair of neighbors, occurs, with start and end."""
    row = [-1, *row[row > 0].tolist(), -2]
    found = list(itertools.pairwise(row)) if neighbors else row
    return sorted(found)


def label_of(text):
    """Return what a reader says of a review of the grammar, by another way than its maker."""
    words = text.split()
    at = next(i for i, word in enumerate(words) if word in TURNS + CONCESSIONS)
    says = words[at:] if words[at] in TURNS else words[:at]
    praises = any(word in PRAISE for word in says)
    return int(praises != any(word in NEGATIONS for word in says))


# ---- the grammar --------------------------------------------------------------------------------


@pytest.mark.parametrize("remarks", [0, 1, 3])
@pytest.mark.parametrize("unseen", [False, True])
def test_the_grammar_keeps_its_promises(remarks, unseen):
    data = d2l.reviews(400, seed=remarks, remarks=remarks, unseen=unseen)
    assert data.x.shape == (400, 15 + 6 * remarks)
    assert data.x.dtype.kind == "i"
    assert data.y.dtype.kind == "i"
    assert data.y.sum() == 200
    for i in range(400):
        text = data.read(data.x[i])
        assert data.y[i] == label_of(text)
        assert np.array_equal(data.tokens(text), data.x[i])
        n = np.count_nonzero(data.x[i])
        assert (data.x[i, :n] > 0).all()  # the padding is at the end
        words = text.split()
        assert sum(w in PRAISE + BLAME for w in words) == 2
        assert sum(" ".join(words).count(remark) for remark in REMARKS) == remarks
        for k, word in enumerate(words):
            if word in TOPICS:
                opinion = next(w for w in words[k:] if w in PRAISE + BLAME)
                j = (PRAISE if opinion in PRAISE else BLAME).index(opinion)
                assert ((TOPICS.index(word) + j) % 4 == 0) == unseen
    for one, other in zip(range(0, 400, 2), range(1, 400, 2), strict=False):
        assert data.y[one] != data.y[other]
        for neighbors in (False, True):
            assert counts(data.x[one], neighbors) == counts(data.x[other], neighbors)


def test_every_word_is_learned_and_occurs_in_unseen_combinations():
    seen, unseen = d2l.reviews(2000), d2l.reviews(2000, unseen=True)
    assert set(np.unique(seen.x)) == set(np.unique(unseen.x)) == set(range(len(WORDS)))
    assert np.array_equal(d2l.reviews(20, seed=5).x, d2l.reviews(20, seed=5).x)
    assert not np.array_equal(d2l.reviews(20, seed=5).x, d2l.reviews(20, seed=6).x)
    assert len(set(WORDS)) == len(WORDS)
    assert WORDS[0] == "<pad>"


def test_a_bag_of_words_is_right_in_half_of_the_cases():
    from sklearn.linear_model import LogisticRegression

    train, test = d2l.reviews(1000), d2l.reviews(400, seed=1)
    bag, other = (np.array([np.bincount(x, minlength=60) for x in d.x]) for d in (train, test))
    model = LogisticRegression(C=10.0, max_iter=2000).fit(bag, train.y)
    assert model.score(other, test.y) == 0.5 == model.score(bag, train.y)


# ---- the network --------------------------------------------------------------------------------


def test_gradient_agrees_with_differences_and_wrong_ones_do_not():
    data = d2l.reviews(6, seed=2)
    p = random_parameters(SMALL, data)

    def apart(change=lambda g: g):
        return d2l.check_gradients(
            lambda q: SMALL.loss(q, data.x, data.y),
            lambda q: change(SMALL.gradient(q, data.x, data.y)),
            p,
        )

    assert apart() < 1e-7

    def half_of_the_stops(g):  # as if a repeated word had been read less often

        lost = g["E"].copy()
        lost[1] *= 0.5
        return g | {"E": lost}

    for wrong in (
        half_of_the_stops,
        lambda g: g | {"W": g["W"].T},
        lambda g: g | {"E": g["E"] + (np.arange(60) == 0)[:, None]},  # the padding moves
        lambda g: g | {"b": 0 * g["b"]},
    ):
        assert apart(wrong) > 1e-4


def test_without_padding_it_is_the_recurrent_network_on_looked_up_vectors():
    x = np.random.default_rng(0).integers(1, 60, (5, 7))
    data = Reviews("full", x, np.arange(5) % 2)
    p = random_parameters(SMALL, data)
    plain = d2l.SimpleRNN(hidden=4)
    rest = {k: v for k, v in p.items() if k != "E"}
    assert np.allclose(SMALL.scores(p, x), plain.scores(rest, p["E"][x]), rtol=0, atol=1e-12)
    theirs = plain.gradient(rest, p["E"][x], data.y)
    mine = SMALL.gradient(p, x, data.y)
    assert all(np.allclose(mine[k], theirs[k], rtol=0, atol=1e-12) for k in rest)


def test_padding_before_or_after_changes_nothing_and_has_no_gradient():
    data = d2l.reviews(20, seed=4)
    p = random_parameters(SMALL, data)
    wide = np.zeros((20, 60), dtype=int)
    before, after, between = wide.copy(), wide.copy(), wide.copy()
    for i, row in enumerate(data.x):
        words = row[row > 0]
        after[i, : len(words)] = words
        before[i, -len(words) :] = words
        between[i, 1 : 2 * len(words) : 2] = words
    for x in (before, after, between):
        assert np.allclose(SMALL.scores(p, x), SMALL.scores(p, data.x), rtol=0, atol=1e-12)
        g, same = SMALL.gradient(p, x, data.y), SMALL.gradient(p, data.x, data.y)
        assert all(np.allclose(g[k], same[k], rtol=0, atol=1e-12) for k in g)
        assert (g["E"][0] == 0).all()


def test_starts():
    data = d2l.reviews(10)
    for gain in (1.0, 0.5, 2.0):
        W = d2l.EmbeddingRNN(recurrent="orthogonal", gain=gain).init(data)["W"]
        assert np.allclose(np.linalg.svd(W, compute_uv=False), gain)
    assert np.array_equal(d2l.EmbeddingRNN(recurrent="identity").init(data)["W"], np.eye(32))
    E = d2l.EmbeddingRNN(spread=0.05).init(data)["E"]
    assert 0.04 < np.abs(E).max() <= 0.05


def test_single_precision_stays():
    data = d2l.reviews(10)
    p = {k: v.astype(np.float32) for k, v in SMALL.init(data).items()}
    assert SMALL.scores(p, data.x).dtype == np.float32
    assert all(v.dtype == np.float32 for v in SMALL.gradient(p, data.x, data.y).values())


def test_it_learns_what_a_bag_of_words_cannot():
    train, unseen = d2l.reviews(2000), d2l.reviews(400, seed=1, unseen=True)
    model = d2l.EmbeddingRNN()
    run = d2l.train(
        model,
        d2l.Adam(0.01),
        train,
        epochs=20,
        batch_size=50,
        global_clipnorm=1.0,
        validation=unseen,
    )
    assert d2l.accuracy(unseen.y, model.predict(run.parameters, unseen.x)) > 0.95


@pytest.mark.parametrize("rule", d2l.RULES.values())
def test_every_rule_trains_it(rule):
    run = d2l.train(SMALL, rule(), d2l.reviews(40), epochs=1)
    assert np.isfinite(run.loss).all()
    assert run.diverged_at is None


# ---- Keras --------------------------------------------------------------------------------------


def keras_twin(model, data, parameters, mask_zero=True):
    """Return the network of Keras with our parameters."""
    keras = d2l.keras()
    h, d = model.hidden, model.embedding
    network = keras.Sequential(
        [
            keras.layers.Embedding(len(data.words), d, mask_zero=mask_zero),
            keras.layers.SimpleRNN(h),
            keras.layers.Dense(2),
        ]
    )
    network.build((None, data.x.shape[1]))
    network.set_weights([parameters[k] for k in "EUWbVc"])
    return network


def test_keras_agrees_wherever_the_padding_is():
    pytest.importorskip("tensorflow")
    import tensorflow as tf

    data = d2l.reviews(30, seed=3)
    p = random_parameters(SMALL, data)
    network = keras_twin(SMALL, data, p)
    before = np.array([np.roll(row, np.count_nonzero(row == 0)) for row in data.x])
    for x in (data.x, before):
        assert np.allclose(network(x), SMALL.scores(p, x), rtol=0, atol=1e-5)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(
                tf.keras.losses.sparse_categorical_crossentropy(data.y, network(x), True)
            )
        theirs = tape.gradient(loss, [v.value for v in network.trainable_variables])
        mine = SMALL.gradient(p, x, data.y)
        for name, g in zip("EUWbVc", theirs, strict=False):
            assert np.allclose(tf.convert_to_tensor(g), mine[name], rtol=0, atol=1e-5)
    unmasked = keras_twin(SMALL, data, p, mask_zero=False)
    assert np.abs(unmasked(data.x) - SMALL.scores(p, data.x)).max() > 1e-3  # a wrong twin


# ---- films --------------------------------------------------------------------------------------


@pytest.fixture
def films(monkeypatch):
    """Put four made-up reviews where Keras would download 50,000, numbered as Keras does."""
    pytest.importorskip("tensorflow")
    imdb = d2l.keras().datasets.imdb
    asked = []

    def load_data(num_words=None, **others):
        asked.append((num_words, others))
        texts = [[1, 4, 5, 6], [1, 5, 9, 5, 4, 7]]
        short = [[i if i < num_words else 2 for i in text] for text in texts]
        x = np.array(short, dtype=object)
        return (x, np.array([1, 0])), (x[::-1], np.array([0, 1]))

    ranks = {"the": 1, "film": 2, "good": 3, "bad": 4, "rare": 6}
    monkeypatch.setattr(imdb, "load_data", load_data)
    monkeypatch.setattr(imdb, "get_word_index", lambda: ranks)
    return asked


def test_films_are_read_as_keras_numbers_them(films):
    data = d2l.imdb_reviews(words=8, length=5)
    assert films == [(8, {})]
    assert data.words == ("<pad>", "<start>", "<unknown>", "<unused>", "the", "film", "good", "bad")
    assert data.x.tolist() == [[1, 4, 5, 6, 0], [5, 2, 5, 4, 7]]
    assert data.y.tolist() == [1, 0]
    assert data.read(data.x[1]) == "film <unknown> film the bad"
    assert data.tokens("the rare film").tolist() == [4, 2, 5, 0, 0]
    test = d2l.imdb_reviews("test", words=8, length=6, n=1)
    assert test.x.tolist() == [[1, 5, 2, 5, 4, 7]]
    assert test.y.tolist() == [0]
    more = d2l.imdb_reviews(words=20, length=5)
    assert len(more.words) == 20
    assert more.words[8:11] == ("<unused>", "rare", "<unused>")
    run = d2l.train(d2l.EmbeddingRNN(3, 4), d2l.Adam(), data, epochs=2, batch_size=2)
    assert run.loss[-1] < run.loss[0]


def test_the_code_that_the_chapter_does_not_run(films, monkeypatch, capsys):
    rng = np.random.default_rng(0)
    texts = [[1, *rng.integers(4, 8, size=rng.integers(3, 300)).tolist()] for _ in range(120)]
    part = np.array(texts, dtype=object), rng.integers(0, 2, 120)
    monkeypatch.setattr(d2l.keras().datasets.imdb, "load_data", lambda **others: (part, part))
    chapter = Path(__file__).parent.parent / "chapters" / "practice" / "reviews.md"
    (block,) = re.findall(r"^```python\n(.*?)^```", chapter.read_text(), re.MULTILINE | re.DOTALL)
    assert "imdb_reviews" in block
    exec(block, {})
    printed = capsys.readouterr().out
    assert " good " in printed
    assert "0." in printed


def test_films_without_a_network_are_a_sentence(films, monkeypatch):
    def no_network(**others):
        raise Exception("URL fetch failure on https://example.org: None -- unreachable")

    monkeypatch.setattr(d2l.keras().datasets.imdb, "load_data", no_network)
    with pytest.raises(FileNotFoundError, match="could not be downloaded: URL fetch failure"):
        d2l.imdb_reviews()
    for wrong in ({"part": "validation"}, {"words": 3}, {"length": 0}, {"n": 0}):
        with pytest.raises(ValueError, match="must be"):
            d2l.imdb_reviews(**wrong)


# ---- whatever is passed -------------------------------------------------------------------------


@often
@given(ANYTHING, ANYTHING, ANYTHING)
def test_any_input_is_answered_or_refused_in_a_sentence(a, b, c):
    answer(d2l.EmbeddingRNN, a, b)
    answer(Reviews, "mine", a, b)
    answer(Reviews, "mine", [[1, 2]], [0], words=c)
    data = d2l.reviews(4)
    for method in (data.read, data.tokens):
        answer(method, a)
    p = SMALL.init(data)
    answer(SMALL.init, a)
    for method in (SMALL.loss, SMALL.gradient):
        answer(method, p, a, b)
        answer(method, p, data.x, b)
        answer(method, a, data.x, data.y)
        answer(method, p | {"W": c}, data.x, data.y)
    for method in (SMALL.scores, SMALL.predict):
        answer(method, p, a)


@often
@given(VALUES, VALUES, VALUES)
def test_any_argument_of_reviews(a, b, c):
    if not (isinstance(a, (int, np.integer)) and a > 1000):
        answer(d2l.reviews, a)
    answer(d2l.reviews, 2, b)
    answer(d2l.reviews, 2, remarks=c if not isinstance(c, int) or c < 100 else 0, unseen=a)


@given(st.integers(0, 10**6))
def test_mirror_images_whatever_the_seed(seed):
    data = d2l.reviews(2, seed=seed)
    assert data.y.sum() == 1
    assert counts(data.x[0], True) == counts(data.x[1], True)
