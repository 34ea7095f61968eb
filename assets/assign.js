// The table to fill in after a drop: patient, lesion, site, date and note of each photograph. A row is saved when its cell
// is left, through the REST API and on the revision that was seen; dashboard/predict/assigning.py makes the frame.
(function () {
  "use strict";
  const ROOT = document.documentElement.dataset.root;
  const LOST = "The server could not be reached. This is saved when it is back.";
  const shared = (window.dermaboard = window.dermaboard || {});
  const byId = (id) => document.getElementById(id);
  const make = (...values) => shared.make(...values);
  const lines = new Map(); // key of a photograph -> its row
  let here = null; // the cell that somebody was in last
  let undone = []; // what the last copy or paste has replaced: cell, value
  let saving = Promise.resolve(); // one after the other: two rows may name one new patient

  const heads = () => [...document.querySelectorAll(".assign-table th[data-field]")];
  const ready = () => shared.queue.list().filter((item) => item.row);
  const photographs = (number) => number + (number === 1 ? " photograph" : " photographs");
  // A date input knows no time.
  const shown = (cell, value) => cell.type === "date" ? (value || "").slice(0, 10) : value || "";

  function put(cell, value) {
    cell.value = shown(cell, value);
    cell.dataset.exact = value || "";
  }

  // With its time, where there is one and nobody has changed the day.
  function valueOf(cell) {
    const { exact } = cell.dataset;
    return exact && shown(cell, exact) === cell.value ? exact : cell.value.trim();
  }

  function cellOf(item, head) {
    const { field, kind, longest, offers } = head.dataset;
    const cell = make(kind === "lines" ? "textarea" : "input", {
      className: "form-control form-control-sm",
      attributes: { "aria-label": head.textContent + ": " + item.name, autocomplete: "off" },
    });
    if (kind === "lines") cell.rows = 1;
    else cell.type = kind;
    if (kind !== "date" && longest) cell.maxLength = Number(longest);
    if (offers) cell.setAttribute("list", offers);
    Object.assign(cell.dataset, { cell: field, of: item.key });
    return cell;
  }

  function newLine(item) {
    const line = { item: item, cells: new Map(), stored: {}, remark: "" };
    const cells = heads().map((head) => {
      const place = make("td", { attributes: { "data-label": head.textContent } });
      if (!head.dataset.kind) line.modality = place;
      else {
        const cell = cellOf(item, head);
        line.cells.set(head.dataset.field, cell);
        place.append(cell);
      }
      return place;
    });
    const open = make("button", { type: "button", className: "action-button", title: item.name });
    open.append(make("bdi", { textContent: item.name }));
    open.dataset.open = item.key;
    const image = make("img", { src: item.row.thumbnail, alt: "", loading: "lazy", width: 56, height: 56 });
    line.outcome = make("span", {});
    line.saved = make("span", { className: "note", attributes: { role: "status" } });
    const words = make("span", { className: "assign-words" }, open, line.outcome, line.saved);
    line.row = make("tr", {}, make("th", { scope: "row" }, image, words), ...cells);
    const place = make("td", { colSpan: cells.length + 1, id: "assign-problem-" + item.key });
    line.problem = make("p", { attributes: { role: "alert" } });
    place.append(line.problem);
    line.under = make("tr", { className: "assign-problem", hidden: true }, place);
    return line;
  }

  // What is stored goes into the cells that nobody has changed since.
  function fill(line) {
    const { row } = line.item;
    for (const [field, cell] of line.cells) {
      const [before, now] = [line.stored[field] || "", row.assign.fields[field] || ""];
      if (cell.value === shown(cell, before)) put(cell, now);
    }
    line.stored = row.assign.fields;
    line.modality.textContent = row.assign.modality || "–";
    line.outcome.replaceChildren(shared.mark(row));
  }

  function draw() {
    const place = byId("assign-rows");
    if (!place) return;
    const wanted = ready().flatMap((item) => {
      if (!lines.has(item.key)) lines.set(item.key, newLine(item));
      const line = lines.get(item.key);
      if (line.assign !== item.row.assign) fill(line);
      line.assign = item.row.assign;
      return [line.row, line.under];
    });
    for (const key of lines.keys()) {
      if (!ready().some((item) => item.key === key)) lines.delete(key);
    }
    // What stands where it should is not moved: somebody may be writing in it.
    if (wanted.length !== place.children.length || wanted.some((row, at) => place.children[at] !== row)) {
      place.replaceChildren(...wanted);
    }
  }

  // Of how many photographs it is not known whose they are, or from when.
  function remind() {
    if (!byId("assign-reminder")) return;
    const without = (field) => ready().filter((item) => !item.row.assign.fields[field]).length;
    const told = [["patient", "No patient"], ["taken", "no date taken"]]
      .map(([field, words]) => [without(field), words]).filter(([number]) => number)
      .map(([number, words]) => words + " for " + photographs(number));
    const words = told.join(", ");
    byId("assign-missing").textContent = words && words[0].toUpperCase() + words.slice(1) + ".";
    byId("assign-reminder").hidden = !words;
  }

  function tell(line, words, problem) {
    line.saved.textContent = words;
    line.problem.textContent = [problem, line.remark].filter(Boolean).join(" ");
    line.under.hidden = !line.problem.textContent;
    for (const cell of line.cells.values()) {
      if (line.under.hidden) cell.removeAttribute("aria-describedby");
      else cell.setAttribute("aria-describedby", "assign-problem-" + line.item.key);
    }
  }

  function changed(line) {
    const found = {};
    for (const [field, cell] of line.cells) {
      if (cell.validity.badInput) continue;
      const value = valueOf(cell);
      if (shown(cell, value) !== shown(cell, line.stored[field])) found[field] = value || null;
    }
    return found;
  }

  function save(line) {
    if ([...line.cells.values()].some((cell) => cell.validity.badInput)) {
      return tell(line, "", "The date is not complete.");
    }
    if (!Object.keys(changed(line)).length) return;
    tell(line, "Saving", "");
    saving = saving.then(() => write(line));
  }

  async function write(line) {
    const [item, fields] = [line.item, changed(line)];
    if (!Object.keys(fields).length) return tell(line, "Saved", ""); // with what was entered before
    let answer = null;
    try {
      answer = await fetch(ROOT + "/api/v1/predictions/" + item.id, {
        method: "PATCH",
        headers: {
          "Content-Type": "application/json",
          "X-CSRFToken": shared.csrf(),
          "If-Match": '"' + item.row.assign.revision + '"',
        },
        body: JSON.stringify({ context: fields }),
      });
    } catch {
      shared.lost().then(() => save(line));
      return tell(line, "", LOST);
    }
    shared.answered(answer.status);
    if (answer.status === 412) return conflict(line, fields);
    if (!answer.ok) {
      const problem = await answer.json().catch(() => ({}));
      return tell(line, "", "Not saved. " + (problem.detail || "The server answered " + answer.status + "."));
    }
    for (const [field, value] of Object.entries(fields)) line.stored = { ...line.stored, [field]: value };
    await shared.queue.refresh(item);
    tell(line, "Saved", "");
    // A lesion has one site.
    const { lesion_id: lesion, fields: now } = item.row.assign;
    for (const other of ready()) {
      const theirs = other.row.assign;
      if (lesion && theirs.lesion_id === lesion && theirs.fields.site !== now.site) {
        await shared.queue.refresh(other);
      }
    }
  }

  // Only what both have changed is lost; theirs is shown, and said.
  async function conflict(line, fields) {
    const before = line.stored;
    if (!await shared.queue.refresh(line.item)) return tell(line, "", LOST);
    draw();
    const now = line.item.row.assign.fields;
    const both = Object.keys(fields).filter((name) =>
      now[name] !== before[name] && now[name] !== fields[name]
    );
    if (!both.length) return write(line);
    const title = (name) => heads().find((head) => head.dataset.field === name).textContent.toLowerCase();
    const said = both.map((name) => title(name) + " is " + (now[name] ? "“" + now[name] + "”" : "empty"));
    for (const name of both) put(line.cells.get(name), now[name]);
    tell(
      line,
      "",
      "Not saved: somebody else has changed this row meanwhile. Now the " + said.join(", the ") +
        ". Look at it, then enter yours again.",
    );
  }

  // Cells with their new values, all of which can be undone at once.
  function change(cells, words) {
    undone = cells.map(([cell]) => [cell, valueOf(cell)]);
    for (const [cell, value] of cells) put(cell, value);
    for (const line of new Set(cells.map(([cell]) => lines.get(cell.dataset.of)))) save(line);
    byId("assign-said").textContent = words;
    byId("assign-undo").hidden = !cells.length || !words;
  }

  function copyDown() {
    const keys = ready().map((item) => item.key);
    const below = here ? keys.slice(keys.indexOf(here.dataset.of) + 1) : [];
    if (!here || !keys.includes(here.dataset.of)) {
      byId("assign-said").textContent = "Go to the cell first whose value is for the rows below.";
      return;
    }
    const cells = below.map((key) => [lines.get(key).cells.get(here.dataset.cell), valueOf(here)]);
    save(lines.get(here.dataset.of));
    change(cells, "Copied to " + cells.length + (cells.length === 1 ? " row." : " rows."));
  }

  async function paste(cell, text) {
    const said = byId("assign-said");
    said.textContent = "";
    let answer = null;
    try {
      answer = await fetch(ROOT + "/pasted", {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": shared.csrf() },
        body: JSON.stringify({ text: text, column: cell.dataset.cell }),
      });
    } catch {
      said.textContent = "The server could not be reached. Paste again.";
      return;
    }
    shared.answered(answer.status);
    const found = await answer.json().catch(() => ({}));
    if (answer.ok) take(cell, found.rows);
    else said.textContent = found.detail || "This could not be pasted. Try again.";
  }

  function take(cell, rows) {
    const items = ready();
    const first = items.findIndex((item) => item.key === cell.dataset.of);
    const [cells, left] = [[], []];
    rows.forEach((row, at) => {
      const item = row.file ? items.find((one) => one.name === row.file) : items[first + at];
      if (!item) return left.push(row.file || "one row");
      const line = lines.get(item.key);
      const kind = item.row.assign.modality;
      line.remark = row.problems.map((words) => "Not taken over: " + words).concat(
        row.modality && kind && row.modality !== kind
          ? ["The spreadsheet says " + row.modality + ", the model took it for " + kind + "."]
          : [],
      ).join(" ");
      tell(line, "", "");
      for (const [field, value] of Object.entries(row.fields)) cells.push([line.cells.get(field), value]);
    });
    const named = rows.some((row) => row.file);
    const more = !left.length
      ? ""
      : named
      ? " Not among the photographs here: " + left.join(", ") + "."
      : " There are " + left.length + " rows more than photographs; they were left out.";
    const number = new Set(cells.map(([one]) => one.dataset.of)).size;
    change(cells, "Pasted into " + number + (number === 1 ? " row." : " rows.") + more);
  }

  function undo() {
    change(undone, "");
    byId("assign-said").textContent = "Undone.";
  }

  // Patients whose identifier begins so.
  async function offer(start) {
    const sought = start.trim();
    if (!sought) return;
    try {
      const answer = await fetch(
        ROOT + "/api/v1/patients?limit=10&identifier=" + encodeURIComponent(sought),
      );
      if (!answer.ok || !byId("assign-patients")) return;
      const found = (await answer.json()).items.map((one) => make("option", { value: one.identifier }));
      byId("assign-patients").replaceChildren(...found);
    } catch {
      /* Whoever knows the identifier writes it. */
    }
  }

  const cellAt = (event) => event.target instanceof Element && event.target.closest("[data-cell]");
  document.addEventListener("focusin", (event) => {
    if (cellAt(event)) here = event.target;
  });
  document.addEventListener("focusout", (event) => {
    const line = cellAt(event) && lines.get(event.target.dataset.of);
    if (line && Object.keys(changed(line)).length) line.remark = "";
    if (line) save(line);
  });
  document.addEventListener("input", (event) => {
    if (cellAt(event) && event.target.dataset.cell === "patient") offer(event.target.value);
  });
  document.addEventListener("paste", (event) => {
    const cell = cellAt(event);
    if (!cell) return;
    const text = event.clipboardData.getData("text/plain").replace(/[\r\n]+$/, "");
    const several = text.includes("\t") || /[\r\n]/.test(text);
    // A note may have lines; those of a spreadsheet are rows.
    const lined = cell.type === "textarea" && !text.includes("\t") &&
      !/<table/i.test(event.clipboardData.getData("text/html"));
    if (!text || lined || (!several && cell.type !== "date")) return;
    event.preventDefault();
    paste(cell, text);
  });
  document.addEventListener("keydown", (event) => {
    const cell = cellAt(event);
    if (!cell) return;
    if (event.key.toLowerCase() === "d" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      copyDown();
    } else if (event.key === "Enter" && cell.type !== "textarea") {
      const keys = ready().map((item) => item.key);
      const next = lines.get(keys[keys.indexOf(cell.dataset.of) + (event.shiftKey ? -1 : 1)]);
      // The browser first takes over what was chosen of the offers.
      if (next) setTimeout(() => next.cells.get(cell.dataset.cell).focus());
    }
  });
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("button");
    if (button && button.id === "assign-down") copyDown();
    else if (button && button.id === "assign-undo") undo();
  });
  window.addEventListener("beforeunload", (event) => {
    const unsaved = ({ key }) => lines.has(key) && Object.keys(changed(lines.get(key))).length;
    if (ready().some(unsaved)) event.preventDefault();
  });

  // To the first patient that is missing.
  function enter() {
    const cells = ready().map((item) => lines.get(item.key).cells.get("patient"));
    (cells.find((cell) => !cell.value) || cells[0]).focus();
  }

  shared.assign = { draw: draw, remind: remind, enter: enter };
})();
