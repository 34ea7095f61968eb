// The photographs of this visit: each goes to the REST API as a multipart request of its own, at most four at once.
// A file is waiting, sending, then done, failed or cancelled. The server renders its place ("slot") and its card
// (dashboard/pages/predict.py); answers and states go into them through set_props. The list outlives the page: who
// looks at the history and comes back finds it again, and what was still to be sent has gone on meanwhile.
(function () {
  "use strict";
  const ADDRESS = "/api/v1/predictions";
  const AT_ONCE = 4;
  const MOST = 100; // files at a time
  const PATIENCE = 10000; // milliseconds until slots are asked for again
  const TRIES = 4; // for a server that says it is busy
  const OPEN = ["waiting", "sending"];
  const items = new Map(); // key -> item, in the order of the files
  let asked = 0; // the timer of the batch whose slots are on their way, 0 when none is
  let counter = 0;

  const shared = (window.dermaboard = window.dermaboard || {});
  const zone = () => document.getElementById("drop-zone");
  const named = (type, key) => JSON.stringify({ key: key, type: type }); // as Dash writes ids into the page
  const slot = (key) => document.getElementById(named("slot", key));
  const megabytes = (bytes) => (bytes / 1e6).toFixed(bytes < 9.95e6 ? 1 : 0) + " MB";

  function set(type, key, props) {
    if (slot(key)) window.dash_clientside.set_props({ key: key, type: type }, props);
  }

  // crypto.randomUUID is only there on https; a clinic's server may not have that.
  function random() {
    return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  function add(files) {
    const chosen = [...files];
    const notice = document.getElementById("intake-notice");
    if (notice)
      notice.textContent =
        chosen.length > MOST
          ? chosen.length + " files are more than the " + MOST + " that can be added at a time. The first " + MOST +
            " are being checked; add the others afterwards."
          : "";
    for (const file of chosen.slice(0, MOST)) {
      const key = "f" + Date.now().toString(36) + "-" + counter++;
      const fields = shared.choices();
      items.set(key, { key: key, name: file.name, file: file, fields: fields, once: random(), state: "waiting", tries: 0 });
    }
    ask();
    shared.batch.draw();
  }

  // Dash drops the answer to a callback that is asked again meanwhile, so slots are asked for one batch at a time.
  function ask() {
    if (asked || !zone()) return;
    const batch = [...items.values()].filter((item) => !slot(item.key)).map((item) => ({ key: item.key, name: item.name }));
    if (!batch.length) return;
    asked = setTimeout(() => { asked = 0; ask(); }, PATIENCE);
    window.dash_clientside.set_props("batch", { data: batch });
  }

  // Slots have come: tell them what is known by now, and send what waits.
  function placed() {
    clearTimeout(asked);
    asked = 0;
    ask();
    for (const item of items.values()) {
      if (!slot(item.key) || item.placed) continue;
      item.placed = item.began = true;
      paint(item);
    }
    next();
  }

  function next() {
    let running = [...items.values()].filter((item) => item.state === "sending").length;
    for (const item of items.values()) {
      if (running >= AT_ONCE) return;
      if (item.state !== "waiting" || !item.began || item.later) continue;
      running++;
      send(item);
    }
  }

  function change(item, state, words) {
    Object.assign(item, { state: state, words: words });
    paint(item);
    shared.batch.draw();
  }

  function paint(item) {
    set("slot", item.key, { className: "slot slot-" + item.state });
    set("status", item.key, { children: item.words || "Waiting" });
    if (item.file && OPEN.includes(item.state)) preview(item);
    if (item.state === "done") set("stored", item.key, { data: item.id });
  }

  function preview(item) {
    const image = slot(item.key) && slot(item.key).querySelector("img.preview");
    if (!image || image.src) return;
    const address = URL.createObjectURL(item.file);
    const done = () => URL.revokeObjectURL(address);
    image.onload = () => { image.classList.add("loaded"); done(); };
    image.onerror = done; // Browsers don't show TIFF or DICOM; the skeleton then stays as it is.
    image.src = address;
  }

  async function send(item) {
    change(item, "sending", "Preparing");
    const file = await shared.shrink(item.file);
    if (item.state !== "sending") return; // cancelled meanwhile
    const limit = Number(zone() ? zone().dataset.limit : Infinity);
    if (file.size > limit)
      return finished(item, "failed", "The file has " + Math.ceil(file.size / 1e6) + " MB; the limit is " + limit / 1e6 + " MB.");
    const smaller = file === item.file ? "" : ", scaled down from " + megabytes(item.file.size) + " to " + megabytes(file.size);
    change(item, "sending", "Sending" + smaller);
    const form = new FormData();
    for (const [name, value] of Object.entries(item.fields)) form.append(name, value);
    form.append("stability", "1");
    form.append("file", file, file.name);
    const request = (item.request = new XMLHttpRequest());
    request.open("POST", ADDRESS);
    // The same file sent again after a lost answer is not stored a second time.
    request.setRequestHeader("Idempotency-Key", item.once);
    request.upload.onprogress = (event) => progress(item, event.loaded / event.total);
    request.onload = () => answered(item, request);
    request.onerror = () =>
      finished(item, "failed", "The server could not be reached. Check the connection, then try again.");
    request.send(form);
  }

  function progress(item, share) {
    if (item.state !== "sending") return;
    const bar = slot(item.key) && slot(item.key).querySelector("[role=progressbar]");
    const percent = Math.round(100 * share);
    if (bar) {
      bar.setAttribute("aria-valuenow", percent);
      bar.firstElementChild.style.width = percent + "%";
    }
    if (percent === 100 && item.words !== "Analysing") change(item, "sending", "Analysing");
  }

  function answered(item, request) {
    let body = {};
    try {
      body = JSON.parse(request.responseText);
    } catch (error) {
      /* a proxy's page instead of our answer; the sentence below says what is known */
    }
    if (request.status === 200 || request.status === 201) {
      item.id = body.id;
      return finished(item, "done", "Result ready");
    }
    const pause = Number(request.getResponseHeader("Retry-After"));
    if ([429, 503].includes(request.status) && pause > 0 && item.tries++ < TRIES) return again(item, Math.min(pause, 30));
    finished(item, "failed", body.detail || "The server answered with error " + request.status + ". Try again.");
  }

  function again(item, seconds) {
    item.later = true;
    change(item, "waiting", "The server is busy; trying again");
    setTimeout(() => { item.later = false; next(); }, seconds * 1000);
    next();
  }

  function finished(item, state, words) {
    if (item.state !== "sending" && item.state !== "waiting") return;
    item.request = null;
    if (state === "done") item.file = null; // a pasted picture lives in memory
    change(item, state, words);
    announce(item);
    next();
  }

  function cancel(item) {
    if (!OPEN.includes(item.state)) return;
    const request = item.request;
    finished(item, "cancelled", "Cancelled");
    if (request) request.abort();
  }

  function retry(item) {
    if (!item || !item.file || OPEN.includes(item.state)) return;
    change(item, "waiting", "Waiting");
    next();
  }

  // A long list is announced once, when it is through; a single file with what came of it.
  function announce(item) {
    const place = document.getElementById("announcer");
    if (!place) return;
    const left = [...items.values()].filter((one) => OPEN.includes(one.state)).length;
    if (items.size <= 3) place.textContent = item.name + ": " + item.words + ".";
    else if (!left) place.textContent = shared.batch.summary();
  }

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("button[data-cancel], button[data-retry]");
    if (!button) return;
    const item = items.get(button.dataset.cancel || button.dataset.retry);
    if (item) (button.dataset.cancel ? cancel : retry)(item);
  });
  window.addEventListener("beforeunload", (event) => {
    if ([...items.values()].some((item) => OPEN.includes(item.state))) event.preventDefault();
  });

  shared.queue = { add: add, items: items, slot: slot };
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const still = () => window.dash_clientside.no_update;
  clientside.upload = {
    opened: function () {
      for (const item of items.values()) item.placed = item.shown = false; // the page came anew, and its slots with it
      ask();
      shared.batch.draw();
      return still();
    },
    placed: function () { placed(); return still(); },
    rows: function (rows, ids) {
      ids.forEach((id, place) => {
        const item = items.get(id.key);
        if (item && rows[place]) item.row = rows[place];
      });
      shared.batch.draw();
      return still();
    },
    clear: function () {
      for (const item of items.values()) cancel(item);
      items.clear();
      shared.batch.draw();
      return [];
    },
    cancel: function () {
      for (const item of [...items.values()].reverse()) cancel(item); // from the end, so that none starts meanwhile
      return still();
    },
    // For the download: what became of each file, in the order of the files.
    list: function () {
      return [...items.values()].map((item) => ({ id: item.id || null, name: item.name, error: item.id ? "" : item.words || "" }));
    },
  };
})();
