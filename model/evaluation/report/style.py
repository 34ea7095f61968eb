"""How a report looks, on a screen and on A4, and the script that draws its figures."""

# A figure is as wide as the type area of A4, so that paper shows what the screen shows.
WIDTH = 680

CSS = """
:root { color-scheme: light; --ink: #16202c; --muted: #566273; --line: #dfe3e8; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 32px 16px; max-width: 712px; color: var(--ink); background: #fff;
  font: 14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums; }
h1 { font-size: 24px; line-height: 1.25; margin: 0 0 4px; letter-spacing: -0.01em; }
h2 { font-size: 16px; margin: 0 0 4px; }
p { margin: 0 0 8px; max-width: 72ch; }
section { margin-top: 32px; }
.note, caption { color: var(--muted); font-size: 13px; }
.warning { border-left: 3px solid #b45309; padding: 8px 16px; background: #f6f7f9; margin-top: 16px; }
.tiles { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); border: 1px solid var(--line);
  border-radius: 8px; margin-top: 16px; }
.tiles + p { margin-top: 8px; }
.tiles div { padding: 8px 16px; min-width: 0; }
.tiles span { display: block; font-size: 12px; color: var(--muted); }
.tiles strong { display: block; font-size: 20px; letter-spacing: -0.01em; }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 12.5px; }
th, td { padding: 5px 8px; border-top: 1px solid var(--line); text-align: right; vertical-align: top; }
thead th { border-top: 0; border-bottom: 1px solid var(--muted); color: var(--muted); font-weight: 600; }
th:first-child { text-align: left; padding-left: 0; }
th { font-weight: 600; }
.facts td { text-align: left; overflow-wrap: anywhere; }
.facts th { width: 150px; }
.facts ul { list-style: none; margin: 0; padding: 0; }
td small { display: block; color: var(--muted); font-size: 11.5px; white-space: nowrap; }
.few, .few th { color: var(--muted); font-weight: 400; }
code { font-size: 12px; overflow-wrap: anywhere; }
.figure { overflow-x: auto; margin: 0; }
.figure > div { min-width: 320px; }
#figure-subgroups, #figure-training, #figure-diagnoses { min-width: 560px; }
footer { margin-top: 32px; border-top: 1px solid var(--line); padding-top: 8px; }
@media (max-width: 600px) { .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
@page { size: A4; margin: 15mm; }
@media print {
  body { padding: 0; max-width: none; font-size: 10pt; }
  section, .figure, tr, .tiles { break-inside: avoid; }
  section.long { break-inside: auto; }
  h2 { break-after: avoid; }
  .wide, .figure { overflow: visible; }
  .modebar-container { display: none; }
}
"""

# Paper has its own width: what was drawn for the window is drawn again for A4 before printing.
SCRIPT = """
const figures = JSON.parse(document.getElementById("figures").textContent);
for (const [name, figure] of Object.entries(figures)) {
  Plotly.newPlot(name, figure.data, figure.layout,
    { displaylogo: false, responsive: true, modeBarButtons: [["toImage"]], toImageButtonOptions: { format: "svg" } });
}
const all = (width) => { for (const name of Object.keys(figures)) Plotly.relayout(name, width); };
addEventListener("beforeprint", () => all({ width: WIDTH, autosize: false }));
addEventListener("afterprint", () => all({ width: null, autosize: true }));
""".replace("WIDTH", str(WIDTH))
