// The result card, on every page that shows one: HTML from the server, in which every text is escaped.
(function () {
  "use strict";
  // The page changes, the document and its lists stay.
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest("a[data-link]");
    if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    window.dermaboard.go(link.href);
  });

  // What the model looked at, on request; on a case's page for all models together. The key counts only while the focus
  // is in the result, or whoever dictates would press it.
  const whole = (part) => part.closest(".case, .slot");

  function toggle(button) {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    whole(button).classList.toggle("outlined", on);
  }

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-outline]");
    if (button) toggle(button);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "o" || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.target.closest("input, textarea, select")) return;
    const place = event.target.closest("#case-card, .slot");
    const button = place && place.querySelector("[data-outline]");
    if (button) toggle(button);
  });

  const clientside = (window.dash_clientside = window.dash_clientside || {});
  clientside.card = {
    show: function (html) {
      document.getElementById("case-card").innerHTML = html;
      return clientside.no_update;
    },
  };
})();
