import { testWorld } from '@millrace/runtime/testing';
import { Segment } from './segment.ts';
import { SegmentList } from './segment-list.ts';

/** Ten offsets each, from the base on; the last one is the active one. */
async function segmentsAt(...baseOffsets: readonly number[]): Promise<Segment[]> {
  const { files } = testWorld();
  await files.ensureDirectory('/log');
  const segments: Segment[] = [];
  for (const baseOffset of baseOffsets) {
    const path = `/log/${baseOffset}`;
    const segment = new Segment({ baseOffset, path, file: await files.open(path, 'create') });
    const batch = { baseOffset, lastOffset: baseOffset + 9, position: 0, sizeInBytes: 100, maxTimestamp: 0 };
    segment.publish(batch, 4096);
    segments.push(segment);
  }
  return segments;
}

function merged(from: Segment, to: Segment): Segment {
  const { baseOffset, path, file } = from;
  return new Segment({ baseOffset, path, file, sizeInBytes: 50, nextOffset: to.nextOffset });
}

describe('a list of segments', () => {
  it('has one in the place of several, all at once, while lists that were handed out stay', async () => {
    const [a, b, c, active] = (await segmentsAt(0, 10, 20, 30)) as [Segment, Segment, Segment, Segment];
    const list = new SegmentList([a, b, c, active]);
    const before = list.all;
    const one = merged(a, b);

    list.replace([a, b], one);

    expect(list.all).toEqual([one, c, active]);
    expect(before).toEqual([a, b, c, active]);
    expect([list.holding(5), list.holding(15), list.holding(25)]).toEqual([one, one, c]);
    expect(list.sizeInBytes).toBe(250);
  });

  it('tells who reads a segment that was replaced what holds the offsets behind it, leaving out nothing', async () => {
    const [a, b, c, active] = (await segmentsAt(0, 10, 20, 30)) as [Segment, Segment, Segment, Segment];
    const list = new SegmentList([a, b, c, active]);
    const one = merged(a, c);

    list.replace([a, b, c], one);

    expect(list.after(a)).toBe(one);
    expect(list.after(b)).toBe(one);
    expect(list.after(c)).toBe(active);
    expect(list.after(one)).toBe(active);
    expect(list.after(active)).toBeUndefined();
  });

  it('replaces neither the active segment nor what is not, or no longer, side by side in it', async () => {
    const [a, b, c, active] = (await segmentsAt(0, 10, 20, 30)) as [Segment, Segment, Segment, Segment];
    const list = new SegmentList([a, b, c, active]);

    for (const run of [[c, active], [a, c], [b, a], []]) {
      expect(() => list.replace(run, merged(a, c))).toThrow(RangeError);
    }
    list.replace([a, b], merged(a, b));
    expect(() => list.replace([b], merged(b, b))).toThrow(RangeError);
  });
});
