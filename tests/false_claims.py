"""False sentences, each with the assertion that it would need, for `test_claims.py`."""

from typing import NamedTuple


class FalseClaim(NamedTuple):
    """A false sentence, in place of a true one of a chapter."""

    chapter: str
    sentence: str
    right: str  # the assertion of the true sentence, as it stands in a check
    wrong: str  # that of the false one


FALSE_CLAIMS = [
    FalseClaim(
        "index.md",
        (
            "Each of the twelve rules is left with less than a thousandth of the loss in all of "
            "the last 30 steps."
        ),
        "assert run.value[-30:].max() < run.value[0] / 200, rule",
        "assert run.value[-30:].max() < run.value[0] / 1000, rule",
    ),
    FalseClaim(
        "start/playground.md",
        "With strong momentum every run on Himmelblau's function ends in a minimum.",
        "assert border(ball) > 10 * border(plain) and 0.01 < (ball < 0).mean() < 0.03",
        "assert (ball >= 0).all()",
    ),
    FalseClaim(
        "start/playground.md",
        "In the end the sign of the gradient gets lower than gradient descent.",
        "assert descent.value[-1] < sign.value[-1] / 5 and (np.diff(descent.value) < 0).all()",
        "assert sign.value[-1] < descent.value[-1]",
    ),
    FalseClaim(
        "start/notation.md",
        "Eight of the colors are Okabe and Ito's.",
        "assert sum(look[0] in okabe_ito for look in d2l.figures.LOOKS.values()) == 7",
        "assert sum(look[0] in okabe_ito for look in d2l.figures.LOOKS.values()) == 8",
    ),
    FalseClaim(
        "start/notation.md",
        "On the map of momentum every vermilion run diverges.",
        "assert lost[~stable].all() and (lost & stable).any()",
        "assert not (lost & stable).any()",
    ),
    FalseClaim(
        "foundations/optimization_and_deep_learning.md",
        (
            "Coins give far too large a share of minima among the critical points of a random "
            "surface."
        ),
        (
            "assert (abs(ratio[:4] - 1) < 0.05).all() and (ratio <= 1.02).all() and 0.1 < "
            "ratio[-1] < 0.25"
        ),
        "assert (ratio[1:5] < 0.65).all()",
    ),
    FalseClaim(
        "foundations/optimization_and_deep_learning.md",
        (
            "A spectral radius above one makes the influence of the first signal explode, "
            "whatever its size."
        ),
        "assert 3e3 < ends[1.2, 1e-6] < 1e4 and ends[1.2, 1.0] < 0.05",
        "assert ends[1.2, 1e-6] > 1 and ends[1.2, 1.0] > 1",
    ),
    FalseClaim(
        "foundations/optimization_and_deep_learning.md",
        "The gradient settles first, then the loss, then the weights, at every tolerance.",
        "assert order_at[0.001][1] < order_at[0.001][0] < order_at[0.001][2]",
        "assert order_at[0.001] == sorted(order_at[0.001])",
    ),
    FalseClaim(
        "foundations/optimization_and_deep_learning.md",
        "After 3000 steps the network is at a minimum.",
        "assert np.sum(at_end < -1e-6) == 9 and np.sum(abs(at_end) < 1e-9) == 5",
        "assert (at_end > -1e-6).all()",
    ),
    FalseClaim(
        "foundations/optimization_and_deep_learning.md",
        "Whichever thirty patients are drawn, the gradient settles before the loss.",
        "assert 20 < sum(sooner) < 40 and sooner[0]",
        "assert sum(sooner) == 40",
    ),
    FalseClaim(
        "foundations/optimization_and_deep_learning.md",
        (
            "As long as eta c is below 2, a positive curvature along the gradient means that "
            "the gradient shrinks."
        ),
        (
            "assert 0 < g @ steep @ g / (g @ g) < 0.5 and np.linalg.norm(g - steep @ g) > "
            "np.linalg.norm(g)"
        ),
        (
            "assert 0 < g @ steep @ g / (g @ g) < 0.5 and np.linalg.norm(g - steep @ g) < "
            "np.linalg.norm(g)"
        ),
    ),
    FalseClaim(
        "foundations/optimization_and_deep_learning.md",
        (
            "The influence of a signal of size one fades in all of ten networks with spectral "
            "radius 1.2."
        ),
        "assert 0 < (grown[1.0] < 0.5).sum() < 10",
        "assert (grown[1.0] < 0.5).all()",
    ),
    FalseClaim(
        "foundations/optimization_and_deep_learning.md",
        (
            "Whichever thirty patients are drawn, the test loss is least before the gradient is "
            "down to 1 %."
        ),
        "assert 36 < sum(test_first) < 40",
        "assert sum(test_first) == 40",
    ),
    FalseClaim(
        "foundations/convexity.md",
        "The true gap starts near the upper edge of the band in which the gradient catches it.",
        "assert gap[0] < 2 * lower[0]",
        "assert gap[0] > 0.5 * upper[0]",
    ),
    FalseClaim(
        "foundations/convexity.md",
        (
            "Two points of a bowl with gradients of the same length are equally high above the "
            "minimum."
        ),
        "assert np.allclose(d2l.bowl(ends), [40, 2])",
        "assert np.isclose(*d2l.bowl(ends))",
    ),
    FalseClaim(
        "foundations/convexity.md",
        "The mean of the 200 fits is better than their average, but not than the best of them.",
        "assert gap_of_mean < gap_at(fits).min() and gap_of_mean < mean_of_gaps",
        "assert gap_at(fits).min() < gap_of_mean < mean_of_gaps",
    ),
    FalseClaim(
        "foundations/convexity.md",
        "Clipping at zero and dividing by the sum is the projection onto the simplex.",
        "assert min(violations(clip_and_divide)) > 0",
        "assert violations(clip_and_divide) == (0, 0)",
    ),
    FalseClaim(
        "foundations/convexity.md",
        (
            "A loss that is never negative, smooth and as low as 0.01 has a minimizer near: "
            "1/(1 + x^2) has one before 10."
        ),
        "assert np.isclose(1 / (1 + np.sqrt(99) ** 2), 0.01) and (np.diff(bump) < 0).all()",
        "assert far_x[bump.argmin()] < 10",
    ),
    FalseClaim(
        "foundations/convexity.md",
        "The thirty functions between the two bowls all bend with a curvature below 1.",
        ("assert len(functions) == 30 and bend_of.min() > 0.5 - 1e-6 and bend_of.max() < 2 + 1e-6"),
        "assert len(functions) == 30 and bend_of.max() < 1",
    ),
    FalseClaim(
        "foundations/convexity.md",
        "The PL inequality holds on x^2 + 3 sin^2 x with mu = 1/32 and with no larger mu.",
        "assert mu_pl > 5 / 32 and (2 * 20 - 3) ** 2 / (2 * (20**2 + 3)) > 1",
        "assert np.isclose(mu_pl, 1 / 32)",
    ),
    FalseClaim(
        "foundations/gradients_by_hand.md",
        (
            "An explosion at a constant factor is the mark of a right gradient with too large a "
            "step (all three that explode are right)."
        ),
        'assert (error < 1e-7) == name.startswith("right")',
        "assert error < 1e-7",
    ),
    FalseClaim(
        "foundations/gradients_by_hand.md",
        "You would have to halve the rate (0.01), and then wait.",
        "assert after(0.005, 200) > 1e12 and after(0.99 * limit, 200) < mean_square(spot)",
        "assert after(0.005, 200) < mean_square(spot)",
    ),
    FalseClaim(
        "foundations/gradients_by_hand.md",
        (
            "The check has no gray zone: what is wrong is wrong in the first or second digit, "
            "at small weights too."
        ),
        "assert 1e-4 < worst[mistake][1] < 1e-2 and worst[mistake][2] < 1e-5",
        "assert min(worst[mistake]) > 0.01",
    ),
    FalseClaim(
        "foundations/gradients_by_hand.md",
        "Nudges of 1e-5 suit single precision as well.",
        (
            'assert near(vees["single"], 1e-5) > 0.01 and (vees["single"][nudge_sizes < '
            "1e-6] > 0.3).all()"
        ),
        'assert near(vees["single"], 1e-5) < 1e-3',
    ),
    FalseClaim(
        "foundations/gradients_by_hand.md",
        "With a norm of W above one the error explodes, whatever the inputs.",
        "assert 2.5 < powers[2, 0.1] < 3.5 < 30 * np.log10(2) and -9.9 < powers[2, 10] < -8.5",
        "assert 0 < powers[2, 0.1] and 0 < powers[2, 10]",
    ),
    FalseClaim(
        "foundations/gradients_by_hand.md",
        "With a nudge of 1e-5 a right ReLU network looks wrong at most points.",
        (
            "assert crossed[200][0] and 5 < crossed[200].sum() < 20 and 0.4 < "
            "crossed[1797].mean() < 0.5"
        ),
        "assert crossed[200].mean() > 0.5",
    ),
    FalseClaim(
        "foundations/gradients_by_hand.md",
        "A step of 10/L goes up at once.",
        "assert [runs[10][1] > runs[10][0] for *_, runs in by_start] == [True, False, False]",
        "assert all(runs[10][1] > runs[10][0] for *_, runs in by_start)",
    ),
    FalseClaim(
        "foundations/gradients_by_hand.md",
        "With the scores shifted, the loss of the exercise is finite at every score.",
        (
            "assert np.isinf(-np.log(d2l.softmax(X @ (1e4 * W))[np.arange(30), y]).mean())  # "
            "shifted only"
        ),
        "assert np.isfinite(-np.log(d2l.softmax(X @ (1e4 * W))[np.arange(30), y]).mean())",
    ),
    FalseClaim(
        "foundations/gradients_by_hand.md",
        (
            "At each of the three starts a step of 10/L would go up on the quadratic that Q "
            "describes."
        ),
        "assert [along > L / 5 for L, _, along, _ in by_start] == [True, True, False]",
        "assert all(along > L / 5 for L, _, along, _ in by_start)",
    ),
    FalseClaim(
        "update_rules/gradient_descent.md",
        (
            "Choosing the rates better cannot cure the valley: sixteen planned rates leave as "
            "much as the best constant one."
        ),
        "assert np.linalg.norm(x) < np.linalg.norm(constant) / 100",
        "assert np.linalg.norm(x) >= 0.5 * np.linalg.norm(constant)",
    ),
    FalseClaim(
        "update_rules/gradient_descent.md",
        "With rate 0.05 the path drops to the valley floor and stops half-way along it.",
        "assert left[0.05][0] > 0.8 and left[0.05][1] < 0.02",
        "assert 0.4 < left[0.05][0] < 0.6 and left[0.05][1] < 0.02",
    ),
    FalseClaim(
        "update_rules/gradient_descent.md",
        (
            "A gradient that tends to zero means that the run comes to a point where the "
            "surface is level."
        ),
        "assert (slide.gradient(np.linspace(-700, 5, 1000)) > 0).all()",
        "assert np.isclose(slide_run.x[-1], slide_run.x[-100], atol=1e-3)",
    ),
    FalseClaim(
        "update_rules/gradient_descent.md",
        (
            "The bound is loose because it reckons with all of the error lying in the gentlest "
            "direction."
        ),
        "assert gentle / share_of_start[0] < bound[-1] / 1.5",
        "assert np.isclose(gentle / share_of_start[0], bound[-1], rtol=0.05)",
    ),
    FalseClaim(
        "update_rules/gradient_descent.md",
        "The bound is loose because Polyak's inequality loses the square.",
        "assert np.isclose(slope_there @ slope_there, 2 * curvatures[0] * height)",
        "assert slope_there @ slope_there > 1.5 * 2 * curvatures[0] * height",
    ),
    FalseClaim(
        "update_rules/gradient_descent.md",
        (
            "Counting its trial values too, backtracking is cheaper than the best constant rate "
            "from every start."
        ),
        "assert (steps_taken + trials < best_constant).sum() == 4",
        "assert (steps_taken + trials < best_constant).all()",
    ),
    FalseClaim(
        "update_rules/gradient_descent.md",
        (
            "Planned rates need steps in proportion to the condition number, as the constant "
            "rate does."
        ),
        "assert abs(n_planned - np.arccosh(100) / 2 * np.sqrt(k)) < 1 + 0.05 * n_planned",
        "assert abs(n_planned - np.log(100) / 2 * k) < 1 + 0.05 * n_planned",
    ),
    FalseClaim(
        "update_rules/stochastic_gradient_descent.md",
        (
            "Averaged over the epoch, shuffling makes the ball more than forty times smaller at "
            "the smallest rate."
        ),
        "assert 6 < gain[0] < 9 and 30 < gain_at_ends[0] < 50",
        "assert 40 < gain[0]",
    ),
    FalseClaim(
        "update_rules/stochastic_gradient_descent.md",
        (
            "At best rates, ten epochs of single patients at a constant rate end much lower "
            "than ten full steps."
        ),
        "assert 0.8 < least[3] / least[0] < 1.25",
        "assert least[3] / least[0] > 2",
    ),
    FalseClaim(
        "update_rules/stochastic_gradient_descent.md",
        "A constant rate hovers whether or not some point fits all examples.",
        "assert losses[-1] < 1e-6 * losses[0]",
        "assert losses[-1] > 1e-2 * losses[0]",
    ),
    FalseClaim(
        "update_rules/stochastic_gradient_descent.md",
        "As printed, the faulty run fits one patient perfectly: row and target belong together.",
        (
            "assert i != j and np.isclose(A[i] @ fit(False, False), y[j]) and not "
            "np.isclose(y[i], y[j])"
        ),
        "assert np.isclose(A[i] @ fit(False, False), y[i])",
    ),
    FalseClaim(
        "update_rules/stochastic_gradient_descent.md",
        (
            "All at their best rates, a cosine ends more than four times closer to the least "
            "loss than a constant rate, whatever the seeds."
        ),
        "assert min(least[0] / least[2], other[0] / other[2]) > 2",
        "assert min(least[0] / least[2], other[0] / other[2]) > 4",
    ),
    FalseClaim(
        "update_rules/stochastic_gradient_descent.md",
        (
            "The product of the first rate and the time it lasts is all that counts, also for "
            "small first rates."
        ),
        "assert dashed[first < 0.05].min() > 5 * dashed[right].max()",
        "assert dashed[first < 0.05].max() < 1.05 * dashed[right].max()",
    ),
    FalseClaim(
        "update_rules/stochastic_gradient_descent.md",
        (
            "The sum of the products becomes negative only in the noise ball, so it tells when "
            "to lower the rate."
        ),
        "assert alarms > 250",
        "assert alarms < 25",
    ),
    FalseClaim(
        "update_rules/stochastic_gradient_descent.md",
        (
            "After one pass the single patients are about six times closer to the minimum, in "
            "distance, than the best first step of gradient descent."
        ),
        (
            "assert 5 < steepest.min() / np.median(above_floor(one_by_one(0.005, many, "
            "every=n)[-1])) < 7"
        ),
        (
            "assert 5 < np.linalg.norm(full_batch(0.28, 1)[1] - x_star) / "
            "np.median(np.linalg.norm(one_by_one(0.005, many, every=n)[-1] - x_star, axis=-1))"
        ),
    ),
    FalseClaim(
        "update_rules/stochastic_gradient_descent.md",
        (
            "The mean-square limit is where the median of the runs with a constant rate begins "
            "to grow without bound."
        ),
        ("assert square_factor(two[0]) ** total > 1e20 and medians[0] < 100 and medians[1] > 1e10"),
        "assert medians[0] > 1e10",
    ),
    FalseClaim(
        "update_rules/stochastic_gradient_descent.md",
        "Once the first rate is large, only its product with the time 1/d counts.",
        "assert dashed[right].max() < 8 / 7 * dashed[right].min()",
        "assert dotted[right].max() < 8 / 7 * dotted[right].min()",
    ),
    FalseClaim(
        "update_rules/stochastic_gradient_descent.md",
        ("Where the mean square goes beyond all floats the mean loss stays above 1000 to the end."),
        (
            "assert outcome[48, 80] < 0.2  # here the mean square was beyond all floats, and "
            "came back"
        ),
        "assert np.isnan(outcome[48, 80])",
    ),
    FalseClaim(
        "update_rules/stochastic_gradient_descent.md",
        (
            "At their best rates a cosine ends more than twice as close to the least loss as a "
            "constant rate, with fresh draws too."
        ),
        "assert 1 < drawn[0].min() / drawn[1].min() < 2",
        "assert drawn[0].min() / drawn[1].min() > 2",
    ),
    FalseClaim(
        "update_rules/minibatches.md",
        "The best rate rises in proportion to the batch size all the way to the full batch.",
        (
            "assert (best[low] / sizes[low] / best[0] > 0.8).all() and (best[low] / sizes[low] "
            "<= best[0]).all()"
        ),
        "assert (best / sizes / best[0] > 0.8).all() and (best / sizes <= best[0]).all()",
    ),
    FalseClaim(
        "update_rules/minibatches.md",
        (
            "The first time below the target judges as well as the mean: at this rate the mean "
            "loss arrives, too."
        ),
        "assert len(first_time) > 50 and (runs.mean(axis=0) > target).all()",
        "assert len(first_time) > 50 and (runs.mean(axis=0) <= target).any()",
    ),
    FalseClaim(
        "update_rules/minibatches.md",
        "Below the noise scale twice the batch is half the steps: also from b = B/2 to b = B.",
        ("assert (abs(halves[sizes[1:] <= critical / 8] - 0.5) < 0.02).all() and halves[-1] > 0.8"),
        "assert (abs(halves[sizes[1:] <= critical] - 0.5) < 0.02).all() and halves[-1] > 0.8",
    ),
    FalseClaim(
        "update_rules/minibatches.md",
        "On the network the simple noise scale predicts the knee.",
        "assert round(scale_first) == 58 and scale_last > 20 * max(knees_d)",
        "assert scale_first < 32 and scale_last < 64",
    ),
    FalseClaim(
        "update_rules/minibatches.md",
        (
            "At the same rate a larger batch is not faster: single examples and all the data "
            "need the same number of steps."
        ),
        (
            "assert (np.diff(calm) < 0).all() and calm[-1] > fewest[0] / 2 and calm[3] < 1.05 * "
            "calm[-1]"
        ),
        "assert abs(calm[-1] / calm[0] - 1) < 0.05",
    ),
    FalseClaim(
        "update_rules/minibatches.md",
        (
            "At one rate and one number of epochs a bigger batch ends higher, also where noise "
            "matters."
        ),
        (
            "assert mean_losses(16, [0.02], 5 * n // 16)[-1, 0] < mean_losses(8, [0.02], 5 * n "
            "// 8)[-1, 0]"
        ),
        (
            "assert mean_losses(16, [0.02], 5 * n // 16)[-1, 0] > mean_losses(8, [0.02], 5 * n "
            "// 8)[-1, 0]"
        ),
    ),
    FalseClaim(
        "update_rules/minibatches.md",
        "On the digits shuffled batches of 256 arrive at the rate 1, as fresh ones do.",
        "assert steps_needed(256, 1.0, batches=d2l.minibatches) == np.inf",
        "assert steps_needed(256, 1.0, batches=d2l.minibatches) < np.inf",
    ),
    FalseClaim(
        "update_rules/minibatches.md",
        "At the same loss the noise scale is the same, whatever the path.",
        (
            "assert bouncing < small_steps / 3 and abs(bouncing * strong / (small_steps * weak) "
            "- 1) < 0.1"
        ),
        "assert abs(bouncing / small_steps - 1) < 0.1",
    ),
    FalseClaim(
        "update_rules/minibatches.md",
        (
            "To calm a run, a quarter of the rate costs steps but no examples; four times the "
            "batch costs examples."
        ),
        "assert abs(slow * b / (large * 4 * b) - 1) < 0.05",
        "assert slow * b < 0.5 * large * 4 * b",
    ),
    FalseClaim(
        "update_rules/momentum.md",
        "A direction that rings loses its energy at the rate sqrt(beta).",
        "assert abs((energy[-60:].max() / energy[:60].max()) ** (1 / 340) - beta) < 0.002",
        (
            "assert abs((energy[-60:].max() / energy[:60].max()) ** (1 / 340) - np.sqrt(beta)) "
            "< 0.002"
        ),
    ),
    FalseClaim(
        "update_rules/momentum.md",
        (
            "Momentum 0.9 at rate eta does, to within a few percent, what SGD does at 10 eta "
            "(at all rates)."
        ),
        "assert (ratio[calm] > 0.85).all() and (ratio[calm] < 1.02).all() and calm.sum() == 6",
        "assert (abs(ratio[np.isfinite(ratio)] - 1) < 0.05).all()",
    ),
    FalseClaim(
        "update_rules/momentum.md",
        "To one hundredth of the excess the best momentum is faster than gradient descent.",
        "assert steps_to(one_over_L, 1e-2) < steps_to(ball_excess, 1e-2)",
        "assert steps_to(one_over_L, 1e-2) > steps_to(ball_excess, 1e-2)",
    ),
    FalseClaim(
        "update_rules/momentum.md",
        (
            "For small eta lambda the noise of momentum is that of gradient descent at eta/(1 - "
            "beta)."
        ),
        "assert 1 - H / 2 - 1e-9 <= quotient <= 1 + 1e-9",
        "assert abs(quotient - 1) < 0.05",
    ),
    FalseClaim(
        "update_rules/momentum.md",
        (
            "The ball is at a hundredth of the loss in fewer than half the steps of gradient "
            "descent, whatever its constant rate."
        ),
        "assert lasting_hundredth[0].min() == 18 and lasting_hundredth[1] == 10",
        "assert 2 * lasting_hundredth[1] < lasting_hundredth[0].min()",
    ),
    FalseClaim(
        "update_rules/momentum.md",
        "All vermilion of the map of thirty steps has diverged.",
        (
            "assert (share[explodes] > 1).all() and fingers[0].any() and not fingers[map_betas "
            "< 0.92].any()"
        ),
        "assert (share[explodes] > 1).all() and not fingers.any()",
    ),
    FalseClaim(
        "update_rules/momentum.md",
        (
            "With batches of ten, tuned momentum averages the noise down: a quarter below tuned "
            "SGD, or more."
        ),
        "assert 0.9 < others[1].min() / others[0].min() < 1",
        "assert others[1].min() / others[0].min() < 0.75",
    ),
    FalseClaim(
        "update_rules/momentum.md",
        "SGD, too, stands every rate of the grid that momentum stands.",
        "assert ball_end > plain_end and np.isnan(late[0.0][ball_end])  # there SGD explodes",
        "assert ball_end > plain_end and np.isfinite(late[0.0][ball_end])",
    ),
    FalseClaim(
        "update_rules/momentum.md",
        "With kappa = 100 the best pair needs 12 steps for a digit.",
        "assert np.isclose(best, -1 / np.log10(9 / 11), rtol=1e-5)",
        "assert round(best) == 12",
    ),
    FalseClaim(
        "update_rules/momentum.md",
        "With less friction than the critical one the gentlest direction is faster.",
        "assert (factors(h, less) > factors(h, 1 - friction)).all()",
        "assert (factors(h, less) < factors(h, 1 - friction)).all()",
    ),
    FalseClaim(
        "update_rules/nesterov.md",
        "Nesterov's rate is a little worse than that of the best heavy ball.",
        "assert 1.75 < np.log(r_star) / np.log(1 - 1 / np.sqrt(kappa)) < 2",
        "assert np.log(r_star) / np.log(1 - 1 / np.sqrt(kappa)) < 1.2",
    ),
    FalseClaim(
        "update_rules/nesterov.md",
        "The best point is where the line meets the limit.",
        "assert 0.6 * limit < eta < limit",
        "assert np.isclose(eta, limit, rtol=0.01)",
    ),
    FalseClaim(
        "update_rules/nesterov.md",
        (
            "Lower eta below the best, and the margin is wide: at half the best rate the heavy "
            "ball arrives."
        ),
        (
            "assert len(set(np.round(points[-6:], 6))) == 6 and min(abs(np.array(points[-6:]))) "
            "> 0.3"
        ),
        "assert max(abs(np.array(points[-6:]))) < 1e-6",
    ),
    FalseClaim(
        "update_rules/nesterov.md",
        "Nesterov's loss on the diabetes data falls in every step.",
        "assert 37 < heavy_left.max() < 40 and nesterov_left.max() == 1",
        "assert (np.diff(nesterov_left[:300]) < 0).all()",
    ),
    FalseClaim(
        "update_rules/nesterov.md",
        "At the same rate looking ahead costs about twice the steps per digit.",
        'assert 0.9 < two_digits["heavy ball, 1/L"] / two_digits["Nesterov, usual"] < 1.1',
        'assert two_digits["Nesterov, usual"] > 1.5 * two_digits["heavy ball, 1/L"]',
    ),
    FalseClaim(
        "update_rules/nesterov.md",
        "Restarting costs nothing: it never needs more steps than the rule that knows mu.",
        "assert reach[0] < 2 * reach[1]",
        "assert reach[0] <= reach[1]",
    ),
    FalseClaim(
        "update_rules/nesterov.md",
        "Momentum pays from a thousandth on, at once by more than three times.",
        "assert min(wins) > 2.5",
        "assert min(wins) > 3",
    ),
    FalseClaim(
        "update_rules/nesterov.md",
        "It does not matter whether the restart tests the old velocity or the new one.",
        "assert run.value[-1] > 5 * large[-1] > 1e3 * restarted[-1]",
        "assert run.value[-1] < 2 * restarted[-1]",
    ),
    FalseClaim(
        "update_rules/nesterov.md",
        (
            "In the exercise the restart by the old velocity overtakes the rule without restart "
            "within 900 steps."
        ),
        "assert (careless > never)[2:].all()",
        "assert careless[-1] < never[-1]",
    ),
    FalseClaim(
        "update_rules/nesterov.md",
        "In the exercise the careless restart comes in every other step.",
        "assert restarts == 499",
        "assert restarts < 300",
    ),
    FalseClaim(
        "update_rules/nesterov.md",
        "The friction that the gentlest curvature asks for is 2 sqrt(eta mu) or a little above.",
        "assert 1 - within < (1 - made.momentum) / friction < 1",
        "assert 1 <= (1 - made.momentum) / friction < 1 + within",
    ),
    FalseClaim(
        "update_rules/nesterov.md",
        "The fingerprint tells Nesterov stored at the ball from the heavy ball.",
        "assert np.allclose(stored[1:] - 0.9 * np.diff(rolled), rolled[1:])",
        "assert not np.allclose(stored[1:] - 0.9 * np.diff(rolled), rolled[1:])",
    ),
    FalseClaim(
        "update_rules/nesterov.md",
        (
            "On every quadratic Nesterov with its usual constants needs about twice the steps "
            "per digit of the best heavy ball."
        ),
        "assert (more > 1).all() and (more < 2).all()",
        "assert (more > 1.75).all() and (more < 2).all()",
    ),
    FalseClaim(
        "update_rules/nesterov.md",
        "At the same rate and the same momentum looking ahead costs no pace.",
        "assert np.log(promised) / np.log(same_beta) > 1.1",
        "assert np.log(promised) / np.log(same_beta) < 1.01",
    ),
    FalseClaim(
        "update_rules/nesterov.md",
        (
            "From step 100 to 500 the restarted rule falls more than four times as far as the "
            "one without restart."
        ),
        "assert 3 * falls[0] < falls[1] < falls[2]",
        "assert 4 * falls[0] < falls[1] < falls[2]",
    ),
    FalseClaim(
        "update_rules/adagrad.md",
        "Under Adagrad the rare features are in the end almost as near as the others.",
        "assert left[-1] > 3 * left[0]",
        "assert left[-1] < 1.5 * left[0]",
    ),
    FalseClaim(
        "update_rules/adagrad.md",
        "With s_0 = 0.1 the first thousand steps are thirty times shorter than they would be.",
        "assert 30 < ratio[0] < 33 and 9.5 < ratio[9] < 10.5 and 3 < ratio[99] < 3.5",
        "assert (ratio[:1000] > 29).all()",
    ),
    FalseClaim(
        "update_rules/adagrad.md",
        "Adagrad's rates fall like 1/sqrt(t), with exact gradients on the bowl too.",
        "assert not np.isclose(rate[-1, 0], eta / np.sqrt(T_noise), rtol=1)",
        "assert np.isclose(rate[-1, 0], eta / np.sqrt(T_noise), rtol=0.2)",
    ),
    FalseClaim(
        "update_rules/adagrad.md",
        "On the digits Adagrad is clearly better than SGD with any schedule.",
        ('assert abs(np.median(final["Adagrad"]) / np.median(final["SGD, cosine"]) - 1) < 0.1'),
        'assert np.median(final["Adagrad"]) < 0.9 * np.median(final["SGD, cosine"])',
    ),
    FalseClaim(
        "update_rules/adagrad.md",
        "The rate of the theorem, D / sqrt(2), is close to the best one of the grid.",
        'assert 8.5 < D / np.sqrt(2) / RATES[best["Adagrad"]] < 9.5',
        'assert 1 / 3 < D / np.sqrt(2) / RATES[best["Adagrad"]] < 3',
    ),
    FalseClaim(
        "update_rules/adagrad.md",
        "On the ripples twice the rate takes twice the steps.",
        "assert 3 < needed[1] / needed[0] < 5.5 and needed[1] < 7500",
        "assert 1.5 < needed[1] / needed[0] < 2.5",
    ),
    FalseClaim(
        "update_rules/adagrad.md",
        "With noise the root pays least of the five powers, whatever the draw of the noise.",
        "assert middle[0] < middle[1] and other[0] > other[1]",
        "assert middle[0] < middle[1] and other[0] < other[1]",
    ),
    FalseClaim(
        "update_rules/adagrad.md",
        (
            "At every rate diagonal Adagrad is at least twice as far from the floor in the "
            "turned valley."
        ),
        "assert turned > 2 * flat if eta_matrix >= 0.3 else min(flat, turned) > 3",
        "assert turned > 2 * flat",
    ),
    FalseClaim(
        "update_rules/adagrad.md",
        ("Where words are very unequal, the best single rate pays more than even Adagrad's bound."),
        'assert abs(table["paid by one rate"][-1].mean() - 1) < 0.1',
        'assert table["paid by one rate"][-1].mean() > np.sqrt(2)',
    ),
    FalseClaim(
        "update_rules/rmsprop.md",
        (
            "The radicand of centered RMSprop is never negative; minibatch noise or not, no "
            "step is nan."
        ),
        "assert 0.05 < (lowest + np.float32(1e-7) < 0).mean() < 0.15",
        "assert (lowest + np.float32(1e-7) >= 0).all()",
    ),
    FalseClaim(
        "update_rules/rmsprop.md",
        (
            "With constant learning rate and decay there cannot be a guarantee: f rises at some "
            "step."
        ),
        "assert (np.diff(run.value)[large] < 0).all()",
        "assert (np.diff(run.value)[large] > 0).any()",
    ),
    FalseClaim(
        "update_rules/rmsprop.md",
        "In the turned valley RMSprop still has a better pace than gradient descent.",
        "assert 1 - 2 / 20 < pace(run) < 1 - 2 / 20 + 0.01 and abs(pace(run) - 19 / 21) < 0.002",
        "assert pace(run) < 0.9 * 19 / 21",
    ),
    FalseClaim(
        "update_rules/rmsprop.md",
        (
            "In a valley along the axes every coordinate ends up hovering at half the learning "
            "rate, wherever the minimum is."
        ),
        "assert x[0] == 3",
        "assert abs(abs(x[0] - 3) - 0.2) < 0.01",
    ),
    FalseClaim(
        "update_rules/rmsprop.md",
        "A long memory forgives a large learning rate, however long the run is.",
        "assert np.allclose(np.abs(run.x[-50:]), 0.5, atol=0.01)",
        "assert (np.abs(run.x[-50:]) < 1e-3).all()",
    ),
    FalseClaim(
        "update_rules/rmsprop.md",
        "The linked playgrounds hover within the sixty steps of the map.",
        "run = d2l.minimize(d2l.parabola, d2l.RMSprop(rate, epsilon=epsilon), steps=300)",
        "run = d2l.minimize(d2l.parabola, d2l.RMSprop(rate, epsilon=epsilon), steps=60)",
    ),
    FalseClaim(
        "update_rules/rmsprop.md",
        (
            "With a short memory some learning rate of the map leaves less than a thousandth of "
            "the loss."
        ),
        (
            "assert (good[fresh < 0.011] > 45).all() and (good[fresh > 0.1] < 17).all() and "
            "good.min() > 0"
        ),
        "assert ((left < 1e-3).sum(axis=1) > 0).all()",
    ),
    FalseClaim(
        "update_rules/rmsprop.md",
        "With a decay of 0.999 most runs underflow to zero, whatever epsilon is.",
        "assert (runs.x[-1] == 0).mean() > 0.2",
        "assert (runs.x[-1] == 0).mean() > 0.6",
    ),
    FalseClaim(
        "update_rules/rmsprop.md",
        (
            "While gradients keep their size, whatever it is, the learning rate is the length "
            "of a typical step."
        ),
        "for size, low, high in ((10, 0.99, 1), (0.1, 0, 0.1)):",
        "for size, low, high in ((10, 0.99, 1), (0.1, 0.99, 1)):",
    ),
    FalseClaim(
        "update_rules/rmsprop.md",
        (
            "While gradients keep their size, the learning rate is the length of a typical step "
            "from the first steps on, however long the memory is."
        ),
        "assert (early > 2).all()",
        "assert (early < 1.1).all()",
    ),
    FalseClaim(
        "update_rules/adadelta.md",
        "With pixels from 0 to 16, too, every epsilon from 0.001 on is good.",
        (
            "assert (large_pixels[powers > 5e-4] > 1).all() and np.isclose(np.log(10), 2.3, "
            "atol=0.01)"
        ),
        "assert (large_pixels[powers > 5e-4] < 0.2).all()",
    ),
    FalseClaim(
        "update_rules/adadelta.md",
        ("Put eta = 1 and choose epsilon from the speed: the run arrives in the valley and stays."),
        (
            "assert np.median(ends[1.0][2000:]) > 1e-3 and (np.diff(ends[1.0][2000::1000]) > "
            "0).all()"
        ),
        "assert (ends[1.0][2000:] < 1e-12).all()",
    ),
    FalseClaim(
        "update_rules/adadelta.md",
        "Under a steady gradient the steps grow like the root of t forever.",
        "assert 0.99 < taken.max() < 1 < 0.1 * start(0.95, 20_000)[-1]",
        "assert np.isclose(taken[-1], 0.1 * start(0.95, 20_000)[-1], rtol=0.02)",
    ),
    FalseClaim(
        "update_rules/adadelta.md",
        "After a hundred steps the run is more than half-way in p.",
        "assert by_hand.x[100, 0] < -2.5",
        "assert by_hand.x[100, 0] > -2.5",
    ),
    FalseClaim(
        "update_rules/adadelta.md",
        (
            "In the first hundred steps Adadelta keeps its speed to within a fifth, whatever "
            "the decay."
        ),
        "assert 1 < start(rho, until)[-1] / start(rho, until)[0] < 1.5",
        "assert start(rho, 100)[-1] / start(rho, 100)[0] < 1.2",
    ),
    FalseClaim(
        "update_rules/adadelta.md",
        "With the rate 0.001 some epsilon brings the run to the minimum in a thousand steps.",
        "assert outcome[:, etas < 0.0011].min() > 0.1 * 10.5",
        "assert outcome[:, etas < 0.0011].min() < 1e-8",
    ),
    FalseClaim(
        "update_rules/adadelta.md",
        "In Keras a learning rate of 5.0 gives the speed of their own rule.",
        (
            'assert np.isclose(first["Dive into Deep Learning"] / first["  in Keras, with '
            '5.0"], 2, rtol=1e-3)'
        ),
        (
            'assert np.isclose(first["Dive into Deep Learning"] / first["  in Keras, with '
            '5.0"], 1, rtol=1e-3)'
        ),
    ),
    FalseClaim(
        "update_rules/adadelta.md",
        ("Below the dashed line more than a hundredth of the loss is left after a thousand steps."),
        "assert (outcome[speed < 0.005] > 0.01 * 10.5).all()",
        "assert ((0.1 * p**2 + 2 * q**2)[speed < 0.005] > 0.01 * 10.5).all()",
    ),
    FalseClaim(
        "update_rules/adam.md",
        (
            "The correction frozen at the first step makes all later steps less than a third of "
            "the right length."
        ),
        "assert (frozen[1:100] > 1).all() and (frozen[110:] < 1).all()",
        "assert (frozen[1:] < 1 / 3).all()",
    ),
    FalseClaim(
        "update_rules/adam.md",
        (
            "Averaging the gradient calms the noise: with beta_1 = 0.9 the run keeps nearer to "
            "the minimum."
        ),
        "assert np.allclose(position / position[0], 1, atol=0.05)",
        "assert position[3] < 0.8 * position[0]",
    ),
    FalseClaim(
        "update_rules/adam.md",
        "No step of Adam is longer than 3.16 learning rates (section 2.1 of the paper).",
        "assert 3.16 < 0.98 * bound < longest <= bound and np.isclose(b2 / b1, 1.11)",
        "assert longest <= 3.17",
    ),
    FalseClaim(
        "update_rules/adam.md",
        "On the bowl tuned momentum beats Adam: Adam is not ahead at any coefficient.",
        "assert (ahead[small] > 40).all()",
        "assert (ahead < 0).all()",
    ),
    FalseClaim(
        "update_rules/adam.md",
        "Adam converges to the worst point of Reddi's problem, whatever beta_2.",
        "assert ends[0] > 0.95 and max(ends[1:]) < -0.95",
        "assert min(ends[:2]) > 0.95",
    ),
    FalseClaim(
        "update_rules/adam.md",
        "With the cosine Adam is ahead of momentum on nearly all seeds.",
        "assert 4 <= ahead <= 12  # sixteen tosses of a coin are outside this once in fifty",
        'assert schedule == "constant" or ahead >= 14',
    ),
    FalseClaim(
        "update_rules/adam.md",
        (
            "With both rules tuned, Adam is faster wherever the valley lies along an axis, "
            "whatever the start."
        ),
        "assert (ahead[coefficients <= 0.6] < 0).all()",
        'assert case != "bowl, other start" or (ahead[small] > 0).all()',
    ),
    FalseClaim(
        "update_rules/adam.md",
        "A steady gradient finds every wrong copy of Adam, also one with wrong decays.",
        "assert np.allclose(np.diff(d2l.feed(wrong, np.ones(100))), -0.01, rtol=1e-4)",
        "assert not np.allclose(np.diff(d2l.feed(wrong, np.ones(100))), -0.01, rtol=1e-4)",
    ),
    FalseClaim(
        "update_rules/adam.md",
        "That Adam's rates grow as the correction fades costs nothing in the turned valley.",
        'assert grown > digits_left["turned bowl", "momentum"].min() + 10',
        'assert grown < digits_left["turned bowl", "momentum"].min() + 1',
    ),
    FalseClaim(
        "update_rules/adam.md",
        "At the best constant rate the seeds agree without averaging as well as with it.",
        "assert np.divide(*quarters[bare][::-1]) > 2 > np.divide(*quarters[full][::-1])",
        "assert np.divide(*quarters[bare][::-1]) < 2",
    ),
    FalseClaim(
        "update_rules/weight_decay.md",
        "With a constant rate sign descent with decay rests in a minimum inside the box.",
        "assert (new_x != x)[strict].all()",
        "assert np.allclose(new_x, x, rtol=0, atol=1e-6)",
    ),
    FalseClaim(
        "update_rules/weight_decay.md",
        "AdamW comes to rest where the penalty does, at 3 / (1 + lambda).",
        'assert np.allclose(rested["AdamW"], fence, atol=0.05)  # slow at the corner',
        'assert np.allclose(rested["AdamW"], penalized, atol=0.05)',
    ),
    FalseClaim(
        "update_rules/weight_decay.md",
        "On the digits decoupled decay is better than the penalty on every seed.",
        "assert (between < 0).sum() >= 3 and (between > 0).sum() >= 3",
        "assert (between < 0).all()",
    ),
    FalseClaim(
        "update_rules/weight_decay.md",
        "A penalty under Adam shrinks the noisiest weight most.",
        'assert (mean["Adam, penalty in the loss"][:, 2] > 0.8).all()',
        (
            'assert mean["Adam, penalty in the loss"][-1, 2] < mean["Adam, penalty in the '
            'loss"][-1, 0]'
        ),
    ),
    FalseClaim(
        "update_rules/weight_decay.md",
        "On the digits decay gains one or two errors in a hundred, on every fresh seed.",
        "assert 10 < (gain > 0).sum() < 20",
        "assert (gain > 0).all()",
    ),
    FalseClaim(
        "update_rules/weight_decay.md",
        (
            "One step with a zero gradient tells a penalty from decoupled decay under SGD with "
            "momentum too."
        ),
        "assert np.allclose(d2l.feed(rule, [0.0, 0.0], 1.0), [1, 0.95, 0.9025])",
        "assert not np.isclose(d2l.feed(rule, [0.0], 1.0)[-1], 0.95)",
    ),
    FalseClaim(
        "update_rules/weight_decay.md",
        (
            "With a penalty the first step of Adam is the same, whatever lambda and whatever "
            "the signs."
        ),
        "assert np.allclose(np.abs(first - start), 0.4) and not np.allclose(first, start - 0.4)",
        "assert np.allclose(first, start - 0.4)",
    ),
    FalseClaim(
        "update_rules/weight_decay.md",
        "On the digits it matters more which kind of decay it is than whether there is one.",
        ('assert abs(np.mean(fresh["adamw"][:, 2] - fresh["penalty"][:, 2])) < 0.5 * gain.mean()'),
        'assert abs(np.mean(fresh["adamw"][:, 2] - fresh["penalty"][:, 2])) > gain.mean()',
    ),
    FalseClaim(
        "update_rules/weight_decay.md",
        "The penalty reaches its point of rest equally fast under any noise.",
        (
            "assert (np.diff(path[:200].mean(axis=(0, 1))) < 0).all()  # the penalty, from "
            "half: more slowly"
        ),
        "assert np.ptp(path[:200].mean(axis=(0, 1))) < 0.1",
    ),
    FalseClaim(
        "update_rules/weight_decay.md",
        (
            "Under Adam's penalty a weight with gradients ten times larger decays a hundred "
            "times more slowly."
        ),
        "assert 7 < lost[0] / lost[1] < 14",
        "assert 70 < lost[0] / lost[1] < 140",
    ),
    FalseClaim(
        "update_rules/weight_decay.md",
        (
            "With the faulty schedule the direction's size is at most one, so the weight is "
            "never held farther out than the wall."
        ),
        (
            "assert ((late[1:] - 0.995 * late[:-1]) / [fall(k) for k in range(3000, 4000)] > "
            "1).all()"
        ),
        (
            "assert ((late[1:] - 0.995 * late[:-1]) / [fall(k) for k in range(3000, 4000)] <= "
            "1).all()"
        ),
    ),
    FalseClaim(
        "update_rules/signs_and_maxima.md",
        "Clipping cannot help Lion: the length of a gradient is not used at all, only a sign.",
        'assert (np.diff(clipped) < 0).sum() == (1 if name == "sign descent" else 0)',
        (
            'assert name != "Lion" or (np.diff(clipped) < 0).sum() == (np.diff(ways[name]) < '
            "0).sum()"
        ),
    ),
    FalseClaim(
        "update_rules/signs_and_maxima.md",
        "With a constant rate Lion comes to rest in a minimum that lies in the box.",
        "assert (np.abs(np.diff(steady)) >= 0.01 * (1 - 0.1 * 3.03)).all()",
        "assert (np.abs(np.diff(steady[-100:])) < 1e-6).all()",
    ),
    FalseClaim(
        "update_rules/signs_and_maxima.md",
        "With AMSGrad in Keras the rate of an element never grows.",
        "assert (np.diff(seen[:, 0]) > 0).all() and (np.diff(seen[:, 1]) >= 0).all()",
        "assert (np.diff(seen[:, 0]) <= 0).all()",
    ),
    FalseClaim(
        "update_rules/signs_and_maxima.md",
        "On the digits the five rules reach about the same loss, within a third.",
        (
            'assert typical["Adamax"] > 2 * typical["Adam"] and typical["Adamax"] == '
            "max(typical.values())"
        ),
        'assert np.isclose(typical["Adamax"], typical["Adam"], rtol=0.34)',
    ),
    FalseClaim(
        "update_rules/signs_and_maxima.md",
        (
            "Lion hears every large gradient, however rare: with 1000 once in nine hundred "
            "steps and -1 in the others it goes down, with the mean."
        ),
        "assert (np.diff(rounds)[1:] > 300).all()",
        "assert (np.diff(rounds)[1:] < 0).all()",
    ),
    FalseClaim(
        "update_rules/signs_and_maxima.md",
        (
            "At a ratio of signal to noise of 0.03 both rules' measured mean steps are half of "
            "what the formulas say."
        ),
        (
            "assert np.allclose(measured[name], formula(ratios), rtol=0.1, atol=0)  # chance: 4 "
            "% at 0.03"
        ),
        (
            "assert np.allclose(measured[name], np.where(ratios < 0.05, 0.5, 1.0) * "
            "formula(ratios), rtol=0.1, atol=0)"
        ),
    ),
    FalseClaim(
        "update_rules/signs_and_maxima.md",
        (
            "A shorter memory of its maximum leaves Adamax more than half as far behind Adam as "
            "before."
        ),
        'assert np.median(short[0.95][1]) - typical["Adam"] < gap / 2',
        'assert np.median(short[0.95][1]) - typical["Adam"] > gap / 2',
    ),
    FalseClaim(
        "update_rules/signs_and_maxima.md",
        "On the digits Lion cannot be told from Adam, on sixty-four seeds neither.",
        'assert 0.67 < (many["Adam"] < many["Lion"]).mean() < 0.83',
        'assert 0.35 < (many["Adam"] < many["Lion"]).mean() < 0.65',
    ),
    FalseClaim(
        "update_rules/signs_and_maxima.md",
        "With a tenth of the rate Lion is as far from the minimum at the end.",
        'assert np.abs(slower.x[-50:]).max() < 0.2 * np.abs(race["Lion"].x[-20:]).max()',
        'assert np.abs(slower.x[-50:]).max() > 0.8 * np.abs(race["Lion"].x[-20:]).max()',
    ),
    FalseClaim(
        "update_rules/signs_and_maxima.md",
        "Nadam turns one step earlier than Adam from the first steps on.",
        "assert np.argmax(adams > 0) - np.argmax(nadams > 0) == earlier",
        "assert np.argmax(adams > 0) - np.argmax(nadams > 0) == 1",
    ),
    FalseClaim(
        "update_rules/signs_and_maxima.md",
        "Soon after the outlier Adam's scale is down to the size of the small gradients.",
        ('assert scales["Adam"][-1] < np.abs(stream[300:]).max() < scales["Adam"][349]  # slowly'),
        'assert (scales["Adam"][300:] < np.abs(stream[300:]).max()).all()',
    ),
    FalseClaim(
        "practice/schedules.md",
        "Where the network can fit every example, a cosine to zero ends lowest in the long run.",
        'assert last["constant"] < 0.7 * min(last["straight line"], last["cosine"])',
        'assert last["cosine"] < last["constant"]',
    ),
    FalseClaim(
        "practice/schedules.md",
        "A hundred gradients in advance do for Adam what a warm-up does.",
        '    assert score["waited"][1] > 0.6 * score["plain"][1]',
        '    assert score["waited"][1] < 0.6 * score["plain"][1]',
    ),
    FalseClaim(
        "practice/schedules.md",
        "Keras asks a schedule with the number of steps, also when it accumulates gradients.",
        "assert asked.seen == expected",
        "assert asked.seen == list(range(6 // (every or 1)))",
    ),
    FalseClaim(
        "practice/schedules.md",
        "A warm-up carries the linear scaling rule further from a blunt start as well.",
        'assert [shows("pixels to 1", share) for share in (0, 0.1, 0.3)] == [512] * 3',
        'assert shows("pixels to 1", 0.1) > shows("pixels to 1", 0)',
    ),
    FalseClaim(
        "practice/schedules.md",
        "The sharpness comes down in any case, at whatever rate.",
        "    assert sharpness(model, P, some[16])[0] > 2 * paths[seed][30]",
        "    assert sharpness(model, P, some[16])[0] < 1.2 * paths[seed][30]",
    ),
    FalseClaim(
        "practice/schedules.md",
        "The lowest point of a rate finder is the best constant rate, however short the sweep.",
        "assert lowest[100] > 2 * lowest[800] and lowest[100] > 1.5 * max(tuned.values())",
        "assert 0.7 < lowest[100] / max(tuned.values()) < 1.4",
    ),
    FalseClaim(
        "practice/schedules.md",
        "Beside a gentle direction the best rate is held for half of the time at any limit.",
        "assert (np.diff(free[:-1]) < 1e-3).all() and 4 < free[0] < 20",
        "assert (free[:50] > 49).all()",
    ),
    FalseClaim(
        "practice/schedules.md",
        "With small batches gradients in advance do nothing for Adam either.",
        'assert 0.5 < ranked[name] / ranked["plain"] < 0.8, name',
        'assert name != "waited" or ranked[name] > 0.8 * ranked["plain"], name',
    ),
    FalseClaim(
        "practice/around_the_rule.md",
        "Of the six exchanges of neighbors all lead away from Keras.",
        'assert np.array_equal(our_path(orders["clip <-> decay"]), our_path(STAGES))',
        'assert not np.array_equal(our_path(orders["clip <-> decay"]), our_path(STAGES))',
    ),
    FalseClaim(
        "practice/around_the_rule.md",
        "Accumulation is the large batch for unequal pieces, too.",
        'assert max(off["equal pieces"]) < 1e-12 and len(off) == 5',
        'assert max(off["unequal pieces"]) < 1e-12',
    ),
    FalseClaim(
        "practice/around_the_rule.md",
        "The mean of clipped gradients points where the mean of the gradients does.",
        "assert two @ [0.2, 0.8] == 1 and np.isclose(d2l.clip_value(two, 1) @ [0.2, 0.8], -0.6)",
        "assert d2l.clip_value(two, 1) @ [0.2, 0.8] > 0",
    ),
    FalseClaim(
        "practice/around_the_rule.md",
        "In half precision the first steps of Adam are too short, never too long.",
        "assert (half[jump] > 400).all() and 1400 < half.max() < 1600",
        "assert half.max() < 1.1",
    ),
    FalseClaim(
        "practice/around_the_rule.md",
        "An average of allowed weights is allowed in Keras.",
        'assert (lowest["before"] < 0).all() and (lowest["after"] >= 0).all()',
        'assert (lowest["before"] >= 0).all()',
    ),
    FalseClaim(
        "practice/around_the_rule.md",
        "With the average of Adam lost, or its count, a training goes on as it was.",
        'assert (strayed["nothing lost"] == 0).all()',
        'assert (strayed["count lost"] == 0).all()',
    ),
    FalseClaim(
        "practice/around_the_rule.md",
        "In half precision the average of a gradient of a ten-thousandth has vanished.",
        'assert (after["m"][(sizes > 1e-5) & (sizes < 9e-4)] > 0).all()',
        'assert (after["m"][(sizes > 1e-5) & (sizes < 9e-4)] == 0).all()',
    ),
    FalseClaim(
        "practice/around_the_rule.md",
        "A scale that half precision cannot hold takes no steps.",
        "assert path.max() > 2**16 and 0.95 < ratio < 1.1",
        "assert ratio > 1.1",
    ),
    FalseClaim(
        "practice/around_the_rule.md",
        "An average of the weights gains as much at a small rate as at a large one.",
        "assert 1 < gain[0.05] < 1.2 and gain[0.8] < 0.8",
        "assert gain[0.05] < 0.8",
    ),
    FalseClaim(
        "practice/around_the_rule.md",
        "Before a normalization, decay raises a constant rate of the weights more and more.",
        "assert np.isclose(np.linalg.norm(w[2000]), length, rtol=0.02)",
        "assert length < 0.9 * np.linalg.norm(w[2000])",
    ),
    FalseClaim(
        "practice/around_the_rule.md",
        "After 100 broken batches in a row the loss scale of Keras is zero.",
        "assert halved[140] == 2.0**-126 and halved.index(0.0) + 1 in (142, 165)",
        "assert halved[99] == 0",
    ),
    FalseClaim(
        "practice/digits.md",
        "On this split the twelve tuned rules can be ranked by their test accuracy.",
        "    assert all(low < mean / 3.6 < high for low, high in spans.values())",
        "    assert not all(low < mean / 3.6 < high for low, high in spans.values())",
    ),
    FalseClaim(
        "practice/digits.md",
        "Each hidden unit looks for one digit, and votes for it.",
        "assert 0.5 < np.mean(hits) < 0.75 and max(hits) < 0.9",
        "assert np.mean(hits) > 0.9",
    ),
    FalseClaim(
        "practice/digits.md",
        "The accuracy on shuffled images holds for a stretch of the file, too.",
        "    assert stretches[name].mean() < shuffles[name].mean() - 2",
        "    assert stretches[name].mean() > shuffles[name].mean() - 1",
    ),
    FalseClaim(
        "practice/digits.md",
        "Half of the images, seen twice as often, would do as well.",
        "assert (fewer > 1.05 * more).all()",
        "assert (fewer < 1.05 * more).all()",
    ),
    FalseClaim(
        "practice/digits.md",
        "The images that all networks misread cannot be read from these training data.",
        "assert np.sum(missed_by == 120) >= 1 and (nearest == test.y)[missed_by == 120].all()",
        "assert np.sum(missed_by == 120) >= 1 and (nearest != test.y)[missed_by == 120].any()",
    ),
    FalseClaim(
        "practice/reviews.md",
        "A bag of words gets about half of the mirrored reviews right, a little more if tuned.",
        "assert max(bags.values()) == min(bags.values()) == 0.5",
        "assert max(bags.values()) > 0.5",
    ),
    FalseClaim(
        "practice/reviews.md",
        "Under Adam, too, a row whose gradient is zero stands still.",
        "    assert (later > 0).all() and later[-1] < 0.1 * later[0]",
        "    assert (later == 0).all()",
    ),
    FalseClaim(
        "practice/reviews.md",
        "With all singular values of the recurrent weights above one blame explodes.",
        "assert ends[1.6] > ends[1.0] and ends[1.6] < 60 * np.log10(1.6) - 5",
        "assert ends[1.6] > 60 * np.log10(1.6) - 5",
    ),
    FalseClaim(
        "practice/beyond_first_order.md",
        "After Adam L-BFGS ends tenfold lower than L-BFGS alone.",
        (
            'assert all(10 * median > middles["L-BFGS"] for median in late["Adam, then '
            'L-BFGS"].values())'
        ),
        (
            'assert any(10 * median < middles["L-BFGS"] for median in late["Adam, then '
            'L-BFGS"].values())'
        ),
    ),
    FalseClaim(
        "practice/beyond_first_order.md",
        "With every count of products L-BFGS is cheaper than Newton-CG for logistic regression.",
        ('assert with_exact["value"][-1] + with_exact["product"][-1] < 0.9 * cost["L-BFGS"]'),
        'assert with_exact["value"][-1] + with_exact["product"][-1] > cost["L-BFGS"]',
    ),
    FalseClaim(
        "practice/beyond_first_order.md",
        "Networks above 1e-4 after 100 trials of Gauss and Newton are caught at a minimum.",
        "assert (slopes_left[ends > 1e-4] > 1e-3).all()",
        "assert (slopes_left[ends > 1e-4] < 1e-3).all()",
    ),
    FalseClaim(
        "practice/beyond_first_order.md",
        "Fletcher and Reeves arrive on the chain as Polak and Ribière do.",
        "assert all(run.steps == 1000 and run.value[-1] > 1 for run in stuck_runs)",
        "assert all(run.value[-1] < 1e-9 for run in stuck_runs)",
    ),
    FalseClaim(
        "practice/beyond_first_order.md",
        "The empirical Fisher matrix is the Hessian of logistic regression.",
        (
            "assert np.linalg.norm(empirical - newtons_matrix) > 0.01 * "
            "np.linalg.norm(newtons_matrix)"
        ),
        "assert np.allclose(empirical, newtons_matrix)",
    ),
    FalseClaim(
        "practice/beyond_first_order.md",
        "Newton's method needs the fewest gradients for logistic regression.",
        'assert cost["L-BFGS"] < cost["Newton-CG"] < cost["Newton"]',
        'assert cost["Newton"] < cost["L-BFGS"]',
    ),
    FalseClaim(
        "practice/beyond_first_order.md",
        (
            "With rounding too, conjugate gradients end after as many steps as there are "
            "eigenvalues."
        ),
        'assert np.abs(conjugate["spread"].gradient[40]).max() > 1e-3',
        'assert np.abs(conjugate["spread"].gradient[40]).max() < 1e-9',
    ),
    FalseClaim(
        "practice/beyond_first_order.md",
        "Newton's method squares the error near every minimum.",
        (
            "assert np.allclose(d2l.newton(flat, damped=False, steps=9).x[:10], (2 / 3) ** "
            "np.arange(10.0))"
        ),
        "assert d2l.newton(flat, damped=False, steps=9).x[9] < 1e-9",
    ),
    FalseClaim(
        "practice/beyond_first_order.md",
        "On each of the ten networks L-BFGS alone ends below Adam, then L-BFGS.",
        'assert 0 < (ends_of["L-BFGS"] < ends_of["Adam, then L-BFGS"]).sum() < 10',
        'assert (ends_of["L-BFGS"] < ends_of["Adam, then L-BFGS"]).all()',
    ),
    FalseClaim(
        "practice/beyond_first_order.md",
        "A policy of double precision keeps the inputs of a Keras model in double precision.",
        'assert [made.inputs[0].dtype for made in told] == ["float32", "float64"]',
        'assert [made.inputs[0].dtype for made in told] == ["float64", "float64"]',
    ),
    FalseClaim(
        "practice/comparing.md",
        "On the reviews the track calls Lion faster than Adam.",
        'assert all(("Lion", "Adam") not in pairs for pairs in called.values())',
        'assert ("Lion", "Adam") in called["reviews"]',
    ),
    FalseClaim(
        "practice/comparing.md",
        "Momentum, which contains SGD, is slower than SGD on none of the tasks.",
        'assert ("SGD", "momentum") in apart["digits"]',
        'assert ("SGD", "momentum") not in apart["digits"]',
    ),
    FalseClaim(
        "practice/comparing.md",
        "The lowest tuning score tells what fresh seeds will give.",
        "assert (flattered < 1).mean() > 0.9 and np.median(flattered) < 0.95",
        "assert np.median(flattered) > 0.95",
    ),
    FalseClaim(
        "practice/comparing.md",
        "On the reviews the test calls Adam faster than Lion.",
        'assert ("Adam", "Lion") not in called["reviews"]',
        'assert ("Adam", "Lion") in called["reviews"]',
    ),
    FalseClaim(
        "reference/which_framework_does_what.md",
        "When the rate drops, Keras and PyTorch part in step 100.",
        "assert (dropped[:100] < 1e-9).all() and (dropped[100:] > 1).all() and dropped[-1] > 10",
        "assert dropped[99] > 1e-9",
    ),
    FalseClaim(
        "reference/which_framework_does_what.md",
        "With RMSprop steps are nearly the same for gradients ten times as large as epsilon.",
        "assert low < np.abs(steps[1] / steps[0] - 1).max() < high",
        "assert np.abs(steps[1] / steps[0] - 1).max() < 0.011",
    ),
    FalseClaim(
        "reference/which_framework_does_what.md",
        "The range that a recipe for AdamW names holds of the whole step, with the decay.",
        "assert keras / theirs > 50",
        "assert made.ratio[0] <= keras / theirs <= made.ratio[1]",
    ),
    FalseClaim(
        "reference/keras_under_test.md",
        "A token that comes twice lengthens the step of every rule but SGD and Lion.",
        'assert abs(long["Adamax"] - 1) < 1e-3 and abs(short["Adamax"] - 0.5) < 1e-3',
        'assert long["Adamax"] > 1.1',
    ),
    FalseClaim(
        "reference/keras_under_test.md",
        "Under Schedule-Free Keras takes the documented path of its default, 0.9.",
        "    assert np.abs(path - said[1.0]).max() < 1e-3",
        "    assert np.abs(path - said[0.9]).max() < 1e-3",
    ),
    FalseClaim(
        "reference/keras_under_test.md",
        "Without relative_step, Adafactor takes the rate that it is given.",
        'assert true == false == "0.90 0.71 0.58 0.50"',
        'assert false == "0.90 0.90 0.90 0.90"',
    ),
    FalseClaim(
        "reference/keras_under_test.md",
        "Keras' Adafactor keeps no array of the size of the weights.",
        '    "Adafactor keeps 1.00 numbers for each weight",',
        '    "Adafactor keeps 0.00 numbers for each weight",',
    ),
    FalseClaim(
        "reference/keras_under_test.md",
        "Under Schedule-Free fit begins at the initial weights.",
        '    "compile, fit: 1 becomes -0.05",',
        '    "compile, fit: 1 becomes 0.95",',
    ),
    FalseClaim(
        "reference/keras_under_test.md",
        "In fit the slices of a token that comes twice are summed first.",
        "    assert np.allclose(trained(rule, False), trained(rule, True), atol=1e-4) == same",
        "    assert np.allclose(trained(rule, False), trained(rule, True), atol=1e-4)",
    ),
    FalseClaim(
        "reference/keras_under_test.md",
        "With the global norm PyTorch, too, makes all arrays nan.",
        "assert 1.0 / (np.inf + 1e-6) * 0.5 == 0",
        "assert np.isnan(1.0 / (np.inf + 1e-6) * 0.5)",
    ),
    FalseClaim(
        "reference/keras_under_test.md",
        "A file of weights does not hold the state of Adam.",
        "assert int(other.optimizer.iterations) == int(net.optimizer.iterations) == 1",
        "assert int(other.optimizer.iterations) == 0 != int(net.optimizer.iterations)",
    ),
    FalseClaim(
        "reference/keras_under_test.md",
        "Schedule-Free keeps the initial weights in a function of one's own.",
        "assert is_built == [False, True] and np.isclose(x.numpy()[0], -0.05)",
        "assert is_built == [False, True] and np.isclose(x.numpy()[0], 0.95)",
    ),
    FalseClaim(
        "reference/coming_from_d2l.md",
        "Epsilon beside the fraction makes every step longer by a millionth.",
        "assert np.isclose(slipped[0] - meant[0], 1e-6, rtol=0.02)",
        "assert slipped[0] < meant[0]",
    ),
    FalseClaim(
        "reference/coming_from_d2l.md",
        "Keras' Adagrad does not notice gradients that are twice as long.",
        "assert (twice > once).all() and (twice / once).max() > 1.5",
        "assert np.allclose(twice, once, rtol=0.01)",
    ),
]
