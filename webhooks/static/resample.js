// Sample-rate conversion with one windowed-sinc low-pass filter, for both directions of a phone line.
// It knows blocks of samples and two rates, nothing of audio devices.

const CUTOFF_HZ = 3600; // telephone band; what is above would alias at 8 kHz
const LOBES = 8; // sinc lobes on each side, at the lower of the two rates
const PHASES = 192; // filter positions between two input samples; a multiple of 6 for 8 kHz ↔ 48 kHz

export class Resampler {
  constructor(from, to) {
    this.step = from / to;
    const reach = Math.ceil(LOBES * Math.max(1, this.step));
    this.taps = 2 * reach;
    this.table = phases(reach, CUTOFF_HZ / from);
    this.past = new Float32Array(this.taps); // the newest samples, oldest first
    this.at = 0; // where the next output lies, in input samples after the newest past one
  }

  // Return the outputs that these input samples complete.
  push(block) {
    const input = new Float32Array(this.taps + block.length);
    input.set(this.past);
    input.set(block, this.taps);
    const out = [];
    while (this.at < block.length) {
      const whole = Math.floor(this.at);
      const phase = Math.round((this.at - whole) * PHASES);
      out.push(this._filtered(input, whole + (phase === PHASES), phase % PHASES));
      this.at += this.step;
    }
    this.at -= block.length;
    this.past = input.slice(block.length);
    return out;
  }

  _filtered(input, first, phase) {
    const start = phase * this.taps;
    let sum = 0;
    for (let tap = 0; tap < this.taps; tap += 1) {
      sum += this.table[start + tap] * (input[first + tap] ?? 0);
    }
    return sum;
  }
}

// The filter's values for each position between two samples; every phase lets a constant through unchanged.
function phases(reach, cutoff) {
  const taps = 2 * reach;
  const table = new Float32Array(PHASES * taps);
  for (let phase = 0; phase < PHASES; phase += 1) {
    let sum = 0;
    for (let tap = 0; tap < taps; tap += 1) {
      const value = windowedSinc(tap - reach + 1 - phase / PHASES, reach, cutoff);
      table[phase * taps + tap] = value;
      sum += value;
    }
    for (let tap = 0; tap < taps; tap += 1) table[phase * taps + tap] /= sum;
  }
  return table;
}

function windowedSinc(at, reach, cutoff) {
  if (Math.abs(at) >= reach) return 0;
  const angle = 2 * Math.PI * cutoff * at;
  const sinc = at === 0 ? 1 : Math.sin(angle) / angle;
  return sinc * (0.54 + 0.46 * Math.cos((Math.PI * at) / reach)); // Hamming
}
