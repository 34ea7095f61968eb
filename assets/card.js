// The result card, on every page that shows one: HTML from the server, in which every text is escaped.
(function () {
  "use strict";
  // The page changes, the document and its lists stay.
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest("a[data-link]");
    if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    window.dermaboard.go(link.href);
  });

  // What the model looked at, on request; on a case's page for all models together. The key counts only while the focus
  // is in the result, or whoever dictates would press it; an evaluated image has a page of its own.
  const whole = (part) => part.closest(".case, .slot, .evaluated");

  function toggle(button) {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    whole(button).classList.toggle("outlined", on);
  }

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-outline]");
    if (button) toggle(button);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "o" || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.target.closest("input, textarea, select")) return;
    const place = event.target.closest("#case-card, .slot") || document.querySelector(".evaluated");
    const button = place && place.querySelector("[data-outline]");
    if (button) toggle(button);
  });

  // What the person says is kept at once, and the server says what follows from it. One after the other: an answer on its
  // way would otherwise be shown over a later one.
  let line = Promise.resolve();

  async function answer(id, name, yes) {
    const root = document.documentElement.dataset.root;
    try {
      const saved = await fetch(root + "/api/v1/predictions/" + id, {
        method: "PATCH",
        headers: { "Content-Type": "application/json", "X-CSRFToken": window.dermaboard.csrf() },
        body: JSON.stringify({ context: { [name]: yes ? "yes" : null } }),
      });
      if (!saved.ok) throw new Error(saved.status);
      const shown = await fetch(root + "/cards/" + id);
      if (!shown.ok) throw new Error(shown.status);
      draw(cardOf(id), (await shown.json()).card, name);
    } catch {
      const card = cardOf(id);
      if (!card) return; // the page has changed meanwhile
      card.querySelector('[data-sign="' + name + '"]').setAttribute("aria-pressed", String(!yes));
      card.querySelector(".signs .note").textContent = "This could not be saved. Try again.";
    }
    // The forms of a case hold the same fields, and the revision that they change.
    if (!document.querySelector(".case")) return;
    window.dash_clientside.set_props("context-" + name, { value: yes ? "yes" : "none" });
    window.dash_clientside.set_props("review-done", { data: { answered: Date.now() } });
  }

  const cardOf = (id) => document.querySelector('.result[data-prediction="' + id + '"]');

  function draw(card, html, name) {
    if (!card) return;
    const [focused, outlined] = [card.contains(document.activeElement), whole(card).matches(".outlined")];
    const place = card.parentElement;
    card.outerHTML = html; // what else stands in its place stays
    const outline = place.querySelector("[data-outline]");
    if (outline) outline.setAttribute("aria-pressed", String(outlined));
    if (focused) place.querySelector('[data-sign="' + name + '"]').focus();
  }

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-sign]");
    if (!button) return;
    const yes = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(yes));
    const id = button.closest(".result").dataset.prediction;
    line = line.then(() => answer(id, button.dataset.sign, yes));
  });

  const clientside = (window.dash_clientside = window.dash_clientside || {});
  clientside.card = {
    show: function (html) {
      document.getElementById("case-card").innerHTML = html;
      return clientside.no_update;
    },
  };
})();
