// Printing the performance page. Figures are drawn when they come into view, and as wide as the window: before the page
// goes to paper, what is folded is opened, all of it is drawn, and the page is as wide as A4.
(function () {
  "use strict";
  const root = document.documentElement;
  // The report of a case has no margins of the page's own; this one has.
  const margins = new CSSStyleSheet();
  margins.replaceSync("@page { size: A4; margin: 12mm; }");
  const LONGEST = 10000;

  function unfold() {
    const folded = [...document.querySelectorAll("#performance-body details:not([open])")];
    folded.forEach((one) => (one.open = true));
    return folded;
  }

  // The page on paper, and what makes it the page of before.
  function begin() {
    const opened = unfold();
    root.classList.add("printing");
    document.adoptedStyleSheets.push(margins);
    window.addEventListener("afterprint", () => {
      root.classList.remove("printing");
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== margins);
      opened.forEach((one) => (one.open = false));
    }, { once: true });
    return opened;
  }

  // Figures follow the new width one after another.
  async function fitted() {
    const began = performance.now();
    const wide = () =>
      [...document.querySelectorAll("#performance-body .graph")].some((graph) => {
        const drawn = graph.querySelector(".main-svg");
        return drawn && drawn.getBoundingClientRect().width > graph.clientWidth + 1;
      });
    do await new Promise((done) => setTimeout(done, 500)); while (
      wide() && performance.now() - began < LONGEST
    );
  }

  async function print() {
    const opened = begin();
    await window.dermaboard.turns.all();
    opened.push(...unfold()); // what came folded, and is drawn now
    await window.dermaboard.turns.all();
    await fitted();
    window.print();
  }

  // What stands in a room, as its heading says.
  function titleOf(room) {
    const panel = room.closest(".panel");
    const heading = panel && panel.querySelector("h2, h3");
    return room.dataset.title || (heading || room.closest(".section").querySelector("h2")).textContent;
  }

  // The browser's own menu waits for nothing: what is drawn is made to fit, and the paper says what is not on it.
  function printAtOnce() {
    begin();
    const rooms = [...document.querySelectorAll("#performance-body .room")];
    const missing = rooms.filter((room) => room.querySelector(":scope > .skeleton"));
    const figures = rooms.map((room) => room.querySelector(".js-plotly-plot")).filter((one) =>
      one && one.layout
    );
    for (const figure of figures) {
      const { clientWidth: width, clientHeight: height } = figure;
      window.Plotly.relayout(figure, { width, height });
    }
    const note = document.createElement("p");
    note.className = "undrawn";
    const names = missing.map(titleOf);
    note.textContent = `Not on this paper: ${[...new Set(names)].join(", ")}. ` +
      "Figures are drawn when they come into view; the button “Print” of the page draws all of them.";
    if (missing.length) document.body.prepend(note);
    window.addEventListener("afterprint", () => {
      note.remove();
      for (const figure of figures) {
        window.Plotly.relayout(figure, { autosize: true, width: null, height: null });
      }
    }, { once: true });
  }

  window.addEventListener("beforeprint", () => {
    if (document.getElementById("performance-body") && !root.classList.contains("printing")) printAtOnce();
  });
  document.addEventListener("click", ({ target }) => {
    if (target instanceof Element && target.closest("#performance-print")) print();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "p" || !(event.ctrlKey || event.metaKey) || event.shiftKey) return;
    if (!document.getElementById("performance-print")) return;
    event.preventDefault();
    print();
  });
})();
