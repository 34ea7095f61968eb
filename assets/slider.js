// The numbers follow the threshold slider at once, without Dash, whose round of callbacks takes a quarter of a second for
// so many of them. Dash gets the same numbers, by the same functions (assets/performance.js), when the slider rests.
(function () {
  "use strict";
  // In the order of `reading_outputs` and `number_outputs` in dashboard/performance/browser.py; a test in the browser holds them together.
  const tiles = ["sensitivity", "specificity", "accuracy"];
  const cells = ["tp", "fn", "fp", "tn"];
  const rows = [
    "balanced_accuracy",
    "f1",
    "positive_ratio",
    "negative_ratio",
    "ppv",
    "npv",
    "needed_to_biopsy",
  ];
  const REST = 150;
  const clientside = window.dash_clientside;
  const shared = window.dermaboard;
  const { property } = shared;
  const { read, weigh } = clientside.performance;

  // What Dash calls when the slider has rested: there is an answer only while that is what is shown.
  const current = (position, sweep) =>
    position === property("performance-threshold", "value") &&
    sweep === property("performance-sweep", "data");
  clientside.slider = {
    read: (position, sweep) => (current(position, sweep) ? read(position, sweep) : clientside.no_update),
    weigh: (_rested, prevalence, position, sweep) =>
      current(position, sweep) ? weigh(position, prevalence, sweep) : clientside.no_update,
    settle: () => shared.settle(),
  };

  // Tell Dash where the slider has come to rest.
  let resting = null;
  shared.rest = function (position) {
    clearTimeout(resting);
    resting = setTimeout(() => {
      // Unless somebody has gone to another page meanwhile.
      if (property("performance-threshold", "value") === undefined) return;
      clientside.set_props("performance-rested", { data: position });
    }, REST);
  };

  // Into the text that is there: React goes on with it.
  function write(id, words) {
    const element = document.getElementById(id);
    if (element && element.firstChild) element.firstChild.nodeValue = words;
  }

  function follow(position) {
    const sweep = property("performance-sweep", "data");
    const shown = read(position, sweep);
    if (!Array.isArray(shown)) return;
    const values = shown[Symbol.iterator]();
    for (const name of tiles) {
      for (const end of ["", "-line"]) write(`tile-${name}${end}`, values.next().value);
    }
    for (const name of cells) {
      for (const end of ["", "-share"]) write(`cell-${name}${end}`, values.next().value);
      const box = document.getElementById(`cell-${name}-box`);
      const style = values.next().value;
      if (box) box.style.setProperty("--share", style["--share"]);
    }
    for (const name of ["at", "found", "left"]) write(`bar-${name}`, values.next().value);
    const weighed = weigh(position, property("performance-prevalence", "value"), sweep);
    if (!Array.isArray(weighed)) return;
    rows.forEach((name, place) => {
      write(`number-${name}`, weighed[2 * place]);
      write(`number-${name}-range`, weighed[2 * place + 1]);
    });
  }

  // In a new body, too: React leaves a text alone that it takes for the one it wrote.
  shared.settle = () => follow(property("performance-threshold", "value"));

  new MutationObserver((changes) => {
    const moved = changes.map(({ target }) => target).find((one) => one.closest("#performance-threshold"));
    if (!moved) return;
    const position = Number(moved.getAttribute("aria-valuenow"));
    follow(position);
    shared.rest(position);
  }).observe(document.documentElement, {
    subtree: true,
    attributes: true,
    attributeFilter: ["aria-valuenow"],
  });
})();
