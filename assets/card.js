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

  document.addEventListener("input", (event) => {
    if (!event.target.matches(".opacity")) return;
    const hero = event.target.closest(".hero-figure").querySelector(".hero");
    hero.style.setProperty("--heat", event.target.value / 100);
  });

  const clientside = (window.dash_clientside = window.dash_clientside || {});
  clientside.card = {
    show: function (html) {
      document.getElementById("case-card").innerHTML = html;
      return clientside.no_update;
    },
  };
})();
