// Judge first, then look: what a reader says goes to the server, and only then does the result come from there.
(function () {
  "use strict";
  const shared = (window.dermaboard = window.dermaboard || {});
  const LOST = "This could not be saved. Try again.";

  // Raises what is to be said to the reader.
  async function send(path, body) {
    let answer = null;
    try {
      answer = await fetch(document.documentElement.dataset.root + "/judgements/" + path, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": shared.csrf() },
        body: JSON.stringify(body),
      });
    } catch {
      throw new Error(LOST);
    }
    shared.answered(answer.status);
    if (answer.ok) return;
    const problem = await answer.json().catch(() => ({}));
    throw new Error(problem.detail || LOST);
  }

  // The card anew on Predict, the page anew on that of a case, where more depends on it.
  async function show(card) {
    const slot = card.closest(".slot");
    if (!slot) return window.location.reload();
    await shared.queue.follow(card.dataset.prediction);
    slot.focus({ preventScroll: true });
  }

  async function judge(card, body, place) {
    place.textContent = "";
    const buttons = card.querySelectorAll("button[type=submit], [data-judged]");
    for (const one of buttons) one.disabled = true;
    try {
      await send(card.dataset.prediction, body);
      await show(card);
    } catch (error) {
      place.textContent = error.message;
    }
    for (const one of buttons) one.disabled = false;
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches(".judge-form")) return;
    event.preventDefault();
    judge(
      form.closest(".result"),
      { ...Object.fromEntries(new FormData(form)), seen: false },
      form.querySelector(".judge-problem"),
    );
  });

  document.addEventListener("click", async (event) => {
    const button = event.target instanceof Element &&
      event.target.closest("[data-judged], [data-judge-first]");
    if (!button) return;
    if (button.dataset.judged) {
      const place = button.closest(".judged").querySelector("[role=status]");
      return judge(button.closest(".result"), { opinion: button.dataset.judged, seen: true }, place);
    }
    const on = button.getAttribute("aria-pressed") !== "true";
    try {
      await send("switch", { on: on });
      button.setAttribute("aria-pressed", String(on));
    } catch (error) {
      button.title = error.message;
    }
  });
})();
