import { byteSize, counted, perSecond, seconds } from './figures.ts';

describe('figures', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [999_949, '999.9 kB'],
    [999_960, '1.0 MB'],
    [1_234_567, '1.2 MB'],
    [5e18, '5000.0 PB'],
  ])('of %d bytes are %s', (bytes, text) => {
    expect(byteSize(bytes)).toBe(text);
  });

  it('count with the right form of the noun', () => {
    expect([0, 1, 200_000].map((value) => counted(value, 'record'))).toEqual([
      '0 records',
      '1 record',
      '200000 records',
    ]);
  });

  it('give seconds with sense', () => {
    expect([4, 1234, 61_250].map(seconds)).toEqual(['0.00 s', '1.23 s', '61.3 s']);
  });

  it('give a rate also for a moment too short to measure', () => {
    expect(perSecond(500, 250)).toBe(2000);
    expect(perSecond(5, 0)).toBe(5000);
  });
});
