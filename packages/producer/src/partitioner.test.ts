import { seededRandom } from '@millrace/runtime/testing';
import fc from 'fast-check';
import { murmur2Partitioner, StickyPartition } from './partitioner.ts';

describe('the murmur2 partitioner', () => {
  // murmur2 of these keys as in Kafka's own tests, without the sign, modulo 10.
  it.each([
    ['21', 0],
    ['foobar', 6],
    ['abc', 7],
  ])('puts %s where Kafka does', (key, partition) => {
    expect(murmur2Partitioner(Buffer.from(key), 10)).toBe(partition);
  });

  it('stays in range for any key', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.integer({ min: 1, max: 1_000 }), (key, partitions) => {
        const partition = murmur2Partitioner(key, partitions);
        expect(Number.isInteger(partition) && partition >= 0 && partition < partitions).toBe(true);
      }),
    );
  });
});

describe('the sticky partition', () => {
  it('stays until its own batch is complete, then is another one', () => {
    const sticky = new StickyPartition(3, seededRandom(1));
    const first = sticky.current;

    sticky.move((first + 1) % 3);
    const still = sticky.current;
    sticky.move(first);

    expect(still).toBe(first);
    expect(sticky.current).not.toBe(first);
  });

  it('reaches every partition', () => {
    const sticky = new StickyPartition(4, seededRandom(7));
    const seen = new Set<number>();

    for (let i = 0; i < 100; i += 1) {
      seen.add(sticky.current);
      sticky.move(sticky.current);
    }

    expect(seen).toEqual(new Set([0, 1, 2, 3]));
  });

  it('has nowhere to go when there is one partition', () => {
    const sticky = new StickyPartition(1, seededRandom(1));

    sticky.move(0);

    expect(sticky.current).toBe(0);
  });
});
