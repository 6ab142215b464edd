import fc from 'fast-check';
import { FetchRoom } from './fetch-room.ts';

const limits = { bufferedBytes: 1_000_000, partitionBytes: 100_000 };
const empty = { bufferedBytes: 0, reservedBytes: 0 };
const full = { bufferedBytes: 100_000, reservedBytes: 0 };

describe('the room for what is fetched', () => {
  it('leaves out a partition that is full, and keeps a share for each of the others', () => {
    const partitions = [...Array.from({ length: 9 }, () => full), empty];

    const room = new FetchRoom(limits, partitions, 0);

    expect(room.has(full)).toBe(false);
    expect(room.has(empty)).toBe(true);
    expect(room.ownOf(empty)).toBe(50_000);
  });

  it('asks nothing more for a partition whose own room and the common room are reserved', () => {
    const asked = { bufferedBytes: 0, reservedBytes: 500_000 };

    const room = new FetchRoom(limits, [asked], 500_000);

    expect(room.has(asked)).toBe(false);
  });

  it('gives to one what the others do not need', () => {
    const room = new FetchRoom(limits, [empty, empty], 0);

    expect(room.ownOf(empty) + room.takeCommon(1_000_000)).toBe(100_000 + 500_000);
    expect(room.takeCommon(1)).toBe(0);
  });

  it('never gives out more than there is, and always something to a partition that holds nothing', () => {
    const taker = fc.record({ bufferedBytes: fc.nat(200_000), reservedBytes: fc.nat(100_000) });
    fc.assert(
      fc.property(fc.array(taker, { maxLength: 40 }), fc.nat(500_000), (others, reservedCommon) => {
        const partitions = [...others, empty];
        const held = partitions.reduce((sum, one) => sum + one.bufferedBytes + one.reservedBytes, 0);
        const room = new FetchRoom(limits, partitions, reservedCommon);

        const own = partitions.reduce((sum, one) => sum + room.ownOf(one), 0);
        const common = room.takeCommon(Number.MAX_SAFE_INTEGER);

        expect(room.has(empty)).toBe(true);
        expect(common === 0 || held + reservedCommon + own + common <= 1_000_000).toBe(true);
      }),
    );
  });
});
