// Sounds of a telephone, made by the browser: a soft ring, and the tones of the keys.

const ROWS = [697, 770, 852, 941];
const COLUMNS = [1209, 1336, 1477];
const KEYS = "123456789*0#";
const RING_EVERY_MS = 2600;

export class Ring {
  constructor() {
    this.timer = null;
  }

  start(context) {
    if (this.timer || !context) return;
    this._once(context);
    this.timer = setInterval(() => this._once(context), RING_EVERY_MS);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
  }

  _once(context) {
    if (context.state !== "running") return;
    [659.3, 784, 987.8].forEach((hertz, step) => tone(context, hertz, step * 0.16, 0.5, 0.09));
  }
}

export function keyTone(context, key) {
  const at = KEYS.indexOf(key);
  if (at < 0 || context?.state !== "running") return;
  tone(context, ROWS[Math.floor(at / 3)], 0, 0.12, 0.03);
  tone(context, COLUMNS[at % 3], 0, 0.12, 0.03);
}

function tone(context, hertz, delay, seconds, loudness) {
  const start = context.currentTime + delay;
  const oscillator = new OscillatorNode(context, { frequency: hertz });
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.linearRampToValueAtTime(0, start);
  gain.gain.linearRampToValueAtTime(loudness, start + 0.02);
  gain.gain.linearRampToValueAtTime(0, start + seconds);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(start);
  oscillator.stop(start + seconds);
}
