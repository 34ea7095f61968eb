// The report's own needs in the browser: the reader's local time, and the print dialog.
(function () {
  "use strict";
  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("[data-print]")) window.print();
  });

  const clientside = (window.dash_clientside = window.dash_clientside || {});
  clientside.report = {
    local: function () {
      const time = document.querySelector(".sheet time");
      const when = time && new Date(time.dateTime);
      if (!when || when.getTimezoneOffset() === 0) return "";
      return " (" + when.toLocaleString("en-GB", { dateStyle: "long", timeStyle: "short" }) + " " +
        (when.toLocaleTimeString("en-GB", { timeZoneName: "short" }).split(" ").pop()) + ")";
    },
  };
})();
