import { closestName } from './closest-name.ts';

describe('closest name', () => {
  const known = ['segment.bytes', 'index.interval.bytes', 'max.message.bytes', 'flush.ms'];

  it.each([
    ['segment.byte', 'segment.bytes'],
    ['segmentbytes', 'segment.bytes'],
    ['max.mesage.bytes', 'max.message.bytes'],
    ['flush.sm', 'flush.ms'],
    ['Index', 'index.interval.bytes'],
    ['a', undefined],
    ['retention.policy.of.everything', undefined],
  ])('of %s is %s', (name, closest) => {
    expect(closestName(name, known)).toBe(closest);
  });

  it('is nothing among no names', () => {
    expect(closestName('anything', [])).toBeUndefined();
  });
});
