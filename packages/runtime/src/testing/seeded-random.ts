import type { Random } from '../random.ts';

const twoTo32 = 2 ** 32;

/** Chance that repeats: the same whole seed gives the same numbers and UUIDs (xoshiro128**, Blackman and Vigna 2018). */
export function seededRandom(seed: number): Random {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`a seed is a whole number, not ${seed}`);
  const next = xoshiro128(seed);
  return {
    int: (below) => {
      if (!Number.isSafeInteger(below) || below < 1)
        throw new RangeError(`no whole number lies in [0, ${below})`);
      return below <= twoTo32 ? evenly(next, twoTo32, below) : evenly(() => bits53(next), 2 ** 53, below);
    },
    uuid: () => uuidFrom(next),
  };
}

/** Draws again what lies beyond the last whole multiple of `below`, which a plain remainder would prefer. */
function evenly(draw: () => number, range: number, below: number): number {
  const limit = range - (range % below);
  let drawn = draw();
  while (drawn >= limit) drawn = draw();
  return drawn % below;
}

function bits53(next: () => number): number {
  return (next() >>> 11) * twoTo32 + next();
}

function uuidFrom(next: () => number): string {
  const word = (): string => next().toString(16).padStart(8, '0');
  const [a, b, c, d] = [word(), word(), word(), word()];
  const variant = '89ab'[next() & 3];
  return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-${variant}${c.slice(1, 4)}-${c.slice(4)}${d}`;
}

function xoshiro128(seed: number): () => number {
  const mix = splitMix32(seed);
  let [a, b, c, d] = [mix(), mix(), mix(), mix()];
  return () => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return result;
  };
}

/** Spreads a seed over the state, so that neighbouring seeds have nothing in common. */
function splitMix32(seed: number): () => number {
  let state = (Math.imul(Math.floor(seed / twoTo32), 0x85ebca6b) ^ seed) | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
