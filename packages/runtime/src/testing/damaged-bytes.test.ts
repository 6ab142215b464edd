import { damagedBytes } from './damaged-bytes.ts';
import { seededRandom } from './seeded-random.ts';

const whole = Buffer.from('0123456789');
const some = (seed: number): string[] => {
  const random = seededRandom(seed);
  return Array.from({ length: 200 }, () => damagedBytes(whole, random).toString('latin1'));
};

describe('damaged bytes', () => {
  it('are others, fewer or more, the same from the same seed, and leave the whole ones alone', () => {
    const damaged = some(1);

    expect(damaged).toEqual(some(1));
    expect(damaged).not.toEqual(some(2));
    expect(damaged.some((bytes) => bytes.length < whole.length)).toBe(true);
    expect(damaged.some((bytes) => bytes.length > whole.length)).toBe(true);
    expect(damaged.some((bytes) => bytes.length === whole.length && bytes !== '0123456789')).toBe(true);
    expect(whole.toString()).toBe('0123456789');
  });
});
