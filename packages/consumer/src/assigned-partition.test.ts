import { AssignedPartition } from './assigned-partition.ts';

function partitionAt(processed: number, handedOut: number, fetchOffset: number): AssignedPartition {
  const partition = new AssignedPartition({ topic: 'orders', partition: 0 }, 0);
  return Object.assign(partition, { processed, handedOut, fetchOffset });
}
const marks = ({ processed, handedOut, fetchOffset }: AssignedPartition) => [
  processed,
  handedOut,
  fetchOffset,
];

describe('an assigned partition that skips what is gone', () => {
  it.each([
    ['all was done: it is done up to there', [5, 5, 5], [20, 20, 20]],
    ['a record is in hand: that one is not done yet', [4, 5, 5], [4, 20, 20]],
    ['records wait to be handed out: they still are', [3, 3, 9], [3, 3, 20]],
  ])('goes on where it is told to; %s', (_, [processed = 0, handedOut = 0, fetchOffset = 0], expected) => {
    const partition = partitionAt(processed, handedOut, fetchOffset);

    partition.skipTo(20);

    expect(marks(partition)).toEqual(expected);
    expect(partition.seeks).toBe(0);
  });

  it('goes back like a seek when it was beyond the end', () => {
    const partition = partitionAt(30, 30, 30);

    partition.skipTo(20);

    expect(marks(partition)).toEqual([20, 20, 20]);
    expect([partition.seeks, partition.version]).toEqual([1, 1]);
  });
});
