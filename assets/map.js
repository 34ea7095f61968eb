// The map of the performance page: what it is coloured by, and what dragging over it does: move the page, or draw around
// points, by mouse or finger. Under a finger it moves the page until somebody asks for something else.
(function () {
  "use strict";
  const shared = window.dermaboard;
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const MOST_CORNERS = 40;
  let drag = window.matchMedia("(pointer: coarse)").matches ? "" : "lasso";

  const plot = () => document.querySelector(".graph-map .js-plotly-plot");

  function press() {
    for (const button of document.querySelectorAll("[data-drag]")) {
      button.setAttribute("aria-pressed", String(button.dataset.drag === drag));
    }
  }

  document.addEventListener("click", async ({ target }) => {
    const button = target instanceof Element && target.closest("[data-drag]");
    if (!button) return;
    drag = button.dataset.drag;
    press();
    const drawn = plot();
    if (drawn) (await shared.turns.fetchPlotly()).relayout(drawn, { dragmode: drag || false });
  });

  // The corners of what was drawn: a line around points, or a box.
  function corners({ lassoPoints, range }) {
    if (lassoPoints) return lassoPoints.x.map((x, place) => [x, lassoPoints.y[place]]);
    if (!range) return [];
    const [[left, right], [low, high]] = [range.x, range.y];
    return [[left, low], [right, low], [right, high], [left, high]];
  }

  shared.map = {
    // How the map is to be drawn.
    choice: function () {
      press();
      return { drag, colouring: shared.property("performance-colouring", "value") || "truth" };
    },
  };

  clientside.map = {
    colour: function (colouring) {
      shared.turns.anew("map");
      return colouring;
    },
    // As a polygon that the address can hold.
    choose: function (selected) {
      const found = selected ? corners(selected) : [];
      if (found.length > 2) {
        const step = Math.ceil(found.length / MOST_CORNERS);
        const few = found.filter((_, place) => place % step === 0);
        shared.listCases(`map:${few.map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`).join(";")}`);
      }
      return clientside.no_update;
    },
  };
})();
