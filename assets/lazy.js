// Component libraries that are loaded when a page first draws one of their components; dashboard/server/scripts.py
// names them. Until then each is a stand-in that Dash waits for, as it waits for its own asynchronous components.
(function () {
  "use strict";
  const React = window.React;
  const fetches = []; // of each library

  function load(address, library, standIn) {
    return new Promise((done, fail) => {
      const script = document.createElement("script");
      script.src = address;
      script.onload = () => {
        const real = window[library];
        window[library] = standIn; // or components that are drawn would change their type, and be drawn anew
        done(real);
      };
      script.onerror = () => fail(new Error(address + " could not be loaded"));
      document.head.append(script);
    });
  }

  function later(library, address) {
    const made = {};
    let loading = null;
    let real = null;
    const wanted =
      () => (loading = loading || load(address, library, standIn).then((found) => (real = found)));

    function component(name) {
      let ready = null; // a promise while Dash has to wait, true afterwards
      let drawn = null;
      const begun = new Promise((done) => {
        drawn = done;
      });
      const Lazy = React.lazy(() =>
        wanted().then((found) => {
          setTimeout(() => {
            drawn(true);
            ready = true;
          }, 0);
          return { default: found[name] };
        })
      );
      const Later = (props) =>
        React.createElement(React.Suspense, { fallback: null }, React.createElement(Lazy, props));
      ready = begun;
      Later.dashPersistence = { persisted_props: ["value"], persistence_type: "local" };
      Object.defineProperty(Later, "_dashprivate_isLazyComponentReady", { get: () => ready });
      return Later;
    }

    fetches.push(wanted);
    const standIn = new Proxy({}, {
      get: function (_, name) {
        if (typeof name !== "string") return undefined;
        if (/^[A-Z]/.test(name)) return (made[name] = made[name] || component(name));
        if (real) return real[name];
        return name.endsWith("Async")
          ? (...values) => wanted().then((found) => found[name](...values))
          : undefined;
      },
    });
    return standIn;
  }

  const marks = [...document.querySelectorAll("script[data-library]")];
  for (const mark of marks) window[mark.dataset.library] = later(mark.dataset.library, mark.dataset.address);

  // The history needs all of them, and a part that the grid asks for itself. At once they travel in half the time that
  // they take one after the other.
  let asked = false;

  function fetchForHistory() {
    if (asked) return;
    asked = true;
    for (const fetch of fetches) fetch().catch(() => {}); // whoever draws it asks again, and says so
    const grid = marks.find((mark) => mark.dataset.library === "dash_ag_grid");
    if (!grid) return;
    const part = document.createElement("link");
    const href = grid.dataset.address.replace(/[^/]*$/, "async-community.js");
    Object.assign(part, { rel: "preload", as: "script", href: href });
    document.head.append(part);
  }

  const history = document.documentElement.dataset.root + "/history";
  if (location.pathname === history) fetchForHistory();
  for (const going of ["pointerdown", "click"]) {
    document.addEventListener(going, (event) => {
      const link = event.target instanceof Element && event.target.closest("a");
      if (link && link.pathname === history) fetchForHistory();
    });
  }
})();
