// One reel as a thing that turns: where it stands, how fast it goes, and how it comes to rest on
// symbols that were decided elsewhere. Positions are in symbols; smaller ones come from above.

const TOP_SPEED = 26;
const SPEED_UP = 130;
const PULL_SECONDS = 0.11;
const PULL = 0.16;
const RUN_OUT = 5;
const BOUNCE = 0.85;

export class Reel {
  constructor(strip) {
    this.strip = strip;
    this.placed = new Map();
    this.position = 0;
    this.speed = 0;
    this.motion = null;
  }

  /** The symbol in a place of the endless tape. */
  symbol(place) {
    const size = this.strip.length;
    return this.placed.get(place) ?? this.strip[((place % size) + size) % size];
  }

  /** Stand still and show these three symbols. */
  show(symbols) {
    this.position = Math.round(this.position);
    this.speed = 0;
    this.motion = null;
    this.#place(this.position, symbols);
  }

  /** Begin to turn: a small pull against the spring, then away. */
  start() {
    this.speed = 0;
    this.motion = { kind: "turn", seconds: 0, from: this.position };
  }

  /** Come to rest on these symbols after `delay` seconds. */
  land(symbols, delay) {
    this.motion = { ...this.motion, kind: "turn", landing: { symbols, delay } };
  }

  get isMoving() {
    return this.motion !== null;
  }

  /** Let time pass; true in the moment in which the reel has come to rest. */
  advance(seconds) {
    if (this.motion?.kind === "turn") {
      this.#turn(seconds);
    } else if (this.motion?.kind === "land") {
      return this.#comeToRest(seconds);
    }
    return false;
  }

  #turn(seconds) {
    const motion = this.motion;
    motion.seconds += seconds;
    if (motion.seconds < PULL_SECONDS) {
      const way = Math.sin((Math.PI / 2) * (motion.seconds / PULL_SECONDS));
      this.position = motion.from + PULL * way;
      return;
    }
    this.speed = Math.min(TOP_SPEED, this.speed + SPEED_UP * seconds);
    this.position -= this.speed * seconds;
    if (motion.landing && this.speed === TOP_SPEED) {
      motion.landing.delay -= seconds;
      if (motion.landing.delay <= 0) {
        this.#aim(motion.landing.symbols);
      }
    }
  }

  #aim(symbols) {
    const to = Math.floor(this.position) - RUN_OUT;
    const way = this.position - to;
    this.#place(to, symbols);
    // The curve below begins with the slope (BOUNCE + 3) * way / lasts: the speed stays the same.
    const lasts = ((BOUNCE + 3) * way) / TOP_SPEED;
    this.motion = { kind: "land", from: this.position, to, seconds: 0, lasts };
  }

  #comeToRest(seconds) {
    const motion = this.motion;
    motion.seconds += seconds;
    const left = Math.min(1, motion.seconds / motion.lasts) - 1;
    const share = 1 + (BOUNCE + 1) * left ** 3 + BOUNCE * left ** 2;
    const before = this.position;
    this.position = motion.from + (motion.to - motion.from) * share;
    this.speed = Math.abs(this.position - before) / Math.max(seconds, 0.001);
    if (left < 0) {
      return false;
    }
    this.position = motion.to;
    this.speed = 0;
    this.motion = null;
    return true;
  }

  #place(top, symbols) {
    for (const place of this.placed.keys()) {
      if (place > top + 12) {
        this.placed.delete(place);
      }
    }
    symbols.forEach((symbol, row) => this.placed.set(top + row, symbol));
  }
}
