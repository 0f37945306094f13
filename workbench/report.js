"use strict";
// Draws each figure from the JSON beside it, and unfolds long answers for the printer.
const charts = [];
for (const source of document.querySelectorAll("script.figure")) {
  const place = source.parentElement.querySelector(".chart");
  const figure = JSON.parse(source.textContent);
  figure.layout.font = { ...figure.layout.font, family: getComputedStyle(document.body).fontFamily };
  Plotly.newPlot(place, figure.data, figure.layout, { displayModeBar: false, responsive: true, scrollZoom: false });
  charts.push(place);
}
const PRINTED_WIDTH = 660;
// A link to a row inside a folded table opens it.
addEventListener("hashchange", () => {
  const target = document.getElementById(location.hash.slice(1));
  const fold = target?.closest("details");
  if (fold) fold.open = true;
  target?.scrollIntoView({ block: "center" });
});
let unfolded = [];
addEventListener("beforeprint", () => {
  unfolded = [...document.querySelectorAll("details.long:not([open])")];
  for (const each of unfolded) each.open = true;
  for (const chart of charts) Plotly.relayout(chart, { autosize: false, width: PRINTED_WIDTH });
});
addEventListener("afterprint", () => {
  for (const each of unfolded) each.open = false;
  for (const chart of charts) Plotly.relayout(chart, { autosize: true, width: null });
});
