// The history and its cases: what needs no answer from the server. The address holds filters, order and view.
(function () {
  "use strict";
  const shared = (window.dermaboard = window.dermaboard || {});
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const SAME = () => window.dash_clientside.no_update;
  const NARROW = window.matchMedia("(max-width: 767px)");
  const MEDIUM = window.matchMedia("(max-width: 1099px)");
  const TIGHT = window.matchMedia("(max-width: 1299px)");

  // The names of the address that have a control, in the order of the callback; those that take several values; and
  // those behind "More filters". The page says them: see dashboard/history/filters.py.
  let CONTROLS = [];
  let SEVERAL = new Set();
  let MORE = [];
  function learn() {
    const names = document.getElementById("history-filters").dataset;
    CONTROLS = names.controls.split(" ");
    SEVERAL = new Set(names.several.split(" "));
    MORE = names.more.split(" ");
  }

  // Addresses of before say "decision", see dashboard/shell/browse.py.
  const OLD = /((?:^|[?&])(?:sort=)?)decision(?=[=.])/g;
  const USUAL = { sort: "created.desc", view: "grid" };

  const read = (search) => {
    const given = new URLSearchParams((search || "").replace(OLD, "$1outcome"));
    return CONTROLS.map((
      name,
    ) => (SEVERAL.has(name) ? given.getAll(name) : given.get(name) || USUAL[name] || ""));
  };

  const plain = (value) => (value === null || value === undefined ? "" : String(value).trim());

  function write(values, zone) {
    const address = new URLSearchParams();
    let days = false;
    CONTROLS.forEach((name, index) => {
      const value = values[index];
      if (name === "pmin" && days) address.set("zone", zone);
      if (SEVERAL.has(name)) (value || []).forEach((one) => address.append(name, one));
      else if (plain(value) && plain(value) !== USUAL[name]) {
        address.set(name, plain(value));
        days = days || name === "from" || name === "to";
      }
    });
    const text = address.toString();
    return text ? "?" + text : "";
  }

  const alike = (one, other) => JSON.stringify(one) === JSON.stringify(other);

  function more(values) {
    const used = MORE.filter((name) => plain(values[CONTROLS.indexOf(name)])).length;
    return used ? "More filters · " + used + " set" : "More filters";
  }

  // What is chosen, in the heads of the lists.
  function tell(values) {
    SEVERAL.forEach((name) => {
      const head = document.getElementById("history-" + name + "-told");
      if (!head) return;
      const chosen = values[CONTROLS.indexOf(name)] || [];
      const words = JSON.parse(head.dataset.words);
      const one = chosen.length ? words[chosen[0]] || chosen[0] : head.dataset.usual;
      head.textContent = chosen.length > 1 ? chosen.length + " chosen" : one;
    });
  }

  function fit(api) {
    const hidden = ["probability", "diagnosis", "review", "filename", "created"];
    api.setColumnsVisible(hidden, !NARROW.matches);
    api.setColumnsVisible(["lesion"], !MEDIUM.matches);
    api.setColumnsVisible(["patient"], !TIGHT.matches);
    // What a narrow screen hides stands in the outcome's cell; see --history-row in history.css.
    api.applyColumnState({ state: [{ colId: "outcome", flex: NARROW.matches ? 1 : null, width: 152 }] });
    fitHeight(api);
  }

  // A grid that has not asked for rows yet, behind the cards, cannot take it.
  function fitHeight(api) {
    const height = NARROW.matches ? 124 : 64;
    if (api.getGridOption("datasource") && api.getGridOption("rowHeight") !== height) {
      api.setGridOption("rowHeight", height);
      // The rows that are there would keep their places.
      api.purgeInfiniteCache();
    }
  }

  function whenWidthChanges(api) {
    const listener = () => (api.isDestroyed() ? forget() : fit(api));
    const forget = () =>
      [NARROW, MEDIUM, TIGHT].forEach((query) => query.removeEventListener("change", listener));
    [NARROW, MEDIUM, TIGHT].forEach((query) => query.addEventListener("change", listener));
  }

  const sortOf = (api) => {
    const sorted = api.getColumnState().find((column) => column.sort);
    return sorted ? sorted.colId + "." + sorted.sort : USUAL.sort;
  };

  shared.time = function (iso) {
    const when = new Date(iso);
    return {
      local: new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }).format(when),
      day: new Intl.DateTimeFormat(undefined, { dateStyle: "medium" }).format(when),
      clock: new Intl.DateTimeFormat(undefined, { timeStyle: "short" }).format(when),
      utc: when.toISOString().slice(0, 19).replace("T", " ") + " UTC",
    };
  };

  const set = (id, props) => window.dash_clientside.set_props(id, props);

  // What a callback is called for, by id. It may be several things: Dash calls it once for all that came together.
  const triggers = () =>
    new Map(
      window.dash_clientside.callback_context.triggered.map((
        { prop_id, value },
      ) => [prop_id.split(".")[0], value]),
    );
  const grid = () => window.dash_ag_grid.getApiAsync("history-grid");
  const known = new WeakMap();

  async function ready() {
    const api = await grid();
    if (!known.has(api)) {
      known.set(api, null);
      fit(api);
      whenWidthChanges(api);
      api.addEventListener("sortChanged", () => set("history-sort", { value: sortOf(api) }));
      api.addEventListener("modelUpdated", () => {
        fitHeight(api);
        tick(api);
        const [list, row] = [document.querySelector("#history-first > li"), api.getDisplayedRowAtIndex(0)];
        if (list && row && row.data) requestAnimationFrame(() => set("history-first", { children: [] }));
      });
    }
    return api;
  }

  // What is selected: all of it, also where it is out of sight. `ticked` are the rows and pictures that show it.
  let selection = [];
  const ticked = new Set();
  const isSelected = (id) => selection.some((one) => one.id === id);

  // What came into sight and is selected gets its tick.
  function tick(api) {
    if (!selection.length) return;
    const ids = new Set(selection.map((one) => one.id));
    const rows = [];
    api.forEachNode((row) => row.data && ids.has(row.data.id) && !row.isSelected() && rows.push(row));
    rows.forEach((row) => ticked.add(row.data.id));
    if (rows.length) api.setNodesSelected({ nodes: rows, newValue: true });
    for (const one of document.querySelectorAll('.gallery-select[aria-pressed="false"]')) {
      if (ids.has(one.dataset.id)) one.setAttribute("aria-pressed", "true");
    }
  }

  function choosePicture(button) {
    const { id, revision, tags } = button.dataset;
    const on = !isSelected(id);
    button.setAttribute("aria-pressed", String(on));
    const rest = selection.filter((one) => one.id !== id);
    const chosen = { id, revision: Number(revision), tags: tags ? tags.split("\n") : [] };
    set("history-selection", { data: on ? [...rest, chosen] : rest });
    // Or its row would bring it back.
    if (!on) grid().then((api) => api.getRowNode(id)?.setSelected(false));
  }

  let waiting = null;
  function watch() {
    const button = document.getElementById("history-further");
    if (waiting) waiting.disconnect();
    if (!button || button.hidden) return;
    waiting = new IntersectionObserver(
      (entries) => entries.some((one) => one.isIntersecting) && button.click(),
      {
        rootMargin: "400px",
      },
    );
    waiting.observe(button);
  }

  function take(file, ids) {
    const address = document.documentElement.dataset.root + "/exports/" + file;
    if (!ids) {
      window.location.assign(address + window.location.search);
      return;
    }
    // Too many ids for an address: a form sends them.
    const form = document.createElement("form");
    Object.assign(form, { method: "post", action: address, hidden: true });
    for (const [name, value] of [["ids", ids.join(",")], ["csrf_token", shared.csrf()]]) {
      const field = document.createElement("input");
      Object.assign(field, { name: name, value: value });
      form.append(field);
    }
    document.body.append(form);
    form.submit();
    form.remove();
  }

  // Dash gets what is typed a little later: what is cleared by then would come back. React looks at what a field's own
  // setter did not do.
  const setter = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
  function empty(field) {
    if (!field.value) return;
    setter.call(field, "");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  document.addEventListener("click", (event) => {
    const select = event.target.closest(".gallery-select");
    if (select) choosePicture(select);
    if (event.target.closest("#history-compare")) {
      const address = new URLSearchParams(window.location.search);
      address.set("cases", selection.map((one) => one.id).join(","));
      shared.go(document.documentElement.dataset.root + "/compare?" + address);
    }
    const stop = event.target.closest("[data-stop]");
    // The button itself may be drawn anew at any moment.
    if (stop) set("again-stop", { data: stop.dataset.stop });
    const dismiss = event.target.closest("[data-dismiss-job]");
    if (dismiss) set("jobs-dismissed", { data: dismiss.dataset.dismissJob });
    if (event.target.closest("#history-clear")) {
      document.querySelectorAll(".history-text input").forEach(empty);
    }
    const choice = event.target.closest("[data-export]");
    if (choice) {
      take(
        choice.dataset.export,
        choice.dataset.selected === "true" ? selection.map((one) => one.id) : null,
      );
    }
    for (const open of document.querySelectorAll("details.export[open], details.several[open]")) {
      if (choice || !open.contains(event.target)) open.open = false;
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const open of document.querySelectorAll("details.export[open], details.several[open]")) {
        open.open = false;
      }
    }
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (
      event.target.closest(
        "input, textarea, select, button, [role=slider], [role=dialog], .hero-controls, .table-wrap",
      )
    ) {
      return;
    }
    const way = { ArrowLeft: "case-previous", ArrowRight: "case-next" }[event.key];
    const link = way && document.getElementById(way);
    if (link && link.getAttribute("href")) link.click();
  });

  function times() {
    for (const one of document.querySelectorAll("time.local-time")) {
      one.textContent = shared.time(one.getAttribute("datetime")).local;
    }
  }

  clientside.history = {
    // Address and controls, whichever of them moved.
    follow: function (...given) {
      learn();
      const moved = triggers();
      const [search, , ...values] = given.slice(0, CONTROLS.length + 2);
      const now = given[CONTROLS.length + 2];
      const still = values.map(SAME);
      tell(values);
      if (!moved.size) return [SAME(), SAME(), ...still, more(values)];
      const clear = moved.has("history-clear");
      // An address that this function wrote comes back, perhaps together with a control that has moved since.
      if (clear || (moved.has("history-address") && search !== now)) {
        const shown = new URLSearchParams(search);
        let wanted = read(search);
        if (clear) {
          wanted = CONTROLS.map((name, at) => (USUAL[name] ? wanted[at] : SEVERAL.has(name) ? [] : ""));
        }
        const address = write(wanted, shown.get("zone") || zone());
        const changed = wanted.map((
          value,
          at,
        ) => (alike(value, values[at] ?? (SEVERAL.has(CONTROLS[at]) ? [] : "")) ? SAME() : value));
        const same = address === now;
        tell(wanted);
        return [clear ? address : SAME(), same ? SAME() : address, ...changed, more(wanted)];
      }
      const address = write(values, new URLSearchParams(now || "").get("zone") || zone());
      if (address === now) return [SAME(), SAME(), ...still, more(values)];
      return [address, address, ...still, more(values)];
    },

    show: function (search) {
      const values = read(search);
      const gallery = values[CONTROLS.indexOf("view")] === "gallery";
      ready().then((api) => {
        const sort = values[CONTROLS.indexOf("sort")];
        const [column, direction] = sort.split(".");
        const rest = JSON.stringify(values.filter((_, at) => !["sort", "view"].includes(CONTROLS[at])));
        const before = known.get(api);
        known.set(api, rest);
        if (sortOf(api) !== sort) {
          api.applyColumnState({ state: [{ colId: column, sort: direction }], defaultState: { sort: null } });
        } else if (before !== null && before !== rest) {
          api.deselectAll();
          api.purgeInfiniteCache();
        }
      });
      return [gallery, !gallery];
    },

    watch: () =>
      void setTimeout(() => {
        watch();
        ready().then(tick);
      }, 100),

    // The photograph and the file name are links of their own.
    open: async function (cell) {
      const links = ["thumbnail", "filename", "ag-Grid-SelectionColumn"];
      if (!cell || !cell.rowId || links.includes(cell.colId)) return;
      const row = (await grid()).getRowNode(cell.rowId);
      if (row && row.data) shared.go(row.data.href);
    },

    leave: (gone) =>
      gone && shared.go(document.documentElement.dataset.root + "/history" + window.location.search),

    // Rows that lost their tick leave the selection; what is selected and out of sight stays.
    choose: function (rows) {
      const now = (rows || []).map(({ id, revision, tags }) => ({ id, revision, tags }));
      const ids = new Set(now.map((one) => one.id));
      const kept = selection.filter((one) => !ids.has(one.id) && !ticked.has(one.id));
      ticked.clear();
      ids.forEach((id) => ticked.add(id));
      return [...kept, ...now];
    },

    selected: function (chosen) {
      selection = chosen || [];
      const count = selection.length;
      ready().then(tick);
      const what = count === 1 ? "this prediction" : count + " predictions";
      return [
        count === 0,
        count > 0,
        count ? count.toLocaleString("en") + " selected" : "",
        Object.fromEntries(selection.map((one) => [one.id, one.revision])),
        [...new Set(selection.flatMap((one) => one.tags))].sort(),
        "Delete " + what + "?",
        count === 1 ? "Review this prediction" : "Review " + what,
        "Predict " + (count === 1 ? "this one" : count + " photographs") + " again",
        count < 2 || count > 4,
      ];
    },

    // The jobs that were started in this browser, until they are dismissed.
    jobs: function (started, dismissed, mine) {
      const moved = triggers();
      const rest = (mine || []).filter((id) => id !== started && id !== dismissed);
      return moved.has("again-started") && started ? [...rest, started].slice(-20) : rest;
    },

    toggle: function () {
      const moved = [...triggers()];
      const over = ([id, value]) =>
        id.endsWith("-cancel") || id === "again-started" || (id === "review-done" && value && value.saved);
      if (moved.some(over)) return false;
      return moved.some(([id, value]) => id.endsWith("-open") && value) || SAME();
    },

    ask: function () {
      const moved = [...triggers()];
      const wanted = moved.some(([id, value]) => id.endsWith("-delete") && value);
      return [wanted && !moved.some(([id]) => id.endsWith("-cancel")), ""];
    },

    // Until it is undone or closed, also after a reload.
    offerUndo: function (ids, closed) {
      const count = (ids || []).length;
      if (count && triggers().has("history-undo-close") && closed) set("history-binned", { data: [] });
      if (count) set("history-undone", { children: "" });
      return [!count, count ? (count === 1 ? "1 case is" : count + " cases are") + " in the bin." : ""];
    },

    refresh: () => ({ at: Date.now() }),

    deselect: async function () {
      const changed = triggers().has("history-stale");
      for (const one of document.querySelectorAll('.gallery-select[aria-pressed="true"]')) {
        one.setAttribute("aria-pressed", "false");
      }
      selection = [];
      ticked.clear();
      const api = await grid();
      api.deselectAll();
      if (changed) api.purgeInfiniteCache();
      return [];
    },

    times: () => void setTimeout(times, 0),
  };

  function zone() {
    return Intl.DateTimeFormat().resolvedOptions().timeZone;
  }
})();
