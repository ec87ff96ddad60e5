// The window with its three reels, drawn on a canvas. It decides nothing: it turns, and it comes to
// rest on the symbols that it is given.

import { bitmapsOf } from "./art.js";
import { Reel } from "./reel.js";

const ROWS = 3;
const STAGGER_SECONDS = 0.19;
const SHORTEST_TURN_SECONDS = 0.45;
const LONGEST_STEP_SECONDS = 0.03;
const FADE_SECONDS = 0.32;
const LINE_SECONDS = 1.25;
const SMEAR_FROM = 7;
const SMEAR_WHOLLY = 17;

export class Reels {
  /** `onRest(reel)` is called whenever a reel has come to rest. */
  constructor(canvas, art, { strips, lines, calm, onRest }) {
    this.canvas = canvas;
    this.art = art;
    this.lines = lines;
    this.calm = calm;
    this.onRest = onRest ?? (() => {});
    this.reels = strips.map((strip) => new Reel(strip));
    this.shown = [];
    this.paid = [];
    this.fade = null;
    this.landing = null;
    this.frame = null;
    new ResizeObserver(() => this.#resize()).observe(canvas);
    this.#resize();
  }

  /** Show symbols at once: three for each reel, from the top down. */
  show(symbols) {
    this.shown = symbols;
    this.paid = [];
    this.reels.forEach((reel, column) => reel.show(symbols[column]));
    this.#draw();
  }

  /** Turn until told where to stop. */
  start() {
    this.paid = [];
    this.startedAt = performance.now();
    if (this.calm()) {
      this.#draw();
      return;
    }
    this.reels.forEach((reel) => reel.start());
    this.#animate();
  }

  /** Go back to what was shown before the turn. */
  goBack() {
    return this.land(this.shown);
  }

  /** Come to rest on these symbols; done when the last reel stands. */
  async land(symbols) {
    this.#landed();
    this.shown = symbols;
    if (this.calm() || document.hidden || !this.reels[0].isMoving) {
      await this.#fadeTo(symbols);
      return;
    }
    const turned = (performance.now() - this.startedAt) / 1000;
    const first = Math.max(0, SHORTEST_TURN_SECONDS - turned);
    this.reels.forEach((reel, column) => reel.land(symbols[column], first + column * STAGGER_SECONDS));
    await new Promise((done) => {
      this.landing = done;
      // A page that nobody sees gets no frames; the result is shown all the same.
      document.addEventListener("visibilitychange", () => this.#hurry(), { once: true });
    });
  }

  /** Light the lines that pay, one after the other. */
  celebrate(paid) {
    this.paid = paid.map((one) => this.lines[one.line]);
    this.paidAt = performance.now();
    this.#animate();
  }

  #hurry() {
    if (this.landing) {
      this.show(this.shown);
      this.#landed();
    }
  }

  #landed() {
    const done = this.landing;
    this.landing = null;
    done?.();
  }

  async #fadeTo(symbols) {
    if (document.hidden) {
      this.show(symbols);
      return;
    }
    await new Promise((done) => {
      this.fade = { from: performance.now(), symbols, swapped: false, done };
      this.#animate();
    });
    this.reels.forEach((_, column) => this.onRest(column));
  }

  #animate() {
    if (this.frame === null) {
      this.lastAt = performance.now();
      this.frame = requestAnimationFrame((now) => this.#step(now));
    }
  }

  #step(now) {
    // Few frames must not make a long turn: time that was missed passes in small steps.
    let left = Math.min(2, Math.max(0, (now - this.lastAt) / 1000));
    this.lastAt = now;
    this.frame = null;
    for (; left > 0; left -= LONGEST_STEP_SECONDS) {
      this.#advance(Math.min(left, LONGEST_STEP_SECONDS));
    }
    const isTurning = this.reels.some((reel) => reel.isMoving);
    if (!isTurning && this.landing) {
      this.#landed();
    }
    this.#fadeOn(now);
    this.#draw(now);
    if (isTurning || this.fade || (this.paid.length > 0 && !this.calm())) {
      this.#animate();
    }
  }

  #advance(seconds) {
    this.reels.forEach((reel, column) => {
      if (reel.advance(seconds)) {
        this.onRest(column);
      }
    });
  }

  #fadeOn(now) {
    if (!this.fade) {
      return;
    }
    const share = (now - this.fade.from) / 1000 / FADE_SECONDS;
    if (share >= 0.5 && !this.fade.swapped) {
      this.fade.swapped = true;
      this.reels.forEach((reel, column) => reel.show(this.fade.symbols[column]));
    }
    this.visible = Math.min(1, Math.abs(1 - 2 * Math.min(1, share)));
    if (share >= 1) {
      this.fade.done();
      this.fade = null;
    }
  }

  #resize() {
    const density = Math.min(3, window.devicePixelRatio || 1);
    const size = Math.round(this.canvas.clientWidth * density);
    if (size > 0 && size !== this.canvas.width) {
      this.canvas.width = size;
      this.canvas.height = size;
      this.cell = size / ROWS;
      this.bitmaps = bitmapsOf(this.art, this.cell);
      this.#draw();
    }
  }

  #draw(now = performance.now()) {
    if (!this.bitmaps || this.shown.length === 0) {
      return;
    }
    const pen = this.canvas.getContext("2d");
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const lit = this.#litCells(now);
    this.reels.forEach((reel, column) => this.#drawDrum(pen, column));
    this.#drawLines(pen, lit);
    this.reels.forEach((reel, column) => this.#drawSymbols(pen, reel, { column, lit, now }));
    this.reels.forEach((reel, column) => this.#drawShade(pen, column));
  }

  #litCells(now) {
    if (this.paid.length === 0) {
      return null;
    }
    const turn = Math.floor((now - this.paidAt) / 1000 / LINE_SECONDS);
    const lines = this.calm() ? this.paid : [this.paid[turn % this.paid.length]];
    return { lines, cells: new Set(lines.flatMap((line) => line.map((row, reel) => `${reel}${row}`))) };
  }

  #edges(column) {
    const gap = this.cell * 0.035;
    return { left: column * this.cell + gap / 2, width: this.cell - gap };
  }

  #drawDrum(pen, column) {
    const { left, width } = this.#edges(column);
    const paper = pen.createLinearGradient(left, 0, left + width, 0);
    paper.addColorStop(0, "#efdfbb");
    paper.addColorStop(0.16, "#fbf2df");
    paper.addColorStop(0.84, "#fbf2df");
    paper.addColorStop(1, "#efdfbb");
    pen.fillStyle = paper;
    pen.fillRect(left, 0, width, this.canvas.height);
  }

  #drawSymbols(pen, reel, { column, lit, now }) {
    const top = Math.floor(reel.position);
    for (let place = top - 1; place <= top + ROWS; place += 1) {
      const middle = (place - reel.position + 0.5) * this.cell;
      this.#drawSymbol(pen, this.bitmaps.get(reel.symbol(place)), {
        x: (column + 0.5) * this.cell,
        y: middle,
        speed: reel.speed,
        isLit: lit?.cells.has(`${column}${place - top}`) ?? null,
        now,
      });
    }
  }

  #drawSymbol(pen, bitmap, { x, y, speed, isLit, now }) {
    const smear = Math.min(1, Math.max(0, (speed - SMEAR_FROM) / (SMEAR_WHOLLY - SMEAR_FROM)));
    const visible = (this.fade ? this.visible : 1) * (isLit === false ? 0.4 : 1);
    const size = isLit && !this.calm() ? 1.06 + 0.05 * Math.sin((now - this.paidAt) / 130) : 1;
    for (const [image, share] of [
      [bitmap.sharp, 1 - smear],
      [bitmap.smeared, smear],
    ]) {
      if (share > 0) {
        pen.globalAlpha = visible * share;
        const [width, height] = [image.width * size, image.height * size];
        pen.drawImage(image, x - width / 2, y - height / 2, width, height);
      }
    }
    pen.globalAlpha = 1;
  }

  #drawLines(pen, lit) {
    if (!lit) {
      return;
    }
    for (const cell of lit.cells) {
      const [column, row] = [Number(cell[0]), Number(cell[1])];
      const { left, width } = this.#edges(column);
      const inset = this.cell * 0.05;
      pen.fillStyle = "#ffe08a";
      pen.beginPath();
      pen.roundRect(
        left + inset / 2, row * this.cell + inset, width - inset, this.cell - 2 * inset, this.cell * 0.14,
      );
      pen.fill();
    }
    pen.strokeStyle = "#e4502f";
    pen.lineWidth = this.cell * 0.055;
    pen.lineCap = "round";
    pen.lineJoin = "round";
    for (const line of lit.lines) {
      const height = (row) => (row + 0.5) * this.cell;
      pen.beginPath();
      pen.moveTo(this.cell * 0.1, height(line[0]));
      line.forEach((row, column) => pen.lineTo((column + 0.5) * this.cell, height(row)));
      pen.lineTo(this.canvas.width - this.cell * 0.1, height(line.at(-1)));
      pen.stroke();
    }
  }

  #drawShade(pen, column) {
    const { left, width } = this.#edges(column);
    const shade = pen.createLinearGradient(0, 0, 0, this.canvas.height);
    shade.addColorStop(0, "rgb(43 23 16 / 0.5)");
    shade.addColorStop(0.07, "rgb(43 23 16 / 0.2)");
    shade.addColorStop(0.2, "rgb(43 23 16 / 0)");
    shade.addColorStop(0.8, "rgb(43 23 16 / 0)");
    shade.addColorStop(0.93, "rgb(43 23 16 / 0.2)");
    shade.addColorStop(1, "rgb(43 23 16 / 0.5)");
    pen.fillStyle = shade;
    pen.fillRect(left, 0, width, this.canvas.height);
  }
}
