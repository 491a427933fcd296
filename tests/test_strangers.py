"""Whatever a newcomer types is answered with the right result, or with a sentence that helps."""

import linecache
import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from strangers import REFUSED, RIGHT

import d2lmini as d2l

OF_KERAS = ("Keras: ", "TensorFlow: ")


@pytest.fixture(autouse=True)
def _no_figures_left():
    mpl.use("Agg")
    yield
    plt.close("all")


def cases(table):
    """Return the inputs of a table as parameters of a test, the first whether Keras is needed."""
    return [
        pytest.param(name.startswith(OF_KERAS), *case, id=f"{group}: {name}")
        for group, inputs in table.items()
        for name, case in inputs.items()
    ]


def raised_in(error):
    """Return the file in which an error was raised."""
    traceback = error.__traceback__
    while traceback.tb_next:
        traceback = traceback.tb_next
    return traceback.tb_frame.f_code.co_filename


def refuse_no_sentence(error):
    """Assert that an error is a sentence of the package's own."""
    message = str(error.args[0])
    assert message.endswith((".", "?")), message
    assert "\n" not in message
    assert "0x" not in message  # an address of an object
    assert len(message) < 420, message
    # Without another library's words in front of it.
    assert error.__suppress_context__ or error.__context__ is None
    assert "d2lmini" in raised_in(error)


@pytest.mark.parametrize(("keras", "call", "error", "sentence"), cases(REFUSED))
def test_bad_input_gets_a_sentence(keras, call, error, sentence):
    if keras:
        pytest.importorskip("tensorflow")
    with pytest.raises(error) as caught:
        call()
    assert sentence in str(caught.value.args[0])
    refuse_no_sentence(caught.value)


@pytest.mark.parametrize(("keras", "call", "expected"), cases(RIGHT))
def test_good_input_gets_the_right_answer(keras, call, expected):
    if keras:
        pytest.importorskip("tensorflow")
    found = call()
    if callable(expected) and not isinstance(expected, type):
        assert expected(found)
    elif isinstance(expected, (float, np.ndarray)) or (
        isinstance(expected, list) and isinstance(found, np.ndarray)
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    else:
        assert found == expected


def test_the_tables_hold_what_they_promise():
    inputs = [name for table in (REFUSED, RIGHT) for group in table.values() for name in group]
    assert len(inputs) > 528
    # Every public function is called in one of them.
    source = "".join(linecache.getlines(sys.modules["strangers"].__file__))
    called = [name for name in d2l.__all__ if f"d2l.{name}" in source or name in d2l.RULES]
    assert set(d2l.__all__) - set(called) <= {
        *d2l.OBJECTIVES,
        "History",
        "Step",
        "Trace",
        "airfoil",
        "Recipe",
    }


def test_a_traceback_is_not_taken_for_a_sentence():
    with pytest.raises(ValueError, match="could not convert") as caught:
        float("big")
    with pytest.raises(AssertionError):
        refuse_no_sentence(caught.value)


def test_the_names_of_dive_into_deep_learning_are_all_known():
    tensorflow = pytest.importorskip("d2lmini.tensorflow")
    theirs = {
        name
        for name, value in vars(tensorflow).items()
        if getattr(value, "__module__", "") == tensorflow.__name__ and name[0] != "_"
    }
    assert theirs == d2l._OF_D2L
