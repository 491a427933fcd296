// Mends what the theme and its extensions leave undone, mostly for keyboards and screen readers.

// A page opened from a folder may not read other pages: search without their first lines.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

document.addEventListener("DOMContentLoaded", () => {
  const all = (selector) => [...document.querySelectorAll(selector)];

  // A name that differs from the words on the button hides them from voice control.
  all(".search-button-field, summary[aria-label]").forEach((e) => e.removeAttribute("aria-label"));
  all(".theme-switch-button [title]").forEach((e) => e.removeAttribute("title"));

  // Chromium leaves MathML out of the names of buttons, groups, headers and links: an answer that is
  // one formula had no name. There the formula's LaTeX, made plain, stands in its place.
  all(":is(label, legend, th, a) .katex-mathml").forEach((e) => {
    const latex = e.querySelector("annotation").textContent;
    e.textContent = latex.replace(/\\[,;:! ]/g, " ").replace(/[\\{}]/g, " ").replace(/ +/g, " ");
  });

  // sphinxcontrib-bibtex makes a list whose items are no list items.
  all(".citation-list, .citation").forEach((e) => e.removeAttribute("role"));

  // The title at the top of the side bar stands outside every landmark.
  all(".bd-sidebar-primary .navbar-brand").forEach((e) => {
    e.parentElement.setAttribute("role", "navigation");
    e.parentElement.setAttribute("aria-label", "Front page");
  });

  // sphinx-togglebutton: say what a button folds, and take a click on any part of a title but a
  // link. Its own listener fails on formulas and numbers in the title.
  all(".admonition.toggle > .admonition-title").forEach((title) => {
    const button = title.querySelector(".toggle-button");
    button.setAttribute("aria-label", `Show or hide: ${title.textContent.trim()}`);
    title.addEventListener("click", (event) => {
      if (event.target === title || button.contains(event.target)) return;
      event.stopPropagation();
      if (!event.target.closest("a")) button.click();
    }, true);
  });

  // A link into something folded opens it: a proof, a check.
  const unfold = () => {
    let place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (const target = place; place; place = place.parentElement?.closest("details")) {
      if (place.tagName === "DETAILS" && !place.open) {
        place.open = true;
        target.scrollIntoView();
      }
    }
  };
  window.addEventListener("hashchange", unfold);
  unfold();

  // What scrolls sideways must be within reach of the Tab key, as long as it does.
  const wide = ".katex-display, .pst-scrollable-table-container, .highlight pre";
  const reach = (e) => {
    if (e.scrollWidth <= e.clientWidth + 1) e.removeAttribute("tabindex");
    else e.tabIndex = 0;
  };
  const watch = new ResizeObserver((entries) => entries.forEach(({ target }) => reach(target)));
  all(wide).forEach((e) => watch.observe(e));

  // Paper is white and cannot be clicked: turn a dark page light, and unfold what is folded.
  // (Solutions unfold by themselves.)
  const root = document.documentElement.dataset;
  const folded = () => all(".bd-article details:not(.hide)");
  let theme;
  window.addEventListener("beforeprint", () => {
    theme = root.theme;
    root.theme = "light";
    folded().forEach((e) => {
      e.dataset.open = e.open;
      e.open = true;
    });
  });
  window.addEventListener("afterprint", () => {
    root.theme = theme;
    folded().forEach((e) => {
      e.open = e.dataset.open === "true";
    });
  });
});
