import { BatchBuilder, stampBatch } from '@millrace/record';
import { checkBatches } from './fetched-batches.ts';

/** Two records from this offset on. */
function batchAt(baseOffset: number): Buffer {
  const builder = new BatchBuilder({ maxBytes: 1_000 });
  for (const value of ['a', 'b']) builder.tryAppend({ value }, 0);
  const batch = Buffer.from(builder.build());
  stampBatch(batch, 0, { baseOffset, leaderEpoch: 0 });
  return batch;
}

const check = (from: number, ...baseOffsets: number[]) =>
  checkBatches(Buffer.concat(baseOffsets.map(batchAt)), from, 'orders-0', new Map());

describe('the batches of a fetch', () => {
  it('may begin before the offset that was asked for, and leave offsets out', async () => {
    expect(await check(1, 0, 2, 10)).toMatchObject({ from: 1, nextOffset: 12 });
  });

  it.each([
    ['lie wholly before what was asked for', 2, [0]],
    ['lie wholly before it, with more behind', 5, [0, 5]],
  ])('are damage when they %s', async (_what, from, baseOffsets) => {
    await expect(check(from, ...baseOffsets)).rejects.toMatchObject({
      code: 'CORRUPT_MESSAGE',
      details: { offset: from },
    });
  });

  it('are given out up to one that does not lie behind the one before', async () => {
    expect(await check(0, 0, 1)).toMatchObject({ nextOffset: 2, bytes: batchAt(0) });
    expect(await check(4, 4, 0)).toMatchObject({ nextOffset: 6, bytes: batchAt(4) });
  });
});
