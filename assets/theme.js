// Light or dark, before anything is painted: the stored choice first, what the system prefers otherwise.
(function () {
  "use strict";
  const KEY = "dermaboard-theme";
  const system = window.matchMedia("(prefers-color-scheme: dark)");

  function stored() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // Storage can be switched off; the switch then works until the page is left.
    }
  }

  function apply(theme) {
    document.documentElement.setAttribute("data-bs-theme", theme);
    const button = document.getElementById("theme-switch");
    if (button) button.setAttribute("aria-pressed", String(theme === "dark"));
    return theme;
  }

  function current() {
    return document.documentElement.getAttribute("data-bs-theme");
  }

  apply(stored() || (system.matches ? "dark" : "light"));
  system.addEventListener("change", (event) => {
    if (stored()) return;
    const theme = apply(event.matches ? "dark" : "light");
    // Some pages are not Dash's.
    if (clientside.set_props) clientside.set_props("theme", { data: theme });
  });

  // Another page without loading everything anew. Dash listens to this event of the browser's own.
  const shared = (window.dermaboard = window.dermaboard || {});
  shared.go = function (href) {
    window.history.pushState({}, "", href);
    window.dispatchEvent(new PopStateEvent("popstate"));
    window.scrollTo(0, 0);
  };

  const clientside = (window.dash_clientside = window.dash_clientside || {});
  clientside.theme = {
    switch: function (clicks) {
      if (!clicks) return apply(current());
      const theme = apply(current() === "dark" ? "light" : "dark");
      try {
        localStorage.setItem(KEY, theme);
      } catch {
        /* as above */
      }
      return theme;
    },
  };
  clientside.navigation = {
    mark: function (pathname) {
      const root = document.documentElement.dataset.root;
      const section = root + "/" + pathname.slice(root.length).split("/")[1];
      for (const link of document.querySelectorAll("#navigation a")) {
        if (link.getAttribute("href") === section) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
      }
      return pathname;
    },
  };
})();
