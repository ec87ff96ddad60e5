// A file that is made while it is read: how far it is, and a way to stop it. Without scripts the link is a download.
"use strict";
(() => {
  const words = JSON.parse(document.body.dataset.words);
  const link = document.querySelector("[data-export]");
  const panel = document.getElementById("export");
  if (!link || !panel) return;
  const state = panel.querySelector("[data-export-state]");
  const bar = panel.querySelector("progress");
  const number = new Intl.NumberFormat(document.documentElement.lang);
  const filled = (text, values) => text.replace(/%\((\w+)\)s/g, (_all, name) => values[name]);
  const total = Number(link.dataset.export) || 0; // 0: not counted
  let running = null;

  function tell(rows) {
    const values = { count: number.format(rows), total: number.format(total) };
    state.textContent = filled(total ? words.exportingOf : words.exporting, values);
    if (total) bar.value = Math.min(1, rows / total);
  }

  // Every row is one line: no cell of ours has a line break, and what a provider sent stands in quotes.
  async function read(answer, stopped) {
    const parts = [];
    let lines = 0;
    for (let reader = answer.body.getReader(), step; !(step = await reader.read()).done;) {
      if (stopped.aborted) throw new DOMException("stopped", "AbortError");
      parts.push(step.value);
      for (const byte of step.value) if (byte === 10) lines += 1;
      tell(Math.max(0, lines - 1));
    }
    return { file: new Blob(parts, { type: "text/csv" }), rows: Math.max(0, lines - 1) };
  }

  function keep(file, name) {
    const holder = document.createElement("a");
    holder.href = URL.createObjectURL(file);
    holder.download = name;
    holder.click();
    setTimeout(() => URL.revokeObjectURL(holder.href), 60000);
  }

  link.addEventListener("click", async (event) => {
    event.preventDefault();
    if (running) return;
    running = new AbortController();
    panel.hidden = false;
    panel.removeAttribute("data-failed");
    bar.removeAttribute("value");
    tell(0);
    try {
      const answer = await fetch(link.href, { signal: running.signal });
      const name = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "");
      if (!answer.ok || !name) throw new Error("no file");
      const { file, rows } = await read(answer, running.signal);
      keep(file, name[1]);
      bar.value = 1;
      state.textContent = filled(words.exported, { count: number.format(rows) });
    } catch (fault) {
      panel.hidden = fault.name === "AbortError";
      panel.dataset.failed = "1";
      state.textContent = words.exportFailed;
    } finally {
      running = null;
    }
  });
  panel.querySelector("[data-export-stop]").addEventListener("click", () => {
    running?.abort();
    panel.hidden = true;
  });
})();
