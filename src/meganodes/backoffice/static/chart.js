// Charts: columns and lines over time. Heights are whole numbers (money: minor units); texts are exact, from the server.
"use strict";
(() => {
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const HEIGHT = 230;
  const STEPS = Array.from({ length: 15 }, (_, power) => [1, 2, 5].map((one) => one * 10 ** power)).flat();

  // A height as text: the decimals are set by hand, so that no fraction is ever computed.
  function heightText(value, exponent) {
    const digits = String(Math.round(value)).padStart(exponent + 1, "0");
    const whole = digits.slice(0, digits.length - exponent).replace(/\B(?=(\d{3})+$)/g, "\u202f");
    const decimals = digits.slice(digits.length - exponent);
    return /^0*$/.test(decimals) ? whole : `${whole}.${decimals}`;
  }

  function look(series, places) {
    const bars = uPlot.paths.bars({ size: [0.62, 26], gap: 2 });
    const tone = style({ bars: "--accent", "bad-bars": "--bad", line: "--good" }[series.look]);
    if (series.look === "line") {
      return { stroke: tone, width: 2, points: { show: places < 40, size: 5, fill: tone } };
    }
    return { fill: tone, stroke: tone, width: 0, paths: bars, points: { show: false } };
  }

  function options(data, holder, tell) {
    const places = data.labels.length;
    const font = `12px ${getComputedStyle(document.body).fontFamily}`;
    const grid = { stroke: style("--line"), width: 1 };
    const widest = Math.max(1, ...data.series.flatMap((each) => each.values)).toString().length;
    return {
      width: holder.clientWidth,
      height: HEIGHT,
      cursor: { points: { show: false }, drag: { setScale: false } },
      legend: { show: false },
      scales: { x: { time: false, range: [-0.6, places - 0.4] }, y: { range: (_u, low, high) => [Math.min(0, low), high > 0 ? high * 1.08 : 1] } },
      axes: [
        { stroke: style("--soft"), font, size: 28, grid: { show: false }, ticks: { show: false }, values: (_u, ticks) => ticks.map((at) => data.labels[at] ?? ""), space: 96, incrs: [1, 2, 3, 4, 6, 8, 12] },
        { stroke: style("--soft"), font, size: 26 + 8 * widest, grid, ticks: { show: false }, values: (_u, ticks) => ticks.map((at) => heightText(at, data.exponent)), space: 44, incrs: STEPS },
      ],
      series: [{}, ...data.series.map((each) => ({ label: each.name, ...look(each, places) }))],
      hooks: { setCursor: [(plot) => tell(plot.cursor.idx)] },
    };
  }

  function draw(holder) {
    const data = JSON.parse(holder.dataset.chart);
    const note = document.createElement("p");
    note.className = "chart-note";
    note.setAttribute("aria-hidden", "true");
    function tell(at) {
      const said = at == null ? [] : data.series.map((each) => `${each.name} ${each.texts[at]}`);
      note.textContent = at == null ? "\u00a0" : [data.labels[at], ...said].join(" · ") + ` ${data.unit}`;
    }
    holder.replaceChildren(note);
    tell(null);
    const plot = new uPlot(options(data, holder, tell), [data.labels.map((_, at) => at), ...data.series.map((each) => each.values)], holder);
    new ResizeObserver(() => plot.setSize({ width: holder.clientWidth, height: HEIGHT })).observe(holder);
    return plot;
  }

  const holders = [...document.querySelectorAll("[data-chart]")];
  let plots = holders.map(draw);
  document.addEventListener("office:theme", () => {
    plots.forEach((plot) => plot.destroy());
    plots = holders.map(draw);
  });
})();
