import { batchOf } from '@millrace/log/testing';
import { stampBatch } from '@millrace/record';
import { codeOf } from '@millrace/runtime';
import fc from 'fast-check';
import { BatchChecker } from './batch-checker.ts';

/** Three batches of offsets 5, 6 to 7, 8. */
function segment(): Buffer {
  const batches = [['a'], ['b', 'c'.repeat(300)], ['d']].map((values) => batchOf(values));
  for (const [at, batch] of batches.entries())
    stampBatch(batch, 0, { baseOffset: [5, 6, 8][at] ?? 0, leaderEpoch: 0 });
  return Buffer.concat(batches);
}

describe('a batch checker', () => {
  it('takes sound batches however their bytes are cut', () => {
    const bytes = segment();
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
        const checker = new BatchChecker('f', 5, 9);
        const ends = [...cuts, 0, bytes.length].sort((a, b) => a - b);
        for (const [at, end] of ends.slice(1).entries()) checker.push(bytes.subarray(ends[at], end));
        checker.end();
        expect(checker.nextOffset).toBe(9);
      }),
    );
  });

  it('finds every flipped bit but those of the leader epoch, which nothing protects', () => {
    const bytes = segment();
    const [first, second] = [batchOf(['a']).length, batchOf(['b', 'c'.repeat(300)]).length];
    const starts = [0, first, first + second];
    const missed: number[] = [];
    const codes = new Set<string | undefined>();
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      try {
        const checker = new BatchChecker('f', 5, 9);
        checker.push(flipped);
        checker.end();
        missed.push(bit >> 3);
      } catch (error) {
        codes.add(codeOf(error));
      }
    }
    expect([...codes]).toEqual(['CORRUPT_MESSAGE']);
    const epochs = starts.flatMap((start) => [12, 13, 14, 15].map((at) => start + at));
    expect([...new Set(missed)].filter((at) => !epochs.includes(at))).toEqual([]);
  });

  it('says where', () => {
    const bytes = segment();
    const checker = new BatchChecker('x.log', 5, 9);
    checker.push(bytes.subarray(0, 100));

    expect(() => {
      checker.push(bytes.subarray(100, bytes.length - 1));
      checker.end();
    }).toThrow(/x\.log is damaged at byte \d+: the last \d+ bytes are no whole batch/);
  });

  it('holds no batch of an absurd length', () => {
    const bytes = segment();
    bytes.writeInt32BE(0x7fff0000, 8);

    expect(() => new BatchChecker('f', 5, 9).push(bytes)).toThrow(/a batch of 2147418124 bytes/);
  });
});
