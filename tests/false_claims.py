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
        "foundations/gradients_by_hand.md",
        (
            "An explosion at a constant factor is the mark of a right gradient with too large a "
            "step (all three that explode are right)."
        ),
        '    assert (error < 1e-7) == name.startswith("right")',
        "    assert error < 1e-7",
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
        "        assert 1e-4 < worst[mistake][1] < 1e-2 and worst[mistake][2] < 1e-5",
        "        assert min(worst[mistake]) > 0.01",
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
        "update_rules/stochastic_gradient_descent.md",
        (
            "Averaged over the epoch, shuffling makes the ball more than forty times smaller at "
            "the smallest rate."
        ),
        "assert 5 < gain[0] < 15 < 30 < gain_at_ends[0]",
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
            "All at their best rates, a cosine ends more than four times lower than a constant "
            "rate, whatever the seeds."
        ),
        "assert min(least[0] / least[2], other[0] / other[2]) > 3",
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
        "assert round(scale_first) == 58 and scale_last > 500",
        "assert scale_first < 32 and scale_last < 64",
    ),
    FalseClaim(
        "update_rules/momentum.md",
        "A direction that rings loses its energy at the rate sqrt(beta).",
        "    assert abs((energy[-60:].max() / energy[:60].max()) ** (1 / 340) - beta) < 0.002",
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
        "            assert 1 - H / 2 - 1e-9 <= quotient <= 1 + 1e-9",
        "            assert abs(quotient - 1) < 0.05",
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
        (
            "With other seeds, too, momentum and SGD are within 17 % of each other up to eta/(1 "
            "- beta) = 0.1."
        ),
        "assert (quotients > 0.85).all() and (quotients < 1.02).all()",
        "assert ((others[1] / others[0])[fine[:, 0] <= 0.1] > 0.83).all()",
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
        "    assert (np.diff(run.value)[large] < 0).all()",
        "    assert (np.diff(run.value)[large] > 0).any()",
    ),
    FalseClaim(
        "update_rules/rmsprop.md",
        "In the turned valley RMSprop still has a better pace than gradient descent.",
        ("assert 1 - 2 / 20 < pace(run) < 1 - 2 / 20 + 0.01 and abs(pace(run) - 19 / 21) < 0.002"),
        "    assert pace(run) < 0.9 * 19 / 21",
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
        'assert 1 <= (tops["AdamW"] < tops["penalty"]).sum() <= 7',
        'assert (tops["AdamW"] < tops["penalty"]).all()',
    ),
    FalseClaim(
        "update_rules/weight_decay.md",
        "A penalty under Adam shrinks the noisiest weight most.",
        'assert mean["Adam, penalty in the loss"][-1, 2] > 0.8',
        (
            'assert mean["Adam, penalty in the loss"][-1, 2] < mean["Adam, penalty in the '
            'loss"][-1, 0]'
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
        'assert typical["cosine", "Adamax"] > 2 * typical["cosine", name]',
        ('assert np.isclose(typical["cosine", "Adamax"], typical["cosine", name], rtol=0.34)'),
    ),
]
