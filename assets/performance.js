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

  function rate(hits, of) {
    return of ? (100 * (hits / of)).toFixed(1) + " %" : "–";
  }

  function reading(hits, of, unscored, lacking) {
    if (unscored || !of) return ["–", "Not defined " + (unscored ? "while cases have no score." : lacking + ".")];
    const [low, high] = wilson(hits, of);
    const spread = (100 * low).toFixed(1) + "–" + (100 * high).toFixed(1) + " %";
    return [rate(hits, of), `${spread} · ${number.format(hits)} of ${number.format(of)}`];
  }

  function cell(count, of) {
    return [number.format(count), rate(count, of), { "--share": of ? count / of : 0 }];
  }

  function point(x, y, threshold, beyond) {
    const text = `threshold ${(100 * threshold).toFixed(1)} %`;
    return [{ x: [[x]], y: [[y]], text: [[text]], textposition: [[beyond ? "bottom left" : "bottom right"]] }, [0], 1];
  }

  const clientside = (window.dash_clientside = window.dash_clientside || {});
  clientside.performance = {
    move: function (position, sweep) {
      if (position === null || position === undefined || !sweep) return clientside.no_update;
      const last = sweep.thresholds.length - 1;
      const at = Math.min(last, Math.max(0, Math.round(position / sweep.step)));
      const { malignant, benign, unscored } = sweep;
      const threshold = sweep.thresholds[at];
      const tp = sweep.tp[at];
      const fp = sweep.fp[at];
      const fn = malignant - tp;
      const tn = benign - fp;
      const both = malignant && benign && !unscored;
      const skip = clientside.no_update;
      return [
        ...reading(tp, malignant, unscored, "without malignant cases"),
        ...reading(tn, benign, unscored, "without benign cases"),
        ...reading(tp + tn, malignant + benign, unscored, "without cases"),
        ...cell(tp, malignant),
        ...cell(fn, malignant),
        ...cell(fp, benign),
        ...cell(tn, benign),
        both ? point(fp / benign, tp / malignant, threshold, fp / benign >= 0.5) : skip,
        both ? point(tp / malignant, tp + fp ? tp / (tp + fp) : null, threshold, tp / malignant > 0.5) : skip,
        malignant + benign ? [{ x: [[100 * threshold, 100 * threshold]], y: [[0, 1]] }, [0], 2] : skip,
      ];
    },
    reset: function (clicks, sweep) {
      return clicks ? Math.round(1000 * sweep.own) / 10 : clientside.no_update;
    },
  };
})();
