// Shows a settled round as it was played.

import { loadArt } from "./art.js";
import { moneyWriter } from "/look/money.js";
import { Reels } from "./reels.js";
import { describe } from "./spoken.js";
import { setting } from "./studio.js";

const TURN_MS = 700;

const { texts, language, strips, lines, round_id: roundId, idle } = setting();
const stillness = matchMedia("(prefers-reduced-motion: reduce)");
const calm = () => stillness.matches;
const message = document.getElementById("message");
const again = document.getElementById("again");

start();

async function start() {
  document.getElementById("number").textContent = roundId;
  const art = await loadArt();
  const reels = new Reels(document.getElementById("reels"), art, { strips, lines, calm });
  reels.show(idle);
  const told = await fetch(`/slot/replay?round_id=${encodeURIComponent(roundId)}`);
  if (!told.ok) {
    say(told.status < 500 ? "no_round" : "waiting", "trouble");
    return;
  }
  const { round, currency } = await told.json();
  if (round.state !== "played") {
    say(round.state === "open" ? "open_round" : "no_count", "trouble");
    return;
  }
  const money = moneyWriter(language, currency);
  showFacts(round, money);
  again.addEventListener("click", () => void show(reels, round, money));
  await show(reels, round, money);
}

async function show(reels, round, money) {
  if (again.getAttribute("aria-busy") === "true") {
    return;
  }
  again.setAttribute("aria-busy", "true");
  again.setAttribute("aria-disabled", "true");
  say("replay", "calm");
  reels.start();
  await new Promise((done) => setTimeout(done, calm() ? 0 : TURN_MS));
  await reels.land(round.window);
  reels.celebrate(round.lines);
  describe(document.getElementById("reels"), round.window, texts);
  if (round.pays > 0) {
    message.textContent = `${texts.win}: ${money(round.win)}`;
    message.dataset.mood = "win";
  } else {
    say("lost", "calm");
  }
  again.setAttribute("aria-busy", "false");
  again.setAttribute("aria-disabled", "false");
}

function showFacts(round, money) {
  const rows = [
    fact(texts.stake, money(round.stake)),
    ...round.lines.map((one) =>
      fact(texts.line.replace("{number}", one.line + 1), money(one.amount), one.symbol),
    ),
    fact(texts.win, money(round.win)),
  ];
  const list = document.getElementById("facts");
  list.replaceChildren(...rows);
  list.hidden = false;
}

function fact(name, amount, symbol) {
  const row = document.createElement("li");
  if (symbol) {
    const image = new Image();
    image.src = `/slot/static/symbols/${symbol}.svg`;
    image.alt = texts[symbol];
    row.append(image);
  }
  const figure = document.createElement("b");
  figure.textContent = amount;
  row.append(name, figure);
  return row;
}

function say(name, mood) {
  message.textContent = texts[name];
  message.dataset.mood = mood;
  message.dataset.says = name;
}
