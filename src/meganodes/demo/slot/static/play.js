// The game: opens the session, plays one round a click, and shows what the studio has decided.
// Where no answer comes nothing is concluded: the same question is asked until one does.

import { loadArt } from "./art.js";
import { forget, newClick, remember, remembered } from "./clicks.js";
import { Desk } from "./desk.js";
import { isNothing } from "/look/money.js";
import { Reels } from "./reels.js";
import { Sound } from "./sound.js";
import { throwSparks } from "./sparks.js";
import { describe } from "./spoken.js";
import { ask, pause, setting } from "./studio.js";

const CHECKING_AFTER_MS = 3500;
const RETURN_LOOKS = 6;
const COUNTS_UP_FROM = 5;
const SPARKS_FROM = 5;
const REASONS = { 2002: "blocked", 2006: "short", 3002: "ended", 3004: "unreachable", 3006: "limit", 3007: "blocked" };
const FINAL = new Set(["ended", "blocked", "closed"]);

const { session, texts, language, strips, lines, currency, stakes, first_stake: first } = setting();
const stillness = matchMedia("(prefers-reduced-motion: reduce)");
const calm = () => stillness.matches;
const desk = new Desk({ texts, language });
const sound = new Sound();
let reels;
let isFree = false;
let windowShown = [];

start();

async function start() {
  listen();
  desk.furnish({ currency, stakes, first });
  const art = await loadArt();
  const canvas = document.getElementById("reels");
  reels = new Reels(canvas, art, { strips, lines, calm, onRest: (reel) => sound.thud(reel) });
  await open();
}

// --- opening ------------------------------------------------------------------------------------

async function open() {
  desk.say(remembered(session) ? "checking" : "loading", { mood: "wait" });
  for (let times = 0; ; times += 1) {
    const told = await ask("open", { session, click: remembered(session) });
    if (told?.window && windowShown.length === 0) {
      showWindow(told.window);
    }
    if (FINAL.has(told?.state) || told?.error) {
      await end(told.state ?? "ended", told.round);
      return;
    }
    if (told?.state === "ready") {
      await enter(told);
      return;
    }
    desk.say(told?.round ? "checking" : "waiting", { mood: "wait" });
    await pause(times);
  }
}

async function enter(told) {
  desk.showBalance(told.balance);
  if (told.round) {
    await resume(told.round);
  } else {
    forget();
    desk.say("ready");
    setFree(true);
  }
}

/** Show what became of a round that a reload or a lost line has interrupted. */
async function resume(round) {
  desk.say("checking", { mood: "wait" });
  reels.start();
  await reveal(await follow(round), { isResumed: true });
  await refreshBalance();
}

/** The game is over for this session; a round that was interrupted is shown first. */
async function end(why, round) {
  if (round) {
    await resume(round);
  }
  forget();
  setFree(false);
  desk.say(why, { mood: "trouble" });
  desk.leave();
}

// --- one round ----------------------------------------------------------------------------------

async function spin() {
  if (!isFree) {
    return;
  }
  setFree(false);
  const click = newClick();
  remember(session, click);
  desk.pointAtStakes(false);
  desk.say("spinning");
  desk.showWin(null);
  sound.pull();
  reels.start();
  const patience = setTimeout(check, CHECKING_AFTER_MS);
  const told = await sent({ session, click, stake: desk.stake() });
  if (told.state === "begun") {
    const round = await follow(told.round);
    clearTimeout(patience);
    await reveal(round);
    return;
  }
  clearTimeout(patience);
  await reels.goBack();
  if (told.state === "busy") {
    desk.say("busy", { mood: "wait" });
    await follow(told.round);
  }
  // The studio knows best what there is: the other window's round, or a click that was withdrawn.
  await open();
}

/** Send a click until it is answered; copies of it do no harm. */
async function sent(fields) {
  for (let times = 0; ; times += 1) {
    const told = await ask("play", fields);
    if (told) {
      return told;
    }
    await pause(times);
  }
}

/** Ask for a round until it is settled. */
async function follow(round) {
  let newest = round;
  for (let times = 0; newest.state === "open"; times += 1) {
    await pause(times);
    const told = await ask("look", { session, round_id: round.round_id });
    newest = told?.round ?? newest;
  }
  return newest;
}

/** It takes long: the reels come to rest where they stood, and the page says what it waits for. */
function check() {
  document.getElementById("machine").classList.add("is-resting");
  desk.say("checking", { mood: "wait" });
  reels.goBack();
}

/** Show a settled round and let the player play on. */
async function reveal(round, { isResumed = false } = {}) {
  document.getElementById("machine").classList.remove("is-resting");
  if (round.state === "played") {
    await revealResult(round, isResumed);
  } else {
    await reels.goBack();
    await revealRefusal(round);
  }
  if (round.click === remembered(session)) {
    forget();
  }
}

async function revealResult(round, isResumed) {
  if (!isResumed) {
    desk.showBalance(round.balance_after_stake);
  }
  await reels.land(round.window);
  showWindow(round.window, { isOnReels: true });
  setFree(true);
  desk.showBalance(round.balance);
  if (isNothing(round.win)) {
    desk.showWin(round.win);
    desk.say("lost");
    return;
  }
  reels.celebrate(round.lines);
  sound.chime(round.pays);
  desk.say(round.delivered ? "won" : "won_late", { mood: "win", amount: round.win });
  desk.showWin(round.win, { countsUp: round.pays >= COUNTS_UP_FROM && !calm() });
  if (round.pays >= SPARKS_FROM && !calm()) {
    throwSparks(document.getElementById("sparks"), round.pays);
  }
  if (!round.delivered) {
    void awaitDelivery(round);
  }
}

async function revealRefusal(round) {
  const why = round.state === "cancelled" ? "cancelled" : (REASONS[round.code] ?? "refused");
  if (FINAL.has(why)) {
    await end(why);
    return;
  }
  desk.say(why, { mood: "trouble" });
  desk.pointAtStakes(why === "short");
  setFree(true);
  void awaitReturn(why);
}

/** A stake that was taken comes back in a moment: look a few times for it. */
async function awaitReturn(why) {
  const looks = why === "cancelled" ? RETURN_LOOKS : 1;
  for (let times = 0; times < looks && isFree && desk.says() === why; times += 1) {
    await refreshBalance();
    await pause(times);
  }
}

/** A win that the casino has not taken yet: wait for it beside the game. */
async function awaitDelivery(round) {
  for (let times = 0; ; times += 1) {
    await pause(times);
    const told = await ask("look", { session, round_id: round.round_id });
    if (told?.round?.delivered) {
      break;
    }
  }
  if (isFree) {
    desk.say("won_arrived", { mood: "win", amount: round.win });
    await refreshBalance();
  }
}

async function refreshBalance() {
  const told = await ask("balance", { session });
  if (told?.state === "ready" && isFree) {
    desk.showBalance(told.balance);
  }
}

// --- the page -----------------------------------------------------------------------------------

function setFree(free) {
  isFree = free;
  desk.setOpen(free);
}

function showWindow(symbols, { isOnReels = false } = {}) {
  windowShown = symbols;
  if (!isOnReels) {
    reels.show(symbols);
  }
  describe(document.getElementById("reels"), symbols, texts);
}

function listen() {
  document.getElementById("spin").addEventListener("click", () => void spin());
  const switchButton = document.getElementById("sound");
  switchButton.setAttribute("aria-pressed", String(sound.isOn));
  switchButton.addEventListener("click", () => {
    switchButton.setAttribute("aria-pressed", String(sound.toggle()));
  });
  document.addEventListener("keydown", (event) => {
    const isLever = event.key === " " || event.key === "Enter";
    if (!isLever || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    if (event.repeat) {
      event.preventDefault(); // a key that is held is one press, on the button too
      return;
    }
    if (event.target.closest("a, button")) {
      return; // it has a meaning of its own there
    }
    event.preventDefault();
    void spin();
  });
}
