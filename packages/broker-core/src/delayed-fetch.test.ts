import fc from 'fast-check';
import { DelayedFetch } from './delayed-fetch.ts';
import type { Partition } from './partition.ts';

/** A partition as far as a fetch that waits looks at it. */
class FakePartition {
  leads = true;
  logStartOffset = 0;
  logEndOffset = 100;
  bytes = 0;
  looks = 0;

  available(): number {
    this.looks += 1;
    return this.bytes;
  }
}

function fetchOf(partitions: readonly FakePartition[], minBytes: number, maxBytes = 1_000): DelayedFetch {
  const wanted = partitions.map((partition) => ({
    partition: partition as unknown as Partition,
    fetchOffset: 10,
    maxBytes,
  }));
  return new DelayedFetch(wanted, minBytes, () => {});
}

const asKey = (partition: FakePartition | undefined): Partition => partition as unknown as Partition;

describe('a fetch that waits', () => {
  it('looks only at what has changed, however many partitions it wants', () => {
    const partitions = Array.from({ length: 1_000 }, () => new FakePartition());
    const fetch = fetchOf(partitions, 1_000_000);
    expect(fetch.isSatisfied()).toBe(false);

    for (let n = 0; n < 10; n += 1) fetch.isSatisfied(asKey(partitions[7]));

    expect(partitions.reduce((sum, { looks }) => sum + looks, 0)).toBe(1_010);
  });

  it('has something to say when a partition it wants is led elsewhere, or its offset is gone', () => {
    const [one, two] = [new FakePartition(), new FakePartition()];
    const fetch = fetchOf([one, two], 1_000);
    fetch.isSatisfied();

    one.leads = false;
    two.logStartOffset = 11;

    expect([fetch.isSatisfied(asKey(one)), fetch.isSatisfied(asKey(two))]).toEqual([true, true]);
  });

  it('knows at every change what it would know if it looked at everything', () => {
    const change = fc.record({ at: fc.nat(4), bytes: fc.nat(300) });
    fc.assert(
      fc.property(fc.array(change), fc.nat(800), fc.nat(300), (changes, minBytes, maxBytes) => {
        const partitions = Array.from({ length: 5 }, () => new FakePartition());
        const fetch = fetchOf(partitions, minBytes, maxBytes);
        fetch.isSatisfied();
        for (const { at, bytes } of changes) {
          const partition = partitions[at] as FakePartition;
          partition.bytes = bytes;

          const enough = partitions.reduce((sum, one) => sum + Math.min(one.bytes, maxBytes), 0) >= minBytes;

          expect(fetch.isSatisfied(asKey(partition))).toBe(enough);
        }
      }),
    );
  });
});
