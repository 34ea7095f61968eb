// The history page: what needs no answer from the server.
(function () {
  "use strict";
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const NARROW = window.matchMedia("(max-width: 767px)");
  const MEDIUM = window.matchMedia("(max-width: 991px)");

  function equals(values) {
    const one = (value) => ({ filterType: "text", type: "equals", filter: value });
    if (!values || !values.length) return null;
    if (values.length === 1) return one(values[0]);
    return { filterType: "text", operator: "OR", conditions: values.map(one) };
  }

  function fit(api) {
    api.setColumnsVisible(["probability", "diagnosis", "filename", "created"], !NARROW.matches);
    api.setColumnsVisible(["model"], !MEDIUM.matches);
    // What a narrow screen hides stands in the decision's cell.
    api.applyColumnState({ state: [{ colId: "decision", flex: NARROW.matches ? 1 : null, width: 144 }] });
  }

  function whenWidthChanges(api) {
    const listener = () => (api.isDestroyed() ? forget() : fit(api));
    const forget = () => [NARROW, MEDIUM].forEach((query) => query.removeEventListener("change", listener));
    [NARROW, MEDIUM].forEach((query) => query.addEventListener("change", listener));
  }

  window.dermaboardTime = function (iso) {
    const when = new Date(iso);
    return {
      local: new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }).format(when),
      utc: when.toISOString().slice(0, 19).replace("T", " ") + " UTC",
    };
  };

  // As dcc.Link does: another page without loading everything anew.
  window.dermaboardGo = function (href) {
    window.history.pushState({}, "", href);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    window.scrollTo(0, 0);
  };

  const seen = new WeakSet();

  clientside.history = {
    zone: () => Intl.DateTimeFormat().resolvedOptions().timeZone,

    local: (iso) => window.dermaboardTime(iso).local,

    // The grid's own header filters (probability, time) stay as they are.
    filter: async function (search, decision, diagnoses, models) {
      const api = await window.dash_ag_grid.getApiAsync("history-grid");
      if (!seen.has(api)) {
        seen.add(api);
        fit(api);
        whenWidthChanges(api);
      }
      const text = (search || "").trim();
      const wanted = {
        ...api.getFilterModel(),
        filename: text ? { filterType: "text", type: "contains", filter: text } : null,
        decision: equals(decision === "all" ? [] : [decision]),
        diagnosis: equals(diagnoses),
        model: equals(models),
      };
      for (const name of Object.keys(wanted)) if (!wanted[name]) delete wanted[name];
      if (JSON.stringify(wanted) !== JSON.stringify(api.getFilterModel())) api.setFilterModel(wanted);
      return wanted;
    },

    // The photograph and the file name are links of their own.
    open: function (cell) {
      const links = ["thumbnail", "filename", "ag-Grid-SelectionColumn"];
      if (cell && cell.rowId && !links.includes(cell.colId)) window.dermaboardGo("/history/" + cell.rowId);
    },

    leave: (gone) => gone && window.dermaboardGo("/history"),

    selected: function (rows) {
      const count = (rows || []).length;
      const what = count === 1 ? "this prediction" : count + " predictions";
      return [count === 0, count ? "Delete " + count + " selected" : "Delete selected", "Delete " + what + "?"];
    },

    ask: function (asked, cancelled) {
      const trigger = window.dash_clientside.callback_context.triggered_id || "";
      return [trigger.endsWith("-delete") && Boolean(asked), ""];
    },

    refresh: async function () {
      const api = await window.dash_ag_grid.getApiAsync("history-grid");
      api.deselectAll();
      api.purgeInfiniteCache();
    },
  };
})();
