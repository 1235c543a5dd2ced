// The ear's side of a phone line: mu-law frames in, samples at the context's rate out.
// A short buffer evens out the network; when it runs dry there is silence, and it fills again first.

import { Resampler } from "./resample.js";
import { decode } from "./ulaw.js";

const RATE = 8000;
const PREFILL = 0.08 * RATE; // kept back before playing: 80 ms
const MOST = 0.6 * RATE; // more than this is stale: skip to the newest
const BLOCK = 80; // samples taken from the ring at a time: 10 ms

class Playback extends AudioWorkletProcessor {
  constructor() {
    super();
    this.ring = new Float32Array(RATE);
    this.port.onmessage = ({ data }) => (data === "clear" ? this.clear() : this.keep(new Uint8Array(data)));
    this.clear();
  }

  clear() {
    this.read = 0;
    this.held = 0;
    this.waited = 0;
    this.playing = false;
    this.resampler = new Resampler(RATE, sampleRate);
    this.ready = [];
    this.taken = 0;
  }

  keep(frame) {
    for (const byte of frame) {
      this.ring[(this.read + this.held) % RATE] = decode(byte);
      this.held += 1;
      if (this.held === RATE) this.skip(RATE - PREFILL);
    }
    if (this.held > MOST) this.skip(this.held - PREFILL);
  }

  skip(samples) {
    this.read = (this.read + samples) % RATE;
    this.held -= samples;
  }

  process(_, [[out]]) {
    if (!this.playing) this.playing = this.filledUp(out.length);
    if (!this.playing) return true;
    for (let at = 0; at < out.length; at += 1) {
      if (this.taken === this.ready.length && !this.refill()) break;
      out[at] = this.ready[this.taken];
      this.taken += 1;
    }
    return true;
  }

  // A clip that is shorter than the prefill must be heard too: wait only as long as filling would take.
  filledUp(samples) {
    this.waited = this.held ? this.waited + (samples * RATE) / sampleRate : 0;
    return this.held >= PREFILL || this.waited > 1.5 * PREFILL;
  }

  refill() {
    if (this.held === 0) {
      this.playing = false;
      this.waited = 0;
      return false;
    }
    const block = new Float32Array(Math.min(BLOCK, this.held));
    for (let at = 0; at < block.length; at += 1) block[at] = this.ring[(this.read + at) % RATE];
    this.skip(block.length);
    this.ready = this.resampler.push(block);
    this.taken = 0;
    return this.ready.length > 0;
  }
}

registerProcessor("playback", Playback);
