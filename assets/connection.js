// Whether the server answers, and what stands on the page until it does: a banner that says so and tries again, and in
// the place of a page that was asked for, a sentence instead of the page before.
(function () {
  "use strict";
  const ROOT = document.documentElement.dataset.root;
  const LONGEST = 15; // seconds between tries
  const PATIENCE = 5000;
  const LATE = 300;
  const shared = (window.dermaboard = window.dermaboard || {});
  const byId = (id) => document.getElementById(id);
  let away = null; // a promise while the server does not answer, which is kept when it does again
  let tryNow = () => {};

  // Whoever has got no answer calls this; the promise is kept when the server answers again.
  shared.lost = () => (away = away || returned());
  shared.isLost = () => away !== null;
  // What a proxy says for a server that is not there; our own answers are JSON.
  shared.isGone = (status, type) => [502, 503, 504].includes(status) && !/json/.test(type || "");

  const rest = (seconds) =>
    new Promise((done) => {
      tryNow = done;
      setTimeout(done, 1000 * seconds);
    });

  async function answers() {
    try {
      const signal = AbortSignal.timeout(PATIENCE);
      return (await fetch(ROOT + "/health/live", { cache: "no-store", signal: signal })).ok;
    } catch {
      return false;
    }
  }

  async function returned() {
    let told = false;
    await rest(0.5); // a page that is being left loses its requests, too
    for (let pause = 1; !(await answers()); pause = Math.min(2 * pause, LONGEST)) {
      if (!told) say("No connection to the server. What is on its way goes on by itself when it is back.");
      told = true;
      byId("connection-next").textContent = "Tries again in " + pause + " s.";
      await rest(pause);
    }
    away = null;
    if (!told) return;
    say("Connected again.");
    setTimeout(() => away || say(""), 4000);
  }

  function say(words) {
    byId("connection").dataset.state = words ? (away ? "lost" : "back") : "";
    byId("connection-words").textContent = words;
    byId("connection-next").textContent = "";
  }

  // A page that was asked for and is not there yet.
  let late = 0;
  const isPage = ({ output }) => output.includes("_pages_content.");

  function cover(words, failed) {
    byId("coming").dataset.state = failed ? "failed" : "open";
    byId("coming-words").textContent = words;
  }

  // Not before the new page stands, or the old one would be seen once more.
  function uncover() {
    const content = byId("content");
    const watch = new MutationObserver(done);
    const timer = setTimeout(done, 500);
    function done() {
      watch.disconnect();
      clearTimeout(timer);
      byId("coming").dataset.state = "";
    }
    watch.observe(content, { childList: true, subtree: true });
  }

  shared.asks = function (question) {
    if (!isPage(question) || !byId("coming")) return;
    clearTimeout(late);
    late = setTimeout(
      () => cover(away ? "This page comes when the server is back." : "Loading"),
      LATE,
    );
  };

  document.addEventListener("dermaboard-asked", ({ detail: { question, answer, last } }) => {
    const failed = !answer || !answer.ok;
    if (isPage(question) && last) {
      clearTimeout(late);
      if (failed) cover("This page could not be loaded.", true);
      else uncover();
    } else if (failed && last) {
      [question.outputs].flat(2).forEach(giveUp);
    }
  });

  // What would have been drawn where a skeleton is.
  function giveUp(output) {
    if (!output) return;
    const { id } = output;
    const node = byId(typeof id === "string" ? id : JSON.stringify(id, Object.keys(id).sort()));
    for (const skeleton of node ? node.querySelectorAll(".skeleton:empty") : []) {
      skeleton.textContent = "This could not be loaded. Load the page again.";
    }
  }

  window.addEventListener("offline", () => shared.lost());
  window.addEventListener("online", () => tryNow());
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("button");
    if (button && button.id === "connection-now") tryNow();
    else if (button && button.id === "coming-again") window.location.reload();
  });
})();
