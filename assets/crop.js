// Which part of a photograph counts, and which side is up: a square over it, for mouse, finger and keys. Only the
// rectangle travels; the whole photograph is kept.
(function () {
  "use strict";
  const ROOT = document.documentElement.dataset.root;
  const SMALLEST = 0.25; // of the shorter side; the model would see fewer pixels than it takes
  const STEP = 0.04;
  const DRAWN = 720; // pixels of the picture that is shown
  const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const shared = (window.dermaboard = window.dermaboard || {});
  let dialog = null;
  let image = null;
  let turns = 0;
  let square = null; // left, top, side in pixels of the turned photograph
  let end = null;

  const between = (low, value, high) => Math.min(Math.max(low, value), high);
  const sides = () => {
    const [width, height] = [image.naturalWidth, image.naturalHeight];
    return turns % 2 ? [height, width] : [width, height];
  };

  function build() {
    const make = shared.make;
    const press = (word, what, kind) =>
      make("button", { type: "button", textContent: word, className: "btn btn-" + kind, value: what });
    const grip = make("span", { className: "crop-corner", attributes: { "aria-hidden": "true" } });
    const frame = make("div", {
      className: "crop-square",
      tabIndex: 0,
      attributes: {
        role: "group",
        "aria-roledescription": "square",
        "aria-label":
          "The part that counts. Arrow keys move it, plus and minus change its size, R turns the photograph.",
      },
    }, grip);
    dialog = make(
      "dialog",
      { className: "dialog crop", attributes: { "aria-labelledby": "crop-title" } },
      make("h2", { id: "crop-title", textContent: "Crop or turn" }),
      make("p", {
        className: "note",
        textContent: "Put the square around the lesion. The whole photograph is kept.",
      }),
      make("div", { className: "crop-stage" }, make("canvas", {}), frame),
      make("p", { className: "note", attributes: { role: "status" } }),
      make(
        "div",
        { className: "actions" },
        press("Turn", "turn", "outline-secondary"),
        press("Smaller", "smaller", "outline-secondary"),
        press("Larger", "larger", "outline-secondary"),
      ),
      make(
        "div",
        { className: "actions" },
        press("Use the square", "use", "primary"),
        press("Use all of it", "whole", "outline-secondary"),
        press("Cancel", "cancel", "outline-secondary"),
      ),
    );
    dialog.addEventListener("click", (event) => pressed(event.target.value));
    dialog.addEventListener("cancel", () => finish(null));
    frame.addEventListener("keydown", key);
    frame.addEventListener("pointerdown", (event) => drag(event, event.target === grip));
    document.body.append(dialog);
  }

  function start() {
    const side = Math.min(...sides());
    const [width, height] = sides();
    square = { left: (width - side) / 2, top: (height - side) / 2, side: side };
  }

  function draw() {
    const canvas = dialog.querySelector("canvas");
    const [width, height] = sides();
    const scale = Math.min(1, DRAWN / Math.max(width, height));
    [canvas.width, canvas.height] = [width * scale, height * scale];
    const pen = canvas.getContext("2d");
    pen.translate(canvas.width / 2, canvas.height / 2);
    pen.rotate(turns * Math.PI / 2);
    const [across, down] = [image.naturalWidth * scale, image.naturalHeight * scale];
    pen.drawImage(image, -across / 2, -down / 2, across, down);
    place();
  }

  function place() {
    const [width, height] = sides();
    const least = SMALLEST * Math.min(width, height);
    square.side = between(least, square.side, Math.min(width, height));
    square.left = between(0, square.left, width - square.side);
    square.top = between(0, square.top, height - square.side);
    const style = dialog.querySelector(".crop-square").style;
    style.left = 100 * square.left / width + "%";
    style.top = 100 * square.top / height + "%";
    style.width = 100 * square.side / width + "%";
    style.height = 100 * square.side / height + "%";
    const share = (value) => Math.round(100 * value) + " %";
    dialog.querySelector("[role=status]").textContent = "The square has " +
      share(square.side / Math.min(width, height)) + " of the shorter side, " + share(square.left / width) +
      " from the left and " + share(square.top / height) + " from the top" +
      (turns ? "; turned by " + 90 * turns + "°." : ".");
  }

  function grow(by) {
    square.left -= by / 2;
    square.top -= by / 2;
    square.side += by;
    place();
  }

  function turn() {
    const [, height] = sides();
    square = { left: height - square.top - square.side, top: square.left, side: square.side };
    turns = (turns + 1) % 4;
    draw();
  }

  function pressed(what) {
    const step = 2 * STEP * Math.min(...sides());
    if (what === "turn") turn();
    else if (what === "smaller") grow(-step);
    else if (what === "larger") grow(step);
    else if (what === "use") finish(part());
    else if (what === "whole") finish({ left: 0, top: 0, width: 1, height: 1, turns: turns });
    else if (what === "cancel") finish(null);
  }

  function key(event) {
    const step = STEP * Math.min(...sides());
    const way = KEYS[event.key];
    if (way) {
      square.left += way[0] * step;
      square.top += way[1] * step;
      place();
    } else if (["+", "="].includes(event.key)) grow(step);
    else if (event.key === "-") grow(-step);
    else if (event.key.toLowerCase() === "r") turn();
    else return;
    event.preventDefault();
  }

  function drag(event, resizes) {
    const frame = event.currentTarget;
    const [from, was] = [[event.clientX, event.clientY], { ...square }];
    const scale = sides()[0] / frame.parentElement.getBoundingClientRect().width;
    frame.setPointerCapture(event.pointerId);
    const move = (now) => {
      const [x, y] = [scale * (now.clientX - from[0]), scale * (now.clientY - from[1])];
      const room = Math.min(sides()[0] - was.left, sides()[1] - was.top);
      square = resizes
        ? { ...was, side: Math.min(was.side + Math.max(x, y), room) }
        : { ...was, left: was.left + x, top: was.top + y };
      place();
    };
    frame.addEventListener("pointermove", move);
    const stop = () => frame.removeEventListener("pointermove", move);
    for (const type of ["pointerup", "pointercancel"]) frame.addEventListener(type, stop, { once: true });
  }

  function part() {
    const [width, height] = sides();
    return {
      left: square.left / width,
      top: square.top / height,
      width: square.side / width,
      height: square.side / height,
      turns: turns,
    };
  }

  function finish(result) {
    if (dialog.open) dialog.close();
    end(result);
  }

  // The part that somebody chooses of the photograph at this address: null where they cancel, undefined where the
  // browser cannot show it (TIFF, DICOM).
  async function ask(address) {
    if (!dialog) build();
    image = new Image();
    image.src = address;
    try {
      await image.decode();
    } catch {
      return undefined;
    }
    turns = 0;
    start();
    dialog.showModal();
    draw();
    dialog.querySelector(".crop-square").focus();
    return new Promise((done) => {
      end = done;
    });
  }

  const isAll = (chosen) => chosen.width === 1 && chosen.height === 1 && !chosen.turns;
  const share = (value) => String(between(0, Math.round(1e6 * value) / 1e6, 1));

  shared.crop = {
    // The form fields for a file that is about to be sent; null where somebody does not want it sent.
    fields: async function (file) {
      const address = URL.createObjectURL(file);
      const chosen = await ask(address);
      URL.revokeObjectURL(address);
      if (chosen === null) return null;
      if (chosen === undefined || isAll(chosen)) return {};
      const rectangle = [chosen.left, chosen.top, chosen.width, chosen.height];
      return { crop: rectangle.map(share).join(","), turns: chosen.turns };
    },
  };

  // Of a photograph that is there already.
  async function again(button) {
    const id = button.closest(".result").dataset.prediction;
    const here = ROOT + "/api/v1/predictions/" + id;
    const chosen = await ask(here + "/original");
    button.focus();
    if (!chosen) return;
    const answer = await fetch(here + "/parts", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": shared.csrf() },
      body: JSON.stringify(chosen),
    });
    shared.answered(answer.status);
    const body = await answer.json();
    if (!answer.ok) button.closest("figcaption").querySelector("[role=status]").textContent = body.detail;
    else if (document.getElementById("predict")) shared.queue.follow(body.id);
    else shared.go(ROOT + "/history/" + body.id);
  }

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-crop]");
    if (button) again(button);
  });
})();
