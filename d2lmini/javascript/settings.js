// The knobs of the rules, and the setting of a playground as a line of text: that of its attribute,
// of its link, and of d2lmini.playground in Python.

const digits3 = (v) => Number(v.toPrecision(3));

// A scale turns a slider's position p in [0, 1] into a value and back.
const logScale = (low, high) => ({
  to: (p) => digits3(low * (high / low) ** p),
  from: (v) => clamp(Math.log(v / low) / Math.log(high / low), 0, 1),
  ticks: () => {
    const found = [];
    for (let k = Math.ceil(Math.log10(low)); k <= Math.log10(high) + 1e-9; k++) found.push(Number(`1e${k}`));
    return found;
  },
});
// … whose lowest position is exactly zero.
const zeroLogScale = (low, high) => {
  const log = logScale(low, high), edge = 0.04;
  return {
    to: (p) => (p < edge ? 0 : log.to((p - edge) / (1 - edge))),
    from: (v) => (v > 0 ? edge + (1 - edge) * log.from(v) : 0),
    ticks: () => [0, ...log.ticks()],
  };
};
// Decays crowd at 1, so 1 − β is on a log scale: 0, 0.9, 0.99, 0.999, 0.9999.
const nines = -Math.log10(BOOK.ranges.rho[0]);
const decayScale = {
  to: (p) => Number((1 - digits3(10 ** (-nines * p))).toPrecision(7)),
  from: (v) => clamp(-Math.log10(1 - v) / nines, 0, 1),
  ticks: () => [0, 0.5, 0.9, 0.99, 0.999],
};
// Steps are whole.
const stepScale = (low, high) => {
  const scale = zeroLogScale(low, high);
  return { ...scale, to: (p) => Math.round(scale.to(p)) };
};
const linearScale = (low, high) => ({
  to: (p) => digits3(low + (high - low) * p),
  from: (v) => clamp((v - low) / (high - low), 0, 1),
  ticks: () => ticks(low, high, 5),
});

const { ranges } = BOOK;
const KNOBS = {
  learning_rate: ["η", "learning rate", logScale(...ranges.learning_rate)],
  momentum: ["β", "momentum", decayScale],
  rho: ["ρ", "decay of s", decayScale],
  beta_1: ["β₁", "decay of m", decayScale],
  beta_2: ["β₂", "decay of s", decayScale],
  epsilon: ["ε", "epsilon", zeroLogScale(...ranges.epsilon)],
  initial_accumulator_value: ["s₀", "first s", zeroLogScale(...ranges.initial_accumulator_value)],
  weight_decay: ["λ", "weight decay", zeroLogScale(...ranges.weight_decay)],
  rate_decay: ["k", "slowing, η / (1 + k(t − 1))", zeroLogScale(...ranges.rate_decay)],
  warmup_steps: ["W", "warm-up: steps to η", stepScale(...ranges.warmup_steps)],
  decay_steps: ["K", "cosine: steps to 0", stepScale(...ranges.decay_steps)],
};
const TOGGLES = {
  nesterov: "Nesterov’s look-ahead",
  centered: "centered",
  amsgrad: "AMSGrad",
  bias_correction: "bias correction",
  epsilon_inside_root: "ε inside the root",
  epsilon_hat: "ε beside the raw root (ε̂)",
};
const LETTERS = {
  x: "point", g: "gradient", v: "velocity", m: "mean gradient", s: "squared gradients",
  u: "squared updates", r: "largest gradient", s_max: "largest s", step: "step",
};

// The hyperparameters of each rule with their defaults: d2lmini's, and some that only exist here.
const defaults = Object.fromEntries(
  Object.entries(BOOK.rules).map(([name, fields]) => {
    const own = ["Adam", "AdamW", "Adamax"].includes(name) ? { bias_correction: true } : {};
    return [name, { ...fields, weight_decay: fields.weight_decay ?? 0, ...own, rate_decay: 0, warmup_steps: 0, decay_steps: 0 }];
  }),
);

// What a reader may add: the rules by their everyday names.
const MENU = {
  SGD: ["SGD", {}],
  momentum: ["SGD", { momentum: 0.9 }],
  Nesterov: ["SGD", { momentum: 0.9, nesterov: true }],
  ...Object.fromEntries(Object.keys(BOOK.rules).filter((n) => n !== "SGD").map((n) => [n, [n, {}]])),
};

function everydayName({ name, h }) {
  if (name === "SGD" && h.momentum) return h.nesterov ? "Nesterov" : "momentum";
  return name === "Adam" && h.amsgrad ? "AMSGrad" : name;
}

const known = (names) => `Known are ${[...names].join(", ")}.`;

// Why a value cannot be that of a hyperparameter, in a sentence, or nothing.
function refusal(key, v) {
  if (!Number.isFinite(v) || v < 0) return `${key} must be a number of at least 0.`;
  if (/_steps/.test(key)) whole(v, 0, MOST_STEPS, key);
  if (KNOBS[key][2] === decayScale && v >= 1) return `${key} must be below 1: it is the weight of the past.`;
  return "";
}

function readNumber(text, surface) {
  const [, number, over] = /^([-+.\deE]+)(\/L)?$/.exec(text) ?? [];
  if (over && !surface.curvatures) throw new Error(`${surface.name} has no curvature L to divide by.`);
  const v = Number(number || NaN) / (over ? surface.curvatures.at(-1) : 1);
  if (!Number.isFinite(v)) throw new Error(`“${text}” is not a number.`);
  return v;
}

function readRule(name, inside, surface) {
  if (!defaults[name]) throw new Error(`There is no rule “${name}”. ${known(Object.keys(defaults))}`);
  const h = { ...defaults[name] };
  for (const part of inside.split(",").filter(Boolean)) {
    const [key, text = ""] = part.trim().split("=");
    if (!(key in h)) throw new Error(`${name} has no “${key}”. ${known(Object.keys(h))}`);
    if (key in TOGGLES) {
      if (!/^(True|False)$/.test(text)) throw new Error(`${key} must be True or False, not “${text}”.`);
      h[key] = text === "True";
    } else {
      h[key] = text === "None" ? 0 : readNumber(text, surface);
      if (refusal(key, h[key])) throw new Error(refusal(key, h[key]));
    }
  }
  return { name, h };
}

function whole(text, low, high, name) {
  const v = Number(text);
  if (!Number.isInteger(v) || v < low || v > high) {
    throw new Error(`${name} must be a whole number from ${low} to ${high}, not “${text}”.`);
  }
  return v;
}

const VIEWS = { paths: "Paths", race: "Race", map: "Map" };
const MOST_STEPS = BOOK.most_steps;

// Read a setting; what it leaves out is as in `base`.
function readSetting(text, base) {
  const parts = text.split("&").filter(Boolean);
  const given = Object.fromEntries(parts.filter((p) => !p.includes("(")).map((p) => {
    const at = p.indexOf("=");
    return at < 0 ? [p, ""] : [p.slice(0, at), p.slice(at + 1)];
  }));
  const words = ["surface", "from", "steps", "step", "noise", "seed", "view", "axes", "predict", "select"];
  for (const key of Object.keys(given)) {
    if (!words.includes(key)) throw new Error(`“${key}” is not part of a setting. ${known(words)}`);
  }
  const setting = { ...base };
  if (given.surface !== undefined) {
    if (!surfaces[given.surface]) {
      throw new Error(`There is no surface “${given.surface}”. ${known(Object.keys(surfaces))}`);
    }
    if (given.surface !== base.surface) setting.from = surfaces[given.surface].start;
    setting.surface = given.surface;
  }
  const surface = surfaces[setting.surface];
  if (given.from !== undefined) {
    setting.from = given.from.split(",").map((v) => readNumber(v, surface));
    if (setting.from.length !== surface.dimension) {
      throw new Error(`A start on ${surface.name} has ${surface.dimension} coordinate(s), not “${given.from}”.`);
    }
  }
  if (given.steps !== undefined) setting.steps = whole(given.steps, 1, MOST_STEPS, "steps");
  setting.step = given.step !== undefined ? whole(given.step, 0, setting.steps, "step") : setting.steps;
  if (given.noise !== undefined) setting.noise = Math.max(0, readNumber(given.noise, surface));
  if (given.seed !== undefined) setting.seed = whole(given.seed, 0, 9999, "seed");
  if (given.view !== undefined) {
    if (!VIEWS[given.view]) throw new Error(`There is no view “${given.view}”. ${known(Object.keys(VIEWS))}`);
    setting.view = given.view;
  }
  if (given.predict !== undefined) setting.predict = given.predict === "1";
  const calls = parts.map((p) => /^(\w+)\((.*)\)$/.exec(p)).filter(Boolean);
  if (calls.length) setting.entries = calls.map(([, name, inside]) => readRule(name, inside, surface));
  setting.select = given.select !== undefined ? whole(given.select, 0, setting.entries.length - 1, "select") : 0;
  if (given.axes !== undefined) setting.axes = given.axes.split(",");
  return setting;
}

function writeSetting(s) {
  const surface = surfaces[s.surface];
  const parts = [`surface=${s.surface}`];
  if (s.from.some((v, i) => v !== surface.start[i])) parts.push(`from=${s.from.join(",")}`);
  parts.push(`steps=${s.steps}`);
  if (s.step !== s.steps) parts.push(`step=${s.step}`);
  if (s.noise) parts.push(`noise=${s.noise}`);
  if (s.seed) parts.push(`seed=${s.seed}`);
  if (s.view !== "paths") parts.push(`view=${s.view}`);
  if (s.axes && s.view === "map") parts.push(`axes=${s.axes.join(",")}`);
  if (s.predict) parts.push("predict=1");
  if (s.select) parts.push(`select=${s.select}`);
  for (const { name, h } of s.entries) {
    const fields = Object.entries(h)
      .filter(([key, v]) => key === "learning_rate" || v !== defaults[name][key])
      .map(([key, v]) => `${key}=${v === true ? "True" : v === false ? "False" : v}`);
    parts.push(`${name}(${fields.join(",")})`);
  }
  return parts.join("&");
}

// The axis of a map: a hyperparameter of the rule, or a coordinate of the start.
function axisOf(key, surface, h) {
  const coordinate = ["x1", "x2"].indexOf(key);
  if (coordinate >= 0 && coordinate < surface.dimension) {
    const [low, high] = surface.domain[coordinate];
    const letter = surface.dimension === 1 ? "x" : ["p", "q"][coordinate];
    return { key, coordinate, letter, name: `start ${letter}`, ...linearScale(low, high) };
  }
  if (!KNOBS[key] || !(key in h)) return null;
  const [letter, name, scale] = KNOBS[key];
  return { key, letter, name, ...scale };
}
