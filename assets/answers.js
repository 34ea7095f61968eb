// The server answers when it can, and Dash shows what comes last: an old answer could cover a newer one, or appear on
// the page of another case. An answer counts only if nothing newer was asked for the same outputs, and if the page
// still shows what it was asked about.
(function () {
  "use strict";
  const shared = (window.dermaboard = window.dermaboard || {});
  const send = window.fetch;
  const newest = new Map(); // the last question for every set of outputs
  const asking = new Set(); // ids of what questions under way were asked for

  // Whether the page is at the view that a question names; most name none.
  function holds({ inputs, state }) {
    const view = [...inputs, ...(state || [])].flat().find(({ id }) => id === "performance-view");
    return !view || shared.property("performance-view", "data") === view.value;
  }

  // The address that a new body of the performance page is asked for with, and what the browser alone has chosen by now:
  // whoever moves the slider while the body is on its way would find it where it was.
  const body = ({ output, state }) =>
    output.includes("performance-body.") && state.find(({ id }) => id === "performance-search");
  function outdated(question) {
    const search = body(question);
    return Boolean(search) && shared.upToDate(search.value) !== search.value;
  }
  function update(question) {
    const search = body(question);
    if (search) search.value = shared.upToDate(search.value);
    return JSON.stringify(question);
  }

  // What Dash holds of a component; undefined where the page has none of that id, for which Dash itself would throw.
  shared.property = function (id, name) {
    try {
      return window.dash_component_api.getLayout(id).props[name];
    } catch {
      return undefined;
    }
  };

  // A second press of a button whose answer is on its way would save twice, or meet what the first has changed.
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("button[id]");
    if (button && asking.has(button.id)) event.stopPropagation();
  }, true);

  // What a button did might be done twice; everything else is asked again when the server is back.
  const pressed = ({ changedPropIds }) => changedPropIds.some((one) => one.endsWith(".n_clicks"));
  async function ask(question, address, options, wanted) {
    for (;;) {
      let answer = null;
      let problem = null;
      try {
        answer = await send(address, { ...options, body: update(question) });
        await answer.clone().arrayBuffer(); // a short answer would overtake a long one
        if (!shared.isGone(answer.status, answer.headers.get("Content-Type"))) return answer;
      } catch (error) {
        problem = error;
      }
      const back = shared.lost();
      if (!wanted()) return new Response(null, { status: 204 });
      if (pressed(question)) {
        if (problem) throw problem;
        return answer;
      }
      await back;
    }
  }

  async function watched(address, options) {
    try {
      return await send(address, options);
    } catch (error) {
      if (error instanceof TypeError) shared.lost();
      throw error;
    }
  }

  window.fetch = async function (address, options) {
    if (!/\/_dash-update-component(\?|$)/.test(address)) return watched(address, options);
    const [question, page] = [JSON.parse(options.body), window.location.pathname];
    const outputs = JSON.stringify([question.output, question.outputs]); // the first alone does not say which MATCH
    const ids = question.changedPropIds.map((one) => one.split(".")[0]);
    newest.set(outputs, question);
    ids.forEach((id) => asking.add(id));
    const isLast = () => newest.get(outputs) === question;
    let answer = null;
    shared.asks(question);
    try {
      do {
        answer = await ask(question, address, options, () => isLast() && page === window.location.pathname);
        shared.answered(answer.status);
      } while (isLast() && outdated(question));
    } finally {
      ids.forEach((id) => asking.delete(id));
      document.dispatchEvent(
        new CustomEvent("dermaboard-asked", {
          detail: { question, answer: answer && answer.clone(), last: isLast() },
        }),
      );
    }
    const last = isLast();
    // session.js has said it; the page stays as it is.
    if (answer.status === 401) return new Response(null, { status: 204 });
    if (last && page === window.location.pathname && holds(question)) {
      document.dispatchEvent(new CustomEvent("dermaboard-answer", { detail: question }));
      return answer;
    }
    return new Response(null, { status: 204 }); // what Dash takes for "change nothing"
  };
})();
