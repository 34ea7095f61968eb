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
    const opened = unfold();
    root.classList.add("printing");
    document.adoptedStyleSheets.push(margins);
    await window.dermaboard.turns.all();
    opened.push(...unfold()); // what came folded
    await fitted();
    window.addEventListener("afterprint", () => {
      root.classList.remove("printing");
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== margins);
      opened.forEach((one) => (one.open = false));
    }, { once: true });
    window.print();
  }

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
