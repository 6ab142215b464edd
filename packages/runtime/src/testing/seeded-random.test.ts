import fc from 'fast-check';
import { systemRandom } from '../random.ts';
import { seededRandom } from './seeded-random.ts';

const counts = (below: number, draws: number, seed: number): number[] => {
  const random = seededRandom(seed);
  const found = new Array<number>(below).fill(0);
  for (let draw = 0; draw < draws; draw++) {
    const value = random.int(below);
    found[value] = (found[value] ?? 0) + 1;
  }
  return found;
};

describe.each([
  ['seeded', () => seededRandom(5)],
  ['system', () => systemRandom],
])('%s chance', (_, create) => {
  it('stays in its range, for any range', () => {
    const random = create();
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 47 }), (below) => {
        const value = random.int(below);

        expect(Number.isSafeInteger(value) && value >= 0 && value < below).toBe(true);
      }),
    );
  });

  it('gives version 4 UUIDs, each once', () => {
    const random = create();

    const uuids = Array.from({ length: 1000 }, () => random.uuid());

    for (const uuid of uuids)
      expect(uuid).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(new Set(uuids).size).toBe(1000);
  });
});

describe('seeded chance', () => {
  it('repeats for the same seed and differs for the next one', () => {
    const draw = (seed: number) => {
      const random = seededRandom(seed);
      return [random.uuid(), ...Array.from({ length: 20 }, () => random.int(1000))];
    };

    expect(draw(1)).toEqual(draw(1));
    expect(new Set([0, 1, 2, -1, 2 ** 32].map((seed) => draw(seed)[0])).size).toBe(5);
  });

  it('refuses a seed that is no whole number', () => {
    for (const seed of [0.5, Number.NaN, 2 ** 53]) expect(() => seededRandom(seed)).toThrow(RangeError);
  });

  it('prefers no number', () => {
    const found = counts(7, 70_000, 3);

    // Six standard deviations are 556.
    for (const count of found) expect(Math.abs(count - 10_000)).toBeLessThan(560);
  });

  it('prefers no number of a range that does not divide what it draws', () => {
    const random = seededRandom(9);
    const third = 2 ** 30;
    const found = [0, 0, 0];

    for (let draw = 0; draw < 30_000; draw++) {
      const at = Math.floor(random.int(3 * third) / third);
      found[at] = (found[at] ?? 0) + 1;
    }

    // A plain remainder of 32 bits would give the first third half of all.
    for (const count of found) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  it('refuses a range that holds no whole number', () => {
    const random = seededRandom(1);

    for (const below of [0, -1, 1.5, Number.NaN, 2 ** 53])
      expect(() => random.int(below)).toThrow(RangeError);
  });
});
