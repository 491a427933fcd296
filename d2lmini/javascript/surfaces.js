// The surfaces of d2lmini/objectives.py. Their names, starts, domains, minimizers and curvatures
// are not repeated here: they come from there, in BOOK. A surface has value(x) and gradient(x, g),
// which writes into g; x and g are arrays, one entry a coordinate.

const root2 = Math.sqrt(2);
// The matrix of the bowl, turned by 45 degrees.
const turned = [(0.2 / root2 + 4 / root2) / root2, (0.2 / root2 - 4 / root2) / root2];

const functions = {
  parabola: {
    value: (x) => 0.5 * x[0] ** 2,
    gradient(x, g) { g[0] = x[0]; },
  },
  tilted_wells: {
    value: (x) => 0.25 * x[0] ** 4 - 0.5 * x[0] ** 2 + 0.2 * x[0],
    gradient(x, g) { g[0] = x[0] ** 3 - x[0] + 0.2; },
  },
  bowl: {
    value: (x) => 0.1 * x[0] ** 2 + 2 * x[1] ** 2,
    gradient(x, g) {
      g[0] = 0.2 * x[0];
      g[1] = 4 * x[1];
    },
  },
  rotated_bowl: {
    value: (x) => 0.5 * turned[0] * (x[0] ** 2 + x[1] ** 2) + turned[1] * x[0] * x[1],
    gradient(x, g) {
      g[0] = x[0] * turned[0] + x[1] * turned[1];
      g[1] = x[0] * turned[1] + x[1] * turned[0];
    },
  },
  saddle: {
    value: (x) => x[0] ** 2 - x[1] ** 2,
    gradient(x, g) {
      g[0] = 2 * x[0];
      g[1] = -2 * x[1];
    },
  },
  rosenbrock: {
    value: (x) => (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2,
    gradient(x, g) {
      const gap = x[1] - x[0] ** 2;
      g[0] = -2 * (1 - x[0]) - 400 * x[0] * gap;
      g[1] = 200 * gap;
    },
  },
  beale: {
    value([x, y]) {
      const r = 1.5 - x * (1 - y), s = 2.25 - x * (1 - y * y), t = 2.625 - x * (1 - y * y * y);
      return r * r + s * s + t * t;
    },
    gradient([x, y], g) {
      const r = 1.5 - x * (1 - y), s = 2.25 - x * (1 - y * y), t = 2.625 - x * (1 - y * y * y);
      g[0] = 2 * r * (y - 1) + 2 * s * (y * y - 1) + 2 * t * (y * y * y - 1);
      g[1] = 2 * r * x + 2 * s * (x * (2 * y)) + 2 * t * (x * (3 * y * y));
    },
  },
  two_wells: {
    value: (x) => functions.tilted_wells.value(x) + 0.5 * x[1] ** 2,
    gradient(x, g) {
      functions.tilted_wells.gradient(x, g);
      g[1] = x[1];
    },
  },
  himmelblau: {
    value: (x) => (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2,
    gradient(x, g) {
      const a = x[0] ** 2 + x[1] - 11, b = x[0] + x[1] ** 2 - 7;
      g[0] = 4 * a * x[0] + 2 * b;
      g[1] = 2 * a + 4 * b * x[1];
    },
  },
};

// What the book says of a surface and how it is computed, together.
const surfaces = Object.fromEntries(
  Object.entries(BOOK.surfaces).map(([key, facts]) => {
    const surface = { key, ...facts, ...functions[key], dimension: facts.start.length };
    // The level that losses are measured from: the lowest minimum, or none.
    surface.least = Math.min(...surface.minimizers.map((x) => surface.value(x)));
    return [key, surface];
  }),
);
