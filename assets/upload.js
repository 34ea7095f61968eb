// The photographs of this visit: each goes to the REST API as a multipart request of its own, at most four at once.
// A file is waiting, sending, then done, failed or cancelled; without a connection it is lost, and waits again when there
// is one. slots.js draws its place on the page, batch.js the list as a whole. The list outlives the page: who looks at
// the history and comes back finds it again, and what was still to be sent has gone on meanwhile.
(function () {
  "use strict";
  const ROOT = document.documentElement.dataset.root;
  const ADDRESS = ROOT + "/api/v1/predictions";
  const AT_ONCE = 4;
  const MOST = 100; // files at a time
  const TRIES = 4; // for a server that says it is busy, or does not answer
  const SILENCE = 60000; // milliseconds without any progress after which nobody is there any more
  const OPEN = ["waiting", "sending"];
  const LOST = "The server could not be reached. This goes on by itself when it is back.";
  const KEPT = "dermaboard-batch"; // for a page that is loaded anew: ids of results, and how many files had none yet
  const items = new Map(); // key -> item, in the order of the files
  let counter = 0;
  let run = 0; // grows when something is added while nothing is on its way

  const shared = (window.dermaboard = window.dermaboard || {});
  const zone = () => document.getElementById("drop-zone");
  const list = () => [...items.values()];
  const megabytes = (bytes) => (bytes / 1e6).toFixed(bytes < 9.95e6 ? 1 : 0) + " MB";

  // crypto.randomUUID is only there on https; a clinic's server may not have that.
  function random() {
    return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0"))
      .join("");
  }

  // `replaces` is the id of the prediction that a photograph is taken again for.
  async function add(files, replaces) {
    // What systems hide from people (._x.jpg, .DS_Store) is passed over, unless there is nothing else.
    const visible = [...files].filter((file) => !file.name.startsWith("."));
    const chosen = visible.length ? visible : [...files];
    if (!chosen.length) return;
    notice(
      chosen.length > MOST
        ? chosen.length + " files are more than the " + MOST + " that can be added at a time. The first " +
          MOST +
          " are being checked; add the others afterwards."
        : "",
    );
    if (!list().some((item) => OPEN.includes(item.state))) run++;
    const [fields, first] = [shared.choices(replaces), shared.cropsFirst()];
    let added = 0;
    for (const file of chosen.slice(0, MOST)) {
      const part = first ? await shared.crop.fields(file) : {};
      if (!part) continue;
      const all = { ...fields, ...part };
      enter({ name: file.name, file: file, size: file.size, fields: all, once: random() });
      added++;
    }
    if (!added) return;
    if (!replaces) shared.forgetPerson(); // the next photographs may be somebody else's
    shared.batch.show();
    keep();
    next();
  }

  function notice(words) {
    const place = document.getElementById("intake-notice");
    if (place) place.textContent = words;
  }

  function enter(properties) {
    const item = {
      key: "f" + counter,
      order: counter++,
      run: run,
      share: 0,
      state: "waiting",
      words: "Waiting",
      tries: 0,
      ...properties,
    };
    items.set(item.key, item);
    shared.slots.make(item);
    return item;
  }

  // Names of files may name people, so they are not kept.
  function keep() {
    const ids = list().map((item) => item.id).filter(Boolean);
    try {
      sessionStorage.setItem(KEPT, JSON.stringify({ ids: ids, others: items.size - ids.length }));
    } catch {
      /* Storage can be switched off; the results are in the history anyway. */
    }
  }

  function restore() {
    let kept = null;
    try {
      kept = JSON.parse(sessionStorage.getItem(KEPT));
    } catch {
      /* as above */
    }
    if (!kept || items.size) return;
    if (kept.others) {
      notice(
        (kept.others === 1 ? "1 photograph has" : kept.others + " photographs have") +
          " no result from before this page was loaded. Choose what is missing again.",
      );
    }
    for (const id of kept.ids) answer(enter({ name: "Photograph", id: id, size: 1, share: 1 }));
    keep();
  }

  function next() {
    if (shared.isLost()) {
      for (const item of list().filter(({ state }) => state === "waiting")) change(item, "lost", LOST);
      return;
    }
    let running = list().filter((item) => item.state === "sending").length;
    for (const item of items.values()) {
      if (running >= AT_ONCE) return;
      if (item.state !== "waiting" || item.later) continue;
      running++;
      send(item);
    }
  }

  function change(item, state, words) {
    Object.assign(item, { state: state, words: words });
    shared.slots.paint(item);
    shared.batch.draw();
  }

  async function send(item) {
    change(item, "sending", "Preparing");
    const attempt = (item.attempt = {});
    // What the server may have, under this key, is what it gets again.
    const file = item.sent || await shared.line.prepare(item.file);
    // Cancelled meanwhile, and perhaps tried again: then the newer attempt sends it.
    if (item.state !== "sending" || item.attempt !== attempt) return;
    const limit = Number(zone() ? zone().dataset.limit : Infinity);
    if (file.size > limit) {
      return finished(
        item,
        "failed",
        "The file has " + Math.ceil(file.size / 1e6) + " MB; the limit is " + limit / 1e6 + " MB.",
      );
    }
    const smaller = file === item.file
      ? ""
      : ", scaled down from " + megabytes(item.file.size) + " to " + megabytes(file.size);
    change(item, "sending", "Sending" + smaller);
    const form = new FormData();
    for (const [name, value] of Object.entries(item.fields)) form.append(name, value);
    form.append("file", file, file.name);
    const request = (item.request = new XMLHttpRequest());
    request.open("POST", ADDRESS);
    // The same file sent again after a lost answer is not stored a second time.
    request.setRequestHeader("Idempotency-Key", item.once);
    request.setRequestHeader("X-CSRFToken", shared.csrf());
    const began = performance.now();
    request.upload.onprogress = (event) => {
      if (item.request !== request) return;
      const sharing = list().filter((one) => one.state === "sending" && one.request && one.share < 1).length;
      const better = shared.line.measure(event.loaded, performance.now() - began, Math.max(sharing, 1));
      if (event.loaded === event.total) item.sent = file;
      else if (better && file === item.file && shared.line.isWorthIt(event.total - event.loaded)) {
        item.request = null;
        request.abort();
        return send(item);
      }
      progress(item, event.loaded / event.total);
    };
    request.onload = () => answered(item, request);
    request.onerror = () => lost(item);
    listen(item, request);
    request.send(form);
  }

  // A line that has died says nothing.
  function listen(item, request) {
    clearTimeout(item.silence);
    item.silence = setTimeout(() => {
      if (item.request !== request) return;
      lost(item);
      request.abort();
    }, SILENCE);
  }

  // Sent again when the server is back, under the same key: what it has stored already is not stored twice.
  function lost(item) {
    if (item.state !== "sending") return;
    item.request = null;
    const last = ++item.tries > TRIES;
    change(item, last ? "failed" : "lost", last ? "The server could not be reached. Try again." : LOST);
    shared.lost().then(() => setTimeout(back, 1000 * item.tries));
    next();
  }

  function back() {
    if (shared.isLost()) return;
    for (const item of list().filter(({ state }) => state === "lost")) resume(item);
  }

  function resume(item) {
    if (item.id) return answer(item); // only what is shown of it was lost
    change(item, "waiting", "Waiting");
    next();
  }

  function progress(item, share) {
    if (item.state !== "sending") return;
    item.share = share;
    listen(item, item.request);
    shared.slots.progress(item, Math.round(100 * share));
    shared.batch.draw();
    if (share >= 1 && item.words !== "Analysing") change(item, "sending", "Analysing");
  }

  function answered(item, request) {
    let body = {};
    shared.answered(request.status);
    try {
      body = JSON.parse(request.responseText);
    } catch {
      /* a proxy's page instead of our answer; the sentence below says what is known */
    }
    if (request.status === 200 || request.status === 201) {
      item.id = body.id;
      keep();
      return answer(item);
    }
    const pause = Number(request.getResponseHeader("Retry-After"));
    if ([429, 503].includes(request.status) && pause > 0 && item.tries++ < TRIES) {
      return again(item, Math.min(pause, 30));
    }
    if (shared.isGone(request.status, request.getResponseHeader("Content-Type"))) return lost(item);
    finished(
      item,
      "failed",
      body.detail || "The server answered with error " + request.status + ". Try again.",
    );
  }

  // The prediction is stored; what is shown of it comes from the server too.
  async function answer(item) {
    change(item, "sending", "Analysing");
    try {
      const found = await fetch(ROOT + "/cards/" + item.id);
      if (found.status === 404) return drop(item);
      if (!found.ok) throw new Error(found.status);
      Object.assign(item, await found.json());
      item.name = item.row.name;
      for (const one of list()) {
        if (one !== item && one.state === "done" && item.row.attempts.includes(one.id)) refresh(one);
      }
      finished(item, "done", item.row.word);
    } catch (error) {
      if (error instanceof TypeError) return lost(item);
      finished(
        item,
        "failed",
        "The result is stored, but could not be loaded. Try again, or open the history.",
      );
    }
  }

  function again(item, seconds) {
    item.later = true;
    change(item, "waiting", "The server is busy; trying again");
    setTimeout(() => {
      item.later = false;
      next();
    }, seconds * 1000);
    next();
  }

  function finished(item, state, words) {
    if (!["sending", "waiting", "lost"].includes(item.state)) return;
    item.request = null;
    clearTimeout(item.silence);
    if (state === "done") item.file = item.sent = null; // a pasted picture lives in memory
    change(item, state, words);
    announce(item);
    next();
  }

  function cancel(item) {
    if (!item || ![...OPEN, "lost"].includes(item.state)) return;
    const request = item.request;
    finished(item, "cancelled", "Cancelled");
    if (request) request.abort();
  }

  function retry(item) {
    if (!item || OPEN.includes(item.state) || !(item.file || item.id)) return;
    item.tries = 0;
    resume(item);
  }

  // A long list is announced once, when it is through; a single file with what came of it.
  function announce(item) {
    const place = document.getElementById("announcer");
    if (!place) return;
    const left = list().some((one) => OPEN.includes(one.state));
    if (items.size <= 3) {
      place.textContent = item.name + ": " + (item.row ? item.row.spoken : item.words + ".");
    } else if (!left) place.textContent = shared.batch.summary();
  }

  // Another photograph of the same lesion has come.
  async function refresh(item) {
    try {
      const found = await fetch(ROOT + "/cards/" + item.id);
      if (!found.ok) return;
      Object.assign(item, await found.json());
      shared.slots.paint(item);
      shared.batch.draw();
      return true;
    } catch {
      /* What is shown stays right for its own photograph. */
    }
  }

  // What was predicted without sending anything.
  async function follow(id) {
    const there = list().find((one) => one.id === id);
    const item = there || enter({ name: "Photograph", id: id, size: 1, share: 1 });
    shared.batch.show();
    keep();
    if (!there) return answer(item);
    if (await refresh(there)) announce(there);
  }

  // Deleted meanwhile, by whoever may.
  function drop(item) {
    items.delete(item.key);
    item.node.remove();
    keep();
    shared.batch.draw();
    next();
  }

  function cancelAll() {
    for (const item of list().reverse()) cancel(item); // from the end, so that none starts meanwhile
  }

  function clear() {
    cancelAll();
    items.clear();
    keep();
    notice("");
    shared.slots.mount();
    shared.batch.draw();
    document.getElementById("file-chooser").focus();
  }

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("button");
    if (!button) return;
    if (button.dataset.cancel) cancel(items.get(button.dataset.cancel));
    else if (button.dataset.retry) retry(items.get(button.dataset.retry));
    else if (button.matches(".cancel-all")) cancelAll();
    else if (button.id === "clear") clear();
  });
  window.addEventListener("beforeunload", (event) => {
    if (list().some((item) => [...OPEN, "lost"].includes(item.state))) event.preventDefault();
  });

  shared.queue = { add: add, list: list, follow: follow, refresh: refresh };
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  clientside.upload = {
    opened: function () {
      shared.slots.mount(); // the page came anew
      restore();
      shared.batch.draw();
      return window.dash_clientside.no_update;
    },
    // For the download: what became of each file, in the order of the files.
    list: function () {
      return list().map((item) => ({
        id: item.id || null,
        name: item.name,
        error: item.row ? "" : item.words,
      }));
    },
  };
})();
