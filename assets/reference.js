// The page of the REST API's documentation, without calls to anywhere else (Swagger UI would ask a validator).
(function () {
  "use strict";
  const place = document.getElementById("reference");
  window.ui = window.SwaggerUIBundle({
    url: place.dataset.document,
    domNode: place,
    deepLinking: true,
    validatorUrl: null,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
  });
})();
