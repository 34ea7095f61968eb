// The page of the REST API's documentation: in the reader's theme, without calls to anywhere else (Swagger UI would ask
// a validator), and with everything filled in that the first "Try it out" needs.
(function () {
  "use strict";
  const root = document.documentElement;
  const dark = () => root.classList.toggle("dark-mode", root.getAttribute("data-bs-theme") === "dark");
  new MutationObserver(dark).observe(root, { attributeFilter: ["data-bs-theme"] });
  dark();
  const place = document.getElementById("reference");
  const api = place.dataset.api;
  const DRAWN = "drawn-example.jpg";
  let ui = null;
  let reference = null;

  // What the API says; nothing where this reader may not ask it.
  async function asked(path) {
    const answer = await fetch(api + path);
    return answer.ok ? answer.json() : null;
  }

  function give(name, value, methods = ["get", "post", "patch", "delete"]) {
    for (const [path, operations] of Object.entries(reference.paths)) {
      if (path.startsWith(api + "/bin")) continue; // what is stored is not in the bin
      for (const method of methods) {
        for (const parameter of operations[method] ? operations[method].parameters : []) {
          if (parameter.name === name) parameter.example = value;
        }
      }
    }
  }

  // Reading shows what is there; writing begins with a drawing, and never with a patient.
  async function fill() {
    const [models, newest, drawn] = await Promise.all([
      asked("/models"),
      asked("/predictions?limit=1"),
      asked("/predictions?limit=1&filename=" + DRAWN),
    ]);
    const model = models && (models.items.find((one) => one.default) || models.items[0]);
    if (model) give("name", model.name);
    give("number", 1);
    for (const [page, methods] of [[newest, ["get"]], [drawn, undefined]]) {
      if (page && page.items.length) give("record_id", page.items[0].id, methods);
    }
    // Swagger UI sends made-up texts in the fields of a form that have no example.
    const form = reference.components.schemas.NewPrediction;
    for (const [name, field] of Object.entries(form.properties)) {
      if (!form.required.includes(name)) field.examples = [""];
    }
  }

  // A file cannot be an example, so each empty chooser gets the drawing.
  async function choose(input) {
    input.dataset.filled = "yes";
    const drawing = await (await fetch(api + "/examples/1")).blob();
    const files = new DataTransfer();
    files.items.add(new File([drawing], DRAWN, { type: "image/jpeg" }));
    input.files = files.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // Fields that Swagger UI does not name for a screen reader, and examples that the keyboard could not scroll.
  function name(row) {
    const words = row.querySelector(".parameter__name");
    for (
      const field of row.querySelectorAll(":is(input, select, textarea):not([aria-label], [type=checkbox])")
    ) {
      if (words) field.setAttribute("aria-label", words.firstChild.textContent);
    }
  }

  new MutationObserver(() => {
    for (const input of place.querySelectorAll("input[type=file]:not([data-filled])")) choose(input);
    for (const row of place.querySelectorAll("tr.parameters, tr[data-param-name]")) name(row);
    for (const body of place.querySelectorAll(".body-param__text")) body.setAttribute("aria-label", "Body");
    for (const example of place.querySelectorAll("pre.microlight:not([tabindex])")) example.tabIndex = 0;
  }).observe(place, { childList: true, subtree: true });

  function answered(response) {
    if (response.status === 201 && response.obj && response.obj.id) {
      give("record_id", response.obj.id);
      ui.specActions.updateJsonSpec(structuredClone(reference));
    }
    return response;
  }

  async function start() {
    reference = await asked("/openapi.json");
    await fill();
    ui = window.SwaggerUIBundle({
      spec: structuredClone(reference),
      domNode: place,
      validatorUrl: null,
      syntaxHighlight: false, // its colours are too pale
      docExpansion: "list",
      defaultModelsExpandDepth: 0,
      requestInterceptor: (request) => {
        const [token, form] = [window.dermaboard.csrf(), request.body];
        if (token) request.headers["X-CSRFToken"] = token;
        if (form instanceof FormData) {
          for (const [name, value] of [...form]) if (value === "") form.delete(name);
        }
        return request;
      },
      responseInterceptor: answered,
    });
  }
  start();
})();
