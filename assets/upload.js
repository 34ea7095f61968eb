// Photographs go to the REST API, one multipart request a file, at most four at once. The server renders the cards:
// here is only what a browser has to do itself. Slots (one a file, rendered by dashboard/pages/predict.py) carry the
// file's key; answers go into them through set_props.
(function () {
  "use strict";
  const ADDRESS = "/api/v1/predictions";
  const AT_ONCE = 4;
  const PATIENCE = 10000; // milliseconds until slots are asked for again
  const waiting = new Map(); // key -> {file, model}, in the order of the files
  let running = 0;
  let counter = 0;
  let asked = 0; // the timer of the batch whose slots are on their way, 0 when none is
  let model = null;

  const drop = () => document.getElementById("drop-zone");
  const limit = () => Number(drop() ? drop().dataset.limit : Infinity);
  const named = (type, key) => JSON.stringify({ key: key, type: type }); // as Dash writes ids into the page
  const slot = (key) => document.getElementById(named("slot", key));

  function set(type, key, props) {
    if (slot(key)) window.dash_clientside.set_props({ key: key, type: type }, props);
  }

  function add(files) {
    for (const file of files) waiting.set("f" + Date.now().toString(36) + "-" + counter++, { file: file, model: model });
    ask();
  }

  // Dash drops the answer to a callback that is asked again meanwhile, so slots are asked for one batch at a time.
  function ask() {
    if (asked) return;
    const batch = [];
    for (const [key, item] of waiting) if (!slot(key)) batch.push({ key: key, name: item.file.name });
    if (!batch.length) return;
    asked = setTimeout(() => { asked = 0; ask(); }, PATIENCE);
    window.dash_clientside.set_props("batch", { data: batch });
  }

  function start() {
    clearTimeout(asked);
    asked = 0;
    ask();
    for (const [key, item] of waiting) {
      if (running >= AT_ONCE) return;
      if (!slot(key)) continue;
      waiting.delete(key);
      preview(key, item.file);
      send(key, item);
    }
  }

  function preview(key, file) {
    const image = slot(key).querySelector("img.preview");
    if (!image) return;
    const address = URL.createObjectURL(file);
    const done = () => URL.revokeObjectURL(address);
    image.onload = () => { image.classList.add("loaded"); done(); };
    image.onerror = done; // Browsers don't show TIFF; the skeleton then stays as it is.
    image.src = address;
  }

  function send(key, item) {
    if (item.file.size > limit())
      return fail(key, "The file has " + Math.ceil(item.file.size / 1e6) + " MB; the limit is " + limit() / 1e6 + " MB.");
    running++;
    set("status", key, { children: "Sending" });
    const form = new FormData();
    if (item.model) form.append("model", item.model);
    form.append("file", item.file, item.file.name);
    const request = new XMLHttpRequest();
    request.open("POST", ADDRESS);
    request.upload.onprogress = (event) => progress(key, event.loaded / event.total);
    request.onload = () => finish(key, request);
    request.onerror = () => fail(key, "The server could not be reached. Check the connection and choose the file again.");
    request.onloadend = () => { running--; start(); };
    request.send(form);
  }

  function progress(key, share) {
    const bar = slot(key) && slot(key).querySelector("[role=progressbar]");
    if (!bar) return;
    const percent = Math.round(100 * share);
    bar.setAttribute("aria-valuenow", percent);
    bar.firstElementChild.style.width = percent + "%";
    if (percent === 100) set("status", key, { children: "Analysing" });
  }

  function finish(key, request) {
    let body = {};
    try {
      body = JSON.parse(request.responseText);
    } catch (error) {
      /* a proxy's page instead of our answer; the sentence below says what is known */
    }
    if (request.status === 201) {
      announce(key, "the result is ready.");
      return set("stored", key, { data: body.id });
    }
    fail(key, body.detail || "The server answered with error " + request.status + ". Try again.");
  }

  function fail(key, sentence) {
    set("status", key, { children: sentence });
    set("slot", key, { className: "slot slot-failed" });
    announce(key, sentence);
  }

  function announce(key, sentence) {
    const place = document.getElementById("announcer");
    if (place && slot(key)) place.textContent = slot(key).getAttribute("aria-label") + ": " + sentence;
  }

  async function example(button) {
    const answer = await fetch("/api/v1/examples/" + button.dataset.example);
    if (answer.ok) add([new File([await answer.blob()], button.dataset.name, { type: "image/jpeg" })]);
  }

  // The page comes and goes with Dash's router, so the listeners sit on the document.
  const zone = (event) => (event.target instanceof Element ? event.target.closest("#drop-zone") : null);
  document.addEventListener("change", (event) => {
    if (event.target.id !== "file-chooser") return;
    add(event.target.files);
    event.target.value = ""; // or the same file could not be chosen twice
  });
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("button[data-example]");
    if (button) example(button);
  });
  for (const type of ["dragenter", "dragover"])
    document.addEventListener(type, (event) => {
      if (!drop()) return;
      event.preventDefault(); // a file dropped beside the zone must not replace the page
      drop().classList.toggle("over", Boolean(zone(event)));
    });
  document.addEventListener("dragleave", (event) => { if (drop() && !zone(event)) drop().classList.remove("over"); });
  document.addEventListener("drop", (event) => {
    if (!drop()) return;
    event.preventDefault();
    drop().classList.remove("over");
    if (zone(event)) add(event.dataTransfer.files);
  });
  document.addEventListener("input", (event) => {
    const slider = event.target instanceof Element && event.target.closest(".opacity");
    if (!slider) return;
    const hero = slider.closest(".hero-figure").querySelector(".hero");
    hero.style.setProperty("--heat", event.target.value / 100);
  });

  function chooser() {
    const place = document.getElementById("chooser-place");
    if (!place || place.firstChild) return;
    const input = document.createElement("input");
    Object.assign(input, { type: "file", id: "file-chooser", multiple: true, accept: drop().dataset.accept });
    input.className = "file-chooser";
    input.setAttribute("aria-describedby", "drop-note");
    place.append(input);
  }

  const clientside = (window.dash_clientside = window.dash_clientside || {});
  clientside.upload = {
    ready: function () { chooser(); return window.dash_clientside.no_update; },
    start: function () { start(); return window.dash_clientside.no_update; },
    model: function (name) { model = name || null; return window.dash_clientside.no_update; },
    clear: function () { return []; },
  };
})();
