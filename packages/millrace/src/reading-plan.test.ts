import { Remainder, type Stretch } from './reading-plan.ts';

const stretch = (partition: number, from: number, until: number | undefined): Stretch => ({
  topic: 't',
  partition,
  from,
  until,
});
const at = (partition: number, offset: number) => ({ topic: 't', partition, offset });

describe('Remainder', () => {
  it('is done when every stretch was read up to its end', () => {
    const remainder = new Remainder([stretch(0, 0, 2), stretch(1, 5, 6)]);

    expect([at(0, 0), at(1, 5), at(0, 1)].map((record) => remainder.takes(record))).toEqual([
      true,
      true,
      true,
    ]);
    expect(remainder.isDone).toBe(true);
  });

  it('leaves out what came after the end was asked for', () => {
    const remainder = new Remainder([stretch(0, 0, 1), stretch(1, 0, 2)]);

    expect([at(0, 0), at(0, 1), at(1, 0)].map((record) => remainder.takes(record))).toEqual([
      true,
      false,
      true,
    ]);
    expect(remainder.isDone).toBe(false);
  });

  it('ends also where the last offset holds no record', () => {
    const remainder = new Remainder([stretch(0, 0, 5)]);

    expect([at(0, 3), at(0, 7)].map((record) => remainder.takes(record))).toEqual([true, false]);
    expect(remainder.isDone).toBe(true);
  });

  it('is done from the start where there is nothing to read', () => {
    expect(new Remainder([stretch(0, 3, 3)]).isDone).toBe(true);
    expect(new Remainder([]).isDone).toBe(true);
  });

  it('is never done when it follows', () => {
    const remainder = new Remainder([stretch(0, 0, undefined)]);

    expect(remainder.takes(at(0, 1_000_000))).toBe(true);
    expect(remainder.isDone).toBe(false);
  });
});
