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

  function cell(count, of) {
    return [number.format(count), rate(count, of), { "--share": of ? count / of : 0 }];
  }

  function point(x, y, threshold, beyond) {
    const text = `threshold ${(100 * threshold).toFixed(1)} %`;
    return [{ x: [[x]], y: [[y]], text: [[text]], textposition: [[beyond ? "bottom left" : "bottom right"]] }, [0], 1];
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

  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const nothing = (position, sweep) => position === null || position === undefined || !sweep;
  let latest = 0;

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
      ];
    },
    reset: function (clicks, sweep) {
      return clicks ? Math.round(1000 * sweep.own) / 10 : clientside.no_update;
    },
  };
})();
