// The element <optimizer-playground setting="surface=bowl&steps=20&RMSprop(learning_rate=0.4)">.
// What is inside it, a figure, stands in its place without JavaScript and in print.

// What a setting that says nothing means.
const FIRST = {
  surface: "bowl", from: surfaces.bowl.start, steps: 40, step: 40, noise: 0, seed: 0, view: "paths",
  axes: null, predict: false, select: 0, entries: [readRule("SGD", "learning_rate=0.1", surfaces.bowl)],
};
// Rules that a reader can add up to; a setting may bring more.
const AT_ONCE = 4;

const el = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value != null) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
};
const button = (text, label, onclick, more = {}) =>
  el("button", { type: "button", "aria-label": label, title: label, onclick, ...more }, text);

class Playground extends HTMLElement {
  // ---- life ------------------------------------------------------------------------------------

  connectedCallback() {
    if (this.shadowRoot) return;
    this.attachShadow({ mode: "open" });
    this.build();
    try {
      this.initial = readSetting(this.getAttribute("setting") ?? "", FIRST);
    } catch (error) {
      this.initial = FIRST;
      this.complain(error.message);
    }
    this.take(this.initial);
    this.watch();
    this.fromLink();
  }

  // Size, theme and links come from outside.
  watch() {
    new ResizeObserver(() => this.redraw()).observe(this.stage);
    const theme = () => {
      const [r, g, b] = getComputedStyle(this).color.match(/[\d.]+/g).map(Number);
      this.root.classList.toggle("dark", r + g + b > 383);
      this.redraw();
    };
    const observer = new MutationObserver(theme);
    for (const node of [document.documentElement, document.body]) observer.observe(node, { attributes: true });
    for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
      matchMedia(query).addEventListener("change", theme);
    }
    theme();
    if (!this.hasAttribute("linked")) return;
    // A link #id?setting sets the figure of that id. Before it is followed, the entry of the history
    // keeps what the reader has set, so that going back finds it.
    document.addEventListener("click", (event) => {
      if (event.target.closest?.('a[href*="#"]')) this.remember();
    }, true);
    addEventListener("popstate", ({ state }) => {
      const kept = state?.playgrounds?.[this.name];
      if (kept) this.obey(kept);
    });
    addEventListener("hashchange", () => {
      if (!history.state?.playgrounds?.[this.name]) this.fromLink();
    });
  }

  get name() { return this.id || this.closest("[id]")?.id || ""; }

  fromLink() {
    if (!this.hasAttribute("linked")) return;
    const [id, setting] = location.hash.slice(1).split("?");
    if (setting === undefined || id !== this.name) return;
    this.obey(setting);
    const show = () => this.scrollIntoView({ block: "center" });
    if (document.readyState === "complete") show();
    else addEventListener("load", show, { once: true });
  }

  remember() {
    const state = { ...history.state, playgrounds: { ...history.state?.playgrounds, [this.name]: this.setting } };
    history.replaceState(state, "");
  }

  // ---- the setting, for scripts and tests as well ------------------------------------------------

  get setting() { return writeSetting(this.now); }

  set setting(text) { this.obey(text); }

  obey(text) {
    try {
      this.take(readSetting(decodeURIComponent(text), this.initial));
      this.complain("");
      this.say();
    } catch (error) {
      this.complain(`This setting cannot be read. ${error.message}`);
    }
  }

  take(setting) {
    this.pause();
    this.now = { ...setting, from: [...setting.from], entries: setting.entries.map((e) => ({ ...e, h: { ...e.h } })) };
    this.guess = null;
    this.dirty = true;
    this.dress();
    this.paint();
  }

  // Change the setting as a reader does; the page's address follows a moment later.
  change(change, { quiet = false } = {}) {
    const { now } = this, whole = now.step === now.steps;
    Object.assign(now, change);
    if ("steps" in change) now.step = whole ? now.steps : Math.min(now.step, now.steps);
    if (Object.keys(change).some((key) => key !== "step")) {
      this.dirty = true;
      if (now.predict) this.guess = null;
    }
    this.redraw();
    clearTimeout(this.later);
    this.later = setTimeout(() => this.settle(quiet), 350);
  }

  settle(quiet) {
    if (!quiet && !this.playing) this.say();
    if (!this.hasAttribute("linked") || !this.name || this.playing) return;
    this.remember();
    history.replaceState(history.state, "", `#${this.name}?${this.setting}`);
  }

  get surface() { return surfaces[this.now.surface]; }

  get entry() { return this.now.entries[this.now.select]; }

  // Numbers of a run: points as arrays, values, and the step at which it was lost, or 0.
  trajectory(i = this.now.select) {
    this.compute();
    const path = this.items[i].path, d = this.surface.dimension;
    const x = Array.from({ length: path.steps + 1 }, (_, t) => [...path.x.subarray(t * d, t * d + d)]);
    return { x, value: [...path.value.subarray(0, path.steps + 1)], lostAt: path.lostAt };
  }

  // The outcome at a point of the map, both coordinates in [0, 1].
  outcome(p, q) { return this.map?.describe(this.map.outcome(p, q)); }

  // Before a prediction the run is not shown.
  get veiled() { return this.now.predict && !this.guess && this.now.view !== "map"; }

  // ---- building --------------------------------------------------------------------------------

  build() {
    const part = (name, tag = "div", attributes = {}) => (this[name] = el(tag, { class: name, ...attributes }));
    const option = ([value, text]) => el("option", { value }, text);
    part("surfaceSelect", "select", { onchange: ({ target }) => {
      this.change({ surface: target.value, from: [...surfaces[target.value].start], axes: null });
      this.dress();
    } });
    this.surfaceSelect.append(...Object.values(surfaces).map(({ key, name }) => option([key, name])));
    part("views", "span", { role: "group", "aria-label": "View" });
    for (const [key, text] of Object.entries(VIEWS)) {
      this.views.append(el("button", { type: "button", "data-view": key, onclick: () => {
        this.change({ view: key });
        this.dress();
      } }, text));
    }
    part("predictBox", "input", { type: "checkbox", onchange: ({ target }) => {
      this.pause();
      this.guess = null;
      this.change({ predict: target.checked });
      this.dress();
    } });
    const top = el("div", { class: "bar" },
      el("label", {}, "Surface ", this.surfaceSelect), this.views,
      el("label", {}, this.predictBox, " Predict first"),
      button("Reset", "Reset to the setting of this figure", () => {
        this.take(this.initial);
        this.complain("");
        this.settle();
      }));

    part("stage", "div", { tabindex: "0", role: "group", "aria-label": "Picture of the run",
      "aria-keyshortcuts": "Space ArrowLeft ArrowRight Home End" });
    const panel = (name) => {
      const canvas = el("canvas", { role: "img" });
      const box = el("div", { class: `panel ${name}` }, canvas);
      this[name] = { box, canvas };
      return box;
    };
    part("veil");
    this.startHandle = this.handle("start", (x, y) => this.moveStart(x, y));
    this.markHandle = this.handle("mark", (x, y) => this.moveMark(x, y));
    this.stage.append(panel("left"), panel("right"), this.veil);
    part("legend");
    part("verdict", "p", { role: "status" });

    part("scrub", "input", { type: "range", min: 0, step: 1, "aria-label": "Step",
      oninput: ({ target }) => { this.pause(); this.change({ step: Number(target.value) }); } });
    part("counter", "span");
    part("playButton", "button", { type: "button", onclick: () => this.toggle() });
    const jump = (text, label, to) => button(text, label, () => this.step(to));
    this.transport = el("div", { class: "bar transport" },
      jump("Start", "To the start", () => 0), jump("−1", "−1: one step back", (t) => t - 1), this.playButton,
      jump("+1", "+1: one step forward", (t) => t + 1), jump("End", "To the end", () => Infinity),
      this.scrub, this.counter);

    part("chips", "div", { role: "group", "aria-label": "Update rules" });
    part("knobs", "fieldset");
    part("table", "table");
    part("settings", "div", { class: "bar" });
    part("said", "p", { role: "status", class: "unseen" });
    part("error", "p", { role: "alert" });
    this.root = el("div", { class: "play", role: "group", "aria-label": "Playground", onkeydown: (e) => this.key(e) },
      top, this.error, this.stage, this.legend, this.verdict, this.transport, this.chips,
      el("div", { class: "below" }, this.knobs, el("div", { class: "scroll" }, this.table)),
      el("details", {}, el("summary", {}, "Start, steps and noise"), this.settings), this.said);
    this.shadowRoot.append(el("style", {}, STYLE), this.root, el("slot"));
    this.pointers();
  }

  // Everything that depends on which surface, rules and view there are, but not on their numbers.
  dress() {
    const { now, surface } = this;
    this.surfaceSelect.value = now.surface;
    this.predictBox.checked = now.predict;
    // A map hides nothing.
    this.predictBox.disabled = now.view === "map";
    for (const b of this.views.children) b.setAttribute("aria-pressed", b.dataset.view === now.view);
    this.root.dataset.view = now.view;
    this.scrub.max = now.steps;
    if (now.view === "map") this.chooseAxes();
    this.dressChips();
    this.dressKnobs();
    const field = (label, value, act, more = {}) => el("label", {}, `${label} `, el("input", {
      type: "number", value, ...more, onchange: ({ target }) => this.typed(target, act) }));
    const letters = surface.dimension === 1 ? ["x"] : ["p", "q"];
    this.fields = letters.map((letter, i) => field(`start ${letter}`, now.from[i], (v) => {
      const from = [...now.from];
      from[i] = v;
      this.change({ from });
    }, { step: "any" }));
    this.settings.replaceChildren(...this.fields,
      field("steps", now.steps, (v) => {
        this.change({ steps: whole(v, 1, MOST_STEPS, "The number of steps") });
        this.scrub.max = now.steps;
      }, { min: 1, max: MOST_STEPS }),
      field("noise in the gradient", now.noise, (v) => {
        if (v < 0) throw new Error("The noise is a standard deviation: at least 0.");
        this.change({ noise: v });
      }, { min: 0, step: "any" }),
      field("seed", now.seed, (v) => this.change({ seed: whole(v, 0, 9999, "The seed") }), { min: 0, max: 9999 }));
  }

  // What is typed is taken if it is a number that can be; otherwise it says why not.
  typed(input, act) {
    try {
      if (input.value === "" || !Number.isFinite(input.valueAsNumber)) throw new Error("A number is needed here.");
      act(input.valueAsNumber);
      input.removeAttribute("aria-invalid");
      this.complain("");
    } catch (error) {
      input.setAttribute("aria-invalid", "true");
      this.complain(error.message);
    }
  }

  complain(sentence) {
    this.error.textContent = sentence;
  }

  look(i) {
    const names = this.now.entries.map(everydayName);
    const [color, dashes, mark] = BOOK.looks[names[i]] ?? BOOK.looks.Adam;
    // The same rule twice: the later one takes a color that no other has.
    if (names.indexOf(names[i]) === i) return { color, dashes, mark };
    const taken = names.filter((n, j) => names.indexOf(n) === j).map((n) => BOOK.looks[n]?.[0]);
    const nth = names.slice(0, i).filter((n, j) => names.indexOf(n) !== j).length;
    const free = PALETTE.filter((c) => !taken.includes(c));
    return { color: free[nth % free.length] ?? color, dashes: "--", mark };
  }

  label(i) {
    const names = this.now.entries.map(everydayName), name = names[i];
    const twins = names.filter((n) => n === name).length;
    return twins > 1 ? `${name} ${names.slice(0, i + 1).filter((n) => n === name).length}` : name;
  }

  // What tells a rule from its twins: "η = 0.4".
  detail(i) {
    const { entries } = this.now, { h } = entries[i], name = everydayName(entries[i]);
    const twins = entries.filter((e) => everydayName(e) === name);
    const key = Object.keys(h).find((k) => twins.some((e) => e.h[k] !== h[k]));
    if (!key) return "";
    return KNOBS[key] ? `${KNOBS[key][0]} = ${show(h[key])}, ` : `${h[key] ? "" : "no "}${TOGGLES[key]}, `;
  }

  dressChips() {
    const { now } = this;
    this.labels = now.entries.map((_, i) => this.label(i));
    this.results = now.entries.map(() => el("span", { class: "result" }));
    const chips = now.entries.map((entry, i) => {
      const { color, dashes, mark } = this.look(i);
      const sample = el("canvas", { class: "sample", width: 56, height: 28, "aria-hidden": "true" });
      const c = sample.getContext("2d");
      c.scale(2, 2);
      line(c, { color, dashes, mark }, 1, (x) => 1 + 26 * x, () => 7, { size: 0 });
      c.fillStyle = color;
      marker(c, mark, 14, 7, 4);
      const pick = el("input", { type: "radio", name: "rule", onchange: () => {
        this.change({ select: i, axes: null });
        this.dress();
      } });
      pick.checked = i === now.select;
      return el("div", { class: "chip" },
        el("label", {}, pick, sample, ` ${this.label(i)} `, this.results[i]),
        now.entries.length > 1
          ? button("×", `Remove ${this.label(i)}`, () => {
            const entries = now.entries.filter((_, j) => j !== i);
            this.change({ entries, axes: null, select: Math.min(now.select - (i < now.select), entries.length - 1) });
            this.dress();
            this.chips.querySelector("input:checked")?.focus();
          })
          : null);
    });
    const add = el("select", { "aria-label": "Add a rule", disabled: now.entries.length >= AT_ONCE, onchange: ({ target }) => {
      const [name, h] = MENU[target.value];
      const entries = [...now.entries, { name, h: { ...defaults[name], learning_rate: this.entry.h.learning_rate, ...h } }];
      this.change({ entries, select: entries.length - 1, axes: null });
      this.dress();
    } }, el("option", { value: "" }, "Add a rule …"), ...Object.keys(MENU).map((n) => el("option", { value: n }, n)));
    this.chips.replaceChildren(...chips, add);
  }

  dressKnobs() {
    const { entry, now } = this;
    const sliders = Object.keys(entry.h).filter((key) => KNOBS[key]);
    const own = sliders.filter((key) => key in BOOK.rules[entry.name]
      && (key !== "weight_decay" || BOOK.rules[entry.name][key]));
    const others = sliders.filter((key) => !own.includes(key));
    this.inputs = {};
    const knob = (key) => {
      const [letter, name, scale] = KNOBS[key];
      const range = el("input", { type: "range", min: 0, max: 1, step: 0.0025, "aria-label": `${letter}, ${name}`,
        oninput: () => this.turn(key, scale.to(range.valueAsNumber)) });
      const number = el("input", { type: "number", step: "any", min: 0, "aria-label": `${letter}, ${name}, as a number`,
        onchange: () => this.typed(number, (v) => {
          if (refusal(key, v)) throw new Error(refusal(key, v));
          this.turn(key, v);
        }) });
      this.inputs[key] = { range, number, scale };
      return el("div", { class: "knob" }, el("span", { "aria-hidden": "true" }, el("i", {}, letter), ` ${name}`), range, number);
    };
    const toggles = Object.keys(entry.h).filter((key) => TOGGLES[key]).map((key) => {
      const box = el("input", { type: "checkbox", onchange: () => {
        this.turn(key, box.checked);
        this.dress();
      } });
      box.checked = entry.h[key];
      return el("label", { class: "check" }, box, ` ${TOGGLES[key]}`);
    });
    const theory = best(this.surface, entry);
    const bestButton = () => el("div", { class: "bar" }, el("button", { type: "button", class: "best", onclick: () => {
      for (const [key, v] of Object.entries(theory)) this.turn(key, Number(v.toPrecision(12)));
    } }, "Best"), el("small", {}, bestWords(entry)));
    this.knobs.replaceChildren(
      el("legend", {}, this.label(now.select)), ...own.map(knob),
      el("div", { class: "bar" }, ...toggles), theory ? bestButton() : "",
      el("details", {}, el("summary", {}, "More knobs"), ...others.map(knob)));
  }

  turn(key, v) {
    this.entry.h[key] = v;
    this.change({ entries: this.now.entries });
    if (this.labels.some((label, i) => label !== this.label(i))) this.dressChips();
  }

  chooseAxes() {
    const { now, surface, entry } = this;
    const all = ["x1", "x2", ...Object.keys(entry.h)].filter((key) => axisOf(key, surface, entry.h));
    const wanted = (now.axes ?? []).filter((key) => all.includes(key));
    if (wanted.length < 2 || wanted[0] === wanted[1]) {
      const usual = surface.minimizers.length > 1 && surface.dimension === 2
        ? ["x1", "x2"]
        : all.filter((key) => key in entry.h && key !== "epsilon").slice(0, 2);
      now.axes = usual.length < 2 || usual[1] === "weight_decay" ? ["x1", "learning_rate"] : usual;
    }
    const choose = (n, text) => {
      const select = el("select", { onchange: () => {
        const axes = [...now.axes];
        if (axes[1 - n] === select.value) axes[1 - n] = axes[n];
        axes[n] = select.value;
        this.change({ axes });
        this.dress();
      } }, ...all.map((key) => {
        const { letter, name } = axisOf(key, surface, entry.h);
        return el("option", { value: key }, name.startsWith("start") ? name : `${letter} ${name}`);
      }));
      select.value = now.axes[n];
      return el("label", {}, `${text} `, select);
    };
    this.axisChoice = el("div", { class: "bar" }, choose(0, "across"), choose(1, "up"));
  }

  // ---- handles, pointer, keyboard ----------------------------------------------------------------

  handle(kind, move) {
    const node = el("button", { type: "button", class: `handle ${kind}` });
    const to = (event) => {
      move(...this.at(event, node.parentNode));
    };
    node.addEventListener("pointerdown", (event) => {
      node.setPointerCapture(event.pointerId);
      this.pause();
    });
    node.addEventListener("pointermove", (event) => {
      if (node.hasPointerCapture(event.pointerId)) to(event);
    });
    node.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!way) return;
      event.preventDefault();
      event.stopPropagation();
      const f = kind === "start" ? this.surfaceFrame : this.mapFrame, share = event.shiftKey ? 0.1 : 0.01;
      const [px, py] = node.at;
      move(px + way[0] * share * f.w, py + way[1] * share * f.h);
    });
    return node;
  }

  // Where a pointer is, in the units of the drawing.
  at({ clientX, clientY }, node) {
    const { left, top } = node.getBoundingClientRect();
    return [(clientX - left) / this.unit, (clientY - top) / this.unit];
  }

  moveStart(px, py) {
    const f = this.surfaceFrame;
    const x = digits3(f.x(clamp(px, f.left, f.left + f.w)));
    const y = digits3(f.y(clamp(py, f.top, f.top + f.h)));
    this.change({ from: this.surface.dimension === 1 ? [x] : [x, y] });
  }

  moveMark(px, py) {
    const f = this.mapFrame;
    const from = [...this.now.from];
    const put = (axis, p) => {
      const v = axis.to(clamp(p, 0, 1));
      if (axis.coordinate >= 0) from[axis.coordinate] = v;
      else this.turn(axis.key, v);
    };
    put(this.map.across, f.x(px));
    put(this.map.up, f.y(py));
    this.change({ from });
  }

  pointers() {
    const tap = (panel) => (event) => {
      if (this.veiled && panel === this.right) return;
      const p = this.at(event, panel.canvas);
      if (panel === this.surfacePanel) this.moveStart(...p);
      else if (this.now.view === "map") this.moveMark(...p);
    };
    for (const panel of [this.left, this.right]) panel.canvas.addEventListener("click", tap(panel));
    // Along the loss curve time can be dragged; up and down the page still scrolls.
    const { canvas } = this.right;
    const scrub = (event) => {
      if (this.now.view !== "paths" || this.veiled || !event.buttons) return;
      this.pause();
      const step = Math.round(this.lossFrame.x(this.at(event, canvas)[0]));
      this.change({ step: clamp(step, 0, this.now.steps) });
    };
    canvas.addEventListener("pointerdown", scrub);
    canvas.addEventListener("pointermove", scrub);
  }

  key(event) {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) || (key === " " && target !== this.stage)) return;
    const moves = { " ": () => this.toggle(), ".": () => this.step((t) => t + 1), ",": () => this.step((t) => t - 1) };
    if (target === this.stage) {
      Object.assign(moves, {
        ArrowRight: () => this.step((t) => t + 1), ArrowLeft: () => this.step((t) => t - 1),
        Home: () => this.step(() => 0), End: () => this.step(() => Infinity),
      });
    }
    if (!moves[key]) return;
    event.preventDefault();
    moves[key]();
  }

  // ---- time ------------------------------------------------------------------------------------

  step(to) {
    if (this.veiled) return;
    this.pause();
    this.change({ step: clamp(to(this.now.step), 0, this.now.steps) });
  }

  toggle() {
    if (this.playing) {
      this.pause();
      this.settle();
    } else this.play();
  }

  play() {
    const { now } = this;
    if (this.veiled) return;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.change({ step: now.steps });
      return;
    }
    const first = now.step >= now.steps ? 0 : now.step, rate = clamp(now.steps / 6, 5, 200);
    let began = null;
    const tick = (time) => {
      if (!this.playing) return;
      began ??= time;
      now.step = Math.min(now.steps, first + Math.floor(((time - began) / 1000) * rate));
      this.paint();
      if (now.step < now.steps) this.playing = requestAnimationFrame(tick);
      else {
        this.pause();
        this.settle();
      }
    };
    this.playing = requestAnimationFrame(tick);
    this.redraw();
  }

  pause() {
    if (!this.playing) return;
    cancelAnimationFrame(this.playing);
    this.playing = null;
    this.redraw();
  }

  // ---- numbers and pictures ----------------------------------------------------------------------

  compute() {
    if (!this.dirty) return;
    this.dirty = false;
    const { now, surface } = this;
    const setting = { start: now.from, steps: now.steps, noise: now.noise, seed: now.seed };
    this.items = now.entries.map((entry, i) => ({ path: run(surface, entry, setting), look: this.look(i), label: this.label(i) }));
    this.mapKey = null;
  }

  redraw() {
    this.waiting ??= requestAnimationFrame(() => this.paint());
  }

  get surfacePanel() { return this.now.view === "map" ? this.right : this.left; }

  // Panels of a race side by side: as many as there is room for.
  get columns() {
    const most = this.stage.clientWidth < 480 ? 3 : 4;
    return Math.min(most, Math.max(2, this.now.entries.length));
  }

  // Ready a canvas for drawing. Its unit is a fourteenth of the size of letters, so that a picture
  // grows with the text around it.
  canvas({ canvas }) {
    this.unit = parseFloat(getComputedStyle(this.root).fontSize) / 14;
    const width = canvas.clientWidth / this.unit, height = canvas.clientHeight / this.unit;
    const ratio = (devicePixelRatio || 1) * this.unit;
    if (!width || !height) return null;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const c = canvas.getContext("2d");
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.clearRect(0, 0, width, height);
    return { c, width, height, ratio };
  }

  // The surface is drawn once for a size, and kept.
  background(c, f, ratio) {
    const key = [this.now.surface, f.width, f.height, ratio, f.left].join();
    this.kept ??= new Map();
    let picture = this.kept.get(key);
    if (!picture) {
      picture = document.createElement("canvas");
      picture.width = Math.round(f.width * ratio);
      picture.height = Math.round(f.height * ratio);
      const own = picture.getContext("2d");
      own.scale(ratio, ratio);
      drawSurface(own, f, this.surface, f.left < 10);
      if (this.kept.size > 3) this.kept.clear();
      this.kept.set(key, picture);
    }
    c.drawImage(picture, 0, 0, f.width, f.height);
  }

  paint() {
    cancelAnimationFrame(this.waiting);
    this.waiting = null;
    if (!this.isConnected) return;
    this.compute();
    const { now } = this;
    if (now.view === "race") this.paintRace();
    else {
      this.paintSurface(this.surfacePanel);
      if (now.view === "map") this.paintMap();
      else this.paintLoss();
    }
    this.tell();
  }

  paintSurface(panel) {
    const { now, surface, items } = this, ready = this.canvas(panel);
    this.place(this.startHandle, panel);
    this.markHandle.hidden = now.view !== "map";
    if (!ready) return;
    const { c, width, height, ratio } = ready;
    const f = (this.surfaceFrame = surfaceFrame(surface, width, height));
    this.background(c, f, ratio);
    const order = items.map((_, i) => i).sort((a, b) => (a === now.select) - (b === now.select));
    if (!this.veiled) {
      for (const i of order) drawPath(c, f, surface, items[i].path, items[i].look, now.step, i === now.select);
      drawArrows(c, f, surface, items[now.select].path, items[now.select].look, now.step);
    }
    const [x, y] = [now.from[0], surface.dimension === 1 ? surface.value(now.from) : now.from[1]];
    this.put(this.startHandle, f, f.px(x), f.py(y));
    const where = now.from.map((v, i) => `${surface.dimension > 1 ? "pq"[i] : "x"} = ${show(v)}`).join(", ");
    this.startHandle.setAttribute("aria-label", `Start, ${where}. Arrow keys move it, with Shift farther.`);
    panel.canvas.setAttribute("aria-label", this.veiled
      ? `${surface.name} with the start of the run.`
      : `Paths on ${surface.name}. ${this.summary()}`);
  }

  place(handle, panel) {
    handle.hidden = false;
    if (handle.parentNode !== panel.box) {
      const focused = this.shadowRoot.activeElement === handle;
      panel.box.append(handle);
      if (focused) handle.focus();
    }
  }

  put(handle, f, px, py) {
    handle.at = [clamp(px, f.left, f.left + f.w), clamp(py, f.top, f.top + f.h)];
    handle.style.translate = handle.at.map((v) => `${v * this.unit}px`).join(" ");
  }

  paintLoss() {
    const { now, surface, items } = this, ready = this.canvas(this.right);
    if (!ready) return;
    const { c, width, height } = ready;
    this.right.canvas.setAttribute("aria-label", "Loss over steps, hidden until you predict.");
    if (this.veiled) return;
    c.font = `12px ${FONT}`;
    const room = 14 + Math.max(...items.map(({ label }) => c.measureText(label).width));
    this.lossFrame = lossFrame(surface, items.map((i) => i.path), now.steps, width, height, room);
    drawLoss(c, this.lossFrame, surface, items, now.step, now.select);
    this.right.canvas.setAttribute("aria-label", `Loss over steps, ${this.lossFrame.log ? "on a log scale" : "on a plain scale"}. ${this.summary()}`);
  }

  paintRace() {
    const { now, surface, items, columns } = this, rows = Math.ceil(items.length / columns);
    this.stage.style.setProperty("--race", `${columns} / ${rows}`);
    const ready = this.canvas(this.left);
    this.startHandle.hidden = this.markHandle.hidden = true;
    if (!ready) return;
    const { c, width, height, ratio } = ready;
    const w = width / columns, h = height / rows;
    items.forEach(({ path, look, label }, i) => {
      c.save();
      c.translate(Math.round((i % columns) * w), Math.round(Math.floor(i / columns) * h));
      const f = surfaceFrame(surface, Math.floor(w), Math.floor(h), { left: 3, right: 3, top: 20, bottom: 3 });
      this.background(c, f, ratio);
      if (!this.veiled) drawPath(c, f, surface, path, look, now.step, i === now.select);
      c.font = `600 12px ${FONT}`;
      c.fillStyle = look.color;
      c.fillText(label, 5, 14);
      c.restore();
    });
    this.left.canvas.setAttribute("aria-label", `A race on ${surface.name}, one panel a rule. ${this.summary()}`);
  }

  paintMap() {
    const { now, surface, entry } = this, ready = this.canvas(this.left);
    if (!ready) return;
    const { c, width, height } = ready;
    this.place(this.markHandle, this.left);
    const [across, up] = now.axes.map((key) => axisOf(key, surface, entry.h));
    const f = (this.mapFrame = frame(width, height, [0, 1], [0, 1], { ...MARGIN, left: 48 }));
    const own = { ...entry.h };
    const axesOnly = [across, up].map((axis) => axis.key);
    for (const key of axesOnly) delete own[key];
    const from = now.from.map((v, i) => (axesOnly.includes(`x${i + 1}`) ? null : v));
    const key = JSON.stringify([now.surface, entry.name, own, from, now.steps, now.noise, now.seed, now.axes]);
    if (key !== this.map?.key) {
      const setting = { from: [...now.from], steps: now.steps, noise: now.noise, seed: now.seed };
      this.map = new OutcomeMap(surface, { name: entry.name, h: { ...entry.h } }, setting, across, up);
      this.map.key = key;
      this.mapDone = false;
      this.workOn(this.map);
    }
    drawMap(c, f, this.map);
    const value = (axis) => (axis.coordinate >= 0 ? now.from[axis.coordinate] : entry.h[axis.key]);
    const p = across.from(value(across)), q = up.from(value(up));
    this.put(this.markHandle, f, f.px(p), f.py(q));
    const here = this.veiled ? "" : `: ${this.map.describe(this.map.outcome(p, q))}`;
    const words = `${across.letter} = ${show(value(across))}, ${up.letter} = ${show(value(up))}${here}`;
    this.markHandle.setAttribute("aria-label", `Setting on the map, ${words}. Arrow keys move it, with Shift farther.`);
    this.left.canvas.setAttribute("aria-label",
      `Map of what becomes of ${this.label(now.select)}: ${across.name} across, ${up.name} up. Here ${words}.`);
    const swatch = (color, text) => el("span", {}, el("span", { class: "swatch", style: `background:${color}` }), ` ${text}`);
    const rgb = (color) => `rgb(${color.map(Math.round).join(" ")})`;
    const entries = this.map.basins
      ? [...surface.minimizers.map((m, i) => swatch(rgb(BASINS[i]), `(${m.map((v) => show(v, 2)).join(", ")})`)), swatch("rgb(200 200 200)", "none yet")]
      : [swatch(`linear-gradient(90deg, ${RAMP.map(rgb).join(", ")})`, `share of the loss left, from 1 to 10⁻¹² or less`)];
    this.legend.replaceChildren(this.axisChoice, el("p", {}, `Here ${words}.`),
      el("p", { class: "key" }, ...entries, swatch(rgb(DIVERGED), this.map.basins ? "diverges" : "grown or diverged")));
  }

  workOn(map) {
    const go = () => {
      if (map !== this.map || !this.isConnected || this.now.view !== "map") return;
      const { block } = map, done = map.work(9);
      this.mapDone = done;
      // A finer picture is ready.
      if (map.block !== block) this.redraw();
      if (!done) setTimeout(go);
    };
    setTimeout(go);
  }

  // ---- words -----------------------------------------------------------------------------------

  result({ path }, t) {
    if (path.lostAt && t >= path.lostAt) return `diverged at step ${path.lostAt}`;
    return `f = ${show(path.value[Math.min(t, path.steps)])}`;
  }

  summary() {
    const { step } = this.now;
    return `Step ${step}: ${this.items.map((item) => `${item.label} ${this.result(item, step)}`).join("; ")}.`;
  }

  say() {
    this.said.textContent = this.veiled ? "" : this.summary();
  }

  // Bring everything that is text in line with the setting.
  tell() {
    const { now, items } = this, hidden = this.veiled;
    this.scrub.value = now.step;
    this.scrub.setAttribute("aria-valuetext", `step ${now.step} of ${now.steps}`);
    this.counter.textContent = `step ${now.step} of ${now.steps}`;
    this.playButton.textContent = this.playing ? "Pause" : "Play";
    for (const control of this.transport.querySelectorAll("button, input")) control.disabled = hidden;
    items.forEach((item, i) => {
      const lost = item.path.lostAt && now.step >= item.path.lostAt;
      this.results[i].textContent = hidden ? "" : this.detail(i) + this.result(item, now.step);
      this.results[i].classList.toggle("lost", Boolean(lost) && !hidden);
    });
    for (const [key, { range, number, scale }] of Object.entries(this.inputs)) {
      const v = this.entry.h[key], active = this.shadowRoot.activeElement;
      if (active !== range) range.value = scale.from(v);
      range.setAttribute("aria-valuetext", show(v));
      if (active !== number) {
        number.value = v;
        number.removeAttribute("aria-invalid");
      }
    }
    this.fields.forEach((label, i) => {
      const input = label.querySelector("input");
      if (this.shadowRoot.activeElement !== input) input.value = now.from[i];
    });
    if (now.view === "paths") this.legend.replaceChildren(this.hint(hidden));
    if (now.view === "race") this.legend.replaceChildren(hidden ? this.hint(hidden) : this.ranking());
    this.tellState(hidden);
    this.tellPrediction(hidden);
  }

  hint(hidden) {
    const text = hidden
      ? "The path is hidden until you have said what it will do."
      : "Drag the ring to start elsewhere; drag along the loss to go through time.";
    return el("p", {}, text);
  }

  ranking() {
    const { surface, items } = this;
    const low = Number.isFinite(surface.least) ? surface.least : null;
    const arrival = ({ path }) => {
      if (low === null) return Infinity;
      const goal = 0.01 * (path.value[0] - low);
      const t = path.value.subarray(0, path.steps + 1).findIndex((v) => v - low <= goal);
      return t < 0 ? Infinity : t;
    };
    const finished = items.map((item) => ({ ...item, at: arrival(item) })).sort((a, b) => a.at - b.at);
    const words = finished.map(({ label, at, path }) => el("li", {}, `${label}: ${
      path.lostAt && !Number.isFinite(at) ? `diverged at step ${path.lostAt}` : Number.isFinite(at) ? `step ${at}` : "not yet"}`));
    return el("div", {}, el("p", {}, "First at one hundredth of the loss it began with:"), el("ol", {}, ...words));
  }

  tellState(hidden) {
    const { now, surface } = this, { path } = this.items[now.select];
    const d = surface.dimension, k = path.letters.length, t = Math.min(now.step, path.steps);
    const row = (letter, value) => [letter === "step" ? "" : letter.replace("_max", "ₘₐₓ"), LETTERS[letter], value];
    const rows = [row("x", (q) => path.x[t * d + q])];
    const i = t - 1;
    if (i >= 0) {
      rows.push(row("g", (q) => path.gradient[i * d + q]));
      path.letters.forEach((letter, j) => rows.push(row(letter, (q) => path.state[i * k * d + q * k + j])));
      rows.push(row("step", (q) => path.x[t * d + q] - path.x[i * d + q]));
    } else {
      const g = new Float64Array(d);
      surface.gradient(now.from, g);
      rows.push(row("g", (q) => g[q]));
      path.letters.forEach((letter) => rows.push(row(letter, () => rules[path.entry.name](path.entry.h).first ?? 0)));
      rows.push(row("step", () => 0));
    }
    this.fill(rows, t, hidden);
  }

  // Fill the table: in each row a letter, what it is, and a function for the value of coordinate q.
  fill(rows, t, hidden) {
    const { now, surface } = this, head = surface.dimension === 1 ? [""] : ["p", "q"];
    this.table.replaceChildren(
      el("caption", {}, `${this.label(now.select)} after step ${t}`),
      el("thead", {}, el("tr", {}, el("td"), ...head.map((h) => el("th", { scope: "col" }, h || "value")))),
      el("tbody", {}, ...rows.map(([letter, name, value]) => el("tr", {},
        el("th", { scope: "row" }, el("i", {}, letter), ` ${name}`),
        ...head.map((_, q) => el("td", {}, hidden ? "?" : show(value(q), 4)))))));
  }

  tellPrediction(hidden) {
    const { now } = this;
    this.veil.hidden = !hidden;
    if (hidden || !now.predict) this.verdict.textContent = "";
    if (!hidden) return;
    if (!this.veil.childNodes.length) {
      this.veil.append(el("p", {}), el("div", { class: "bar" }, ...Object.keys(VERDICTS).map((kind) =>
        el("button", { type: "button", "data-guess": kind, onclick: () => this.answer(kind) }, VERDICTS[kind].replace("It", "it")))));
    }
    this.veil.firstChild.textContent = `Predict first: in the long run, what does ${this.label(now.select)} do from here?`;
  }

  answer(kind) {
    const { now } = this;
    const outcome = verdict(this.surface, this.entry, { start: now.from, noise: now.noise, seed: now.seed });
    this.guess = kind;
    this.paint();
    const right = kind === outcome.kind ? "Right." : "Not this time.";
    this.verdict.textContent = `${right} ${explain(this.surface, this.entry, outcome, now)}`;
    this.playButton.focus();
  }
}

if (!customElements.get("optimizer-playground")) customElements.define("optimizer-playground", Playground);
