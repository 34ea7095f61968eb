// Cells of the history grid. A row that is still on its way has no data.
(function () {
  "use strict";
  const cells = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  const make = (...parts) => window.React.createElement(...parts);

  // A new tab or window stays possible.
  function go(event) {
    if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    window.dermaboard.go(event.currentTarget.getAttribute("href"));
  }

  const waiting = () => make("span", { className: "history-waiting" });
  const below = (text) => (text ? make("span", { className: "history-below" }, text) : null);

  cells.HistoryThumbnail = ({ data }) =>
    data
      ? make(
        "a",
        { href: data.href, onClick: go, tabIndex: -1, "aria-label": "Open " + data.filename },
        make("img", { src: data.thumbnail, alt: "", width: 48, height: 48, loading: "lazy" }),
      )
      : waiting();

  // What a telephone has no columns for stands below the outcome.
  cells.HistoryOutcome = ({ data }) => {
    if (!data) return waiting();
    const narrow = (...parts) => make("span", { className: "history-narrow" }, ...parts);
    return make(
      "div",
      { className: "history-cell" },
      make(
        "span",
        { className: "verdict verdict-" + data.outcome, title: data.cautions.join("\n") },
        make("span", { className: "verdict-shape", "aria-hidden": true }, data.shape),
        data.word,
        make("span", { className: "history-figure" }, data.percent),
      ),
      data.signs ? make("span", { className: "history-below history-signs" }, data.signs) : null,
      below(data.before),
      make(
        "a",
        { className: "history-narrow", href: data.href, onClick: go },
        make("bdi", null, [data.patient, data.lesion].filter(Boolean).join(" · ") || data.filename),
      ),
      narrow([window.dermaboard.time(data.created).local, data.site].filter(Boolean).join(" · ")),
      narrow(make("span", { className: "review-mark review-" + data.reviewState }, data.review)),
    );
  };

  cells.HistoryReview = ({ data }) => {
    if (!data) return waiting();
    return make(
      "div",
      { className: "history-cell" },
      make("span", { className: "review-mark review-" + data.reviewState }, data.review),
      data.confirmed ? make("span", { className: "history-below" }, data.confirmed) : null,
    );
  };

  cells.HistoryProbability = ({ data }) => (data ? make("span", null, data.percent) : waiting());

  cells.HistoryText = ({ data, value }) => (data ? make("span", null, value) : waiting());

  cells.HistoryPair = ({ data, value, below: name }) =>
    data
      ? make(
        "div",
        { className: "history-cell" },
        make("span", null, value || "–"),
        below(data[name]),
      )
      : waiting();

  cells.HistoryLink = ({ data }) =>
    data
      ? make(
        "div",
        { className: "history-cell" },
        make("a", { className: "action", href: data.href, onClick: go }, make("bdi", null, data.filename)),
        below(data.model),
      )
      : waiting();

  cells.HistoryTime = ({ data }) => {
    if (!data) return waiting();
    const time = window.dermaboard.time(data.created);
    return make(
      "time",
      { className: "history-cell", dateTime: data.created, title: time.utc },
      make("span", null, time.day),
      below(time.clock),
    );
  };
})();
