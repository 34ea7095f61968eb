// Where photographs come from (drop, folder, chooser, clipboard, camera, drawn examples), and what goes with them (model,
// operating point, context).
(function () {
  "use strict";
  const REMEMBERED = "dermaboard-choices"; // model, operating point by model, crop first, who has understood; never the context
  const shared = (window.dermaboard = window.dermaboard || {});
  const byId = (id) => document.getElementById(id);
  const zone = () => byId("drop-zone");
  const still = () => window.dash_clientside.no_update;

  // What is remembered
  function remembered() {
    try {
      return JSON.parse(localStorage.getItem(REMEMBERED)) || {};
    } catch {
      return {}; // Storage can be switched off; choices then hold until the page is left.
    }
  }

  function remember(changes) {
    try {
      localStorage.setItem(REMEMBERED, JSON.stringify({ ...remembered(), ...changes }));
    } catch {
      /* as above */
    }
  }

  function choose(select, value) {
    if ([...select.options].some((option) => option.value === value)) select.value = value;
  }

  // Each model has its operating points: the select of the chosen one is shown.
  function points() {
    const model = byId("model") && byId("model").value;
    for (const select of document.querySelectorAll("select.point")) {
      select.closest(".choice").hidden = select.dataset.model !== model;
      choose(select, (remembered().points || {})[select.dataset.model]);
    }
  }

  // Once for each user of this browser.
  const understood = () => (document.querySelector(".account-name") || {}).textContent || "anybody";
  function acknowledge() {
    remember({ understood: [...(remembered().understood || []), understood()] });
    byId("acknowledgement").hidden = true;
    byId("file-chooser").focus();
  }

  function restore() {
    const known = remembered();
    if (byId("model")) choose(byId("model"), known.model);
    if (byId("acknowledgement")) {
      byId("acknowledgement").hidden = (known.understood || []).includes(understood());
    }
    if (byId("crop-first")) byId("crop-first").setAttribute("aria-pressed", String(Boolean(known.crops)));
    points();
  }

  function chosen(event) {
    const target = event.target;
    if (target.id === "model") {
      remember({ model: target.value });
      points();
    } else if (target.matches("select.point")) {
      remember({ points: { ...remembered().points, [target.dataset.model]: target.value } });
    }
    told();
  }

  // The form fields that go with a file that is added now: without what is told of a person where it replaces another.
  shared.choices = function (replaces) {
    const fields = replaces ? { replaces: replaces } : {};
    const model = byId("model");
    if (model) fields.model = model.value;
    const point = document.querySelector(".choice:not([hidden]) > select.point");
    if (point) fields.operating_point = point.value;
    const form = !replaces && byId("context");
    if (form) {
      for (const [name, value] of new FormData(form)) {
        if (value.trim()) fields[name] = value.trim();
      }
    }
    return fields;
  };

  shared.cropsFirst = () => byId("crop-first") && byId("crop-first").matches("[aria-pressed=true]");

  function told() {
    const place = byId("context-told");
    const form = byId("context");
    if (!place || !form) return;
    const given = [...new FormData(form)].map(([, value]) => value.trim()).filter(Boolean);
    place.textContent = given.length ? "Goes with the photographs you add next: " + given.join(", ") : "";
    byId("context-clear").hidden = !given.length;
    const selects = [byId("model"), document.querySelector(".choice:not([hidden]) > select.point")];
    const point = selects[1] && selects[1].selectedOptions[0];
    byId("point-cost").textContent = (point && point.dataset.cost) || "";
    byId("choices-told").textContent = selects.filter(Boolean)
      .map((select) => select.selectedOptions[0].textContent).join(" · ");
  }

  // Dash keeps the text of its fields itself, and hears of it as of somebody's typing; emptied in the document alone,
  // they would come back.
  shared.forgetPerson = function () {
    if (!byId("context")) return;
    byId("context").reset();
    const write = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
    for (const field of byId("context").querySelectorAll("input")) {
      write.call(field, "");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    told();
  };

  const named = (blob, name) => new File([blob], name, { type: blob.type });

  // Dropped folders are walked through; dropped files are taken as they are.
  async function walk(entry, files, most) {
    if (files.length > most || entry.name.startsWith(".")) return;
    if (entry.isFile) {
      files.push(await new Promise((done, fail) => entry.file(done, fail)));
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((done, fail) => reader.readEntries(done, fail)); // at most 100 at a time
      if (!some.length || files.length > most) return;
      for (const one of some) await walk(one, files, most);
    }
  }

  async function dropped(transfer) {
    // Entries have to be taken before the event is over.
    const entries = [...(transfer.items || [])].map((item) =>
      item.webkitGetAsEntry && item.webkitGetAsEntry()
    );
    if (!entries.some((entry) => entry && entry.isDirectory)) return shared.queue.add(transfer.files);
    const files = [];
    for (const entry of entries) if (entry) await walk(entry, files, 100);
    shared.queue.add(files);
  }

  function pasted(event) {
    const images = [...(event.clipboardData ? event.clipboardData.files : [])];
    if (!images.length) return;
    event.preventDefault();
    // Every browser calls a picture from the clipboard image.png.
    const time = new Date().toTimeString().slice(0, 8).replaceAll(":", "-");
    shared.queue.add(
      images.map((one) => (one.name === "image.png" ? named(one, "pasted " + time + ".png") : one)),
    );
  }

  async function example(button) {
    const answer = await fetch(
      document.documentElement.dataset.root + "/api/v1/examples/" + button.dataset.example,
    );
    if (answer.ok) shared.queue.add([named(await answer.blob(), button.dataset.name)]);
  }

  // Camera: a phone opens its own; elsewhere a dialog shows what the camera sees.
  const dialog = () => byId("camera-dialog");
  const phone = () => window.matchMedia("(pointer: coarse)").matches;

  // The prediction that the next photograph replaces; its own person and lesion go over to the new one.
  let replaces = null;
  const bring = (files) => {
    shared.queue.add(files, replaces);
    replaces = null;
  };

  async function camera() {
    if (phone() || !navigator.mediaDevices) return byId("camera-file").click();
    byId("camera-error").textContent = "";
    dialog().showModal();
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1440 } },
      });
      if (!dialog().open) return stop(stream); // closed while the browser still asked for permission
      const video = dialog().querySelector("video");
      video.srcObject = stream;
      await video.play();
      byId("camera-shoot").disabled = false;
    } catch {
      byId("camera-error").textContent =
        "The camera cannot be used: allow it for this page in the browser, or choose a file instead.";
    }
  }

  const stop = (stream) => stream && stream.getTracks().forEach((track) => track.stop());

  function closed() {
    const video = dialog().querySelector("video");
    stop(video.srcObject);
    replaces = null;
    video.srcObject = null;
    byId("camera-shoot").disabled = true;
  }

  function shoot() {
    const video = dialog().querySelector("video");
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d").drawImage(video, 0, 0);
    const name = "camera " + new Date().toTimeString().slice(0, 8).replaceAll(":", "-") + ".jpg";
    canvas.toBlob(
      (blob) => {
        if (blob) bring([named(blob, name)]);
        dialog().close();
      },
      "image/jpeg",
      0.95,
    );
  }

  // The page comes and goes with Dash's router, so the listeners sit on the document.
  const within = (
    event,
    selector,
  ) => (event.target instanceof Element ? event.target.closest(selector) : null);
  document.addEventListener("change", (event) => {
    if (!within(event, ".predict")) return;
    if (event.target.matches("input[type=file]")) {
      bring([...event.target.files]);
      event.target.value = ""; // or the same file could not be chosen twice
    } else chosen(event);
  });
  document.addEventListener("click", (event) => {
    const button = within(event, ".predict button");
    if (!button) return;
    if (button.id !== "camera-shoot") replaces = null;
    if (button.dataset.retake) {
      replaces = button.closest(".result").dataset.prediction;
      if (button.dataset.retake === "camera") camera();
      else byId(button.dataset.retake).click();
    } else if (button.dataset.example) example(button);
    else if (button.id === "acknowledge") acknowledge();
    else if (button.id === "crop-first") {
      const on = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(on));
      remember({ crops: on });
    } else if (button.id === "camera") camera();
    else if (button.id === "camera-shoot") shoot();
    else if (button.id === "camera-close") dialog().close();
    else if (button.id === "context-clear") shared.forgetPerson();
    else if (button.id === "intake-change") {
      const open = byId("predict").classList.toggle("changing");
      button.setAttribute("aria-expanded", String(open));
    }
  });
  for (const type of ["dragenter", "dragover"]) {
    document.addEventListener(type, (event) => {
      if (!zone() || !event.dataTransfer.types.includes("Files")) return;
      event.preventDefault(); // a file dropped anywhere on the page is meant for it, and must not replace it
      zone().classList.add("over");
    });
  }
  document.addEventListener("dragleave", (event) => {
    if (zone() && !event.relatedTarget) zone().classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    if (!zone()) return;
    event.preventDefault();
    zone().classList.remove("over");
    dropped(event.dataTransfer);
  });
  document.addEventListener("paste", (event) => {
    if (zone()) pasted(event);
  });
  document.addEventListener("input", (event) => {
    if (within(event, "#context")) told();
  });
  document.addEventListener("submit", (event) => {
    if (within(event, "#context")) event.preventDefault();
  });

  // Dash has no file input that leaves the files where they are.
  function chooser(id, place, properties) {
    if (!byId(place) || byId(id)) return;
    const input = document.createElement("input");
    Object.assign(input, { type: "file", id: id, className: "file-chooser" }, properties);
    input.oncancel = () => (replaces = null);
    byId(place).append(input);
    return input;
  }

  const clientside = (window.dash_clientside = window.dash_clientside || {});
  clientside.intake = {
    ready: function () {
      const main = zone() &&
        chooser("file-chooser", "chooser-place", { multiple: true, accept: zone().dataset.accept });
      if (main) main.setAttribute("aria-describedby", "drop-note");
      const shot = chooser("camera-file", "camera-place", { accept: "image/*", tabIndex: -1 });
      if (shot) {
        shot.setAttribute("capture", "environment");
        shot.setAttribute("aria-label", "Photograph from the camera");
        shot.setAttribute("aria-hidden", "true");
      }
      if (byId("camera")) byId("camera").hidden = !phone() && !navigator.mediaDevices;
      if (dialog()) dialog().onclose = closed;
      restore();
      told();
      shared.line.tell();
      return still();
    },
  };
})();
