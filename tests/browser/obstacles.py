"""What stands in people's way: axe-core's rules, small targets, a hidden focus, a page wider than its window."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

LEVELS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
# Beyond the levels, what axe-core's best practices take for grave.
GRAVE = ("serious", "critical")
# No page has as many stops.
STOPS = 250

# Links within a sentence are as high as its line. A row of the history opens what the links in it open; a slider
# takes a touch on all of its line. Plotly's own buttons stay as they are.
SMALL = """least => {
  const exempt = ".ag-root-wrapper a, [role=slider], .modebar-btn, .skip-link, [tabindex='-1']";
  const boxes = (node) => [node, ...(node.labels || []), node.closest("label")].filter(Boolean)
    .map((one) => one.getBoundingClientRect()).filter((box) => box.width && box.height);
  const inline = (node) => node.matches("a") && getComputedStyle(node).display === "inline" &&
    node.parentElement.textContent.trim().length > node.textContent.trim().length + 3;
  const found = [];
  for (const node of document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [role=tab], [role=slider]"
  )) {
    if (!node.checkVisibility({ visibilityProperty: true }) || node.disabled || node.closest("[inert]")) continue;
    if (node.matches(exempt) || inline(node)) continue;
    const all = boxes(node);
    if (!all.length) continue;
    const width = Math.max(...all.map((one) => one.right)) - Math.min(...all.map((one) => one.left));
    const height = Math.max(...all.map((one) => one.bottom)) - Math.min(...all.map((one) => one.top));
    if (Math.min(width, height) < least - 0.5)
      found.push(`${width.toFixed(0)} x ${height.toFixed(0)}: ${node.outerHTML.slice(0, 160)}`);
  }
  return found;
}"""

# Where the focus is, and whether any of nine points of it can be seen; nothing at the end of the page.
FOCUS = """() => {
  const node = document.activeElement;
  if (!node || node === document.body) return null;
  const shown = node.labels && node.labels.length && getComputedStyle(node).opacity === "0" ? node.labels[0] : node;
  const box = shown.getBoundingClientRect();
  const seen = [0.1, 0.5, 0.9].some((x) => [0.1, 0.5, 0.9].some((y) => {
    const top = document.elementFromPoint(box.left + x * box.width, box.top + y * box.height);
    return top && [node, shown].some((one) => one.contains(top));
  }));
  node.dataset.stop ||= String(Math.random());
  return [node.dataset.stop, seen ? "" : node.outerHTML.slice(0, 160)];
}"""


def axe_violations(page: Page) -> list[str]:
    """The rules that a page breaks, and where."""
    return [
        f"{one['id']}: {one['help']}: {[node['html'][:200] for node in one['nodes'][:4]]}"
        for one in Axe()
        .run(page, options={"rules": {"target-size": {"enabled": True}}})
        .response["violations"]
        if one["impact"] in GRAVE or set(one["tags"]).intersection(LEVELS)
    ]


def small_targets(page: Page, least: int) -> list[str]:
    """Visible targets that are less than so many pixels wide or high."""
    return [f"small target: {one}" for one in page.evaluate(SMALL, least)]


def hidden_focus(page: Page) -> list[str]:
    """What the tab key leads to and nobody sees: below a bar, out of the window, or covered."""
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    found, stops = [], set()
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUS)
        if stop is None or stop[0] in stops:
            return found
        stops.add(stop[0])
        if stop[1]:
            # A figure that was drawn meanwhile has moved it.
            page.wait_for_timeout(500)
            stop = page.evaluate(FOCUS)
        if stop[1]:
            found.append(f"hidden focus: {stop[1]}")
    return [*found, "the focus never comes to an end"]


def overflow(page: Page, width: int) -> list[str]:
    """That a page is wider than its window, and what makes it so."""
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide <= width:
        return []
    nodes = page.evaluate(
        """width => [...document.body.querySelectorAll("*")].filter(
          (node) => node.getBoundingClientRect().right > width + 1
        ).slice(0, 4).map((node) => node.outerHTML.slice(0, 120))""",
        width,
    )
    return [f"{wide} pixels wide: {nodes}"]
