// The report's own needs in the browser: the reader's local time (in the PDF too), and the print dialog.
(function () {
  "use strict";
  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (target && target.closest("[data-print]")) window.print();
    // The PDF is made by the server, which does not know where its reader is.
    const pdf = target && target.closest('a[download][href$="/report"]');
    if (pdf) {
      pdf.href += "?zone=" + encodeURIComponent(Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC");
    }
  });

  function local(time) {
    const when = new Date(time.dateTime);
    if (when.getTimezoneOffset() === 0) return "";
    return " (" + when.toLocaleString("en-GB", { dateStyle: "long", timeStyle: "short" }) + " " +
      (when.toLocaleTimeString("en-GB", { timeZoneName: "short" }).split(" ").pop()) + ")";
  }

  const clientside = (window.dash_clientside = window.dash_clientside || {});
  clientside.report = {
    show: function (html) {
      const place = document.getElementById("report-sheet");
      place.innerHTML = html;
      place.querySelector(".sheet-local").textContent = local(place.querySelector("time"));
      return clientside.no_update;
    },
  };
})();
