// Paper has its own width: what was drawn for the window is drawn again for A4 before printing.
const figures = JSON.parse(document.getElementById("figures").textContent);
for (const [name, figure] of Object.entries(figures)) {
  Plotly.newPlot(name, figure.data, figure.layout,
    { displaylogo: false, responsive: true, modeBarButtons: [["toImage"]], toImageButtonOptions: { format: "svg" } });
}
const all = (width) => { for (const name of Object.keys(figures)) Plotly.relayout(name, width); };
addEventListener("beforeprint", () => all({ width: 680, autosize: false }));
addEventListener("afterprint", () => all({ width: null, autosize: true }));
