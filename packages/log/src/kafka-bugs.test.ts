import { hasCode, memoryFileSystem } from '@millrace/runtime';
import { seededRandom, testWorld } from '@millrace/runtime/testing';
import { openLog } from './index.ts';
import { valuesOf } from './testing/log-fixtures.ts';

const directory = '/data/log';

// What Kafka got wrong once, where no other test here stands for it. The other rows carry their numbers where they are.

describe('a reader beside a writer that appends and rolls', () => {
  it.each([1, 2, 3, 4, 5])(
    'sees whole batches, in order, up to the published end (KAFKA-698, 2477, 9835, 5634): seed %i',
    async (seed) => {
      const base = testWorld(seed);
      // Files that answer late and out of order.
      const files = memoryFileSystem({ clock: base.clock, random: seededRandom(seed) });
      const world = { ...base, files };
      const opening = openLog(directory, { segmentBytes: 400, retentionBytes: 1_000 }, world);
      let stopped = false;
      const time = (async () => {
        while (!stopped) await base.clock.advance(50);
      })();
      const log = await opening;
      const write = (async () => {
        for (let batch = 0; batch < 60; batch += 1)
          await log.append([{ value: `${batch * 2}` }, { value: `${batch * 2 + 1}` }]);
      })();
      let written = false;
      void write.then(() => {
        written = true;
      });

      const read = async (): Promise<number[]> => {
        const seen: number[] = [];
        for (let from = 0; !written || from < log.endOffset; ) {
          from = Math.max(from, log.startOffset);
          const { endOffset } = log;
          try {
            for await (const { offset, value } of log.records({ from })) {
              expect([Number(String(value)), offset < log.endOffset, offset >= from]).toEqual([
                offset,
                true,
                true,
              ]);
              expect(offset).toBeLessThan(Math.max(endOffset, log.endOffset));
              seen.push(offset);
              from = offset + 1;
            }
          } catch (error) {
            // The head went meanwhile: on with what is left.
            if (!hasCode(error, 'OFFSET_OUT_OF_RANGE')) throw error;
          }
          await new Promise((resolve) => setImmediate(resolve));
          if (seen.length % 7 === 3) await log.applyRetention();
        }
        return seen;
      };
      const [one, other] = await Promise.all([read(), read()]);
      await write;

      for (const seen of [one, other]) {
        expect(seen).toEqual([...seen].sort((a, b) => a - b));
        expect(seen.at(-1)).toBe(119);
      }
      await log.close();
      stopped = true;
      await time;
    },
  );
});

describe('a log whose file repeats a batch behind its recovery point', () => {
  it('opens and serves each offset once (KAFKA-866)', async () => {
    const world = testWorld();
    const log = await openLog(directory, {}, world);
    await log.append([{ value: 'a' }, { value: 'b' }]);
    await log.append({ value: 'c' });
    // Flushed, but the recovery point is written a second later.
    await log.flush();
    const crashed = { ...world, files: world.files.crash(seededRandom(1)) };
    const path = `${directory}/00000000000000000000.log`;
    const file = await crashed.files.open(path, 'append');
    const bytes = await file.read(0, await file.size());
    await file.append([bytes]);
    await file.close();

    const again = await openLog(directory, {}, crashed);

    expect([again.endOffset, await valuesOf(again)]).toEqual([3, ['a', 'b', 'c']]);
    await again.append({ value: 'next' });
    expect(await valuesOf(again)).toEqual(['a', 'b', 'c', 'next']);
    await again.close();
  });
});

describe('a compacted log whose head was deleted', () => {
  it('is compacted on, also where it begins in the segment that is written to (KAFKA-9826, 8764)', async () => {
    const world = testWorld();
    const log = await openLog(directory, { cleanupPolicy: 'compact', segmentBytes: 200 }, world);
    for (let n = 0; n < 12; n += 1) await log.append({ key: `${n % 2}`, value: `${n}` });
    await log.flush();
    await log.deleteBefore(11);
    await log.compact();
    for (let n = 12; n < 24; n += 1) await log.append({ key: `${n % 2}`, value: `${n}` });
    await log.flush();

    const { recordsRemoved } = await log.compact();

    expect(recordsRemoved).toBeGreaterThan(0);
    const values = await valuesOf(log);
    expect(values.at(-1)).toBe('23');
    expect(values.every((value) => Number(value) >= 11)).toBe(true);
    await log.close();
  });
});
