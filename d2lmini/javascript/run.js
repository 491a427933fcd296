// Runs of a rule on a surface, recorded or only to their end, and what can be said of them.

// Beyond it, as in d2lmini, a run has diverged.
const FAR = BOOK.far;
// Steps after which a run is judged.
const LONG = 2000;

// Gradient noise: nearly normal numbers of mean 0 and variance 1, each the sum of twelve uniform
// ones less six. They depend on the seed and their place alone, so that all rules meet the same
// noise; sums are exact enough for Python to make the same numbers (d2lmini/playground.py).
function uniform(n) {
  n = Math.imul(n ^ (n >>> 16), 0x85ebca6b);
  n = Math.imul(n ^ (n >>> 13), 0xc2b2ae35);
  return ((n ^ (n >>> 16)) >>> 0) / 2 ** 32;
}

const noises = new Map();
function noiseFor(seed, count) {
  let known = noises.get(seed);
  if (known && known.length >= count) return known;
  known = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let j = 0; j < 12; j++) sum += uniform(Math.imul(seed * 65536 + 12 * i + j + 1, 0x9e3779b9));
    known[i] = sum - 6;
  }
  // One seed at a time is enough.
  noises.clear();
  noises.set(seed, known);
  return known;
}

// Take up to `steps` steps. `visit(t, x, g, S)` is called after each; the run ends early when it
// is lost. Returns the step at which that happened, or 0. `x` is moved.
function walk(surface, { name, h }, x, steps, { noise = 0, seed = 0 } = {}, visit = nothing) {
  const d = surface.dimension;
  const rule = rules[name](h);
  const k = rule.letters.length;
  const S = new Float64Array(k * d).fill(rule.first ?? 0);
  const g = new Float64Array(d), next = new Float64Array(d);
  const z = noise && noiseFor(seed, LONG * d);
  const decay = h.weight_decay ?? 0, { rate_decay: slowing, warmup_steps: W, decay_steps: K } = h;
  for (let t = 1; t <= steps; t++) {
    // The rate rises in W steps, and then falls.
    const since = Math.max(0, t - 1 - W);
    let eta = h.learning_rate / (1 + slowing * since);
    if (t < W) eta *= t / W;
    if (K) eta *= (1 + Math.cos(Math.PI * Math.min(1, since / K))) / 2;
    surface.gradient(x, g);
    rule.tick();
    let lost = false;
    for (let i = 0; i < d; i++) {
      if (noise) g[i] += noise * z[(t - 1) * d + i];
      // Decoupled weight decay acts first, on the parameters alone.
      const from = decay ? x[i] - x[i] * decay * eta : x[i];
      next[i] = rule.update(from, g[i], S, i * k, eta);
      if (!(Math.abs(next[i]) <= FAR)) lost = true;
    }
    if (lost) return t;
    for (let i = 0; i < d; i++) x[i] = next[i];
    visit(t, x, g, S);
  }
  return 0;
}

// A run with everything that is drawn and shown of it.
function run(surface, entry, { start, steps, noise, seed }) {
  const d = surface.dimension;
  const letters = rules[entry.name](entry.h).letters;
  const k = letters.length * d;
  const x = new Float64Array((steps + 1) * d), value = new Float64Array(steps + 1);
  const gradient = new Float64Array(steps * d), state = new Float64Array(steps * k);
  const point = Float64Array.from(start);
  x.set(point);
  value[0] = surface.value(point);
  let done = 0;
  const lostAt = walk(surface, entry, point, steps, { noise, seed }, (t, at, g, S) => {
    x.set(at, t * d);
    value[t] = surface.value(at);
    gradient.set(g, (t - 1) * d);
    state.set(S, (t - 1) * k);
    done = t;
  });
  return { entry, letters, x, value, gradient, state, steps: done, lostAt };
}

// How a run ends, judged over a long time: it diverges, oscillates or converges.
function verdict(surface, entry, { start, noise, seed }) {
  const d = surface.dimension, late = LONG * 0.9;
  const low = new Array(d).fill(Infinity), high = new Array(d).fill(-Infinity);
  const last = new Float64Array(d), way = new Float64Array(d);
  let turns = 0;
  const x = Float64Array.from(start);
  const lostAt = walk(surface, entry, x, LONG, { noise, seed }, (t, at) => {
    for (let i = 0; i < d; i++) {
      const step = at[i] - last[i];
      if (t > late) {
        low[i] = Math.min(low[i], at[i]);
        high[i] = Math.max(high[i], at[i]);
        if (step * way[i] < 0) turns += 1;
      }
      if (step !== 0) way[i] = step;
      last[i] = at[i];
    }
  });
  if (lostAt) return { kind: "diverges", lostAt };
  const size = Math.max(...surface.domain.map(([a, b]) => b - a));
  const reach = Math.max(...low.map((a, i) => high[i] - a));
  if (reach > 1e-3 * size && turns > 4) return { kind: "oscillates", reach, x };
  // A run that hardly moves may be far from flat ground: then its steps are tiny.
  const slope = (at) => { surface.gradient(at, last); return Math.hypot(...last); };
  const arrived = slope(x) <= 0.01 * slope(start);
  return { kind: "converges", settled: reach <= 1e-3 * size, arrived, x };
}

// The hyperparameters of a rule that theory calls best on a quadratic surface, or nothing.
function best(surface, { name, h }) {
  if (name !== "SGD" || !surface.curvatures || surface.curvatures[0] <= 0) return null;
  const mu = surface.curvatures[0], L = surface.curvatures.at(-1);
  if (!h.momentum) return { learning_rate: 2 / (mu + L) };
  const a = Math.sqrt(mu), b = Math.sqrt(L);
  if (h.nesterov) return { learning_rate: 1 / L, momentum: (b - a) / (b + a) };
  return { learning_rate: 4 / (a + b) ** 2, momentum: ((b - a) / (b + a)) ** 2 };
}
