// Everything around the reels that a player reads and presses.

import { isNothing, moneyWriter, numberWriter, shareOf } from "/look/money.js";

const COUNT_UP_STEPS = 24;
const COUNT_UP_STEP_MS = 28;

export class Desk {
  constructor({ texts, language }) {
    this.texts = texts;
    this.language = language;
    this.money = (text) => text;
    this.parts = Object.fromEntries(
      ["machine", "message", "balance", "won", "win", "stakes", "spin", "leave", "desk"].map(
        (name) => [name, document.getElementById(name)],
      ),
    );
  }

  /** Take the session's currency and the stakes to choose from. */
  furnish({ currency, stakes, first }) {
    this.money = moneyWriter(this.language, currency);
    const number = numberWriter(this.language, currency);
    this.parts.stakes.querySelector("div").replaceChildren(
      ...stakes.map((stake, place) => {
        const label = document.createElement("label");
        const input = document.createElement("input");
        const shown = document.createElement("span");
        Object.assign(input, { type: "radio", name: "stake", value: stake, checked: place === first });
        input.setAttribute("aria-label", this.money(stake));
        shown.textContent = number(stake);
        label.append(input, shown);
        return label;
      }),
    );
  }

  /** The stake that is chosen, as decimal text. */
  stake() {
    return this.parts.stakes.querySelector("input:checked").value;
  }

  /** Say something; `mood` is calm, wait, win or trouble. */
  say(name, { mood = "calm", amount } = {}) {
    const text = this.texts[name].replace("{amount}", amount ? this.money(amount) : "");
    if (this.parts.message.textContent !== text) {
      this.parts.message.textContent = text;
    }
    this.parts.message.dataset.mood = mood;
    this.parts.message.dataset.says = name;
  }

  /** The name of what is said at the moment. */
  says() {
    return this.parts.message.dataset.says;
  }

  showBalance(balance) {
    if (balance !== null && balance !== undefined) {
      this.parts.balance.textContent = this.money(balance);
      this.parts.balance.dataset.amount = balance;
    }
  }

  /** Show what the round paid; large wins count up. */
  async showWin(win, { countsUp = false } = {}) {
    const field = this.parts.win;
    field.dataset.amount = win ?? "";
    this.parts.won.classList.toggle("has-won", Boolean(win) && !isNothing(win));
    if (!win) {
      field.textContent = "–";
      return;
    }
    for (let step = 1; countsUp && step < COUNT_UP_STEPS; step += 1) {
      field.textContent = this.money(shareOf(win, step, COUNT_UP_STEPS));
      await new Promise((done) => setTimeout(done, COUNT_UP_STEP_MS));
      if (field.dataset.amount !== win) {
        return; // the next round has begun
      }
    }
    field.textContent = this.money(win);
  }

  /** Whether the lever can be pressed. It keeps the keyboard's focus while it cannot. */
  setOpen(isOpen) {
    this.parts.spin.setAttribute("aria-disabled", String(!isOpen));
  }

  /** Point at the stakes, or no longer. */
  pointAtStakes(isShort) {
    this.parts.desk.classList.toggle("is-short", isShort);
  }

  /** Nothing can be played any more: offer the way back instead. */
  leave() {
    this.setOpen(false);
    if (this.parts.leave) {
      this.parts.spin.hidden = true;
      this.parts.leave.hidden = false;
    }
  }
}
