// The sounds, made on the spot by the browser. Off until somebody asks for them; then remembered.

const KEPT_AS = "toy-slot-sound";
const SCALE = [523.25, 659.25, 783.99, 1046.5, 1318.5, 1568];

export class Sound {
  constructor() {
    this.isOn = kept() === "on";
    this.context = null;
  }

  /** Switch on or off; give the new state. */
  toggle() {
    this.isOn = !this.isOn;
    keep(this.isOn ? "on" : "off");
    if (this.isOn) {
      this.#tone(SCALE[2], { at: 0, lasts: 0.12 });
    }
    return this.isOn;
  }

  /** A reel comes to rest. */
  thud(reel) {
    this.#tone(150 - 14 * reel, { at: 0, lasts: 0.09, shape: "sine", loud: 0.3, falls: 0.5 });
    this.#tone(1900, { at: 0, lasts: 0.02, shape: "square", loud: 0.02 });
  }

  /** The lever goes down. */
  pull() {
    this.#tone(220, { at: 0, lasts: 0.12, shape: "triangle", loud: 0.12, falls: 1.6 });
  }

  /** A win: more notes for more. */
  chime(pays) {
    const notes = pays >= 100 ? 12 : pays >= 15 ? 8 : pays >= 5 ? 5 : 3;
    for (let note = 0; note < notes; note += 1) {
      this.#tone(SCALE[note % SCALE.length], { at: note * 0.085, lasts: 0.28 });
    }
  }

  #tone(hertz, { at, lasts, shape = "triangle", loud = 0.1, falls = 1 }) {
    if (!this.isOn || typeof AudioContext === "undefined") {
      return;
    }
    this.context ??= new AudioContext();
    void this.context.resume();
    const from = this.context.currentTime + at;
    const voice = new OscillatorNode(this.context, { type: shape, frequency: hertz });
    const volume = new GainNode(this.context, { gain: 0 });
    voice.frequency.exponentialRampToValueAtTime(hertz * falls, from + lasts);
    volume.gain.setValueAtTime(0, from);
    volume.gain.linearRampToValueAtTime(loud, from + 0.008);
    volume.gain.exponentialRampToValueAtTime(0.0001, from + lasts);
    voice.connect(volume).connect(this.context.destination);
    voice.start(from);
    voice.stop(from + lasts + 0.02);
  }
}

function kept() {
  try {
    return localStorage.getItem(KEPT_AS);
  } catch {
    return null; // a framed page may have no storage
  }
}

function keep(state) {
  try {
    localStorage.setItem(KEPT_AS, state);
  } catch {
    // Not remembered then.
  }
}
