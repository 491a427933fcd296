"""The loader of MNIST, on small made-up samples: no test asks the network."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

import d2lmini as d2l


def samples(n, height=28, seed=0):
    """Return random images and labels, as Keras' loader returns them."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (n, height, height), dtype=np.uint8)
    return images, (np.arange(n) % 10).astype(np.uint8)


@pytest.fixture
def loader(monkeypatch):
    """Return a function that puts another loader into the place of Keras'."""
    return lambda load: monkeypatch.setattr(d2l.keras().datasets.mnist, "load_data", load)


def raising(error):
    """Return a loader that raises."""

    def load():
        raise error

    return load


def test_images_become_rows_of_pixels_between_zero_and_one(loader):
    given = samples(50), samples(20, seed=1)
    loader(lambda: given)
    for data, (images, labels), name in zip(d2l.mnist(), given, ("train", "test"), strict=True):
        assert data.name == f"MNIST, {name}"
        assert (data.x.shape, data.x.dtype) == ((len(images), 784), np.float32)
        assert np.array_equal(np.round(data.x * 255).astype(np.uint8), images.reshape(-1, 784))
        assert 0 <= data.x.min() < data.x.max() <= 1
        assert np.array_equal(data.y, labels)
        assert data.y.dtype.kind == "i"
        # A row is read line by line: this is what reshape(28, 28) undoes.
        assert np.isclose(data.x[3, 28 * 5 + 7], images[3, 5, 7] / 255)


def test_what_keras_loads_is_not_changed(loader):
    given = samples(20), samples(20)
    before = [part.copy() for pair in given for part in pair]
    loader(lambda: given)
    d2l.mnist()[0].x[:] = 0
    after = [part for pair in given for part in pair]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_it_trains_like_any_data(loader):
    loader(lambda: (samples(60), samples(20)))
    train, test = d2l.mnist()
    network = d2l.MLP(16, "tanh")
    run = d2l.train(network, d2l.Adam(0.003), train, epochs=20, validation=test)
    assert run.loss[-1] < run.loss[0] / 2
    assert len(run.validation_loss) == 21


@pytest.mark.parametrize(
    "error",
    [
        Exception("URL fetch failure on https://example.org/mnist.npz: None -- [Errno -2]"),
        ConnectionResetError("reset by peer"),
        TimeoutError("timed out"),
    ],
)
def test_without_a_network_a_sentence_says_what_to_do(loader, error):
    loader(raising(error))
    with pytest.raises(FileNotFoundError, match="could not be downloaded") as caught:
        d2l.mnist()
    for way_out in ("try again", "mnist.npz", ".keras/datasets", "d2l.digits()"):
        assert way_out in str(caught.value)
    assert caught.value.__cause__ is error


def test_another_file_is_refused(loader):
    loader(raising(ValueError("Incomplete or corrupted file detected. The auto file hash …")))
    with pytest.raises(ValueError, match="does not have the checksum"):
        d2l.mnist()


def test_other_errors_are_not_hidden(loader):
    loader(raising(KeyError("x_train")))
    with pytest.raises(KeyError):
        d2l.mnist()


@pytest.mark.parametrize(
    "images", [np.zeros((5, 784), np.uint8), np.zeros((5, 28, 28)), np.zeros((5, 28, 28, 1))]
)
def test_what_is_no_gray_image_is_refused(loader, images):
    loader(lambda: ((images, np.zeros(5)), samples(5)))
    with pytest.raises(ValueError, match="expected gray images"):
        d2l.mnist()


def test_labels_that_are_no_whole_numbers_are_refused(loader):
    images, labels = samples(5)
    loader(lambda: ((images, labels + 0.5), samples(5)))
    with pytest.raises(ValueError, match="expected whole numbers as labels"):
        d2l.mnist()


def test_keras_checks_the_file_that_it_downloads(monkeypatch, tmp_path):
    # Its own promise, on which the loader relies: another file in that place is refused.
    from keras.src.datasets import mnist as module
    from keras.src.utils import file_utils

    wrong = tmp_path / "wrong.npz"
    np.savez(wrong, x_train=np.zeros((2, 28, 28), np.uint8))

    def from_disk(fname, origin, file_hash):
        return file_utils.get_file(
            fname, wrong.as_uri(), file_hash=file_hash, cache_dir=str(tmp_path / "cache")
        )

    monkeypatch.setattr(module, "get_file", from_disk)
    with pytest.raises(ValueError, match="does not have the checksum"):
        d2l.mnist()


def test_without_tensorflow_a_sentence_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(ModuleNotFoundError, match="pip install tensorflow"):
        d2l.mnist()


def test_the_block_of_the_chapter_runs(loader, capsys):
    chapter = (Path(__file__).parents[1] / "chapters/practice/digits.md").read_text()
    (block,) = re.findall(r"^```python\n(.*?)^```", chapter, re.DOTALL | re.MULTILINE)
    rng = np.random.default_rng(0)
    patterns = rng.integers(0, 2, (10, 28, 28))  # ten classes that can be told apart

    def noisy(n):
        labels = rng.integers(0, 10, n).astype(np.uint8)
        images = 200 * patterns[labels] + rng.integers(0, 56, (n, 28, 28))
        return images.astype(np.uint8), labels

    loader(lambda: (noisy(300), noisy(60)))
    names = {"np": np, "d2l": d2l}
    exec(compile(block, "the block", "exec"), names)
    rate, accuracy = capsys.readouterr().out.split()
    assert rate == str(names["best"])
    assert len(names["losses"]) == 7
    assert float(accuracy) > 0.5  # it learned: chance is a tenth
    sets = {"train": 250, "validation": 50, "test": 60, "everything": 300}
    assert {name: len(names[name]) for name in sets} == sets
    both = np.vstack([names["train"].x, names["validation"].x])  # each image once
    assert np.array_equal(np.sort(both.sum(axis=1)), np.sort(names["everything"].x.sum(axis=1)))
