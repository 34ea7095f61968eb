// The page of the REST API's documentation: in the reader's theme, and without calls to anywhere else (Swagger UI
// would ask a validator).
(function () {
  "use strict";
  const root = document.documentElement;
  const dark = () => root.classList.toggle("dark-mode", root.getAttribute("data-bs-theme") === "dark");
  new MutationObserver(dark).observe(root, { attributeFilter: ["data-bs-theme"] });
  dark();
  const place = document.getElementById("reference");
  window.SwaggerUIBundle({
    url: place.dataset.document,
    domNode: place,
    deepLinking: true,
    validatorUrl: null,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
  });
})();
