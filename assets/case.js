// The two forms of a case save against the revision that the page shows, and each changes it, as the questions on the
// result do: what is pressed while another one is on its way waits for it.
(function () {
  "use strict";
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const PROBLEMS = { "#review-save": "review-problem", "#context-save": "context-problem" };
  const BUTTONS = ".case :is(#review-save, #context-save, [data-sign])";
  const PATIENCE = 5000;
  let running = null; // the button whose answer is on its way, or not on the page yet
  let waiting = null; // the one that was pressed meanwhile
  let conflict = false;
  let timer = 0;

  function free() {
    const next = waiting;
    running = waiting = null;
    clearTimeout(timer);
    if (next in PROBLEMS && conflict) {
      // Saved now, it could cover what somebody else wrote and nobody here has seen.
      clientside.set_props(PROBLEMS[next], {
        children: "Not saved yet: somebody changed this prediction meanwhile. Look at it, then save again.",
      });
    } else if (next) document.querySelector(next)?.click();
  }

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest(BUTTONS);
    if (!button) return;
    const sign = button.dataset.sign;
    const key = sign ? '[data-sign="' + sign + '"]' : "#" + button.id;
    if (running === null) {
      running = key;
      conflict = false;
      if (sign) timer = setTimeout(free, PATIENCE);
    } else if (sign || running !== key) {
      event.stopPropagation();
      waiting = key;
    }
  }, true);

  document.addEventListener("dermaboard-asked", async ({ detail: { question, answer } }) => {
    if (running === null || !question.changedPropIds.includes(running.slice(1) + ".n_clicks")) return;
    const { response } = answer && answer.status === 200 ? await answer.json() : { response: {} };
    const done = response["review-done"] || response["context-done"];
    conflict = Boolean(done && done.data.conflict);
    if (done) timer = setTimeout(free, PATIENCE);
    else free(); // nothing was saved
  });

  clientside.case = { fresh: free };
})();
