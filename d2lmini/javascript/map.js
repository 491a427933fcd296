// A map: what becomes of a run, at each point of a grid over two hyperparameters or over starts.
// It is computed in slices of a few milliseconds, coarse first, so that the page never waits.

// No logarithm here and no number of a minimum.
const GREW = 98, LOST = 99, NOWHERE = -1;
// Twelve powers of ten of the loss gone count as all of it.
const FLOOR = -12;

class OutcomeMap {
  constructor(surface, entry, setting, across, up, size = 200) {
    Object.assign(this, { surface, entry, setting, across, up, size });
    // Over starts, where there are several minima: in which one does a run end?
    this.basins = across.coordinate >= 0 && up.coordinate >= 0 && surface.minimizers.length > 1;
    this.cells = new Float32Array(size * size).fill(NaN);
    this.block = 8;
    this.at = 0;
    this.low = surface.least;
    if (!surface.minimizers.length) {
      // Nothing to reach: measured against the lowest corner of the picture.
      const [[a, b], [e, f]] = surface.domain;
      this.low = Math.min(...[a, b, (a + b) / 2].flatMap((x) => [e, f].map((y) => surface.value([x, y]))));
    }
  }

  // Outcome at (p, q), both in [0, 1]: the log10 of the share of the loss that is left, or GREW or
  // LOST; on a map of basins the number of the minimum, or NOWHERE.
  outcome(p, q) {
    const { surface, across, up, setting } = this;
    const h = { ...this.entry.h }, x = Float64Array.from(setting.from);
    for (const [axis, position] of [[across, p], [up, q]]) {
      if (axis.coordinate >= 0) x[axis.coordinate] = axis.to(position);
      else h[axis.key] = axis.to(position);
    }
    // The loss at the end is the largest over the last fifth: a run that swings passes the bottom
    // now and then.
    const before = surface.value(x) - this.low, late = 0.8 * setting.steps;
    let after = -Infinity;
    const lost = walk(surface, { name: this.entry.name, h }, x, setting.steps, setting, (t) => {
      if (t >= late && !this.basins) after = Math.max(after, surface.value(x));
    });
    if (lost) return LOST;
    if (this.basins) {
      const reach = 0.05 * (surface.domain[0][1] - surface.domain[0][0]);
      return surface.minimizers.findIndex((m) => Math.hypot(...m.map((v, i) => v - x[i])) < reach);
    }
    const left = (after - this.low) / before;
    return left > 1 ? GREW : Math.max(FLOOR, Math.log10(Math.max(left, 1e-300)));
  }

  // Work for about `budget` milliseconds; true when all is done.
  work(budget) {
    const { size, cells } = this, end = performance.now() + budget;
    while (this.block >= 1) {
      const row = Math.ceil(size / this.block);
      for (; this.at < row * row; this.at++) {
        const i = (this.at % row) * this.block, j = Math.floor(this.at / row) * this.block;
        const seen = this.block < 8 && i % (2 * this.block) === 0 && j % (2 * this.block) === 0;
        if (seen) continue;
        const value = this.outcome((i + 0.5) / size, (j + 0.5) / size);
        for (let b = j; b < Math.min(j + this.block, size); b++) {
          for (let a = i; a < Math.min(i + this.block, size); a++) cells[b * size + a] = value;
        }
        if (performance.now() > end) {
          this.at += 1;
          return false;
        }
      }
      this.block /= 2;
      this.at = 0;
    }
    return true;
  }

  color(value) {
    if (Number.isNaN(value)) return [255, 255, 255];
    if (value === LOST || value === GREW) return DIVERGED;
    if (this.basins) return value < 0 ? [200, 200, 200] : BASINS[value];
    return ramp(value / FLOOR);
  }

  describe(value) {
    if (Number.isNaN(value)) return "not computed yet";
    if (value === LOST) return "diverges";
    if (this.basins) {
      if (value < 0) return `in no minimum after ${this.setting.steps} steps`;
      return `ends in the minimum at (${this.surface.minimizers[value].map((v) => show(v)).join(", ")})`;
    }
    const late = `in the last fifth of ${this.setting.steps} steps`;
    if (value === GREW) return `the loss has grown ${late}`;
    return value <= FLOOR ? `nothing of the loss is left ${late}` : `up to ${show(10 ** value, 2)} of the loss is left ${late}`;
  }
}

const DIVERGED = [213, 94, 0];
const BASINS = [[86, 180, 233], [230, 159, 0], [0, 158, 115], [204, 121, 167]];

function drawMap(c, f, map) {
  const { size, cells } = map;
  const picture = new ImageData(size, size);
  for (let j = 0; j < size; j++) {
    for (let i = 0; i < size; i++) {
      const at = 4 * ((size - 1 - j) * size + i), value = cells[j * size + i];
      picture.data.set(map.color(value), at);
      picture.data[at + 3] = Number.isNaN(value) ? 0 : 255;
    }
  }
  const small = document.createElement("canvas");
  small.width = small.height = size;
  small.getContext("2d").putImageData(picture, 0, 0);
  c.imageSmoothingEnabled = false;
  c.drawImage(small, f.left, f.top, f.w, f.h);
  const marks = (axis) => axis.ticks().map((v) => [axis.from(v), show(v)]);
  axes(c, f, { x: "", y: "", xTicks: marks(map.across), yTicks: marks(map.up) });
}
