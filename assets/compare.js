// Photographs side by side: whatever enlarges or moves one of them does so with all (dashboard/compare/cases_page.py).
(function () {
  "use strict";
  const MOST = 8;
  const STEP = 1.4;
  // How much larger, and how far the middle is moved, in parts of a pane.
  let view = { zoom: 1, x: 0, y: 0 };
  const fingers = new Map(); // what touches a pane -> where
  let board = null;

  function show(next) {
    const zoom = Math.min(MOST, Math.max(1, next.zoom));
    // No edge comes further in than that of the pane.
    const room = (zoom - 1) / 2;
    const within = (value) => Math.min(room, Math.max(-room, value));
    view = { zoom, x: within(next.x), y: within(next.y) };
    board.style.setProperty("--zoom", view.zoom);
    board.style.setProperty("--x", 100 * view.x + "%");
    board.style.setProperty("--y", 100 * view.y + "%");
    board.classList.toggle("enlarged", view.zoom > 1);
  }

  // What is at (x, y), in parts of the pane from its middle, stays where it is.
  function enlarge(times, x = 0, y = 0) {
    const zoom = Math.min(MOST, Math.max(1, view.zoom * times));
    const by = zoom / view.zoom;
    show({ zoom, x: x - (x - view.x) * by, y: y - (y - view.y) * by });
  }

  const move = (x, y) => show({ ...view, x: view.x + x, y: view.y + y });

  function place(pane, { clientX, clientY }) {
    const { left, top, width, height } = pane.getBoundingClientRect();
    return [(clientX - left) / width - 0.5, (clientY - top) / height - 0.5];
  }

  const paneOf = (event) => event.target instanceof Element && event.target.closest(".pane");

  // A page that is opened anew shows the whole photographs.
  function found(pane) {
    const here = pane.closest("#side-by-side");
    if (here === board) return;
    board = here;
    view = { zoom: 1, x: 0, y: 0 };
    fingers.clear();
    board.addEventListener("wheel", turn, { passive: false });
  }

  function turn(event) {
    const pane = paneOf(event);
    if (!pane) return;
    // The page scrolls on where nothing can be made smaller.
    if (event.deltaY > 0 && view.zoom === 1) return;
    event.preventDefault();
    enlarge(Math.exp(-event.deltaY / 300), ...place(pane, event));
  }

  document.addEventListener("pointerover", (event) => {
    const pane = paneOf(event);
    if (pane) found(pane);
  });

  document.addEventListener("pointerdown", (event) => {
    const pane = paneOf(event);
    if (!pane || event.button) return;
    found(pane);
    fingers.set(event.pointerId, { pane, at: place(pane, event) });
    if (view.zoom > 1 || fingers.size > 1) pane.setPointerCapture(event.pointerId);
  });

  document.addEventListener("pointermove", (event) => {
    const finger = fingers.get(event.pointerId);
    if (!finger) return;
    const [before, now] = [finger.at, place(finger.pane, event)];
    const other = [...fingers.values()].find((one) => one !== finger);
    finger.at = now;
    if (!other) {
      if (view.zoom > 1) move(now[0] - before[0], now[1] - before[1]);
      return;
    }
    const apart = (at) => Math.hypot(at[0] - other.at[0], at[1] - other.at[1]);
    const middle = now.map((value, axis) => (value + other.at[axis]) / 2);
    if (apart(before) > 0.02) enlarge(apart(now) / apart(before), ...middle);
    move((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
  });

  for (const over of ["pointerup", "pointercancel"]) {
    document.addEventListener(over, (event) => fingers.delete(event.pointerId));
  }

  document.addEventListener("dblclick", (event) => {
    const pane = paneOf(event);
    if (!pane) return;
    found(pane);
    if (view.zoom > 1) show({ zoom: 1, x: 0, y: 0 });
    else enlarge(2.5, ...place(pane, event));
  });

  const KEYS = {
    "+": () => enlarge(STEP),
    "=": () => enlarge(STEP),
    "-": () => enlarge(1 / STEP),
    "0": () => show({ zoom: 1, x: 0, y: 0 }),
    ArrowLeft: () => move(0.1, 0),
    ArrowRight: () => move(-0.1, 0),
    ArrowUp: () => move(0, 0.1),
    ArrowDown: () => move(0, -0.1),
  };

  document.addEventListener("keydown", (event) => {
    const pane = paneOf(event);
    if (!pane || !KEYS[event.key] || event.altKey || event.ctrlKey || event.metaKey) return;
    found(pane);
    // The page scrolls on where nothing can be moved.
    if (event.key.startsWith("Arrow") && view.zoom === 1) return;
    event.preventDefault();
    KEYS[event.key]();
  });

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-zoom]");
    if (!button) return;
    found(button);
    const { zoom } = button.dataset;
    if (zoom === "full") {
      if (document.fullscreenElement) document.exitFullscreen();
      else board.requestFullscreen();
    } else KEYS[{ in: "+", out: "-", whole: "0" }[zoom]]();
  });

  // One over the other: the second photograph is seen up to a line that is moved.
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-swipe]");
    if (!button) return;
    found(button);
    const swiping = board.classList.toggle("swiping");
    button.setAttribute("aria-pressed", String(swiping));
  });

  document.addEventListener("input", (event) => {
    if (!(event.target instanceof Element) || !event.target.closest(".swipe-line")) return;
    found(event.target);
    board.style.setProperty("--swipe", `${event.target.value}%`);
  });
})();
