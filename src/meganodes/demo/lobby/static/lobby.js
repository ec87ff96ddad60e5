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
  const known = new Map(Array.from(parts.rounds.children, (row) => [row.dataset.round, row]));
  parts.rounds.replaceChildren(...state.rounds.map((round) => rowOf(round, known)));
  isFirst = false;
}

/** The row of a round: the one that is there already where nothing about it has changed. */
function rowOf(round, known) {
  const seen = JSON.stringify(round);
  const old = known.get(round.round_id);
  if (old?.dataset.seen === seen) {
    old.classList.remove("is-new");
    return old;
  }
  const row = document.createElement("li");
  row.dataset.round = round.round_id;
  row.dataset.seen = seen;
  row.className = round.fate;
  row.classList.toggle("is-new", !isFirst && !old);
  row.append(part("sign", SIGNS[round.fate]), what(round), part("change", change(round)), details(round));
  row.querySelector(".sign").setAttribute("aria-hidden", "true");
  return row;
}

function what(round) {
  const made = part("what", "Toy Slot");
  const small = document.createElement("small");
  small.textContent = story(round);
  made.append(small);
  return made;
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
