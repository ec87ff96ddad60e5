// Small behaviours of the Back Office's pages; every page works without them.
"use strict";
(() => {
  const find = (selector, root = document) => [...root.querySelectorAll(selector)];
  const words = JSON.parse(document.body.dataset.words); // what is said comes from the catalogues
  const filled = (text, values) => text.replace(/%\((\w+)\)s/g, (_all, name) => values[name]);

  function say(text, tone = "success") {
    const note = document.createElement("div");
    note.className = `toast-note toast-${tone}`;
    note.textContent = text;
    document.getElementById("toasts").append(note);
    setTimeout(() => note.remove(), 4000);
  }

  // --- theme -------------------------------------------------------------------------------------
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    const theme = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
    document.documentElement.dataset.bsTheme = theme;
    localStorage.setItem("meganodes-theme", theme);
    document.dispatchEvent(new CustomEvent("office:theme"));
  });

  // --- copy, dismiss, menu, dialogs ---------------------------------------------------------------
  document.addEventListener("click", async (event) => {
    const on = (selector) => event.target.closest(selector);
    const copy = on("[data-copy]");
    if (copy) {
      try {
        await navigator.clipboard.writeText(copy.dataset.copy);
        say(words.copied);
      } catch {
        say(words.notCopied, "warning");
      }
    }
    if (on("[data-dismiss]")) on("[data-dismiss]").parentElement.remove();
    const toggle = on("[data-toggle]");
    if (toggle) {
      const open = document.getElementById(toggle.dataset.toggle).classList.toggle("is-open");
      toggle.setAttribute("aria-expanded", String(open));
    }
    const opener = on("[data-open]");
    if (opener) document.getElementById(opener.dataset.open).showModal();
    if (on("[data-close]")) on("dialog").close();
    for (const drop of find("details.drop[open]")) if (!drop.contains(event.target)) drop.open = false;
  });

  function closeMenu() {
    const button = document.querySelector("[data-toggle=menu][aria-expanded=true]");
    document.getElementById("menu")?.classList.remove("is-open");
    button?.setAttribute("aria-expanded", "false");
    button?.focus();
  }

  // --- keyboard: / or Ctrl-K searches, Escape leaves -----------------------------------------------
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input, textarea, select, [contenteditable]");
    const search = document.getElementById("search");
    const wanted = (event.key === "/" && !typing) || (event.key === "k" && (event.ctrlKey || event.metaKey));
    if (search && wanted) {
      event.preventDefault();
      search.focus();
      search.select();
    }
    if (event.key === "Escape") {
      if (event.target === search) search.blur();
      for (const drop of find("details.drop[open]")) drop.open = false;
      closeMenu();
    }
  });

  // --- forms: no second press while the first is under way -----------------------------------------
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) return void event.preventDefault();
    form.dataset.sent = "1";
    for (const button of find("button:not([type=button])", form)) button.setAttribute("aria-disabled", "true");
  });
  addEventListener("pageshow", () => find("form[data-sent]").forEach((form) => delete form.dataset.sent));
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  });

  // --- relative times stay true -------------------------------------------------------------------
  const UNITS = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  function relative(at) {
    const seconds = Math.trunc((Date.now() - at) / 1000);
    const size = Math.abs(seconds);
    const [name, length] = UNITS.find(([, unit]) => size >= unit) ?? UNITS[3];
    const text = `${Math.trunc(size / length)} ${name}`;
    return filled(seconds < 0 ? words.ahead : words.ago, { length: text });
  }
  function refreshTimes(root = document) {
    for (const each of find("time[data-relative]", root)) {
      const at = Date.parse(each.dateTime);
      if (Math.abs(Date.now() - at) < 30 * 86400000) each.textContent = relative(at);
    }
  }
  setInterval(refreshTimes, 10000);

  // --- parts of a page that refresh themselves: data-refresh="URL" data-every="ms" ------------------
  function keepFresh(part) {
    const every = Number(part.dataset.every || 5000);
    setInterval(async () => {
      if (document.hidden || part.contains(document.activeElement) || part.querySelector("dialog[open]")) return;
      try {
        const answer = await fetch(part.dataset.refresh, { headers: { "X-Part": "1" } });
        if (!answer.ok || answer.redirected) return;
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById(part.id);
        if (fresh) part.replaceChildren(...fresh.childNodes);
        refreshTimes(part);
      } catch { /* the next round tries again */ }
    }, every);
  }
  find("[data-refresh]").forEach(keepFresh);

  // --- live tail: data-live="URL" on a list; a button [data-live-pause=ID] holds it -----------------
  function tail(list) {
    const held = [];
    let paused = false;
    const button = document.querySelector(`[data-live-pause="${list.id}"]`);
    const source = new EventSource(list.dataset.live);
    const state = document.getElementById(`${list.id}-state`);
    const add = (html) => {
      const holder = document.createElement("template");
      holder.innerHTML = html; // rendered and escaped by the server
      const row = holder.content.firstElementChild;
      if (!row || (row.id && document.getElementById(row.id))) return; // told again after a break
      list.closest("[data-live-table]")?.removeAttribute("hidden");
      document.querySelector("[data-live-empty]")?.remove();
      list.prepend(holder.content);
      while (list.children.length > 200) list.lastElementChild.remove();
      refreshTimes(list);
    };
    const tell = (text) => { if (state) state.textContent = text; };
    source.addEventListener("row", (event) => {
      if (!paused) return void add(event.data);
      held.push(event.data);
      if (held.length > 200) held.shift(); // the list shows no more than that
      tell(filled(words.pausedWith, { count: held.length }));
    });
    source.addEventListener("open", () => tell(words.live));
    source.addEventListener("error", () => {
      tell(source.readyState === EventSource.CLOSED ? list.dataset.liveRefused || words.notLive : words.connecting);
    });
    button?.addEventListener("click", () => {
      paused = !paused;
      button.setAttribute("aria-pressed", String(paused));
      tell(paused ? words.paused : words.live);
      if (!paused) held.splice(0).forEach(add);
    });
    addEventListener("pagehide", () => source.close());
  }
  find("[data-live]").forEach(tail);

  // --- what was typed comes back after the password was asked for -----------------------------------
  const KEPT = "meganodes-typed";
  const fields = (form) => find("input, select, textarea", form).filter(
    (each) => each.name && each.name !== "csrf" && each.autocomplete !== "one-time-code" && !["password", "hidden"].includes(each.type));
  document.addEventListener("submit", ({ target: form }) => {
    if (form.method !== "post" || form.querySelector("[type=password]")) return;
    const typed = fields(form).map((each) => [each.name, each.value, each.checked]);
    if (typed.length) sessionStorage.setItem(KEPT, JSON.stringify({ action: form.action, typed }));
  });
  function bringBack() {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
    if (location.pathname.endsWith("/confirm")) return;
    sessionStorage.removeItem(KEPT);
    const cameFrom = document.referrer && new URL(document.referrer);
    const form = kept && find("form").find((each) => each.action === kept.action);
    if (!form || !cameFrom || cameFrom.origin !== location.origin || !cameFrom.pathname.endsWith("/confirm")) return;
    const choices = ["radio", "checkbox"];
    for (const each of fields(form)) {
      const same = kept.typed.filter(([name, value]) => name === each.name && (!choices.includes(each.type) || value === each.value));
      if (!same.length) continue;
      if (choices.includes(each.type)) each.checked = same[0][2];
      else each.value = same[0][1];
    }
    form.closest("dialog")?.showModal();
    say(words.broughtBack, "info");
  }
  bringBack();

  // --- rows that are links ------------------------------------------------------------------------
  document.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-href]");
    if (!row || event.target.closest("a, button, input, label") || String(getSelection())) return;
    if (event.ctrlKey || event.metaKey) open(row.dataset.href);
    else location.assign(row.dataset.href);
  });
})();
