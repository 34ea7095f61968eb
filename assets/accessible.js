// Dash's own components as screen readers and keyboards need them: lists of options call themselves list boxes though
// native radio buttons and check boxes are inside, sliders have no names, and a dropdown's tab stop is hidden from
// those who cannot see. What is set here stays through Dash's own changes, or is set again after them.
(function () {
  "use strict";

  function name(node) {
    const label = node.id && document.querySelector('label[for="' + CSS.escape(node.id) + '"]');
    const before = node.previousElementSibling;
    if (label || (before && before.matches(".label, label"))) return (label || before).textContent.trim();
    const section = node.closest("section");
    const heading = section && section.querySelector("h2, h3");
    const around = node.closest("[aria-label]");
    return heading ? heading.textContent.trim() : around ? around.getAttribute("aria-label") : "Choice";
  }

  function list(node) {
    node.setAttribute("aria-label", name(node));
    node.setAttribute("role", node.matches(".dash-radioitems") ? "radiogroup" : "group");
    for (const option of node.querySelectorAll("[role=option]")) option.removeAttribute("role");
  }

  function slider(node) {
    const words = name(node);
    for (const part of node.querySelectorAll("[role=slider], input")) part.setAttribute("aria-label", words);
  }

  function dropdown(node) {
    node.tabIndex = -1;
    if (node.nextElementSibling) node.nextElementSibling.tabIndex = 0;
  }

  function mend() {
    for (
      const node of document.querySelectorAll(
        ".dash-options-list[role=listbox]:is(.dash-radioitems, .dash-checklist)",
      )
    ) list(node);
    for (
      const node of document.querySelectorAll(
        ".dash-options-list:is([role=group], [role=radiogroup]) [aria-selected]",
      )
    ) {
      node.removeAttribute("aria-selected");
    }
    for (
      const node of document.querySelectorAll(".dash-slider-container:has([role=slider]:not([aria-label]))")
    ) slider(node);
    for (const node of document.querySelectorAll(".graph-training:not([tabindex])")) node.tabIndex = 0; // it scrolls
    for (const node of document.querySelectorAll(".dash-dropdown-focus-target[tabindex='0']")) dropdown(node);
  }

  let asked = 0;
  const soon = () => {
    if (!asked) {
      asked = requestAnimationFrame(() => {
        asked = 0;
        mend();
      });
    }
  };
  new MutationObserver(soon).observe(document.documentElement, {
    childList: true,
    subtree: true,
    attributes: true,
    attributeFilter: ["aria-selected", "role"],
  });
})();
