// The list as a whole: how many of what, how far they have travelled, cards, a table or a table to fill in
// (assign.js), and the table's rows, the riskiest first. Rows come from dashboard/predict/batch.py; upload.js calls
// this when something changes.
(function () {
  "use strict";
  const SEVERAL = 6; // from so many files on, the table shows first
  const shared = (window.dermaboard = window.dermaboard || {});
  const byId = (id) => document.getElementById(id);
  const page = () => byId("predict");
  const sort = { by: "level", down: true }; // what needs someone first
  let chosen = null; // the view that the user chose; null until then
  let drawing = 0;

  const list = () => shared.queue.list();
  const make = (...values) => shared.make(...values);
  const view = () => chosen || (list().length >= SEVERAL ? "table" : "cards");

  function counts() {
    const found = new Map();
    for (const item of list()) {
      const [kind, word, shape] = item.row
        ? [item.row.outcome, item.row.word.toLowerCase(), item.row.shape]
        : item.state === "failed"
        ? ["failed", "failed", "!"]
        : item.state === "cancelled"
        ? ["cancelled", "cancelled", "–"]
        : item.state === "lost"
        ? ["lost", "not sent yet", "…"]
        : ["open", "to come", "…"];
      const one = found.get(kind) || { kind: kind, word: word, shape: shape, number: 0 };
      one.number++;
      found.set(kind, one);
    }
    return ["hidden", "malignant", "uncertain", "no_result", "benign", "failed", "cancelled", "lost", "open"]
      .map((kind) => found.get(kind)).filter(Boolean);
  }

  const photographs = (number) => number + (number === 1 ? " photograph" : " photographs");

  function summary() {
    return photographs(list().length) + ": " +
      counts().map((one) => one.number + " " + one.word).join(", ") + ".";
  }

  // What has travelled of all that was added since nothing was on its way.
  function travelled(open) {
    const run = list().filter((item) => open.some((one) => one.run === item.run));
    const size = (share) => run.reduce((sum, item) => sum + share(item) * item.size, 0);
    const done = size((item) => open.includes(item) ? item.share : 1) / (size(() => 1) || 1);
    byId("sending-share").value = done;
    byId("sending-words").textContent = done < 1 ? "Sending " + Math.floor(100 * done) + " %" : "Analysing";
  }

  // At most once a frame, however many answers come.
  function draw() {
    if (!drawing) {
      drawing = requestAnimationFrame(() => {
        drawing = 0;
        paint();
      });
    }
  }

  function paint() {
    if (!page() || !byId("batch-summary")) return;
    const items = list();
    if (!items.length && chosen === "assign") chosen = null; // the next results are looked at first
    page().dataset.files = ["none", "one"][items.length] || (items.length < SEVERAL ? "several" : "many");
    page().dataset.view = view();
    const open = items.filter((item) => ["waiting", "sending"].includes(item.state));
    page().classList.toggle("busy", open.length > 0);
    if (open.length) travelled(open);
    byId("batch-title").textContent = open.length
      ? "Checking " + photographs(items.length)
      : photographs(items.length) + " checked";
    for (const button of document.querySelectorAll(".view-switch [data-view]")) {
      button.setAttribute("aria-pressed", String(button.dataset.view === view()));
    }
    byId("batch-summary").replaceChildren(
      ...counts().map((one) =>
        make(
          "span",
          { className: "count tone-" + one.kind },
          make("span", {
            className: "verdict-shape",
            textContent: one.shape,
            attributes: { "aria-hidden": "true" },
          }),
          " ",
          make("strong", { textContent: one.number }),
          " " + one.word,
        )
      ),
    );
    shared.assign.remind();
    if (view() === "table") rows(items);
    else if (view() === "assign") shared.assign.draw();
    else shared.slots.arrange();
  }

  // What has no result yet, or never will, stands at the end whichever way the table is sorted.
  function ordered(items) {
    const value = (item) => (sort.by === "order" ? item.order : item.row[sort.by]);
    const compare = (a, b) => {
      const [x, y] = [value(a), value(b)];
      const way = (typeof x === "string" ? x.localeCompare(y) : x - y) * (sort.down ? -1 : 1);
      return way || (a.row && b.row ? b.row.probability - a.row.probability : 0) || a.order - b.order;
    };
    if (sort.by === "order") return [...items].sort(compare);
    const done = items.filter((item) => item.row);
    return [
      ...done.sort(sort.by === "level" ? together(done, compare) : compare),
      ...items.filter((item) => !item.row),
    ];
  }

  // Photographs of one lesion stay together, where the worst of them belongs.
  function together(items, compare) {
    const leads = new Map();
    for (const item of [...items].sort((a, b) => b.row.place - a.row.place)) leads.set(item.row.group, item);
    return (a, b) => {
      const [one, other] = [leads.get(a.row.group), leads.get(b.row.group)];
      return one === other ? a.row.place - b.row.place : compare(one, other);
    };
  }

  function rows(items) {
    for (const button of document.querySelectorAll(".batch-table .sort")) {
      button.closest("th").setAttribute(
        "aria-sort",
        button.dataset.sort !== sort.by ? "none" : sort.down ? "descending" : "ascending",
      );
    }
    const at = document.activeElement && document.activeElement.dataset.open;
    byId("batch-rows").replaceChildren(...ordered(items).map((item) => line(item)));
    const again = at && document.querySelector('[data-open="' + at + '"]');
    if (again) again.focus();
  }

  // A row is made once for each state of its file, and moved when the order changes.
  function line(item) {
    const state = item.state + (item.row ? item.row.place + item.row.attempts.join() : "") +
      (item.words || "");
    if (item.line && item.lineState === state) return item.line;
    item.lineState = state;
    return (item.line = item.row ? answered(item) : pending(item));
  }

  function opener(item) {
    const button = make(
      "button",
      { type: "button", className: "action-button", title: item.name },
      make("bdi", { textContent: item.name }),
    );
    button.dataset.open = item.key;
    return make("th", { scope: "row" }, button);
  }

  function pending(item) {
    const words = make("td", {
      colSpan: 4,
      className: "state-" + item.state,
      textContent: item.words || "Waiting",
    });
    return make("tr", {}, make("td", { className: "thumb" }), opener(item), words);
  }

  function answered(item) {
    const row = item.row;
    const cell = (name, ...children) => make("td", { className: name }, ...children);
    const before = row.before ? [shared.before(row.before)] : [];
    const image = make("img", { src: row.thumbnail, alt: "", loading: "lazy", width: 56, height: 56 });
    const bar = make(
      "span",
      { className: "bar-line", attributes: { "aria-hidden": "true" } },
      make("span", {
        className: "fill-" + row.outcome,
        attributes: { style: "width:" + 100 * Math.max(row.probability, 0) + "%" },
      }),
    );
    const mark = shared.mark(row);
    const cautions = row.cautions.length
      ? make("span", {
        title: row.cautions.join("\n"),
        textContent: row.cautions.length === 1 ? "1 caution" : row.cautions.length + " cautions",
      })
      : make("span", { className: "note", textContent: "none" });
    return make(
      "tr",
      { className: row.attempts.length && row.place ? "together" : "" },
      cell("thumb", image),
      opener(item),
      cell("outcome", mark, ...before),
      cell("risk", make("span", { textContent: row.percent }), bar),
      cell("", row.diagnosis),
      cell("", cautions),
    );
  }

  function look(place) {
    place.scrollIntoView({ block: "start" });
    place.focus({ preventScroll: true });
  }

  function open(key) {
    chosen = "cards";
    paint();
    look(list().find((item) => item.key === key).node);
  }

  // From a card to its row.
  function back(key) {
    chosen = "table";
    paint();
    const row = document.querySelector('[data-open="' + key + '"]');
    row.scrollIntoView({ block: "center" });
    row.focus({ preventScroll: true });
  }

  // Whoever has chosen files is taken to what becomes of them.
  function show() {
    paint();
    if (page()) look(byId("batch-title"));
  }

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element && event.target.closest("button");
    if (!target) return;
    if (target.dataset.view) chosen = target.dataset.view;
    else if (target.dataset.open) return open(target.dataset.open);
    else if (target.dataset.back) return back(target.dataset.back);
    else if (target.dataset.sort && target.closest(".batch-table")) {
      sort.down = sort.by === target.dataset.sort ? !sort.down : target.dataset.first === "descending";
      sort.by = target.dataset.sort;
    } else return;
    paint();
    if (target.closest("#assign-reminder")) shared.assign.enter();
  });

  shared.batch = { draw: draw, summary: summary, show: show };
})();
