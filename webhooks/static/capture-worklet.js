// The microphone's side of a phone line: samples at the context's rate in, mu-law frames of 20 ms out.

import { Resampler } from "./resample.js";
import { encode } from "./ulaw.js";

const FRAME = 160;

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(sampleRate, 8000);
    this.fresh();
  }

  fresh() {
    this.frame = new Uint8Array(FRAME);
    this.filled = 0;
    this.energy = 0;
  }

  process([input]) {
    if (!input.length) return true;
    for (const sample of this.resampler.push(input[0])) {
      this.frame[this.filled] = encode(sample);
      this.filled += 1;
      this.energy += sample * sample;
      if (this.filled === FRAME) this.emit();
    }
    return true;
  }

  emit() {
    const level = Math.sqrt(this.energy / FRAME);
    this.port.postMessage({ frame: this.frame.buffer, level }, [this.frame.buffer]);
    this.fresh();
  }
}

registerProcessor("capture", Capture);
