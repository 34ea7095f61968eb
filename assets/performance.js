// The performance page follows the threshold slider without asking the server: it has the counts at every position.
// Numbers read as in dashboard/components/performance.py; a test in the browser holds the two together.
(function () {
  "use strict";
  const Z = 1.959963984540054;
  const number = new Intl.NumberFormat("en-US");

  function wilson(hits, of) {
    const share = hits / of;
    const centre = share + (Z * Z) / (2 * of);
    const half = Z * Math.sqrt((share * (1 - share)) / of + (Z * Z) / (4 * of * of));
    const scale = 1 + (Z * Z) / of;
    return [hits === 0 ? 0 : (centre - half) / scale, hits === of ? 1 : (centre + half) / scale];
  }

  // Halves upwards, like the server: toFixed and Python's format would part ways on 12.25.
  function tenths(share) {
    return (Math.floor(1000 * share + 0.5) / 10).toFixed(1);
  }

  function rate(hits, of) {
    return of ? tenths(hits / of) + " %" : "–";
  }

  function reading(hits, of, unscored, lacking) {
    if (unscored || !of) return ["–", "Not defined " + (unscored ? "while cases have no score." : lacking + ".")];
    const [low, high] = wilson(hits, of);
    const spread = `${tenths(low)}–${tenths(high)} %`;
    return [rate(hits, of), `${spread} · ${number.format(hits)} of ${number.format(of)}`];
  }

  // The numbers of model/operating.py, each [value, low, high] or why there is none.
  function ratio(hits, of, others, otherOf) {
    const value = others ? hits / of / (others / otherOf) : Infinity;
    const [a, m, c, b] = hits && others ? [hits, of, others, otherOf] : [hits + 0.5, of + 1, others + 0.5, otherOf + 1];
    const centre = Math.log(a / m / (c / b));
    const half = Z * Math.sqrt(1 / a - 1 / m + 1 / c - 1 / b);
    return [value, hits ? Math.exp(centre - half) : 0, others ? Math.exp(centre + half) : Infinity];
  }

  function posterior(prior, likelihood) {
    return likelihood.map((times) => (times === Infinity ? 1 : (prior * times) / (prior * times + 1 - prior)));
  }

  function balanced(tp, malignant, tn, benign) {
    const [one, other] = [tp / malignant, tn / benign];
    const [[low, high], [otherLow, otherHigh]] = [wilson(tp, malignant), wilson(tn, benign)];
    const value = (one + other) / 2;
    const below = Math.hypot(one - low, other - otherLow) / 2;
    const above = Math.hypot(high - one, otherHigh - other) / 2;
    return [value, Math.max(0, value - below), Math.min(1, value + above)];
  }

  function worth({ tp, fp, fn, tn, malignant, benign, unscored }, prevalence) {
    const alarms = tp + fp + fn;
    const f1 = alarms && [tp / alarms, ...wilson(tp, alarms)].map((share) => (2 * share) / (1 + share));
    const lacking = unscored ? "while cases have no score" : !malignant ? "without malignant cases" : !benign && "without benign cases";
    const whole = (sentence, value) => lacking || sentence || value();
    const ppv = () => posterior(prevalence, ratio(tp, malignant, fp, benign));
    const npv = () => posterior(1 - prevalence, ratio(tn, benign, fn, malignant));
    const noneMalignant = !(tp + fp) && "when no case is called malignant";
    return [
      ["share", whole(false, () => balanced(tp, malignant, tn, benign))],
      ["index", unscored ? lacking : f1 || "without malignant cases and without alarms"],
      ["ratio", whole(!fp && "without a false alarm", () => ratio(tp, malignant, fp, benign))],
      ["ratio", whole(!tn && "when no harmless lesion is left alone", () => ratio(fn, malignant, tn, benign))],
      ["share", whole(noneMalignant, ppv)],
      ["share", whole(!(tn + fn) && "when no case is called benign", npv)],
      ["ratio", whole(noneMalignant || (!tp && "when no cancer is caught"), () => {
        const [value, low, high] = ppv();
        return [1 / value, 1 / high, 1 / low];
      })],
    ];
  }

  function fixed(value, digits) {
    const power = 10 ** digits;
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return (Math.floor(power * value + 0.5) / power).toLocaleString("en-US", options);
  }

  function written(value, kind) {
    if (kind === "share") return tenths(value);
    if (kind === "index") return fixed(value, 3);
    return fixed(value, value < 1 ? 3 : value < 10 ? 2 : value < 100 ? 1 : 0);
  }

  function row([kind, found]) {
    if (typeof found === "string") return ["–", `Not defined ${found}.`];
    const unit = kind === "share" ? " %" : "";
    const [value, low, high] = found.map((one) => written(one, kind));
    return [value + unit, `${low}–${high}${unit}`];
  }

  function cell(count, of) {
    return [number.format(count), rate(count, of), { "--share": of ? count / of : 0 }];
  }

  function point(x, y, threshold, beyond) {
    const text = `threshold ${(100 * threshold).toFixed(1)} %`;
    return [{ x: [[x]], y: [[y]], text: [[text]], textposition: [[beyond ? "bottom left" : "bottom right"]] }, [0], 1];
  }

  function net(tp, fp, n, threshold) {
    return point(100 * threshold, (100 * (tp - (fp * threshold) / (1 - threshold))) / n, threshold, false);
  }

  // What the cases at a slider position come to.
  function at(position, sweep) {
    const last = sweep.thresholds.length - 1;
    const place = Math.min(last, Math.max(0, Math.round(position / sweep.step)));
    const { malignant, benign, unscored } = sweep;
    const tp = sweep.tp[place];
    const fp = sweep.fp[place];
    return { threshold: sweep.thresholds[place], tp, fp, fn: malignant - tp, tn: benign - fp, malignant, benign, unscored };
  }

  const html = (type, children, more) => ({ namespace: "dash_html_components", type, props: { children, ...more } });
  const outcomes = { fn: "▲ Cancer missed", fp: "▲ False alarm", tp: "◆ Cancer caught", tn: "● Rightly left alone" };

  function photograph({ id, shown }) {
    if (!shown) return html("Td", "–");
    const address = `/evaluated/${encodeURIComponent(id)}`;
    const image = html("Img", undefined, { src: `${address}/thumbnail`, alt: `Lesion ${id}`, loading: "lazy" });
    return html("Td", html("A", [image], { href: `${address}/image`, target: "_blank" }));
  }

  function caseRow(one, images) {
    const cells = [outcomes[one.outcome], tenths(one.p) + " %", one.truth, one.choice, one.about];
    const picture = images ? [photograph(one)] : [];
    return html("Tr", [html("Th", one.id, { scope: "row" }), ...picture, ...cells.map((words) => html("Td", words))]);
  }

  // A case of each list, in its order, that has this outcome at the threshold.
  function chosen(outcome, threshold, lists) {
    const called = outcome === "tp" || outcome === "fp";
    return lists[outcome].filter(({ p }) => p >= threshold === called).map((one) => ({ ...one, outcome }));
  }

  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const nothing = (position, sweep) => position === null || position === undefined || !sweep;
  let latest = 0;
  let listing = 0;

  clientside.performance = {
    // Tiles and confusion matrix: at once.
    read: function (position, sweep) {
      if (nothing(position, sweep)) return clientside.no_update;
      const { tp, fp, fn, tn, malignant, benign, unscored } = at(position, sweep);
      return [
        ...reading(tp, malignant, unscored, "without malignant cases"),
        ...reading(tn, benign, unscored, "without benign cases"),
        ...reading(tp + tn, malignant + benign, unscored, "without cases"),
        ...cell(tp, malignant),
        ...cell(fn, malignant),
        ...cell(fp, benign),
        ...cell(tn, benign),
      ];
    },
    // The table of numbers: at once, and again for another prevalence (in per cent).
    weigh: function (position, prevalence, sweep) {
      // Dash gives nothing for a number out of range or half typed.
      if (nothing(position, sweep) || typeof prevalence !== "number") return clientside.no_update;
      return worth(at(position, sweep), prevalence / 100).flatMap(row);
    },
    // The prevalence belongs to the address; it changes nothing that the server would have to draw.
    // That of the cases themselves is nobody's choice.
    remember: function (prevalence, sweep) {
      if (typeof prevalence !== "number" || !sweep) return clientside.no_update;
      const own = prevalence === sweep.prevalence ? null : prevalence;
      const address = new URL(window.location.href);
      if (own === null) address.searchParams.delete("prevalence");
      else address.searchParams.set("prevalence", own);
      if (address.href !== window.location.href) window.history.replaceState(window.history.state, "", address);
      return own;
    },
    // The marks in the figures: redrawing takes longer, so they skip what the slider only passes through.
    mark: async function (position, sweep) {
      if (nothing(position, sweep)) return clientside.no_update;
      const mine = ++latest;
      await new Promise((done) => setTimeout(done, 40));
      if (mine !== latest) return clientside.no_update;
      const { threshold, tp, fp, malignant, benign, unscored } = at(position, sweep);
      const skip = clientside.no_update;
      const sensitivity = tp / malignant;
      const both = malignant && benign && !unscored;
      return [
        both ? point(fp / benign, sensitivity, threshold, fp / benign >= 0.7) : skip,
        both ? point(sensitivity, tp + fp ? tp / (tp + fp) : null, threshold, sensitivity > 0.5) : skip,
        malignant + benign ? [{ x: [[100 * threshold, 100 * threshold]], y: [[0, 1]] }, [0], 2] : skip,
        both && threshold < 1 ? net(tp, fp, malignant + benign, threshold) : skip,
      ];
    },
    // The cases: as with the marks, when the slider rests.
    list: async function (outcome, position, lists, sweep) {
      if (nothing(position, sweep) || !lists || !lists.fn) return clientside.no_update;
      const mine = ++listing;
      await new Promise((done) => setTimeout(done, 120));
      if (mine !== listing) return clientside.no_update;
      const now = at(position, sweep);
      const wanted = outcome === "errors" ? ["fn", "fp"] : [outcome];
      const total = wanted.reduce((sum, name) => sum + now[name], 0);
      const found = wanted.flatMap((name) => chosen(name, now.threshold, lists)).slice(0, lists.most);
      const words = found.length < total ? `The first ${found.length} of ${number.format(total)} cases.` : `${total} cases.`;
      if (!total) return html("P", "No case at this threshold.", { className: "note" });
      const head = ["Image", ...(lists.images ? ["Photograph"] : []), "Outcome", "Score", "Diagnosis", "Model's choice", "Patient"];
      return [
        html("P", words, { className: "note" }),
        html("Table", [
          html("Thead", html("Tr", head.map((word) => html("Th", word, { scope: "col" })))),
          html("Tbody", found.map((one) => caseRow(one, lists.images))),
        ], { className: "figures cases" }),
      ];
    },
    // A click on a cell of the confusion matrix lists its cases.
    pick: function (...clicks) {
      const [one] = clientside.callback_context.triggered;
      if (!one || !one.value) return clientside.no_update;
      document.getElementById("performance-cases-panel").scrollIntoView({ block: "center" });
      return one.prop_id.split("-")[1];
    },
    reset: function (clicks, sweep) {
      return clicks ? Math.round(1000 * sweep.own) / 10 : clientside.no_update;
    },
  };
})();
