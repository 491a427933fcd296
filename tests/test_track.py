"""The ten-minute track: its statistics, its protocol, and that it goes on after an interruption."""

import json
import math
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from scipy import stats

import d2lmini as d2l
from d2lmini import track

FEW = {who: track.CONTESTANTS[who] for who in ("SGD", "Adam", "Lion")}
SMALL = {"trials": 3, "tuning_seeds": 2, "final_seeds": 3, "bar": False}
SIGNUM = """
import numpy as np
import d2lmini as d2l


@d2l.update_rule
class Signum(d2l.Rule):
    learning_rate: float = 0.001
    momentum: float = 0.9

    def zero_state(self, x):
        return {"m": np.zeros_like(x)}

    def update(self, x, g, t, eta, m):
        m = self.momentum * m + (1 - self.momentum) * g
        return x - eta * np.sign(m), {"m": m}


SPACE = {"learning_rate": (1e-5, 1e-1, "log"), "momentum": (0.5, 0.99, "decay")}
CONTESTANTS = {"Signum": d2l.Contestant(Signum, SPACE)}
"""


def without_seconds(results):
    return json.dumps(
        {
            t: {w: {k: v for k, v in r.items() if k != "seconds"} for w, r in of.items()}
            for t, of in results.items()
        }
    )


# ---- statistics ---------------------------------------------------------------------------------


@pytest.mark.parametrize("k", range(13))
def test_sign_test_is_that_of_scipy(k):
    a, b = [1] * k + [2] * (12 - k), [2] * k + [1] * (12 - k)
    assert d2l.sign_test(a, b) == pytest.approx(stats.binomtest(k, 12).pvalue, abs=1e-15)
    assert d2l.sign_test(a, b) == d2l.sign_test(b, a)


def test_sign_test_leaves_out_ties_and_takes_censored_runs_for_slow():
    assert d2l.sign_test([1, 2, 3], [1, 2, 3]) == 1
    assert d2l.sign_test([5, 10, 10], [5, None, None]) == 0.5
    assert d2l.sign_test([None, None], [None, math.inf]) == 1


def test_holm_is_that_of_a_loop_and_between_raw_and_bonferroni():
    rng = np.random.default_rng(0)
    for size in (1, 2, 7, 66):
        p = rng.random(size) ** 3
        corrected, worst = np.empty(size), 0.0
        for rank, i in enumerate(np.argsort(p)):
            worst = max(worst, min(1.0, (size - rank) * p[i]))
            corrected[i] = worst
        assert np.allclose(d2l.holm(p), corrected)
        assert (d2l.holm(p) >= p).all()
        assert (d2l.holm(p) <= np.minimum(1, size * p) + 1e-15).all()


def test_holm_keeps_the_order_of_its_tests():
    assert d2l.holm([0.04, 0.01]).tolist() == [0.04, 0.02]


def test_profile_counts_within_a_factor_and_never_a_censored_run():
    steps = {"a": [10, 100, None, None], "b": [20, 50, 30, None]}
    found = d2l.performance_profile(steps, [1, 2, 1e9])
    assert found["a"].tolist() == [0.25, 0.5, 0.5]
    assert found["b"].tolist() == [0.5, 0.75, 0.75]


def test_interval_covers_the_median_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(300):
        low, high = track.interval(np.exp(rng.normal(size=20)), draws=300)
        hits += low <= 1 <= high
    assert 0.88 < hits / 300 < 0.99


def test_interval_of_censored_runs_ends_at_infinity():
    assert track.interval([10] * 6 + [None] * 4)[1] == math.inf
    assert track.interval([10, 10, 10]) == (10, 10)


def test_pairs_name_the_faster_first():
    fast, slow = list(range(10, 30)), list(range(110, 130))
    assert list(track.pairs({"slow": slow, "fast": fast})) == [("fast", "slow")]
    assert track.pairs({"one": fast, "other": fast}) == {}
    assert track.pairs({"alone": fast}) == {}


# ---- spaces and runs ----------------------------------------------------------------------------


def test_halton_is_that_of_scipy():
    ours = [track.halton(i, 4) for i in range(1, 30)]
    theirs = stats.qmc.Halton(4, scramble=False).random(30)[1:]
    assert np.allclose(ours, theirs)


@pytest.mark.parametrize("who", track.CONTESTANTS)
def test_trials_stay_in_their_space(who):
    entry = track.CONTESTANTS[who]
    for i in range(40):
        for name, value in entry.trial(i).items():
            low, high, _ = entry.space[name]
            assert low <= value <= high
        assert isinstance(entry.make(**entry.trial(i)), d2l.Rule)


def test_reached_asks_for_three_in_a_row():
    on = track.Task(None, 1.0, 100, 10)
    assert track.reached([5, 0.9, 2, 0.9, 1.0, 0.5, 3], on) == 30
    assert track.reached([5, 0.9, 0.9, 2, 0.9, 0.9], on) is None
    assert track.reached([5], on) is None
    assert track.reached([5, 4, 3, 3, 3], on, target=3) == 20


@pytest.mark.parametrize("name", track.TASKS)
def test_a_seed_gives_all_the_same_start_and_the_same_noise(name):
    on = track.task(name)
    starts = []
    for _ in range(2):
        x, gradient, loss = on.begin(7)
        starts.append((loss(x), [gradient(x) for _ in range(3)]))
    (first, g), (second, h) = starts
    assert first == second
    for a, b in zip(g, h, strict=True):
        parts = zip(a.values(), b.values(), strict=True) if isinstance(a, dict) else [(a, b)]
        assert all(np.array_equal(p, q) for p, q in parts)
    assert on.begin(8)[2](on.begin(8)[0]) != first or name == "diabetes"  # which starts at zero


def test_the_gradient_of_the_quadratic_is_that_of_its_loss():
    x, gradient, loss = track.power_law(size=8, noise=0.0)(3)
    numeric = d2l.numerical_gradient(loss, x)
    assert np.allclose(gradient(x), numeric, atol=1e-6)


def test_a_run_that_stops_early_is_the_beginning_of_the_whole():
    on, rule = track.task("diabetes"), d2l.SGD(0.02)
    stopped, whole = track.race(on, rule, 0), track.race(on, rule, 0, to_the_end=True)
    assert stopped.steps == whole.steps is not None
    assert whole.losses[: len(stopped.losses)] == stopped.losses
    assert len(whole.losses) == 1 + on.steps // on.every


def test_a_run_that_diverges_is_censored_without_a_warning(recwarn):
    assert track.race(track.task("diabetes"), d2l.SGD(1e6), 0).steps is None
    assert not recwarn.list


# ---- the track ----------------------------------------------------------------------------------


def test_the_number_of_processes_changes_nothing(tmp_path):
    alone = d2l.run_track(FEW, ["quadratic", "diabetes"], **SMALL)
    two = d2l.run_track(FEW, ["quadratic", "diabetes"], n_jobs=2, file=tmp_path / "r", **SMALL)
    assert without_seconds(alone) == without_seconds(two)


def test_a_killed_track_goes_on_where_it_was(tmp_path):
    file = tmp_path / "runs.jsonl"
    code = (
        "import d2lmini as d2l; from d2lmini import track; "
        "few = {w: track.CONTESTANTS[w] for w in ('SGD', 'Adam', 'Lion')}; "
        f"d2l.run_track(few, ['quadratic'], file={str(file)!r}, **{SMALL!r})"
    )
    child = subprocess.Popen([sys.executable, "-c", code], cwd=os.getcwd())
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and child.poll() is None:
        if file.exists() and file.read_bytes().count(b"\n") >= 3:
            break
        time.sleep(0.002)
    child.send_signal(signal.SIGKILL)
    child.wait()
    before = file.read_bytes()
    assert before.count(b"\n") >= 3
    lines = before.splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:4]) + b'{"task": "quadr')  # as a full disk leaves it
    went_on = d2l.run_track(FEW, ["quadratic"], file=file, **SMALL)
    assert without_seconds(went_on) == without_seconds(d2l.run_track(FEW, ["quadratic"], **SMALL))
    after = file.read_bytes()
    assert after.startswith(b"".join(lines[: min(4, len(lines))]))
    assert after.count(b"\n") == 3 * 3 + 3
    # Once more: nothing is run again.
    d2l.run_track(FEW, ["quadratic"], file=file, **SMALL)
    assert file.read_bytes() == after


def test_a_file_of_another_track_is_refused(tmp_path):
    file = tmp_path / "runs.jsonl"
    d2l.run_track({"mine": FEW["SGD"]}, ["quadratic"], file=file, **SMALL)
    with pytest.raises(ValueError, match="holds another track: in it trial 0 of mine"):
        d2l.run_track({"mine": FEW["Adam"]}, ["quadratic"], file=file, **SMALL)
    more = SMALL | {"tuning_seeds": 3}
    with pytest.raises(ValueError, match="seeds 0 to 2"):
        d2l.run_track({"mine": FEW["SGD"]}, ["quadratic"], file=file, **more)
    file.write_text('{"not": "of the track"}\n')
    with pytest.raises(ValueError, match="holds no trials of the track"):
        d2l.run_track(FEW, ["quadratic"], file=file, **SMALL)


def test_a_rule_of_ones_own_enters_by_a_file(tmp_path, capsys):
    (tmp_path / "own.py").write_text(SIGNUM)
    folder = tmp_path / "found"
    few = ["--trials", "2", "--tuning-seeds", "1", "--final-seeds", "2", "--jobs", "2"]
    track.main(
        ["--folder", str(folder), "--own", str(tmp_path / "own.py"), "--tasks", "quadratic", *few]
    )
    found = json.loads((folder / track.RESULTS).read_text())["quadratic"]
    assert list(found) == [*track.CONTESTANTS, "Signum"]
    assert "seconds" not in found["SGD"]
    seconds = json.loads((folder / "seconds.json").read_text())
    for who, of in seconds["quadratic"].items():
        median = np.median(track.as_numbers(found[who]["steps"]))
        expected = of["of a thousand steps"] * median / 1000 if np.isfinite(median) else None
        assert of["of a thousand steps"] > 0
        assert of["to the target"] == pytest.approx(expected)
    assert "| Signum |" in capsys.readouterr().out
    assert (folder / "steps.png").exists()
    assert (folder / "profiles.png").exists()


def test_the_best_trial_is_chosen_by_tuning_seeds_alone():
    found = d2l.run_track(FEW, ["quadratic"], **SMALL)["quadratic"]
    for who, r in found.items():
        scores = [np.median(track.as_numbers(steps)) for steps in r["tuning"]]
        assert scores[r["trial"]] == min(scores)
        entry = FEW[who]
        again = track.carry_out(
            track.Job("quadratic", who, "final", 0, entry.make(**entry.trial(r["trial"])), (1000,))
        )
        assert again["steps"][0] == r["steps"][0]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: d2l.Contestant(d2l.SGD(0.1), {}), TypeError, "must make rules"),
        (lambda: d2l.Contestant(d2l.SGD, {"momentum": (0, 1, "log")}), TypeError, "learning rate"),
        (lambda: d2l.Contestant(d2l.SGD, {"learning_rate": (1, 2)}), ValueError, "interval and"),
        (
            lambda: d2l.Contestant(d2l.SGD, {"learning_rate": (1, 0.1, "log")}),
            ValueError,
            "low must be below high",
        ),
        (lambda: d2l.run_track({"SGD": d2l.SGD}), TypeError, "must be a Contestant"),
        (lambda: d2l.run_track([]), TypeError, "must be a dict"),
        (lambda: d2l.run_track(FEW, ["digit"], bar=False), ValueError, "Did you mean 'digits'"),
        (lambda: d2l.run_track(FEW, "digits", bar=False), TypeError, "list of names"),
        (lambda: d2l.run_track(FEW, trials=0), ValueError, "trials must be a whole number"),
        (lambda: d2l.run_track(FEW, n_jobs=0), ValueError, "n_jobs"),
        (lambda: d2l.run_track(FEW, file="/no/such/x"), ValueError, "no folder"),
        (lambda: d2l.sign_test([1], [1, 2]), ValueError, "paired by their seeds"),
        (lambda: d2l.sign_test([], []), ValueError, "no runs"),
        (lambda: d2l.sign_test([-1], [1]), ValueError, "above 0"),
        (lambda: d2l.holm([0.1, 1.2]), ValueError, "probabilities"),
        (lambda: d2l.performance_profile({"a": [1]}, [0.5]), ValueError, "at least 1"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_what_makes_no_rule_is_refused():
    entry = d2l.Contestant(lambda learning_rate: learning_rate, FEW["SGD"].space)
    with pytest.raises(TypeError, match="must make rules of the book's kind"):
        d2l.run_track({"mine": entry}, ["quadratic"], **SMALL)


# ---- the results that the book prints -----------------------------------------------------------


def test_results_of_the_book_are_of_this_track():
    results = track.results_of_the_book()
    assert list(results) == list(track.TASKS)
    for name, found in results.items():
        assert list(found) == list(track.CONTESTANTS)
        for who, r in found.items():
            entry = track.CONTESTANTS[who]
            assert r["rule"] == repr(entry.make(**entry.trial(r["trial"])))
            assert len(r["tuning"]) == track.TRIALS
            assert len(r["steps"]) == track.FINAL_SEEDS
            assert "seconds" not in r
            ends = [s for steps in [r["steps"], *r["tuning"]] for s in steps if s is not None]
            assert all(0 < s <= track.task(name).steps for s in ends)


@pytest.mark.slow
@pytest.mark.parametrize("name", track.TASKS)
def test_results_of_the_book_come_out_again(name):
    """Recompute the first two final seeds of every rule, and the tuning of its best trial.

    Other processors round the last digit otherwise, and a run may then cross the target an
    evaluation or two earlier or later; more than a tenth of the runs must not.
    """
    on, compared, off = track.task(name), 0, 0
    for who, r in track.results_of_the_book()[name].items():
        entry = track.CONTESTANTS[who]
        rule = entry.make(**entry.trial(r["trial"]))
        seeds = [(1000, r["steps"][0]), (1001, r["steps"][1])]
        seeds += list(enumerate(r["tuning"][r["trial"]]))
        for seed, there in seeds:
            here = track.race(on, rule, seed).steps
            compared += 1
            off += (here is None) != (there is None) or (
                here is not None and abs(here - there) > 2 * on.every
            )
    assert compared == 12 * 5
    assert off <= compared / 10
