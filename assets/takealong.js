// What is taken along from the performance page: tables, figures and a link, of the view at the moment of the click.
(function () {
  "use strict";
  // A table's address is the page's, at the moment it is asked for; so is a link that goes to the clipboard.
  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const table = target && target.closest("a[data-table]");
    const figure = target && target.closest("button[data-figure]");
    if (table) table.search = window.location.search;
    if (figure) save(figure);
    if (target && target.closest("#performance-link")) copy(target.closest("#performance-link"));
  }, true);

  // Always in the light theme and with a title, as a journal would print it: the server draws it anew.
  async function save(button) {
    const { figure: name, format } = button.dataset;
    button.disabled = true;
    try {
      const answer = await fetch(
        `${document.documentElement.dataset.root}/performance/figure/${name}.json${window.location.search}`,
      );
      if (!answer.ok) throw new Error(String(answer.status));
      const { figure, filename, width, height } = await answer.json();
      const scale = format === "png" ? 3 : 1;
      const plotly = await window.dermaboard.turns.fetchPlotly();
      await plotly.downloadImage(figure, { format, filename, width, height, scale });
    } catch {
      button.title = "The figure cannot be saved now.";
      button.classList.add("failed");
    }
    button.disabled = false;
  }

  async function copy(button) {
    const words = button.querySelector("span");
    try {
      await navigator.clipboard.writeText(window.location.href);
      words.textContent = "Copied";
    } catch {
      words.textContent = "Copy it from the address bar";
    }
    setTimeout(() => (words.textContent = "Copy link"), 2000);
  }
})();
