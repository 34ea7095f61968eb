// The performance page follows the threshold slider without asking the server: it has the counts, and every number as it is
// read, at every position. Only what depends on the prevalence is computed here, by Bayes's rule; a test in the browser
// holds it to the server's.
(function () {
  "use strict";
  const shared = window.dermaboard;
  const number = new Intl.NumberFormat("en-US");

  // Halves upwards, like the server: toFixed and Python's format would part ways on 12.25.
  function tenths(share) {
    return (Math.floor(1000 * share + 0.5) / 10).toFixed(1);
  }

  function rate(hits, of) {
    return of ? tenths(hits / of) + " %" : "–";
  }

  // A probability after evidence, from that before it and how many times the evidence raises its odds (null: infinitely).
  function posterior(prior, odds) {
    return typeof odds === "string"
      ? odds
      : odds.map((times) => (times === null ? 1 : (prior * times) / (prior * times + 1 - prior)));
  }

  // The rows of PPV, NPV and number needed to biopsy at a prevalence; see model/evaluation/operating.py.
  function predictive([malignant, benign], prevalence) {
    const ppv = posterior(prevalence, malignant);
    const needed = typeof ppv === "string"
      ? ppv
      : ppv[0]
      ? [1 / ppv[0], 1 / ppv[2], 1 / ppv[1]]
      : "Not defined when no cancer is caught.";
    return [
      ...row("share", ppv),
      ...row("share", posterior(1 - prevalence, benign)),
      ...row("ratio", needed),
    ];
  }

  function fixed(value, digits) {
    const power = 10 ** digits;
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return (Math.floor(power * value + 0.5) / power).toLocaleString("en-US", options);
  }

  function written(value, kind) {
    if (kind === "share") return tenths(value);
    return fixed(value, value < 1 ? 3 : value < 10 ? 2 : value < 100 ? 1 : 0);
  }

  function row(kind, found) {
    if (typeof found === "string") return ["–", found];
    const unit = kind === "share" ? " %" : "";
    const [value, low, high] = found.map((one) => written(one, kind));
    return [value + unit, `${low}–${high}${unit}`];
  }

  function cell(count, of) {
    return [number.format(count), rate(count, of), { "--share": of ? count / of : 0 }];
  }

  // What a figure may plot the threshold by (`ThresholdMark` in model/evaluation/figures/figure.py); null where there is none.
  const quantities = {
    threshold: ({ threshold }) => 100 * threshold,
    sensitivity: ({ tp, malignant }) => tp / malignant,
    false_positive_rate: ({ fp, benign }) => fp / benign,
    ppv: ({ tp, fp }) => (tp + fp ? tp / (tp + fp) : null),
    net_benefit: ({ tp, fp, malignant, benign, threshold }) =>
      threshold < 1 ? (100 * (tp - (fp * threshold) / (1 - threshold))) / (malignant + benign) : null,
  };

  // A figure's mark at a slider position: a point with its words, or a line from bottom to top; null where there is none.
  function markAt(name, position, sweep) {
    const { x, y, side, leftBeyond } = sweep.marks[name];
    const now = at(position, sweep);
    const { malignant, benign, unscored, threshold } = now;
    if (!y) return malignant + benign ? lineAt(quantities[x](now)) : null;
    if (!malignant || !benign || unscored) return null;
    const place = quantities[x](now);
    const words = `threshold ${(100 * threshold).toFixed(1)} %`;
    const where = `${side} ${place > leftBeyond ? "left" : "right"}`;
    return [
      { x: [[place]], y: [[quantities[y](now)]], text: [[words]], textposition: [[where]] },
      [0],
      1,
    ];
  }

  const lineAt = (x) => [{ x: [[x, x]], y: [[0, 1]] }, [0], 2];

  function placed(position, sweep) {
    return Math.min(sweep.thresholds.length - 1, Math.max(0, Math.round(position / sweep.step)));
  }

  // What the cases at a slider position come to.
  function at(position, sweep) {
    const place = placed(position, sweep);
    const { malignant, benign, unscored } = sweep;
    const tp = sweep.tp[place];
    const fp = sweep.fp[place];
    return {
      threshold: sweep.thresholds[place],
      tp,
      fp,
      fn: malignant - tp,
      tn: benign - fp,
      malignant,
      benign,
      unscored,
    };
  }

  const share = (value) => String(Math.round(1000 * value) / 1000);

  // What a point of a figure lists, or a threshold to go to: its trace says so (`Figure` in
  // model/evaluation/figures/figure.py).
  function behind({ meta, customdata }, { pointNumber, x }) {
    if (meta && meta.show) return { show: meta.show[pointNumber] };
    if (!meta || !meta.threshold) return null;
    const about = meta.threshold === "x" ? x : customdata[pointNumber];
    return { threshold: Math.min(100, typeof about === "number" ? about : about[0]) };
  }

  function clicked(name, clicks) {
    const [point] = (clicks && clicks.points) || [];
    const drawn = document.querySelector(`.graph-${name} .js-plotly-plot`);
    // What Dash tells of the point lacks what was sent in binary.
    return point && drawn ? behind(drawn._fullData[point.curveNumber], point) : null;
  }

  // The drawer of cases: over the page, which stays where it is. What opened it has the focus again when it is closed.
  const drawer = () => document.getElementById("performance-drawer");
  let opener = null;

  function open() {
    if (!drawer().contains(document.activeElement)) opener = document.activeElement;
    drawer().classList.add("open");
    drawer().scrollTop = 0;
    drawer().focus({ preventScroll: true });
  }

  function close() {
    drawer().classList.remove("open");
    set("performance-show", { data: "" });
    set("performance-page", { data: 1 });
    if (opener && opener.isConnected) opener.focus({ preventScroll: true });
    opener = null;
  }

  // Clicks set by themselves what they set. A callback that many parts of the page trigger is called for all of them
  // at once, also for one that only just arrives, and Dash then drops what it was called for before: a click was lost.
  const set = (id, values) => clientside.set_props(id, values);

  // Which cases are listed, from the first page.
  function list(code) {
    set("performance-show", { data: code });
    set("performance-page", { data: 1 });
    open();
  }
  shared.listCases = list;

  function listRange() {
    const ends = ["low", "high"].map((name, place) => {
      const field = document.getElementById(`performance-${name}`);
      return field && field.value && field.validity.valid ? field.valueAsNumber / 100 : place;
    });
    if (ends[0] < ends[1]) list(`score:${share(ends[0])}:${share(ends[1])}`);
  }

  document.addEventListener("click", ({ target }) => {
    const button = target instanceof Element && target.closest("#performance-body button");
    if (!button) return;
    const { show, page, at } = button.dataset;
    if (show) list(show);
    if (page) {
      set("performance-page", { data: Number(page) });
      open();
    }
    if (at) {
      set("performance-threshold", { value: Number(at) });
      shared.rest(Number(at));
    }
    if (button.dataset.close) close();
    if (button.id === "performance-range") listRange();
  });

  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape" && drawer() && drawer().classList.contains("open")) close();
  });

  // On a narrow window the matrix scrolls. Browsers are content with three pixels of what has the focus.
  document.addEventListener("focusin", ({ target }) => {
    if (target.matches(".square:focus-visible")) {
      target.scrollIntoView({ block: "nearest", inline: "center" });
    }
  });

  document.addEventListener("change", ({ target }) => {
    if (target.id === "performance-outcome" && target.value) list(target.value);
  });

  // The chip of the operating point at which the slider stands.
  function press(position) {
    document.querySelectorAll(".points .chip").forEach((chip) => {
      chip.setAttribute("aria-pressed", String(Number(chip.dataset.at) === Math.round(10 * position) / 10));
    });
  }

  const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
  const here =
    () => [shared.property("performance-threshold", "value"), shared.property("performance-sweep", "data")];
  const same = (one, other) => [...one].sort().join("\n") === [...other].sort().join("\n");

  // A figure is drawn some time after it was called; one that is not yet called will have the slider's position, and
  // for one that says why it is empty there is nothing to wait.
  async function drawn(name) {
    if (!shared.turns.called(name)) return false;
    for (let tries = 0; tries < 100; tries += 1) {
      const graph = document.querySelector(`.graph-${name} .js-plotly-plot`);
      if (graph && graph._fullData) return graph.data.length > 0;
      await pause(100);
    }
    return false;
  }

  const figureOf = (name) => shared.property({ type: "performance-figure", name }, "figure");

  function move(name, mark) {
    if (mark) clientside.set_props({ type: "performance-figure", name }, { extendData: mark });
  }

  // Whether a figure that came from the server has its mark elsewhere.
  function stale(name, mark) {
    const [drawn] = (figureOf(name) || { data: [] }).data;
    const apart = (axis) =>
      mark[0][axis][0].some((value, place) => Math.abs(value - drawn[axis][place]) > 1e-9);
    return Boolean(mark && drawn) && (apart("x") || apart("y"));
  }

  // A figure was asked for with the slider's position of that moment.
  document.addEventListener("dermaboard-answer", async ({ detail: { outputs } }) => {
    const { id } = [outputs].flat()[0];
    const marks = (here()[1] || {}).marks || {};
    if (id.type !== "performance-room" || !marks[id.name]) return;
    const before = figureOf(id.name);
    for (let tries = 0; tries < 100 && figureOf(id.name) === before; tries += 1) await pause(20);
    const [position, sweep] = here();
    if (nothing(position, sweep)) return;
    const mark = markAt(id.name, position, sweep);
    if (stale(id.name, mark)) move(id.name, mark);
  });

  // An address with some values set, and those that are null left out.
  function addressed(search, values) {
    const found = new URLSearchParams(search || "");
    Object.entries(values).forEach(([name, value]) => {
      found.delete(name);
      if (Array.isArray(value)) value.forEach((one) => found.append(name, one));
      else if (value !== null) found.set(name, value);
    });
    return "?" + found.toString().replaceAll("%3A", ":");
  }

  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const nothing = (position, sweep) => position === null || position === undefined || !sweep;
  const outcomes = { errors: 1, fn: 1, fp: 1, tp: 1, tn: 1, all: 1 };
  let latest = 0;
  let remembering = 0;

  // What the browser keeps by itself, as the address has it: null for what nobody chose, for it changes with the model
  // and its cases.
  function chosen(position, prevalence, show, page, runs, colouring) {
    const usual = document.querySelector(".threshold-bar").dataset;
    const values = {
      threshold: Math.abs(position - Number(usual.own)) < 0.05
        ? null
        : String(Math.round(10 * position) / 10),
      show: show || null,
      page: page > 1 ? String(page) : null,
      colour: colouring && colouring !== "truth" ? colouring : null,
    };
    if (typeof prevalence === "number") {
      values.prevalence = prevalence === Number(usual.prevalence) ? null : String(prevalence);
    }
    if (runs) values.run = same(runs, JSON.parse(usual.runs)) ? null : runs.length ? runs : [""];
    return values;
  }

  // An address with what is chosen at this moment, which `remember` writes down only when the slider rests.
  shared.upToDate = function (search) {
    const [position] = here();
    if (position === null || position === undefined) return search;
    const others = [
      ["prevalence", "value"],
      ["show", "data"],
      ["page", "data"],
      ["runs", "value"],
      ["coloured", "data"],
    ];
    const given = others.map(([name, kind]) => shared.property(`performance-${name}`, kind));
    return addressed(search, chosen(position, ...given));
  };

  clientside.performance = {
    // Tiles and confusion matrix: at once.
    read: function (position, sweep) {
      if (nothing(position, sweep)) return clientside.no_update;
      const { tp, fp, fn, tn, malignant, benign, unscored } = at(position, sweep);
      press(position);
      return [
        ...sweep.tiles[placed(position, sweep)],
        ...cell(tp, malignant),
        ...cell(fn, malignant),
        ...cell(fp, benign),
        ...cell(tn, benign),
        tenths(position / 100) + " %",
        malignant && !unscored ? tenths(tp / malignant) : "–",
        benign && !unscored ? tenths(tn / benign) : "–",
      ];
    },
    // The table of numbers: at once, and again for another prevalence (in per cent).
    weigh: function (position, prevalence, sweep) {
      // Dash gives nothing for a number out of range or half typed.
      if (nothing(position, sweep) || typeof prevalence !== "number") return clientside.no_update;
      const place = placed(position, sweep);
      const rows = sweep.numbers[place];
      if (prevalence === sweep.prevalence) return rows;
      const own = predictive(sweep.odds[place], prevalence / 100);
      return [...rows.slice(0, -own.length), ...own];
    },
    // Everything that the browser keeps by itself belongs to the address, and the list of cases follows it.
    remember: async function (
      _rested,
      prevalence,
      show,
      page,
      runs,
      colouring,
      position,
      search,
      listing,
    ) {
      const skip = [clientside.no_update, clientside.no_update, clientside.no_update];
      if (position === null || position === undefined) return skip;
      const view = shared.property("performance-view", "data");
      const mine = ++remembering;
      await pause(150);
      // A new body that has come meanwhile has its own address.
      if (mine !== remembering || view !== shared.property("performance-view", "data")) return skip;
      const next = addressed(search, chosen(position, prevalence, show, page, runs, colouring));
      if (next === search) return skip;
      const { pathname, hash } = window.location;
      window.history.replaceState(window.history.state, "", pathname + next + hash);
      // dcc.Location would otherwise put the address that it remembers back at the next change of split or model.
      clientside.set_props("performance-address", { search: next, href: window.location.href });
      const unlisted = { prevalence: null, run: null, colour: null };
      const listed = addressed(next, unlisted);
      const moved = new URLSearchParams(search || "").get("threshold") !==
        new URLSearchParams(next).get("threshold");
      return [
        next,
        listed === addressed(listing, unlisted) ? skip[1] : listed,
        moved ? position : skip[2],
      ];
    },
    // The marks in the figures: redrawing takes longer, so they wait until the slider rests.
    mark: async function (_rested, sweep, position) {
      if (nothing(position, sweep)) return;
      const mine = ++latest;
      const marked = Object.keys(sweep.marks);
      const ready = await Promise.all(marked.map(drawn));
      if (mine !== latest) return;
      marked.forEach((name, place) => ready[place] && move(name, markAt(name, position, sweep)));
    },
    // What a point of a figure lists. A point of a curve is a threshold to go to.
    point: function (clicks) {
      const found = clicks && clicked(clientside.callback_context.triggered_id.name, clicks);
      if (!found) return clientside.no_update;
      if (found.show) list(found.show);
      else set("performance-threshold", { value: Math.round(10 * found.threshold) / 10 });
      return null;
    },
    outcome: (show) => (show in outcomes ? show : ""),
    by: function (value) {
      return `wide by-${value}`;
    },
  };

  // Left and right go to the case before and after, unless something is being typed or set.
  document.addEventListener("keydown", (event) => {
    const ends = { ArrowLeft: "first-child", ArrowRight: "last-child" };
    if (
      !ends[event.key] || event.target instanceof HTMLInputElement || event.altKey || event.ctrlKey ||
      event.metaKey
    ) return;
    const link = document.querySelector(`.evaluated-bar .paging a:${ends[event.key]}`);
    if (link) link.click();
  });
})();
