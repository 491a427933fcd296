// What the playground says: how a run ends, and why.

const VERDICTS = { converges: "It converges", oscillates: "It oscillates", diverges: "It diverges" };

function because(surface, { name, h }, outcome, setting) {
  const eta = h.learning_rate, curvatures = surface.curvatures;
  const changing = h.rate_decay || h.warmup_steps || h.decay_steps;
  if (h.decay_steps && outcome.kind === "converges") return "Its rate has fallen to 0: it rests where it is.";
  if (setting.noise && outcome.kind !== "diverges") {
    return h.rate_decay || name === "Adagrad"
      ? "The noise never ends, but the steps shrink, and the wandering with them."
      : "The noise never ends and the steps do not shrink, so the point wanders around the minimum.";
  }
  if (curvatures?.[0] < 0) {
    if (outcome.kind === "converges") return "Exactly on the ridge nothing pushes it off the saddle.";
    return "A saddle has no bottom: along q the surface falls for ever, and so does the run.";
  }
  if (name === "SGD" && curvatures?.[0] > 0 && !h.weight_decay && !changing && !setting.noise) {
    const L = curvatures.at(-1), b = h.momentum;
    const limit = !b ? 2 : h.nesterov ? (2 + 2 * b) / (1 + 2 * b) : 2 + 2 * b;
    const law = !b ? "2" : h.nesterov ? "(2 + 2β)/(1 + 2β)" : "2 + 2β";
    const edge = b ? `${law} = ${show(limit)}` : law;
    const here = `ηL = ${show(eta * L)}`;
    if (outcome.kind === "diverges") {
      const factor = b ? "" : ` each step multiplies the error there by 1 − ηL = ${show(1 - eta * L)}.`;
      return `${here} is beyond ${edge}, what the steepest direction bears.${b ? "" : " So"}${factor}`;
    }
    if (outcome.kind === "oscillates") {
      // Near the edge two thousand steps are not enough to decide; theory does.
      const beyond = (eta * L) / limit - 1, close = `ηL = ${show(eta * L, 6)}`;
      if (Math.abs(beyond) < 1e-9) {
        return `${here} is at the edge, ${edge}: the error in the steepest direction changes sign and keeps its size.`;
      }
      return beyond > 0
        ? `${close} is beyond ${edge}: its swings grow, but too slowly to be lost by then.`
        : `${close} is below ${edge}: its swings shrink, but too slowly to be over by then.`;
    }
    const factors = b
      ? ""
      : ` Each step multiplies the error by 1 − ηλ, from ${show(1 - eta * L)} in the steepest`
        + ` direction to ${show(1 - eta * curvatures[0])} in the flattest.`;
    return `${here} is below ${edge}.${factors}`;
  }
  if (outcome.kind === "oscillates") {
    if (["RMSprop", "Adam", "AdamW", "Adamax", "Nadam"].includes(name)) {
      return "Dividing by the root of its own squares keeps the step near η however small the gradient is, so it jumps back and forth over the minimum.";
    }
    if (name === "Lion") return "Every step has the size η, so it can only jump back and forth over the minimum.";
    return "The steps do not shrink as the minimum comes near.";
  }
  if (outcome.kind === "diverges") {
    return "The steps are too long for the curvature: each lands higher up than the one before.";
  }
  if (name === "Adagrad") return "The sum of squares only grows, so the steps shrink: safe, and slower and slower.";
  if (name === "Adadelta") return "Its step is made of its own past steps, which begin tiny and follow the gradient down.";
  if (!outcome.settled) return "";
  return outcome.arrived
    ? "The gradient fades near the minimum, and the steps with it."
    : "Its steps are tiny for this surface.";
}

// The whole sentence about a run, for after a prediction.
function explain(surface, entry, outcome, setting) {
  const why = because(surface, entry, outcome, setting);
  let what;
  if (outcome.kind === "diverges") what = `it is lost at step ${outcome.lostAt}`;
  else if (outcome.kind === "oscillates") what = `after ${LONG} steps it still moves over a range of ${show(outcome.reach, 2)}`;
  else if (outcome.settled && !outcome.arrived && !entry.h.decay_steps) what = `after ${LONG} steps it only creeps, and has not arrived`;
  else what = outcome.settled ? `within ${LONG} steps it comes to rest` : `it has not arrived after ${LONG} steps, but moves steadily`;
  return `${VERDICTS[outcome.kind]}: ${what}. ${why}`.trim();
}

// Where theory has the best values from.
function bestWords({ h }) {
  if (!h.momentum) return "η = 2 / (μ + L): the flattest and the steepest direction shrink alike.";
  return h.nesterov
    ? "η = 1 / L and β = (√L − √μ) / (√L + √μ), the values of the theorem."
    : "η = 4 / (√L + √μ)² and β = ((√L − √μ) / (√L + √μ))²: no heavy ball is faster.";
}
