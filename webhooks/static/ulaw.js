// Mu-law (ITU-T G.711): one byte a sample, to and from samples between -1 and 1.

const BIAS = 132;
const CLIP = 32635;
const DECODED = Float32Array.from({ length: 256 }, (_, byte) => linear(byte) / 32768);

function linear(byte) {
  const bits = ~byte & 0xff;
  const size = (((bits & 0x0f) << 3) + BIAS << ((bits & 0x70) >> 4)) - BIAS;
  return bits & 0x80 ? -size : size;
}

export function encode(sample) {
  const value = Math.round(sample * 32768);
  const sign = value < 0 ? 0x80 : 0;
  const size = Math.min(Math.abs(value), CLIP) + BIAS;
  const exponent = 31 - Math.clz32(size) - 7;
  return ~(sign | (exponent << 4) | ((size >> (exponent + 3)) & 0x0f)) & 0xff;
}

export function decode(byte) {
  return DECODED[byte];
}
