"""Data: what it holds, how it is standardized, and how it is cut into minibatches."""

import itertools
import logging
import sys

import numpy as np
import pooch
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from sklearn.datasets import load_diabetes, load_digits

import d2lmini as d2l
from d2lmini import datasets

properties = settings(derandomize=True, deadline=None, max_examples=50)


def test_diabetes():
    data = d2l.diabetes()
    assert len(data) == 442
    assert data.x.shape == (442, 10)
    assert data.y.shape == (442,)
    assert data.feature_names == tuple(load_diabetes().feature_names)
    for column in (*data.x.T, data.y):
        assert_allclose(column.mean(), 0, atol=1e-13)
        assert_allclose(column.std(), 1, rtol=1e-13)
    # A straight-line change of scale keeps all correlations.
    raw = load_diabetes(scaled=False)
    assert_allclose(np.corrcoef(data.x.T, data.y), np.corrcoef(raw.data.T, raw.target), atol=1e-12)


def test_digits():
    data = d2l.digits()
    assert data.x.shape == (1797, 64)
    assert data.x.min() == 0
    assert data.x.max() == 1
    assert set(data.y) == set(range(10))
    assert (data.x * 16 == load_digits().data).all()


def test_loading_twice_gives_the_same():
    assert (d2l.diabetes().x == d2l.diabetes().x).all()


# ---- standardizing ------------------------------------------------------------------------------

tables = arrays(
    float,
    st.tuples(st.integers(2, 8), st.integers(1, 4)),
    # On a grid: two neighboring floats have a spread, but one that rounding has eaten.
    elements=st.integers(-1000, 1000).map(lambda k: k / 10),
)


@properties
@given(x=tables)
def test_standardized_columns_have_mean_0_and_spread_1(x):
    z = d2l.standardize(x)
    varied = np.ptp(x, axis=0) > 0
    assert_allclose(z.mean(axis=0), 0, atol=1e-9)
    assert_allclose(z.std(axis=0)[varied], 1, rtol=1e-9)
    assert (z[:, ~varied] == 0).all()
    # Nothing but shift and scale: standardizing is seen to undo both.
    assert_allclose(d2l.standardize(3 * x + 7), z, rtol=1e-7, atol=1e-7)


def test_test_data_are_standardized_like_the_training_data():
    train, test = np.array([[1.0, 5.0], [3.0, 5.0]]), np.array([[2.0, 6.0], [5.0, 5.0]])
    assert_allclose(d2l.standardize(test, like=train), [[0, 1], [3, 0]])


def test_a_constant_column_becomes_zeros_even_if_its_mean_rounds():
    column = np.full((3, 1), 0.1)
    assert column.mean() != 0.1
    assert (d2l.standardize(column) == 0).all()


def test_standardize_changes_nothing_and_takes_vectors_and_integers():
    x = np.array([1, 2, 3])
    assert_allclose(d2l.standardize(x), np.array([-1, 0, 1]) * np.sqrt(1.5))
    assert (x == [1, 2, 3]).all()


def test_standardize_refuses_nothing_and_nan():
    with pytest.raises(ValueError, match="empty"):
        d2l.standardize(np.empty((0, 3)))
    with pytest.raises(ValueError, match="nan or infinite"):
        d2l.standardize([[1.0, np.nan]])


# ---- minibatches --------------------------------------------------------------------------------


@properties
@given(st.data())
def test_an_epoch_visits_every_row_once(data):
    n = data.draw(st.integers(1, 60))
    size = data.draw(st.integers(1, n))
    seed = data.draw(st.integers(0, 1000))
    batches = d2l.minibatches(n, size, seed)
    count = -(-n // size)
    orders = []
    for _ in range(3):
        epoch = list(itertools.islice(batches, count))
        assert [len(rows) for rows in epoch[:-1]] == [size] * (count - 1)
        assert len(epoch[-1]) == (n % size or size)  # the last one may be smaller
        orders.append(np.concatenate(epoch))
        assert sorted(orders[-1]) == list(range(n))
    if n > 10:  # a new order every time
        assert not (orders[0] == orders[1]).all() or not (orders[1] == orders[2]).all()


def test_the_seed_decides_the_order():
    def first(seed):
        return next(d2l.minibatches(100, 50, seed)).tolist()

    assert first(0) == first(0)
    assert first(0) != first(1)


def test_minibatches_leave_the_global_generator_alone():
    np.random.seed(3)  # noqa: NPY002  the generator that must not be touched
    expected = np.random.random()  # noqa: NPY002
    np.random.seed(3)  # noqa: NPY002
    next(d2l.minibatches(10, 2, 0))
    assert np.random.random() == expected  # noqa: NPY002


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((0, 1, 0), "empty"),
        ((5, 6, 0), "only 5 examples. Use at most 5"),
        ((5, 0, 0), "batch_size must be a whole number of at least 1"),
        ((5, 2.5, 0), "batch_size must be a whole number"),
        ((5, 2, -1), "seed must be a whole number of at least 0"),
    ],
)
def test_minibatches_that_cannot_be_are_refused_at_once(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        d2l.minibatches(*arguments)  # before the first one is asked for


# ---- data sets of one's own ---------------------------------------------------------------------


def test_lists_of_integers_are_a_data_set_of_floats():
    data = d2l.Dataset("mine", [[1, 2], [3, 4]], [0, 1])
    assert data.x.dtype == float
    assert data.y.dtype.kind == "i"
    assert len(data) == 2


def test_several_targets_and_sequences_are_data_sets():
    assert d2l.Dataset("targets", np.ones((3, 2)), np.ones((3, 4))).y.shape == (3, 4)
    assert len(d2l.Dataset("sequences", np.ones((3, 5, 2)), np.ones(3))) == 3


@pytest.mark.parametrize(
    ("x", "y", "sentence"),
    [
        (np.empty((0, 2)), np.empty(0), "at least one row"),
        (np.ones(3), np.ones(3), "table with one example a row"),
        (np.ones((3, 2)), np.ones(2), "one target for each of the 3 rows"),
        (np.ones((3, 2)), np.ones((3, 1)), r"flattened with \.ravel\(\)"),
        ([[1.0, np.inf]], [1.0], "mine: x holds a value"),
        ([[1.0, 2.0]], [np.nan], "mine: y holds a value"),
    ],
)
def test_data_that_are_none_are_refused(x, y, sentence):
    with pytest.raises(ValueError, match=sentence):
        d2l.Dataset("mine", x, y)


def test_words_are_refused():
    with pytest.raises(TypeError, match="must be real numbers"):
        d2l.Dataset("mine", [["a", "b"]], [1.0])


# ---- the airfoil data, which is not part of the package -----------------------------------------


def test_airfoil_is_standardized_over_all_its_rows(airfoil_folder):
    data = d2l.airfoil()
    assert (data.x.shape, data.y.shape) == ((1503, 5), (1503,))
    assert len(data.feature_names) == 5
    for column in (*data.x.T, data.y):
        assert_allclose([column.mean(), column.std()], [0, 1], atol=1e-12)
    # The first row is 800 Hz, 0 degrees, 0.3048 m, 71.3 m/s, 0.00266337 m, 126.201 dB.
    raw = np.loadtxt(airfoil_folder / "airfoil_self_noise.dat")
    assert raw[0].tolist() == [800, 0, 0.3048, 71.3, 0.00266337, 126.201]
    assert_allclose(data.y * raw[:, 5].std() + raw[:, 5].mean(), raw[:, 5])


def test_a_folder_without_the_airfoil_data_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("D2LMINI_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="there is no file airfoil_self_noise"):
        d2l.airfoil()


def test_other_bytes_are_refused(monkeypatch, tmp_path):
    (tmp_path / "airfoil_self_noise.dat").write_text("1\t2\t3\t4\t5\t6\n")
    monkeypatch.setenv("D2LMINI_DATA", str(tmp_path))
    with pytest.raises(ValueError, match="is not the airfoil data, or was changed"):
        d2l.airfoil()


@pytest.fixture
def no_network(monkeypatch):
    """Let every download fail, and return the list of what was asked for."""
    monkeypatch.delenv("D2LMINI_DATA", raising=False)
    asked = []

    def fails(url, known_hash, fname, path):
        asked.append((url, known_hash))
        raise ConnectionError

    monkeypatch.setattr(pooch, "retrieve", fails)
    return asked


def test_without_network_the_airfoil_data_says_what_can_be_done(no_network):
    with pytest.raises(FileNotFoundError) as refused:
        d2l.airfoil()
    for way in ("connect to the internet", "D2LMINI_DATA", "diabetes()"):
        assert way in str(refused.value)
    hosts = [url.split("/")[2] for url, _ in no_network]
    assert hosts == ["raw.githubusercontent.com", "archive.ics.uci.edu"]
    assert {checksum for _, checksum in no_network} == {f"sha256:{datasets.AIRFOIL_SHA256}"}


def test_the_second_source_is_asked_if_the_first_has_other_bytes(
    monkeypatch, airfoil_folder, no_network
):
    def second(url, known_hash, fname, path):
        if "githubusercontent" in url:
            raise ValueError("SHA256 hash of downloaded file does not match the known hash")
        return str(airfoil_folder / fname)

    monkeypatch.setattr(pooch, "retrieve", second)
    assert len(d2l.airfoil()) == 1503


def test_what_was_fetched_once_is_kept_and_checked(monkeypatch, airfoil_folder, tmp_path):
    # A file in the cache is used without network; one with other bytes is not.
    monkeypatch.delenv("D2LMINI_DATA")
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / project)
    kept = tmp_path / "d2lmini" / "airfoil_self_noise.dat"
    kept.parent.mkdir()
    pooch.get_logger().setLevel("INFO")  # it would print folders of this computer
    kept.write_bytes((airfoil_folder / kept.name).read_bytes())
    assert len(d2l.airfoil()) == 1503
    monkeypatch.setattr(datasets, "AIRFOIL_SOURCES", ["http://127.0.0.1:9/" + kept.name] * 2)
    kept.write_text("changed")
    with pytest.raises(FileNotFoundError, match="could not be downloaded"):
        d2l.airfoil()
    assert pooch.get_logger().level == logging.WARNING


def test_without_pooch_its_absence_is_the_message(monkeypatch):
    monkeypatch.delenv("D2LMINI_DATA", raising=False)
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(ModuleNotFoundError, match="pip install pooch"):
        d2l.airfoil()
