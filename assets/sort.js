// A table marked with data-sortable is sorted by a click on the head of a column: by the number in each cell's data-value, or
// by its text; what has none comes last. A second click turns the order. A select with the table's id in data-sorts does the
// same where heads are out of sight; a column that is hidden is shown while it is sorted by.
(function () {
  "use strict";
  function compared(one, other) {
    const [first, second] = [Number(one), Number(other)];
    return Number.isNaN(first) || Number.isNaN(second) ? one.localeCompare(other) : first - second;
  }

  function sort(head, falling) {
    const body = head.closest("table").tBodies[0];
    for (const one of head.parentElement.cells) one.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", falling ? "descending" : "ascending");
    const value = (row) => row.cells[head.cellIndex].dataset.value;
    const rows = [...body.rows].sort((one, other) => {
      const [first, second] = [value(one), value(other)];
      if (!first || !second) return Number(!first) - Number(!second);
      return compared(first, second) * (falling ? -1 : 1);
    });
    body.append(...rows);
  }

  const isFalling = (head) => head.getAttribute("aria-sort") === "descending";

  document.addEventListener("click", ({ target }) => {
    if (!(target instanceof Element)) return;
    const head = target.closest("table[data-sortable] thead th") ||
      (target.closest("[data-turns]") && document.querySelector("table[data-sortable] th[aria-sort]"));
    if (head) sort(head, !isFalling(head));
  });

  document.addEventListener("change", ({ target }) => {
    const table = target.dataset.sorts && document.getElementById(target.dataset.sorts);
    if (!table) return;
    const [chosen, heads] = [Number(target.value), [...table.tHead.rows[0].cells]];
    // Those that were hidden once are marked, so that they can be hidden again.
    heads.forEach((head, place) => {
      if (head.hidden) head.dataset.extra = "yes";
      if (!head.dataset.extra) return;
      for (const row of table.rows) row.cells[place].hidden = place !== chosen;
    });
    sort(heads[chosen], true);
  });
})();
