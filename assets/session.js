// Where there is a log-in: what a write sends along, so that the server sees that a page of ours sent it; and what to do
// when the session has ended. Nothing that somebody typed is lost: the log-in opens in another window.
(function () {
  "use strict";
  const shared = (window.dermaboard = window.dermaboard || {});
  const ROOT = document.documentElement.dataset.root;

  // Empty where there is no log-in.
  shared.csrf = function () {
    const found = document.cookie.split("; ").find((part) => part.startsWith("_csrf_token="));
    return found ? found.slice("_csrf_token=".length) : "";
  };

  // Told the status of every answer that somebody waits for.
  shared.answered = function (status) {
    const place = document.querySelector(".session-ended");
    if (status === 401 && !place) announce();
    else if (status < 400 && place) place.remove();
  };

  function announce() {
    const place = document.createElement("div");
    place.className = "session-ended";
    place.setAttribute("role", "alert");
    const words = document.createElement("p");
    words.textContent =
      "Your session has ended, and this was not saved. What you typed is still here: sign in in a " +
      "new window, come back, and do it again.";
    const link = document.createElement("a");
    Object.assign(link, {
      className: "btn btn-primary",
      href: ROOT + "/login?next=/signed-in",
      target: "_blank",
      rel: "opener",
      textContent: "Sign in",
    });
    place.append(words, link);
    document.body.append(place);
    link.focus();
  }

  document.addEventListener("submit", (event) => {
    // The next person at this window begins with an empty list.
    if (event.target.matches(".account")) sessionStorage.clear();
    const field = event.target.querySelector("input[name=csrf_token]");
    if (field) field.value = shared.csrf();
  }, true);
})();
