// The contents of the performance page: which section is being read, and a section in the address, from "#" on. Dash would
// take a new "#" for a new address and draw the page anew, so it is written without Dash.
(function () {
  "use strict";
  // As in performance.css: header, and in a narrow window the tabs and the threshold.
  const HEAD = 240;
  const links = () => [...document.querySelectorAll("#performance-contents a[data-section]")];
  // A part of a section, "comparison.1", comes later than its section.
  const part = (name) => document.getElementById(`section-${name}`);
  const section = (name) => part(name) || part(name.split(".")[0]);
  let waiting = false;

  // The last section that begins above the line on which one reads.
  function read() {
    waiting = false;
    const all = links();
    if (!all.length) return;
    const end = window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 4;
    const begun = all.filter((link) => {
      const found = section(link.dataset.section);
      return found && found.getBoundingClientRect().top <= HEAD;
    });
    const now = end ? all.at(-1) : begun.at(-1) || all[0];
    for (const link of all) {
      const current = link === now;
      if (current === (link.getAttribute("aria-current") === "true")) continue;
      if (!current) link.removeAttribute("aria-current");
      else {
        link.setAttribute("aria-current", "true");
        const list = link.closest("ul");
        // Tabs that are out of sight come into it.
        const busy = list.contains(document.activeElement);
        if (!busy && list.scrollWidth > list.clientWidth) {
          list.scrollLeft = link.offsetLeft - list.clientWidth / 3;
        }
      }
    }
  }

  function soon() {
    if (!waiting) requestAnimationFrame(read);
    waiting = true;
  }

  function go(name) {
    const found = section(name);
    if (!found) return false;
    const folded = found.querySelector(":scope > details");
    if (folded) folded.open = true;
    found.scrollIntoView({ block: "start", behavior: "instant" });
    found.focus({ preventScroll: true });
    return true;
  }

  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest("a[data-section]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const { pathname, search } = window.location;
    window.history.replaceState(
      window.history.state,
      "",
      `${pathname}${search}#section-${link.dataset.section}`,
    );
    go(link.dataset.section);
  });

  // A tab that has the focus is in sight, wherever the browser has scrolled the row of tabs.
  document.addEventListener("focusin", ({ target }) => {
    const list = target.closest("#performance-contents ul");
    // Not under a finger: what it presses would move away from it.
    if (list && target.matches(":focus-visible")) list.scrollLeft = target.offsetLeft - list.clientWidth / 3;
  });
  document.addEventListener("scroll", soon, { passive: true });
  window.addEventListener("resize", soon);
  // The sections come with Dash, and are hidden until the page stands; then the address's is gone to, once.
  let gone = false;
  let arriving = false;

  function arrive() {
    arriving = false;
    const [first] = links();
    if (gone || !first) return;
    if (!first.getClientRects().length) {
      arriving = true;
      setTimeout(arrive, 100);
      return;
    }
    gone = true;
    go(window.location.hash.replace("#section-", ""));
  }

  new MutationObserver(() => {
    soon();
    if (!gone && !arriving) arrive();
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
