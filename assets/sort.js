// A table marked with data-sortable is sorted by a click on the head of a column: by the number in each cell's data-value, or
// by its text. A second click turns the order.
(function () {
  "use strict";
  function compared(one, other) {
    const [first, second] = [Number(one), Number(other)];
    return Number.isNaN(first) || Number.isNaN(second) ? one.localeCompare(other) : first - second;
  }

  document.addEventListener("click", ({ target }) => {
    const head = target instanceof Element && target.closest("table[data-sortable] thead th");
    if (!head) return;
    const body = head.closest("table").tBodies[0];
    const falling = head.getAttribute("aria-sort") !== "descending";
    for (const one of head.parentElement.cells) one.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", falling ? "descending" : "ascending");
    const value = (row) => row.cells[head.cellIndex].dataset.value;
    const rows = [...body.rows].sort((one, other) => compared(value(one), value(other)) * (falling ? -1 : 1));
    body.append(...rows);
  });
})();
