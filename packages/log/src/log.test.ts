import { testWorld } from '@millrace/runtime/testing';
import { openLog } from './index.ts';
import { valuesOf } from './testing/log-fixtures.ts';

describe('a log', () => {
  it('goes on with appends that follow each answer at once', async () => {
    const log = await openLog('/data/log', {}, testWorld());

    const offsets = [];
    for (let n = 0; n < 5; n++) offsets.push((await log.append({ value: 'x' })).baseOffset);

    expect(offsets).toEqual([0, 1, 2, 3, 4]);
    await log.close();
  });

  it('gives back what was appended, over many segments and a restart', async () => {
    const world = testWorld();
    const options = { segmentBytes: 500, indexIntervalBytes: 100 };
    const values = Array.from({ length: 100 }, (_, n) => `value ${n}`);
    const log = await openLog('/data/log', options, world);
    await Promise.all(values.map((value) => log.append({ value })));
    await log.flush();
    expect(log.flushedOffset).toBe(100);
    expect(await valuesOf(log)).toEqual(values);

    await log.close();
    const again = await openLog('/data/log', options, world);

    expect(again.endOffset).toBe(100);
    expect(await valuesOf(again, 37)).toEqual(values.slice(37));
    await again.close();
  });
});
