// Drawing on canvases, in colors for white paper: in a dark page the style sheet turns the lightness
// of a canvas over, as it does with the book's figures.

const INK = "#000000", GRAY = "#767676", FAINT = "#d9d9d9";
const PALETTE = [...new Set(Object.values(BOOK.looks).map(([color]) => color))];
const DASHES = { "-": [], "--": [7, 4], ":": [2, 3], "-.": [7, 3, 2, 3] };
const clamp = (v, low, high) => Math.min(high, Math.max(low, v));

// A number for people: about three digits, no more than there are.
function show(v, digits = 3) {
  if (!Number.isFinite(v)) return v > 0 ? "∞" : v < 0 ? "−∞" : "?";
  if (v === 0) return "0";
  const size = Math.abs(v);
  const text = size >= 1e5 || size < 1e-3
    ? v.toExponential(digits - 1).replace(/\.?0*e/, "e").replace("e+", "e")
    : String(Number(v.toPrecision(digits)));
  return text.replaceAll("-", "−");
}

// Round values within [low, high], as many as there is room for.
function ticks(low, high, count) {
  const rough = (high - low) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((s) => s * power >= rough) ?? 10);
  const found = [];
  for (let i = Math.ceil(low / step); i * step <= high; i++) found.push(Number((i * step).toPrecision(12)));
  return found;
}

// The part of the plane that a panel shows: where data goes in pixels, and back.
function frame(width, height, [x0, x1], [y0, y1], margin) {
  const { left, right, top, bottom } = margin;
  const w = width - left - right, h = height - top - bottom;
  return {
    width, height, left, top, w, h, x0, x1, y0, y1,
    px: (x) => left + ((x - x0) / (x1 - x0)) * w,
    py: (y) => top + (1 - (y - y0) / (y1 - y0)) * h,
    x: (px) => x0 + ((px - left) / w) * (x1 - x0),
    y: (py) => y0 + (1 - (py - top) / h) * (y1 - y0),
  };
}

const MARGIN = { left: 40, right: 12, top: 10, bottom: 30 };

// The panel of a surface: both coordinates on one scale, so that right angles are right; for one
// coordinate its graph. A surface that is known on its domain only fills the panel with that.
function surfaceFrame(surface, width, height, margin = MARGIN) {
  if (surface.dimension === 1) {
    const [low, high] = surface.domain[0];
    const values = Array.from({ length: 121 }, (_, i) => surface.value([low + ((high - low) * i) / 120]));
    const bottom = Math.min(...values), top = Math.max(...values);
    return frame(width, height, [low, high], [bottom - 0.08 * (top - bottom), top], margin);
  }
  const [[x0, x1], [y0, y1]] = surface.domain;
  if (surface.fills) return frame(width, height, [x0, x1], [y0, y1], margin);
  const w = width - margin.left - margin.right, h = height - margin.top - margin.bottom;
  const scale = Math.max((x1 - x0) / w, (y1 - y0) / h) / 2;
  const x = (x0 + x1) / 2, y = (y0 + y1) / 2;
  return frame(width, height, [x - scale * w, x + scale * w], [y - scale * h, y + scale * h], margin);
}

function axes(c, f, { x = "", y = "", xTicks, yTicks }) {
  c.save();
  c.strokeStyle = GRAY;
  c.fillStyle = INK;
  c.lineWidth = 1;
  c.strokeRect(f.left + 0.5, f.top + 0.5, f.w - 1, f.h - 1);
  c.font = `11px ${FONT}`;
  c.textAlign = "center";
  c.textBaseline = "top";
  for (const [at, label] of xTicks) {
    const px = f.left + at * f.w;
    c.fillRect(Math.round(px), f.top + f.h, 1, 4);
    c.fillText(label, Math.min(px, f.width - c.measureText(label).width / 2), f.top + f.h + 6);
  }
  c.textAlign = "right";
  c.textBaseline = "middle";
  for (const [at, label] of yTicks) {
    const py = f.top + (1 - at) * f.h;
    c.fillRect(f.left - 4, Math.round(py), 4, 1);
    c.fillText(label, f.left - 6, py);
  }
  c.font = `italic 12px ${FONT}`;
  // Beside the ticks where there is room, else within the box.
  const room = f.width - f.left - f.w > 40;
  c.textBaseline = room ? "top" : "bottom";
  c.fillText(x, room ? f.width - 4 : f.left + f.w - 4, f.top + f.h + (room ? 6 : -3));
  c.textAlign = "left";
  c.textBaseline = "top";
  c.fillText(y, f.left + 5, f.top + 4);
  c.restore();
}

const FONT = "system-ui, sans-serif";
// … with as many digits as tell a tick from the next.
const along = (low, high, values) => {
  const digits = Math.ceil(Math.log10(Math.max(...values.map(Math.abs)) / (values[1] - values[0]))) + 1;
  return values.map((v) => [(v - low) / (high - low), show(v, Math.max(3, digits || 0))]);
};
const linearAxes = (f, x, y) => ({
  x, y,
  xTicks: along(f.x0, f.x1, ticks(f.x0, f.x1, Math.max(2, f.w / 70))),
  yTicks: along(f.y0, f.y1, ticks(f.y0, f.y1, Math.max(2, f.h / 50))),
});

// The levels that d2lmini.contours draws.
function levels(surface) {
  const [[x0, x1], [y0, y1]] = surface.domain;
  let low = Infinity, high = -Infinity;
  for (let i = 0; i <= 120; i++) {
    for (let j = 0; j <= 120; j++) {
      const z = surface.value([x0 + ((x1 - x0) * i) / 120, y0 + ((y1 - y0) * j) / 120]);
      low = Math.min(low, z);
      high = Math.max(high, z);
    }
  }
  if (!surface.minimizers.length) return Array.from({ length: 12 }, (_, i) => low + ((high - low) * (i + 1)) / 13);
  return Array.from({ length: 12 }, (_, i) => low + (high - low) * 1e-3 ** (1 - i / 11));
}

// Level lines by marching squares: in each small square, a line from edge to edge.
function contours(c, f, surface) {
  const n = Math.min(160, Math.ceil(f.w / 3)), m = Math.min(160, Math.ceil(f.h / 3));
  const z = new Float64Array((n + 1) * (m + 1));
  for (let j = 0; j <= m; j++) {
    for (let i = 0; i <= n; i++) {
      z[j * (n + 1) + i] = surface.value([f.x(f.left + (i / n) * f.w), f.y(f.top + (j / m) * f.h)]);
    }
  }
  const dx = f.w / n, dy = f.h / m;
  c.beginPath();
  for (const level of levels(surface)) {
    for (let j = 0; j < m; j++) {
      for (let i = 0; i < n; i++) {
        const at = j * (n + 1) + i;
        const a = z[at] - level, b = z[at + 1] - level, d = z[at + n + 1] - level, e = z[at + n + 2] - level;
        if (a > 0 === b > 0 && a > 0 === d > 0 && a > 0 === e > 0) continue;
        const x = f.left + i * dx, y = f.top + j * dy, cut = [];
        if (a > 0 !== b > 0) cut.push(x + (dx * a) / (a - b), y);
        if (b > 0 !== e > 0) cut.push(x + dx, y + (dy * b) / (b - e));
        if (d > 0 !== e > 0) cut.push(x + (dx * d) / (d - e), y + dy);
        if (a > 0 !== d > 0) cut.push(x, y + (dy * a) / (a - d));
        for (let q = 0; q + 3 < cut.length; q += 4) {
          c.moveTo(cut[q], cut[q + 1]);
          c.lineTo(cut[q + 2], cut[q + 3]);
        }
      }
    }
  }
  c.strokeStyle = GRAY;
  c.globalAlpha = 0.75;
  c.lineWidth = 0.7;
  c.stroke();
  c.globalAlpha = 1;
}

// What does not move: the surface, its minima and its axes (in a bare panel only their box).
function drawSurface(c, f, surface, bare) {
  if (surface.dimension === 1) {
    c.beginPath();
    for (let px = f.left; px <= f.left + f.w; px++) c.lineTo(px, f.py(surface.value([f.x(px)])));
    c.strokeStyle = GRAY;
    c.lineWidth = 1.2;
    c.stroke();
  } else {
    contours(c, f, surface);
  }
  c.strokeStyle = GRAY;
  c.lineWidth = 1.6;
  for (const x of surface.minimizers) {
    const px = f.px(x[0]), py = f.py(surface.dimension === 1 ? surface.value(x) : x[1]);
    c.beginPath();
    c.moveTo(px - 6, py);
    c.lineTo(px + 6, py);
    c.moveTo(px, py - 6);
    c.lineTo(px, py + 6);
    c.stroke();
  }
  const names = surface.dimension === 1 ? ["x", "f(x)"] : ["p", "q"];
  axes(c, f, bare ? { xTicks: [], yTicks: [] } : linearAxes(f, ...names));
}

// Markers that are polygons: how many sides, by which part of a turn, how wide.
const SIDES = {
  "^": [3, 0, 1], v: [3, 0.5, 1], "<": [3, 0.75, 1], s: [4, 0.125, 1], D: [4, 0, 1], d: [4, 0, 0.6],
  p: [5, 0, 1], h: [6, 0, 1],
};
function marker(c, kind, x, y, r) {
  c.beginPath();
  const polygon = (points) => {
    points.forEach(([a, b], i) => (i ? c.lineTo : c.moveTo).call(c, x + r * a, y + r * b));
    c.closePath();
  };
  const [sides, turn, width] = SIDES[kind] ?? [];
  if (sides) {
    polygon(Array.from({ length: sides }, (_, i) => {
      const angle = 2 * Math.PI * (i / sides + turn);
      return [1.2 * width * Math.sin(angle), -1.2 * Math.cos(angle)];
    }));
  } else if (kind === "P") {
    c.rect(x - r * 0.35, y - r, r * 0.7, r * 2);
    c.rect(x - r, y - r * 0.35, r * 2, r * 0.7);
  } else if (kind === "X") {
    polygon([[-1, -0.6], [-0.6, -1], [0, -0.4], [0.6, -1], [1, -0.6], [0.4, 0],
      [1, 0.6], [0.6, 1], [0, 0.4], [-0.6, 1], [-1, 0.6], [-0.4, 0]]);
  } else if (kind === "*") {
    polygon(Array.from({ length: 10 }, (_, i) => {
      const size = i % 2 ? 0.5 : 1.25, angle = (Math.PI * i) / 5;
      return [size * Math.sin(angle), -size * Math.cos(angle)];
    }));
  } else c.arc(x, y, r, 0, 2 * Math.PI);
  c.fill();
}

// A line through points (xs(i), ys(i)), i = 0 … last, with markers where there is room for them.
function line(c, look, last, xs, ys, { strong = false, size = 2.6 } = {}) {
  c.strokeStyle = c.fillStyle = look.color;
  c.lineWidth = strong ? 2.4 : 1.5;
  c.setLineDash(DASHES[look.dashes]);
  c.lineJoin = "round";
  c.beginPath();
  for (let i = 0; i <= last; i++) c.lineTo(xs(i), ys(i));
  c.stroke();
  c.setLineDash([]);
  const every = last <= 60 ? 1 : Math.ceil(last / 12);
  for (let i = 0; i <= last; i += every) marker(c, look.mark, xs(i), ys(i), size);
}

function arrow(c, x, y, dx, dy, color, label) {
  const length = Math.hypot(dx, dy);
  if (length < 6) return;
  const ux = dx / length, uy = dy / length, head = Math.min(9, 0.6 * length);
  c.strokeStyle = c.fillStyle = color;
  c.lineWidth = 2.2;
  c.beginPath();
  c.moveTo(x, y);
  c.lineTo(x + dx - 0.7 * head * ux, y + dy - 0.7 * head * uy);
  c.stroke();
  c.beginPath();
  c.moveTo(x + dx, y + dy);
  c.lineTo(x + dx - head * ux - 0.45 * head * uy, y + dy - head * uy + 0.45 * head * ux);
  c.lineTo(x + dx - head * ux + 0.45 * head * uy, y + dy - head * uy - 0.45 * head * ux);
  c.fill();
  c.font = `600 12px ${FONT}`;
  c.textAlign = "center";
  c.textBaseline = "middle";
  c.lineWidth = 3;
  c.strokeStyle = "#ffffff";
  c.strokeText(label, x + dx + 11 * ux, y + dy + 11 * uy);
  c.fillText(label, x + dx + 11 * ux, y + dy + 11 * uy);
}

function drawPath(c, f, surface, path, look, t, strong) {
  const d = surface.dimension, last = Math.min(t, path.steps);
  c.save();
  c.beginPath();
  c.rect(f.left, f.top, f.w, f.h);
  c.clip();
  // Far outside the panel a canvas may lose its way, so points are kept near it.
  const xs = (i) => clamp(f.px(path.x[i * d]), -5e3, 5e3);
  const ys = (i) => clamp(f.py(d === 1 ? path.value[i] : path.x[i * d + 1]), -5e3, 5e3);
  line(c, look, last, xs, ys, { strong });
  marker(c, look.mark, xs(last), ys(last), strong ? 6 : 4.5);
  c.restore();
  if (path.lostAt && t >= path.lostAt) {
    // Where it left for good: a cross at the edge of the panel.
    const x = clamp(xs(last), f.left + 7, f.left + f.w - 7), y = clamp(ys(last), f.top + 7, f.top + f.h - 7);
    c.strokeStyle = look.color;
    c.lineWidth = 2.5;
    c.beginPath();
    c.moveTo(x - 5, y - 5);
    c.lineTo(x + 5, y + 5);
    c.moveTo(x + 5, y - 5);
    c.lineTo(x - 5, y + 5);
    c.stroke();
  }
}

// At the point from which step t was taken: downhill, what the rule remembers, and the step.
function drawArrows(c, f, surface, path, look, t) {
  const d = surface.dimension, i = Math.min(t, path.steps) - 1;
  if (i < 0 || d === 1) return;
  const x = path.x[i * d], y = path.x[i * d + 1], px = f.px(x), py = f.py(y);
  const toward = (dx, dy, length) => {
    const ax = f.px(x + dx) - px, ay = f.py(y + dy) - py, size = Math.hypot(ax, ay);
    const scale = length ? length / (size || 1) : size > 400 ? 400 / size : 1;
    return [ax * scale, ay * scale];
  };
  const [g1, g2] = path.gradient.subarray(i * d, i * d + d);
  c.save();
  c.beginPath();
  c.rect(f.left, f.top, f.w, f.h);
  c.clip();
  // Downhill is a direction, drawn at one length, but not where the slope is all but gone.
  const slope = Math.hypot(g1, g2) / Math.hypot(path.gradient[0], path.gradient[1]);
  if (slope > 0) arrow(c, px, py, ...toward(-g1, -g2, 46 * Math.min(1, 100 * slope)), "#009e73", "−g");
  const k = path.letters.length, v = path.letters.indexOf("v"), m = path.letters.indexOf("m");
  const state = (j, q) => path.state[i * k * d + q * k + j];
  if (v >= 0) arrow(c, px, py, ...toward(state(v, 0), state(v, 1)), "#cc79a7", "v");
  else if (m >= 0) arrow(c, px, py, ...toward(-state(m, 0), -state(m, 1), 34), "#cc79a7", "−m");
  arrow(c, px, py, ...toward(path.x[(i + 1) * d] - x, path.x[(i + 1) * d + 1] - y), look.color, "step");
  c.restore();
}

// Losses over steps, above the least if there is one, then on a log scale.
function lossFrame(surface, paths, steps, width, height, right) {
  const log = Number.isFinite(surface.least);
  let low = Infinity, high = -Infinity;
  for (const path of paths) {
    for (let i = 0; i <= path.steps; i++) {
      const y = log ? Math.max(path.value[i] - surface.least, 1e-16) : path.value[i];
      // No nan is lower or higher.
      if (y < low) low = y;
      if (y > high) high = y;
    }
  }
  high = Math.min(high, 1e14);
  low = Math.max(low, -1e6);
  const range = log
    ? [Math.floor(Math.log10(low) - 0.1), Math.ceil(Math.log10(high) + 0.05)]
    : [low - 0.05 * (high - low || 1), high + 0.05 * (high - low || 1)];
  const f = frame(width, height, [0, steps], range, { ...MARGIN, left: 48, right });
  const scale = log ? (y) => f.py(Math.log10(Math.max(y - surface.least, 1e-16))) : f.py;
  return { ...f, log, scale };
}

function drawLoss(c, f, surface, items, t, selected) {
  const decades = f.y1 - f.y0, every = Math.ceil(decades / Math.max(2, f.h / 28));
  const yTicks = [];
  const power = (p) => `10${[...String(p)].map((s) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[s] ?? "⁻").join("")}`;
  for (let p = Math.ceil(f.y0 / every) * every; f.log && p <= f.y1; p += every) {
    yTicks.push([(p - f.y0) / decades, power(p)]);
  }
  const plain = linearAxes(f, "step", f.log && surface.least ? "loss above the least" : "loss");
  axes(c, f, f.log ? { ...plain, yTicks } : plain);
  c.fillStyle = FAINT;
  c.fillRect(f.px(t) - 0.75, f.top + 1, 1.5, f.h - 2);
  const labels = [];
  c.save();
  items.forEach(({ path, look, label }, n) => {
    const last = Math.min(t, path.steps), y = (i) => clamp(f.scale(path.value[i]), f.top - 20, f.top + f.h);
    // What is still to come.
    c.globalAlpha = 0.25;
    line(c, look, path.steps, (i) => f.px(i), y, { size: 0 });
    c.globalAlpha = 1;
    line(c, look, last, (i) => f.px(i), y, { strong: n === selected });
    labels.push({ y: clamp(y(path.steps) || 0, f.top + 6, f.top + f.h - 6), label, look });
  });
  c.restore();
  labels.sort((a, b) => a.y - b.y);
  const gap = Math.min(13, f.h / labels.length);
  labels.forEach((l, i) => { if (i) l.y = Math.max(l.y, labels[i - 1].y + gap); });
  for (let i = labels.length - 1, floor = f.top + f.h - 5; i >= 0; i--, floor -= gap) {
    labels[i].y = Math.min(labels[i].y, floor);
  }
  c.font = `12px ${FONT}`;
  c.textAlign = "left";
  c.textBaseline = "middle";
  for (const { y, label, look } of labels) {
    c.fillStyle = look.color;
    c.fillText(label, f.left + f.w + 6, y);
  }
}

// The colors of a map: from dark, nothing gained, to bright, all of it (a path through cividis).
const RAMP = [[0, 34, 78], [59, 73, 107], [112, 113, 115], [166, 157, 117], [225, 204, 85], [254, 232, 56]];
function ramp(p) {
  const at = clamp(p, 0, 1) * (RAMP.length - 1), i = Math.min(Math.floor(at), RAMP.length - 2);
  return RAMP[i].map((low, k) => low + (at - i) * (RAMP[i + 1][k] - low));
}
