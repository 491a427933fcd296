"""Dive into Deep Learning's names: they are all there, and do what its pages expect of them."""

import inspect
import math
import re
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from d2lmini import tensorflow as d2l

# Every name that the TensorFlow code of the optimization chapter uses, in 0.17 or 1.0, and what
# else its helper functions are made of.
SIGNATURES = {
    "Animator": "xlabel ylabel legend xlim ylim xscale yscale fmts nrows ncols figsize",
    "Animator.add": "self x y",
    "Timer": "",
    "Timer.avg": "self",
    "Timer.cumsum": "self",
    "Timer.start": "self",
    "Timer.stop": "self",
    "Timer.sum": "self",
    "TrainCallback": "net train_iter test_iter num_epochs device_name",
    "annotate": "text xy xytext",
    "download": "url folder sha1_hash",
    "evaluate_loss": "net data_iter loss",
    "get_data_ch11": "batch_size n",
    "linreg": "X w b",
    "load_array": "data_arrays batch_size is_train",
    "load_data_fashion_mnist": "batch_size resize",
    "plot": "X Y xlabel ylabel legend xlim ylim xscale yscale fmts figsize axes",
    "set_axes": "axes xlabel ylabel xlim ylim xscale yscale legend",
    "set_figsize": "figsize",
    "sgd": "params grads lr batch_size",
    "show_trace_2d": "f results",
    "squared_loss": "y_hat y",
    "synthetic_data": "w b num_examples",
    "train_2d": "trainer steps f_grad",
    "train_ch11": "trainer_fn states hyperparams data_iter feature_dim num_epochs",
    "train_concise_ch11": "trainer_fn hyperparams data_iter num_epochs",
    "try_gpu": "i",
    "use_svg_display": "",
}
DEFAULTS = {
    "get_data_ch11": {"batch_size": 10, "n": 1500},
    "train_2d": {"steps": 20, "f_grad": None},
    "train_ch11": {"num_epochs": 2},
    "train_concise_ch11": {"num_epochs": 2},
    "set_figsize": {"figsize": (3.5, 2.5)},
}
ALIASES = {
    "arange": tf.range,
    "cos": tf.cos,
    "cosh": tf.cosh,
    "exp": tf.exp,
    "linspace": tf.linspace,
    "meshgrid": tf.meshgrid,
    "normal": tf.random.normal,
    "ones": tf.ones,
    "plt": plt,
    "reduce_mean": tf.reduce_mean,
    "reduce_sum": tf.reduce_sum,
    "reshape": tf.reshape,
    "sin": tf.sin,
    "sinh": tf.sinh,
    "tanh": tf.tanh,
    "tensor": tf.constant,
    "zeros": tf.zeros,
}
FLOOR = 0.24168  # the loss of least squares, on the 1500 rows


@pytest.fixture(autouse=True)
def seeded():
    tf.random.set_seed(0)
    yield
    plt.close("all")


@pytest.fixture
def small():
    """Return minibatches of 100 rows that an exact line fits, and their number of features."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100, 3)).astype(np.float32)
    y = x @ np.array([1, -2, 0.5], dtype=np.float32) + 1
    return d2l.load_array((x, y), 10), 3


def gradient_descent(params, grads, states, hyperparams):
    for param, grad in zip(params, grads, strict=True):
        param.assign_sub(hyperparams["lr"] * grad)


def mean_squares(params, grads, states, hyperparams):
    """RMSProp as its readers write it: with slices of variables, in eager mode."""
    rho = hyperparams["gamma"]
    for param, s, grad in zip(params, states, grads, strict=True):
        s[:].assign(rho * s + (1 - rho) * tf.square(grad))
        param[:].assign(param - hyperparams["lr"] * grad / tf.sqrt(s + 1e-6))


def zero_states(features):
    return tf.Variable(d2l.zeros((features, 1))), tf.Variable(d2l.zeros(1))


def printed(capsys):
    """Return the loss and the seconds of the last line that was printed."""
    line = capsys.readouterr().out.splitlines()[-1]
    found = re.fullmatch(r"loss: (\d+\.\d{3}), (\d+\.\d{3}) sec/epoch", line)
    assert found, line
    return float(found[1]), float(found[2])


# ---- the names ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SIGNATURES)
def test_signature_is_that_of_the_original(name):
    found = d2l
    for part in name.split("."):
        found = getattr(found, part)
    parameters = inspect.signature(found).parameters
    assert list(parameters) == SIGNATURES[name].split()
    for parameter, value in DEFAULTS.get(name, {}).items():
        assert parameters[parameter].default == value


@pytest.mark.parametrize("name", ALIASES)
def test_alias_is_what_tensorflow_calls_otherwise(name):
    assert getattr(d2l, name) is ALIASES[name]


def test_aliases_that_are_functions_of_ours():
    assert isinstance(d2l.numpy(d2l.arange(3)), np.ndarray)
    assert d2l.size(d2l.zeros((2, 3))) == 6


def test_the_module_hides_tensorflow_from_nobody():
    code = (
        "from d2lmini import tensorflow as d2l; import tensorflow as tf, d2lmini; "
        "assert tf is not d2l and tf.constant is d2l.tensor and hasattr(d2lmini, 'minimize')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


# ---- two coordinates ----------------------------------------------------------------------------


def rmsprop_2d(x1, x2, s1, s2):
    g1, g2 = 0.2 * x1, 4 * x2
    s1, s2 = 0.9 * s1 + 0.1 * g1**2, 0.9 * s2 + 0.1 * g2**2
    return x1 - 0.4 * g1 / math.sqrt(s1 + 1e-6), x2 - 0.4 * g2 / math.sqrt(s2 + 1e-6), s1, s2


def test_rmsprop_ends_where_the_book_prints(capsys):
    results = d2l.train_2d(rmsprop_2d)
    assert capsys.readouterr().out == "epoch 20, x1: -0.010599, x2: 0.000000\n"
    assert len(results) == 21
    assert results[0] == (-5, -2)


def test_gradient_may_be_passed_on(capsys):
    def descend(x1, x2, s1, s2, f_grad):
        g1, g2 = f_grad(x1, x2)
        return x1 - 0.1 * g1, x2 - 0.1 * g2, 0, 0

    d2l.train_2d(descend, f_grad=lambda x1, x2: (2 * x1, 4 * x2))
    # (1 - 2 eta)^20 times -5, and (1 - 4 eta)^20 times -2
    assert capsys.readouterr().out == f"epoch 20, x1: {-5 * 0.8**20:f}, x2: {-2 * 0.6**20:f}\n"


def test_noise_from_tensorflow_makes_a_path_of_numbers_that_can_be_drawn(capsys):
    def noisy(x1, x2, s1, s2):
        g1, g2 = 2 * x1 + d2l.normal([1], 0.0, 1), 4 * x2 + d2l.normal([1], 0.0, 1)
        return x1 - 0.1 * g1, x2 - 0.1 * g2, 0, 0

    results = d2l.train_2d(noisy, steps=5)
    assert all(type(number) is float for point in results for number in point)
    d2l.show_trace_2d(lambda x1, x2: x1**2 + 2 * x2**2, results)
    assert_allclose(plt.gca().lines[0].get_xydata(), results)
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_no_steps_are_no_error(capsys):
    assert d2l.train_2d(rmsprop_2d, steps=0) == [(-5, -2)]
    assert capsys.readouterr().out == "epoch 0, x1: -5.000000, x2: -2.000000\n"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda x1, x2, s1, s2: (x1, x2), "must return four values"),
        (lambda x1, x2, s1, s2: None, "must return four values, x1, x2, s1, s2, but returned None"),
        (lambda x1, x2, s1, s2: ([1, 2], x2, 0, 0), "x1 must stay one number"),
    ],
)
def test_a_wrong_trainer_is_told_what_to_return(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        d2l.train_2d(wrong)


# ---- figures ------------------------------------------------------------------------------------


def curves():
    return [line.get_xydata().tolist() for line in plt.gca().lines]


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        ([1, 2], [3, 4], [[[1, 3], [2, 4]]]),
        (d2l.arange(2.0), [0.5, 0.25], [[[0, 0.5], [1, 0.25]]]),  # a schedule
        ([5, 6], None, [[[0, 5], [1, 6]]]),
        (
            d2l.tensor([1.0, 2]),
            [d2l.tensor([3.0, 4]), [5, 6]],
            [[[1, 3], [2, 4]], [[1, 5], [2, 6]]],
        ),
        # A function of every number of a tensor gives a list of tensors.
        (
            [d2l.tensor([1.0, 2]), [7]],
            [[d2l.cos(t) * 0 + 3 for t in d2l.tensor([1.0, 2])], [d2l.tensor(8.0)]],
            [[[1, 3], [2, 3]], [[7, 8]]],
        ),
        (np.array([[1, 2], [3, 4]]), None, [[[0, 1], [1, 2]], [[0, 3], [1, 4]]]),
    ],
)
def test_plot_draws_what_it_is_given(x, y, expected):
    d2l.plot(x, y, "x", "f(x)", legend=["a", "b"], xlim=(0, 9))
    assert curves() == expected
    axes = plt.gca()
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_xlim()) == ("x", "f(x)", (0, 9))
    assert axes.get_legend() is not None


def test_plot_uses_formats_anew_and_given_axes():
    _, (first, second) = plt.subplots(1, 2)
    d2l.plot([[0, 1]] * 3, [[k, k] for k in range(3)], fmts=["-", "-o"], yscale="log", axes=first)
    assert [line.get_marker() for line in first.lines] == ["None", "o", "None"]
    assert first.get_yscale() == "log"
    assert not second.lines


def test_plot_says_that_the_numbers_of_curves_differ():
    with pytest.raises(ValueError, match="2 arrays of x and 3 of y"):
        d2l.plot([[1, 2], [3, 4]], [[1, 2]] * 3)


def test_annotate_writes_into_the_current_figure():
    d2l.plot([0, 1])
    d2l.annotate("here", (0, 0), (1, 1))
    assert [text.get_text() for text in plt.gca().texts] == ["here"]


def test_set_figsize_holds_for_the_next_figure():
    with plt.rc_context():
        d2l.set_figsize((4, 2))
        assert plt.figure().get_size_inches().tolist() == [4, 2]


def test_animator_collects_points_and_draws_them():
    animator = d2l.Animator(xlabel="epoch", legend=["train", "test"])
    animator.add(1, (0.5, None))
    animator.add(2, (0.25, 0.75))
    assert (animator.X, animator.Y) == ([[1, 2], [2]], [[0.5, 0.25], [0.75]])
    assert [line.get_xydata().tolist() for line in animator.axes[0].lines] == [
        [[1, 0.5], [2, 0.25]],
        [[2, 0.75]],
    ]
    assert animator.axes[0].get_ylim()[1] > 0.7  # nothing hides outside
    assert [t.get_text() for t in animator.axes[0].get_legend().get_texts()] == ["train", "test"]


def test_animator_prints_nothing_outside_a_notebook(capsys):
    animator = d2l.Animator()
    animator._shown -= 10  # long ago
    animator.add(1, 2)
    assert capsys.readouterr().out == ""


# ---- linear regression --------------------------------------------------------------------------


def test_squared_loss_has_its_half_and_no_table():
    loss = d2l.squared_loss(d2l.tensor([[1.0], [2], [4]]), d2l.tensor([1.0, 1, 1]))
    assert loss.numpy().tolist() == [[0], [0.5], [4.5]]


def test_synthetic_data_follows_its_line():
    X, y = d2l.synthetic_data(d2l.tensor([2.0, -3.4]), 4.2, 2000)
    assert (X.shape, y.shape) == ((2000, 2), (2000, 1))
    noise = y - d2l.linreg(X, d2l.tensor([[2.0], [-3.4]]), 4.2)
    assert np.std(noise) == pytest.approx(0.01, rel=0.1)


def test_sgd_divides_by_the_batch_size():
    w = tf.Variable([1.0, 2.0])
    d2l.sgd([w], [d2l.tensor([4.0, 8.0])], lr=0.5, batch_size=2)
    assert w.numpy().tolist() == [0, 0]


def test_minibatches_shuffle_all_rows_anew_in_every_epoch():
    n = 1500
    rows = np.arange(n)
    data_iter = d2l.load_array((rows, -rows), 700)
    epochs = []
    for _ in range(2):
        batches = list(data_iter)
        assert [len(x) for x, _ in batches] == [700, 700, 100]
        assert all((x.numpy() == -y.numpy()).all() for x, y in batches)
        epochs.append(np.concatenate([x.numpy() for x, _ in batches]))
        assert (np.sort(epochs[-1]) == rows).all()
    assert (epochs[0] != epochs[1]).any()
    # Through a buffer of 1000, none of the last rows could be among the first.
    assert (epochs[0][:100] >= 1200).any()
    in_order = d2l.load_array((rows, rows), 700, is_train=False)
    assert (next(iter(in_order))[0].numpy() == np.arange(700)).all()


def test_evaluate_loss_is_the_mean_over_all_examples():
    x, y = np.ones((7, 1), np.float32), np.arange(7, dtype=np.float32)
    whole = d2l.load_array((x, y), 3)
    expected = np.mean((1 - y) ** 2) / 2
    sizes = []

    def identity(X):
        sizes.append(len(X))
        return X

    assert d2l.evaluate_loss(identity, whole, d2l.squared_loss) == pytest.approx(expected)
    assert sizes == [7]  # at once, since minibatch by minibatch is slow
    # Minibatches of 3, 3 and 1 from elsewhere, and a loss that is a mean already.
    batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(3)

    def mean(y_hat, y):
        return tf.reduce_mean(d2l.squared_loss(y_hat, y))

    for loss in (d2l.squared_loss, mean):
        assert d2l.evaluate_loss(lambda X: X, batches, loss) == pytest.approx(expected)


# ---- training -----------------------------------------------------------------------------------


def test_training_reaches_the_line(small, capsys):
    times, losses = d2l.train_ch11(gradient_descent, None, {"lr": 0.1}, *small, num_epochs=20)
    assert losses[-1] < 1e-6
    assert len(times) == len(losses) == 20 * 100 / 200
    loss, seconds = printed(capsys)
    assert loss == 0
    assert seconds == pytest.approx(times[-1] / 20, abs=5e-4)
    assert (np.diff(times) > 0).all()


def test_the_gradient_is_that_of_half_the_mean_squared_error(small):
    data_iter, features = small
    x, y = data_iter.whole
    whole = d2l.load_array((x, y), len(y))
    seen = []

    def rule(params, grads, states, hyperparams):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(d2l.squared_loss(d2l.linreg(x, *params), y))
        for ours, recorded in zip(grads, tape.gradient(loss, params), strict=True):
            assert ours.shape == recorded.shape
            assert_allclose(ours, recorded, rtol=1e-4, atol=1e-5)
            seen.append(ours)

    d2l.train_ch11(rule, None, {}, whole, features, num_epochs=1)
    assert len(seen) == 2


def test_the_rule_may_keep_count_and_change_its_hyperparameters(small):
    seen = []

    def adam(params, grads, states, hyperparams):
        t = hyperparams["t"]
        for param, (m, s), grad in zip(params, states, grads, strict=True):
            m.assign(0.9 * m + 0.1 * grad)
            s.assign(0.999 * s + 0.001 * grad**2)
            step = m / (1 - 0.9**t) / (tf.sqrt(s / (1 - 0.999**t)) + 1e-6)
            param.assign_sub(hyperparams["lr"] * step)
        seen.append(t)
        hyperparams["t"] += 1

    data_iter, features = small
    states = tuple(zip(zero_states(features), zero_states(features), strict=True))
    hyperparams = {"lr": 0.05, "t": 1}
    _, losses = d2l.train_ch11(adam, states, hyperparams, data_iter, features, num_epochs=20)
    assert seen == list(range(1, 201))
    assert hyperparams["t"] == 201
    assert losses[-1] < losses[0] / 20


def test_points_lie_where_the_epochs_are(small, monkeypatch):
    added = []
    monkeypatch.setattr(
        d2l.Animator, "add", lambda self, x, y: added.append(x) or self.__dict__.update(Y=[[y]])
    )
    d2l.train_ch11(gradient_descent, None, {"lr": 0.1}, *small, num_epochs=5)
    assert added == [2, 4, 5]  # after 200 and 400 examples, and at the end


def test_one_epoch_in_one_minibatch_is_evaluated_at_its_end(small, capsys):
    x, y = small[0].whole
    times, losses = d2l.train_ch11(
        gradient_descent, None, {"lr": 1}, d2l.load_array((x, y), 100), 3, num_epochs=1
    )
    assert len(times) == len(losses) == 1
    printed(capsys)


def test_a_training_that_diverges_prints_it(small, capsys):
    _, losses = d2l.train_ch11(gradient_descent, None, {"lr": 9.0}, *small, num_epochs=20)
    assert not np.isfinite(losses[-1])
    assert re.match(r"loss: (inf|nan), ", capsys.readouterr().out)


def test_minibatches_from_elsewhere_can_be_trained_on(small, capsys):
    x, y = small[0].whole
    data_iter = tf.data.Dataset.from_tensor_slices((x, y)).batch(30)
    _, losses = d2l.train_ch11(gradient_descent, None, {"lr": 0.1}, data_iter, 3, num_epochs=20)
    assert losses[-1] < 1e-2
    d2l.train_concise_ch11(tf.keras.optimizers.SGD, {"learning_rate": 0.1}, data_iter, 20)
    assert printed(capsys)[0] < 0.01


OPTIMIZERS = {
    "SGD": {"learning_rate": 0.05},
    "RMSprop": {"learning_rate": 0.05, "rho": 0.9},
    "Adagrad": {"learning_rate": 0.5},
    "Adadelta": {"learning_rate": 5.0, "rho": 0.9},
    "Adam": {"learning_rate": 0.05},
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_concise_training_takes_a_class_and_its_arguments(name, small, capsys):
    trainer = getattr(tf.keras.optimizers, name)
    assert d2l.train_concise_ch11(trainer, OPTIMIZERS[name], small[0], num_epochs=40) is None
    assert printed(capsys)[0] < 0.1


def test_the_same_rate_gives_the_same_steps_from_scratch_and_in_keras(small, monkeypatch):
    # Without noise in the start and the order, both follow the same path, if both losses have
    # their half.
    x, y = small[0].whole
    data_iter = d2l.load_array((x, y), 10, is_train=False)
    monkeypatch.setattr(d2l.tf.random, "normal", lambda shape, **_: tf.zeros(shape))
    monkeypatch.setattr(d2l.tf, "random_normal_initializer", lambda **_: "zeros")
    _, scratch = d2l.train_ch11(gradient_descent, None, {"lr": 0.02}, data_iter, 3)
    recorded = []
    add = d2l.Animator.add
    monkeypatch.setattr(
        d2l.Animator, "add", lambda self, x, y: recorded.append(y) or add(self, x, y)
    )
    d2l.train_concise_ch11(tf.keras.optimizers.SGD, {"learning_rate": 0.02}, data_iter)
    assert_allclose(recorded, scratch, rtol=1e-5)


# ---- the airfoil data ---------------------------------------------------------------------------


def test_airfoil_minibatches(airfoil_folder):
    data_iter, features = d2l.get_data_ch11(batch_size=100)
    assert features == 5
    x, y = data_iter.whole
    assert (x.shape, y.shape, x.dtype, y.dtype) == ((1500, 5), (1500,), np.float32, np.float32)
    assert [tuple(t.shape) for t in next(iter(data_iter))] == [(100, 5), (100,)]
    # Standardized over all 1503 rows, so that the first 1500 are nearly, not quite.
    assert 0 < abs(x.mean(axis=0)).max() < 0.01
    X = np.column_stack([x, np.ones(1500)]).astype(float)
    residual = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    assert np.mean(residual**2) / 2 == pytest.approx(FLOOR, abs=1e-5)
    assert len(d2l.get_data_ch11(n=100)[0].whole[1]) == 100


def test_download_by_name_gives_the_checked_file(airfoil_folder):
    assert d2l.DATA_HUB["airfoil"] == (
        d2l.DATA_URL + "airfoil_self_noise.dat",
        "76e5be1548fd8222e5074cf0faae75edff8cf93f",
    )
    table = np.genfromtxt(d2l.download("airfoil"), dtype=np.float32, delimiter="\t")
    assert table.shape == (1503, 6)


def test_download_of_an_unknown_name_says_what_is_known():
    with pytest.raises(KeyError, match="has no 'wings', only"):
        d2l.download("wings")


def test_download_of_other_files_checks_them(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(d2l, "fetch", lambda *a: asked.append(a) or tmp_path / "a.csv")
    monkeypatch.setitem(d2l.DATA_HUB, "a", ("https://example.org/a.csv", "12ab"))
    assert d2l.download("a") == str(tmp_path / "a.csv")
    d2l.download("https://example.org/b.csv", "here", "34cd")
    assert asked == [
        ("https://example.org/a.csv", "sha1:12ab", None),
        ("https://example.org/b.csv", "sha1:34cd", "here"),
    ]


@pytest.mark.slow
def test_rmsprop_on_the_airfoil_data(airfoil_folder, capsys):
    scratch, concise = [], []
    for seed in range(10):
        tf.random.set_seed(seed)
        data_iter, features = d2l.get_data_ch11(batch_size=10)
        rule = {"lr": 0.01, "gamma": 0.9}
        _, losses = d2l.train_ch11(mean_squares, zero_states(features), rule, data_iter, features)
        assert len(losses) == 15
        scratch.append(losses[-1])
        printed(capsys)
        d2l.train_concise_ch11(
            tf.keras.optimizers.RMSprop, {"learning_rate": 0.01, "rho": 0.9}, data_iter
        )
        concise.append(printed(capsys)[0])
        plt.close("all")
    for losses in (scratch, concise):
        assert 0.242 < np.median(losses) < 0.248
        assert min(losses) >= 0.2417 - 5e-4 * (losses is concise)  # printed with three decimals


# ---- learning-rate schedules --------------------------------------------------------------------


@pytest.fixture
def fashion(monkeypatch):
    """Put 60 small random images into the place of Fashion-MNIST."""
    rng = np.random.default_rng(0)

    def images(n):
        return rng.integers(0, 256, (n, 28, 28), dtype=np.uint8), np.arange(n, dtype=np.uint8) % 10

    monkeypatch.setattr(
        tf.keras.datasets.fashion_mnist, "load_data", lambda: (images(50), images(10))
    )


def test_fashion_images_are_shuffled_one_by_one(fashion):
    train_iter, test_iter = d2l.load_data_fashion_mnist(batch_size=20, resize=32)
    epochs = [list(train_iter) for _ in range(2)]
    x, y = epochs[0][0]
    assert (x.shape, y.shape, x.dtype, y.dtype) == ((20, 32, 32, 1), (20,), tf.float32, tf.int32)
    assert 0 <= np.min(x) < np.max(x) <= 1
    members = [{image.numpy().tobytes() for image in epoch[0][0]} for epoch in epochs]
    assert members[0] != members[1]  # minibatches are not the same in every epoch
    assert [len(y) for _, y in test_iter] == [10]


# Keras' own scheduler reads the rate in a way that NumPy will give up.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_schedule_is_followed_while_the_callback_draws(fashion, capsys):
    train_iter, test_iter = d2l.load_data_fashion_mnist(batch_size=20)
    device_name = d2l.try_gpu()._device_name
    with tf.distribute.OneDeviceStrategy(device_name).scope():
        net = tf.keras.Sequential([tf.keras.layers.Flatten(), tf.keras.layers.Dense(10)])
        net.compile(
            optimizer=tf.keras.optimizers.SGD(learning_rate=0.3),
            loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
    callback = d2l.TrainCallback(net, train_iter, test_iter, 3, device_name)
    schedule = tf.keras.callbacks.LearningRateScheduler(lambda epoch: 0.5 / (1 + epoch))
    net.fit(train_iter, epochs=3, shuffle=False, verbose=0, callbacks=[callback, schedule])
    assert float(net.optimizer.learning_rate) == pytest.approx(0.5 / 3)
    assert [len(values) for values in callback.animator.Y] == [3, 3, 3]
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert re.fullmatch(r"loss \d+\.\d{3}, train acc [01]\.\d{3}, test acc [01]\.\d{3}", lines[0])
    speed = re.fullmatch(r"(\d+\.\d) examples/sec on .*CPU:0", lines[1])
    # All 50 images count, though the last minibatch is smaller.
    assert float(speed[1]) == pytest.approx(50 / callback.timer.avg(), abs=0.06)


def test_timer():
    timer = d2l.Timer()
    assert timer.avg() == 0
    assert timer.stop() == timer.times[0] >= 0
    timer.times = [1.0, 3.0]
    assert (timer.avg(), timer.sum(), timer.cumsum()) == (2, 4, [1, 4])
