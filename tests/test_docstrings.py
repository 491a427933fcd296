"""Every public name is documented, in the form of numpydoc, with examples that run."""

import contextlib
import doctest
import inspect
import io

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpydoc.validate import validate

import d2lmini as d2l
from d2lmini import tensorflow

# An extended summary and "see also" are for the book; every other rule of numpydoc holds.
NOT_ASKED = {"ES01", "SA01"}
# A method is shown in the example of its class.
NOT_ASKED_OF_METHODS = {*NOT_ASKED, "EX01", "PR01", "RT01"}
# These need the network, and the others the airfoil data.
NOT_RUN = {"tensorflow.load_data_fashion_mnist", "mnist", "imdb_reviews"}
OF_THE_AIRFOIL = {"airfoil", "tensorflow.download", "tensorflow.get_data_ch11"}

PUBLIC = [
    name
    for name in d2l.__all__
    if inspect.isfunction(getattr(d2l, name)) or inspect.isclass(getattr(d2l, name))
]
METHODS = [
    (name, method)
    for name in PUBLIC
    if inspect.isclass(getattr(d2l, name))
    for method, value in vars(getattr(d2l, name)).items()
    if inspect.isfunction(value) and not method.startswith("_")
]
# The names for readers of Dive into Deep Learning that are not aliases.
THEIRS = [
    f"tensorflow.{name}"
    for name, value in vars(tensorflow).items()
    if getattr(value, "__module__", "") == tensorflow.__name__ and not name.startswith("_")
]


def faults(name, not_asked):
    return [error for error in validate(f"d2lmini.{name}")["errors"] if error[0] not in not_asked]


@pytest.mark.parametrize("name", PUBLIC + THEIRS)
def test_public_name_is_documented(name):
    assert faults(name, NOT_ASKED) == []


@pytest.mark.parametrize(("name", "method"), METHODS)
def test_public_method_is_documented(name, method):
    # In a line, if a line will do. Equations are explained by the docstring of their class.
    if method in ("update", "zero_state") and d2l.Rule in getattr(d2l, name).__bases__:
        assert inspect.getdoc(getattr(d2l.Rule, method))
    else:
        assert faults(f"{name}.{method}", NOT_ASKED_OF_METHODS) == []


def test_validation_finds_what_is_missing():
    def wrong(x):
        """does this"""

    d2l.wrong = wrong
    try:
        assert {code for code, _ in faults("wrong", NOT_ASKED)} >= {"SS02", "SS03", "PR01", "EX01"}
    finally:
        del d2l.wrong


def failures(thing, name, package):
    """Run the examples in a docstring; return how many there are, and what is wrong with them."""
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    [test] = doctest.DocTestFinder(recurse=False).find(
        thing, name, module=False, globs={"d2l": package, "np": np}
    )
    report = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=flags)
    with contextlib.redirect_stdout(io.StringIO()):
        runner.run(test, out=report.write, clear_globs=False)
    return len(test.examples), report.getvalue()


@pytest.fixture
def _quiet_figures(monkeypatch):
    # What a notebook keeps of figures is a setting of the whole process, as other tests need it.
    monkeypatch.setattr("matplotlib_inline.backend_inline.set_matplotlib_formats", lambda *_: None)
    mpl.use("Agg")
    with mpl.rc_context():
        yield
    plt.close("all")


@pytest.mark.parametrize("name", PUBLIC + THEIRS)
@pytest.mark.usefixtures("_quiet_figures")
def test_examples_run_as_they_are_printed(name, request):
    if name in OF_THE_AIRFOIL:
        request.getfixturevalue("airfoil_folder")
    theirs = name.startswith("tensorflow.")
    package = tensorflow if theirs else d2l
    thing = getattr(package, name.removeprefix("tensorflow."))
    count, report = failures(thing, name, package)
    assert count > 0
    assert report == ""
    assert ("+SKIP" in thing.__doc__) == (name in NOT_RUN)


def test_a_wrong_output_is_found():
    def wrong():
        """Return one.

        >>> d2l.SGD(0.1)
        SGD(learning_rate=0.2)
        """

    count, report = failures(wrong, "wrong", d2l)
    assert count == 1
    assert "SGD(learning_rate=0.1)" in report


def test_public_data_are_what_their_names_say():
    assert set(d2l.OBJECTIVES.values()) == {
        value for name in d2l.__all__ if isinstance(value := getattr(d2l, name), d2l.Objective)
    }
    assert all(getattr(d2l, name) is rule for name, rule in d2l.RULES.items())


def test_the_list_of_public_names_is_complete_and_without_doubles():
    assert len(set(d2l.__all__)) == len(d2l.__all__)
    assert set(dir(d2l)) == set(d2l.__all__)
    missing = [
        name
        for name, value in vars(d2l).items()
        if not name.startswith("_")
        and getattr(value, "__module__", "").startswith("d2lmini.")
        and name not in [*d2l.__all__, "did_you_mean"]
    ]
    assert missing == []


@pytest.mark.parametrize("name", list(d2l.RULES))
def test_documented_defaults_are_the_defaults(name):
    rule = d2l.RULES[name]
    doc = inspect.getdoc(rule)
    for argument, parameter in inspect.signature(rule).parameters.items():
        line = next(
            line for line in doc.splitlines() if argument in line.partition(" : ")[0].split(", ")
        )
        arguments = line.partition(" : ")[0].split(", ")
        said = line.partition("default ")[2].replace(" and ", ", ").split(", ")
        assert len(said) == len(arguments), line
        value = eval(said[arguments.index(argument)])
        assert value == parameter.default or (np.isclose(value, parameter.default)), line
