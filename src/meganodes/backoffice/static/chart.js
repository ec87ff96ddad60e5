// The chart of bets and wins. Heights are minor units; texts are the exact amounts from the server.
"use strict";
(() => {
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function draw(holder) {
    const data = JSON.parse(holder.dataset.chart);
    const places = data.labels.map((_, index) => index);
    const bars = uPlot.paths.bars({ size: [0.62, 26], gap: 2 });
    const options = {
      width: holder.clientWidth,
      height: 230,
      cursor: { points: { show: false }, drag: { setScale: false } },
      legend: { show: false },
      scales: { x: { time: false, range: [-0.6, places.length - 0.4] }, y: { range: (_u, low, high) => [Math.min(0, low), high > 0 ? high * 1.08 : 1] } },
      axes: [
        { stroke: style("--soft"), grid: { show: false }, ticks: { show: false }, values: (_u, ticks) => ticks.map((at) => data.labels[at] ?? ""), space: 90, incrs: [1, 2, 3, 4, 6, 8, 12] },
        { show: false },
      ],
      series: [
        {},
        { label: "bets", fill: style("--accent"), stroke: style("--accent"), width: 0, paths: bars },
        { label: "wins", stroke: style("--good"), width: 2, points: { show: places.length < 40, size: 5, fill: style("--good") } },
      ],
      hooks: { setCursor: [(plot) => tell(plot.cursor.idx)] },
    };
    const note = document.createElement("p");
    note.className = "chart-note";
    note.setAttribute("aria-hidden", "true");
    function tell(at) {
      note.textContent = at == null ? "\u00a0" : `${data.labels[at]} · bets ${data.betTexts[at]} · wins ${data.winTexts[at]} ${data.currency}`;
    }
    holder.replaceChildren(note);
    tell(null);
    const plot = new uPlot(options, [places, data.bets, data.wins], holder);
    new ResizeObserver(() => plot.setSize({ width: holder.clientWidth, height: 230 })).observe(holder);
    return plot;
  }

  const holders = [...document.querySelectorAll("[data-chart]")];
  let plots = holders.map(draw);
  document.addEventListener("office:theme", () => {
    plots.forEach((plot) => plot.destroy());
    plots = holders.map(draw);
  });
})();
