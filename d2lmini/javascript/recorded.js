// The element <optimizer-recording record="…">: a playground of runs that only Python can make, of
// rules, schedules and surfaces of a reader's own. It shows what they were; the step can be moved,
// the numbers cannot. Only the outputs that need this part bring it along.

const numbers = (text, kind) => new kind(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);

// A surface that is known at the points of a grid over its domain: in between, from their values.
function gridded({ heights, low, span, least, ...facts }) {
  const z = numbers(heights, Float32Array), { domain } = facts, dimension = domain.length;
  const n = Math.round(z.length ** (1 / dimension));
  const place = (x, [a, b]) => {
    const at = clamp((x - a) / (b - a), 0, 1) * (n - 1), i = Math.min(Math.floor(at), n - 2);
    return [i, at - i];
  };
  const row = (x, from) => {
    const [i, share] = place(x, domain[0]);
    return z[from + i] + share * (z[from + i + 1] - z[from + i]);
  };
  const value = ([x, y]) => {
    if (dimension === 1) return low + span * row(x, 0);
    const [j, share] = place(y, domain[1]), below = row(x, j * n);
    return low + span * (below + share * (row(x, (j + 1) * n) - below));
  };
  return { ...facts, dimension, value, least: least ?? Infinity, fills: true };
}

class Recording extends Playground {
  connectedCallback() {
    if (this.shadowRoot) return;
    this.attachShadow({ mode: "open" });
    const { surface, runs, ...setting } = (this.record = JSON.parse(this.getAttribute("record")));
    this.own = surfaces[surface] ?? gridded(surface);
    const d = this.own.dimension;
    // The state has a row more than in a live run: the one before the first step.
    this.items = runs.map(({ label, look: [color, dashes, mark], letters, states, lostAt, ...run }) => {
      const [x, value, gradient, all] = [run.x, run.value, run.gradient, states].map((text) => numbers(text, Float64Array));
      // Where letters are a reader's own, no arrow can know what they mean.
      const path = { letters: run.known ? letters : [], x, value, gradient, lostAt, steps: value.length - 1,
        state: all.subarray(letters.length * d) };
      return { ...run, label, look: { color, dashes, mark }, letters, states: all, path };
    });
    this.build();
    this.initial = { ...FIRST, ...setting, entries: runs.map(() => ({ h: {} })) };
    this.take(this.initial);
    this.watch();
  }

  get surface() { return this.own; }

  // No setting says what is a reader's own.
  get setting() { return ""; }

  set setting(text) { this.obey(text); }

  obey() {
    this.complain("Runs that were computed in Python cannot be set here: change the numbers in the cell.");
  }

  // ---- what is left out, because it would have to compute ----------------------------------------

  build() {
    super.build();
    this.surfaceSelect.parentNode.remove();
    this.predictBox.parentNode.remove();
    this.views.querySelector("[data-view=map]").remove();
    this.settings.parentNode.remove();
    this.knobs.replaceWith(el("p", { class: "verdict", style: "align-self: start" }, this.record.words));
    // Names of a reader's own may be longer than a line.
    for (const node of [this.chips, this.table.parentNode.parentNode]) node.style.overflowWrap = "anywhere";
  }

  dress() {
    const { now } = this;
    for (const b of this.views.children) b.setAttribute("aria-pressed", b.dataset.view === now.view);
    this.root.dataset.view = now.view;
    this.scrub.max = now.steps;
    this.inputs = this.fields = [];
    this.dressChips();
  }

  dressChips() {
    super.dressChips();
    for (const node of this.chips.querySelectorAll("select, button")) node.remove();
  }

  moveStart() {}

  compute() {}

  look(i) { return this.items[i].look; }

  label(i) { return this.items[i].label; }

  detail(i) { return this.items[i].detail; }

  // ---- what is said and drawn otherwise ------------------------------------------------------------

  paintSurface(panel) {
    super.paintSurface(panel);
    this.startHandle.hidden = true;
    const { path } = this.items[0], f = this.surfaceFrame;
    if (!f) return;
    const c = panel.canvas.getContext("2d");
    c.strokeStyle = GRAY;
    c.lineWidth = 2;
    c.setLineDash([]);
    c.beginPath();
    c.arc(f.px(path.x[0]), f.py(this.surface.dimension === 1 ? path.value[0] : path.x[1]), 8, 0, 2 * Math.PI);
    c.stroke();
  }

  hint() { return el("p", {}, "Drag along the loss to go through time; the ring is the start."); }

  ranking() {
    if (Number.isFinite(this.surface.least)) return super.ranking();
    return el("p", {}, "Give the surface its minimizers, and it says here who is first near the lowest of them.");
  }

  tellPrediction() { this.veil.hidden = true; }

  tellState() {
    const { path, known, letters, states } = this.items[this.now.select];
    const d = this.surface.dimension, k = letters.length, t = Math.min(this.now.step, path.steps);
    const before = Math.max(t - 1, 0); // at the start: the gradient that the first step gets
    this.fill([
      ["x", LETTERS.x, (q) => path.x[t * d + q]],
      ["g", LETTERS.g, (q) => path.gradient[before * d + q]],
      ...letters.map((letter, j) =>
        [known ? letter.replace("_max", "ₘₐₓ") : letter, (known && LETTERS[letter]) || "", (q) => states[(t * d + q) * k + j]]),
      ["", LETTERS.step, (q) => path.x[t * d + q] - path.x[before * d + q]],
    ], t);
  }
}

customElements.define("optimizer-recording", Recording);
