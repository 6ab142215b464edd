import { murmur2 } from './murmur2.ts';

describe('murmur2', () => {
  // From Kafka's own tests; each, and those below, also computed with Kafka's Java client 3.9.0.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['abc', 479470107],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ])('of %s is what Java gives', (text, expected) => {
    expect(murmur2(Buffer.from(text))).toBe(expected);
  });

  it('looks at bytes, not at signed numbers', () => {
    expect(murmur2(Uint8Array.from([0xff, 0xfe, 0xfd]))).toBe(998637092);
    expect(murmur2(Uint8Array.of())).toBe(275646681);
  });
});
