// The place of one file on the predict page: its progress, then its card or its own error. Plain elements: Dash would
// look through all components of the page for each file (see dashboard/shell/result_card.py).
(function () {
  "use strict";
  const shared = (window.dermaboard = window.dermaboard || {});

  function make(tag, properties, ...children) {
    const { attributes, ...others } = properties;
    const node = Object.assign(document.createElement(tag), others);
    for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  const block = (name, ...children) => make("div", { className: name }, ...children);

  function button(word, what, item) {
    const node = make("button", {
      type: "button",
      className: "btn btn-sm btn-outline-secondary slot-" + what,
      textContent: word,
      attributes: { "aria-label": word + ": " + item.name },
    });
    node.dataset[what] = item.key;
    return node;
  }

  function slot(item) {
    const bar = make("div", {
      className: "progress-line",
      attributes: {
        role: "progressbar",
        "aria-label": "Upload of " + item.name,
        "aria-valuemin": 0,
        "aria-valuemax": 100,
        "aria-valuenow": 0,
      },
    }, make("div", {}));
    const lines = block(
      "skeleton-lines",
      ...Array.from({ length: 5 }, () => block("skeleton skeleton-line")),
    );
    const image = block("skeleton skeleton-image", make("img", { className: "preview", alt: "" }));
    const waiting = block("result waiting", image, lines);
    waiting.setAttribute("aria-hidden", "true");
    const head = block(
      "slot-head",
      make("bdi", { className: "filename", title: item.name, textContent: item.name }),
      make("span", { className: "slot-status", textContent: item.words }),
      button("Cancel", "cancel", item),
      button("Try again", "retry", item),
      bar,
    );
    return make(
      "article",
      { tabIndex: -1, className: "slot slot-waiting", attributes: { "aria-label": item.name } },
      head,
      waiting,
    );
  }

  function paint(item) {
    item.node.className = "slot slot-" + item.state;
    if (item.state === "done") {
      // Every text in it was escaped by the server.
      item.node.innerHTML = item.card;
      item.card = null;
      const before = item.row.before ? [shared.before(item.row.before)] : [];
      item.node.prepend(block("slot-head", ...before, button("Back to the table", "back", item)));
      return;
    }
    item.node.querySelector(".slot-status").textContent = item.words;
    if (item.state === "sending") preview(item);
    if (item.state === "waiting") progress(item, 0);
  }

  function preview(item) {
    const image = item.node.querySelector("img.preview");
    if (image.src || !item.file) return;
    const address = URL.createObjectURL(item.file);
    const done = () => URL.revokeObjectURL(address);
    image.onload = () => {
      image.classList.add("loaded");
      done();
    };
    image.onerror = done; // Browsers don't show TIFF or DICOM; the skeleton then stays as it is.
    image.src = address;
  }

  function progress(item, percent) {
    const bar = item.node.querySelector("[role=progressbar]");
    bar.setAttribute("aria-valuenow", percent);
    bar.firstElementChild.style.width = percent + "%";
  }

  // All places in the order of the files, on a page that has none of them yet, or no longer should.
  function mount() {
    const results = document.getElementById("results");
    if (results) results.replaceChildren(...shared.queue.list().map((item) => item.node));
    arrange();
  }

  // In the order of the files, but photographs of one lesion together, the worst outcome first.
  function arrange() {
    const results = document.getElementById("results");
    if (!results) return;
    const groups = new Map();
    for (const item of shared.queue.list()) {
      const group = item.row ? item.row.group : item.key;
      groups.set(group, [...(groups.get(group) || []), item]);
    }
    const items = [...groups.values()].flatMap((some) => some.sort((a, b) => a.row.place - b.row.place));
    const focused = document.activeElement;
    items.forEach(({ node }, at) => {
      if (results.children[at] !== node) results.insertBefore(node, results.children[at] || null);
    });
    if (results.contains(focused) && focused !== document.activeElement) {
      focused.focus({ preventScroll: true });
    }
  }

  // This very file was here already.
  shared.before = function (before) {
    const day = new Date(before.created).toLocaleDateString("en-GB", { dateStyle: "long" });
    const link = make("a", { className: "action", href: before.page, textContent: "open it" });
    link.dataset.link = "page";
    return make("span", { className: "note before" }, "Checked before on " + day + ", ", link, ".");
  };
  shared.make = make;
  // An outcome in its shape and word.
  shared.mark = function ({ outcome, shape, word }) {
    const drawn = make("span", {
      className: "verdict-shape",
      textContent: shape,
      attributes: { "aria-hidden": "true" },
    });
    return make("span", { className: "verdict verdict-" + outcome }, drawn, word);
  };
  shared.slots = {
    make: function (item) {
      item.node = slot(item);
      const results = document.getElementById("results");
      if (results) results.append(item.node);
    },
    paint: paint,
    progress: progress,
    mount: mount,
    arrange: arrange,
  };
})();
