// Keeps the lobby true: asks the casino now and then, and shows what has moved.

import { moneyWriter } from "/look/money.js";

const ASK_AGAIN_MS = 1200;
const ANSWER_WITHIN_MS = 5000;
const SIGNS = { won: "+", lost: "–", open: "…", returned: "↩" };

const { language, texts, currency } = JSON.parse(document.getElementById("setting").textContent);
const money = moneyWriter(language, currency);
const parts = Object.fromEntries(
  ["balance", "rounds", "none", "offline", "top-up"].map((id) => [id, document.getElementById(id)]),
);
let shown = "";
let isFirst = true;

const opening = JSON.parse(document.getElementById("state").textContent);
parts["top-up"].textContent = texts.top_up.replace("{amount}", money(opening.top_up));
parts["top-up"].hidden = false;
parts["top-up"].addEventListener("click", () => void ask("/lobby/top-up", { method: "POST" }));
show(opening);
watch();

async function watch() {
  for (;;) {
    await new Promise((done) => setTimeout(done, ASK_AGAIN_MS));
    if (!document.hidden) {
      await ask("/lobby/state");
    }
  }
}

async function ask(address, more = {}) {
  try {
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
    const answer = await fetch(address, { cache: "no-store", signal, ...more });
    if (!answer.ok) {
      throw new Error(answer.statusText);
    }
    show(await answer.json());
    parts.offline.hidden = true;
  } catch {
    parts.offline.hidden = false;
  }
}

function show(state) {
  const seen = JSON.stringify(state);
  if (seen === shown) {
    return;
  }
  shown = seen;
  parts.balance.textContent = money(state.balance);
  parts.balance.dataset.amount = state.balance;
  parts.none.hidden = state.rounds.length > 0;
  showRounds(state.rounds);
  isFirst = false;
}

/** Bring the list up to date; rows that stay are not touched, so that none loses the focus. */
function showRounds(rounds) {
  const wanted = new Set(rounds.map((round) => round.round_id));
  const known = new Map();
  for (const row of Array.from(parts.rounds.children)) {
    if (wanted.has(row.dataset.round)) {
      known.set(row.dataset.round, row);
    } else {
      row.remove();
    }
  }
  let place = parts.rounds.firstElementChild;
  for (const round of rounds) {
    const row = known.get(round.round_id) ?? newRow(round);
    tell(row, round);
    if (row === place) {
      place = place.nextElementSibling;
    } else {
      parts.rounds.insertBefore(row, place);
    }
  }
}

function newRow(round) {
  const row = document.createElement("li");
  row.dataset.round = round.round_id;
  const what = part("what", "Toy Slot");
  what.append(document.createElement("small"));
  row.append(part("sign", ""), what, part("change", ""), details(round));
  row.querySelector(".sign").setAttribute("aria-hidden", "true");
  row.classList.toggle("is-new", !isFirst);
  return row;
}

function tell(row, round) {
  const isNew = row.classList.contains("is-new");
  row.className = round.fate;
  row.classList.toggle("is-new", isNew);
  row.querySelector(".sign").textContent = SIGNS[round.fate];
  row.querySelector("small").textContent = story(round);
  row.querySelector(".change").textContent = change(round);
}

function story(round) {
  const stake = `${texts.stake} ${money(round.stake)}`;
  if (round.fate === "returned") {
    return texts.returned;
  }
  const rest = round.fate === "open" ? texts.open : `${texts.win} ${money(round.win)}`;
  return round.fate === "lost" ? stake : `${stake} · ${rest}`;
}

function change(round) {
  const isPlus = round.fate === "won" && !round.net.startsWith("-");
  return isPlus ? `+${money(round.net)}` : money(round.net).replace("-", "−");
}

function details(round) {
  const link = document.createElement("a");
  link.href = `/round/${encodeURIComponent(round.round_id)}`;
  link.target = "_blank";
  link.rel = "noopener";
  link.append(part("word", texts.details), part("arrow", "›"));
  link.setAttribute("aria-label", `${texts.details}: ${texts.round} ${round.round_id}`);
  return link;
}

function part(name, text) {
  const made = document.createElement("span");
  made.className = name;
  made.textContent = text;
  return made;
}
