// What the performance page draws is drawn when it comes into view or near it, one after another, so that numbers can be
// read and the slider moved before the last figure is there. A room (`.room`) that is still empty has its skeleton in it.
(function () {
  "use strict";
  const shared = window.dermaboard;
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const PAUSE = 30;
  const PATIENCE = 5000;
  const LONGEST = 60000;
  // Windows above and below that are drawn before they are in sight.
  const NEAR = 0.5;
  // As in performance.css.
  const narrow = window.matchMedia("(max-width: 767px)");
  let called = null; // when each room was called, by its name; null until the rooms are there
  let running = 0;
  let shown = null; // the view whose rooms these are
  let again = () => {};
  let wake = null; // goes on when all that is near is drawn
  let everything = false; // for paper, which shows more than the window

  const nameOf = (room) => JSON.parse(room.id).name;
  const empty = (room) => room.querySelector(":scope > .skeleton") !== null;
  // Drawn without its intervals, which take longer.
  const rough = (room) => room.querySelector(".rough") !== null;

  // How far a room is from what the window shows, in windows; 0 for what is in sight. What is folded has no place.
  function away(room) {
    if (!room.getClientRects().length) return Infinity;
    const { top, bottom } = room.getBoundingClientRect();
    return Math.max(0, top - window.innerHeight, -bottom) / window.innerHeight;
  }

  // What draws figures takes longest to arrive and to start: fetched with the first figure's numbers, not after them. Dash
  // takes what `window.Plotly` will be.
  function fetchPlotly() {
    if (window.Plotly) return Promise.resolve(window.Plotly);
    window.Plotly = new Promise((done, fail) => {
      const script = Object.assign(document.createElement("script"), { src: window._dashPlotlyJSURL });
      script.onload = () => done(window.Plotly);
      script.onerror = () => {
        delete window.Plotly; // whoever draws the next figure asks again
        fail(new Error("Plotly could not be loaded"));
      };
      document.head.append(script);
    });
    window.Plotly.catch(() => {}); // whoever draws with it says so
    return window.Plotly;
  }

  function call(room, theme, sure) {
    if (room.closest(".graph")) fetchPlotly();
    called.set(nameOf(room) + (sure ? " sure" : ""), performance.now());
    const data = { theme, sure, narrow: narrow.matches, ...shared.map.choice() };
    clientside.set_props(JSON.parse(room.dataset.turn), { data });
  }

  function waits(room) {
    const since = called.get(nameOf(room));
    const drawn = !empty(room) && !room.querySelector(".dash-graph:not(:has(.main-svg))");
    return since !== undefined && !drawn && performance.now() - since < PATIENCE;
  }

  // The room to call next, and whether with its intervals.
  function next(rooms) {
    const near = rooms.map((room) => [away(room), room]).filter(([far]) =>
      everything ? far < Infinity : far <= NEAR
    ).sort((
      [one],
      [other],
    ) => one - other);
    const found = near.find(([, room]) => !called.has(nameOf(room)));
    if (found) return { room: found[1], sure: false };
    const unsure = near.find(([, room]) => rough(room) && !called.has(`${nameOf(room)} sure`));
    return unsure ? { room: unsure[1], sure: true } : null;
  }

  function step(mine, theme, same) {
    if (mine !== running || !document.getElementById("performance-body")) return;
    const rooms = [...document.querySelectorAll("#performance-body [data-turn]")];
    // In another theme, what looks the same in every theme stays.
    const stays = (room) => same && room.dataset.plain && !empty(room);
    if (!called && rooms.length) called = new Map(rooms.filter(stays).map((room) => [nameOf(room), 0]));
    // The next when what was called is drawn: a browser draws no faster for being asked twice.
    if (called && !rooms.some(waits)) {
      const found = next(rooms);
      if (!found) {
        // Until something else comes into view.
        wake = () => step(mine, theme, same);
        return;
      }
      call(found.room, theme, found.sure);
    }
    setTimeout(() => step(mine, theme, same), PAUSE);
  }

  // A figure that is to be drawn otherwise.
  function anew(name) {
    if (called) called.delete(name);
    resume();
  }

  // Draw everything that is not folded; done when it stands, with its intervals.
  async function all() {
    const waiting = () =>
      [...document.querySelectorAll("#performance-body [data-turn]")].some((room) =>
        away(room) < Infinity &&
        (empty(room) || rough(room) || room.querySelector(".dash-graph:not(:has(.main-svg))"))
      );
    everything = true;
    const began = performance.now();
    while (waiting() && performance.now() - began < LONGEST) {
      resume();
      await new Promise((done) => setTimeout(done, 100));
    }
    everything = false;
  }

  shared.turns = { called: (name) => called !== null && called.has(name), all, anew, fetchPlotly };
  clientside.turns = {
    // With every new body and in every new theme; what was begun for another ends.
    draw: function (theme, view) {
      const mine = ++running;
      called = wake = null;
      const same = view === shown;
      shown = view;
      shared.settle();
      if (view) setTimeout(() => step(mine, theme, same), PAUSE);
      again = () => clientside.turns.draw(theme, view);
      return clientside.no_update;
    },
  };
  narrow.addEventListener("change", () => again());

  function resume() {
    const go = wake;
    wake = null;
    if (go) requestAnimationFrame(go);
  }
  document.addEventListener("scroll", resume, { passive: true });
  document.addEventListener("toggle", resume, true);
  window.addEventListener("resize", resume);
})();
