import fc from 'fast-check';
import { decodeProducerSnapshot, encodeProducerSnapshot } from './producer-snapshot.ts';
import { ProducerState } from './producer-state.ts';

const sequence = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const arbitraryState = fc
  .uniqueArray(
    fc.record({
      producerId: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      producerEpoch: fc.integer({ min: 0, max: 32767 }),
      lastUsed: fc.integer({ min: 0, max: 2 ** 48 }),
      batches: fc.array(
        fc.record({
          firstSequence: sequence,
          delta: fc.nat(1000),
          lastOffset: fc.integer({ min: 1000, max: 2 ** 50 }),
        }),
        {
          minLength: 1,
          maxLength: 5,
        },
      ),
    }),
    { selector: ({ producerId }) => producerId },
  )
  .map((producers) => {
    const state = new ProducerState();
    for (const { producerId, producerEpoch, lastUsed, batches } of producers) {
      state.restore(producerId, {
        producerEpoch,
        lastUsed,
        batches: batches.map(({ firstSequence, delta, lastOffset }) => ({
          firstSequence,
          lastSequence: (firstSequence + delta) % 2 ** 31,
          baseOffset: lastOffset - delta,
          lastOffset,
        })),
      });
    }
    return state;
  });

describe('a producer snapshot', () => {
  it('gives back the state it was made of', () => {
    fc.assert(
      fc.property(arbitraryState, (state) => {
        expect(decodeProducerSnapshot(encodeProducerSnapshot(state))?.entries).toEqual(state.entries);
      }),
    );
  });

  it('is not read when a bit is wrong or a byte is missing', () => {
    const state = new ProducerState();
    const batch = { firstSequence: 0, lastSequence: 1, baseOffset: 8, lastOffset: 9 };
    state.restore(7, { producerEpoch: 1, lastUsed: 1234, batches: [batch] });
    const snapshot = encodeProducerSnapshot(state);

    for (let bit = 0; bit < snapshot.length * 8; bit++) {
      const flipped = Buffer.from(snapshot);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(decodeProducerSnapshot(flipped)).toBeUndefined();
    }
    for (let size = 0; size < snapshot.length; size++) {
      expect(decodeProducerSnapshot(snapshot.subarray(0, size))).toBeUndefined();
    }
  });
});
