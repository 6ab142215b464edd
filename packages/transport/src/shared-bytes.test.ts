import { manualClock } from '@millrace/runtime/testing';
import fc from 'fast-check';
import { type BytesShare, SharedBytes } from './shared-bytes.ts';

const floor = 64 * 1024;
const MiB = 1024 * 1024;

function sharedBytes(maxBytes: number): { shared: SharedBytes; turn: () => Promise<void> } {
  const clock = manualClock();
  return { shared: new SharedBytes(maxBytes, floor, clock), turn: () => clock.advance(0) };
}

/** Takes pieces as long as there is room. */
function fill(share: BytesShare, bytes: number): void {
  while (share.hasRoomFor(bytes)) share.hold(bytes);
}

describe('SharedBytes', () => {
  it('gives half to one alone, and as much less to each as there are more', () => {
    const { shared } = sharedBytes(64 * MiB);
    const shares = Array.from({ length: 3 }, () => shared.share());
    // In turns, as connections that fill up side by side.
    for (let turn = 0; turn < 1_000; turn++)
      for (const share of shares) if (share.hasRoomFor(floor)) share.hold(floor);

    expect(shares.map(({ heldBytes }) => heldBytes / MiB)).toEqual([16, 16, 16]);
    fill(shared.share(), floor);
    expect(shared.heldBytes / MiB).toBe(56);
  });

  it('always leaves a floor for those who hold nothing, and never holds more than that beyond its size', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 4 * MiB }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(sizes, (wanted) => {
        const { shared } = sharedBytes(8 * MiB);
        for (const bytes of wanted) {
          const share = shared.share();
          if (share.hasRoomFor(bytes)) share.hold(bytes);
          expect(shared.share().hasRoomFor(floor)).toBe(true);
        }
        expect(shared.heldBytes).toBeLessThanOrEqual(8 * MiB + wanted.length * floor);
      }),
    );
  });

  it('tells those who wait, first come first served, and each once', async () => {
    const { shared, turn } = sharedBytes(8 * MiB);
    const hog = shared.share();
    hog.hold(6 * MiB);
    const told: string[] = [];
    const waiter = (name: string): BytesShare => {
      const share = shared.share(() => {
        told.push(name);
        share.hold(2 * MiB);
      });
      expect(share.hasRoomFor(2 * MiB)).toBe(false);
      share.waitFor(2 * MiB);
      return share;
    };
    const first = waiter('first');
    waiter('second');
    waiter('gone').stopWaiting();

    hog.release(1 * MiB);
    await turn();
    expect(told).toEqual([]);
    hog.release(2 * MiB);
    await turn();
    expect(told).toEqual(['first']);
    first.release(2 * MiB);
    await turn();
    expect(told).toEqual(['first', 'second']);
    hog.releaseAll();
    await turn();
    expect(told).toEqual(['first', 'second']);
  });
});
