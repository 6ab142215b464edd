import { testWorld } from '@millrace/runtime/testing';
import { type Log, openLog } from './index.ts';
import { batchOf } from './testing/log-fixtures.ts';

const producerId = 42;

/** A batch of `count` records by sequence. */
function batch(baseSequence: number, count = 1, producerEpoch = 0): Buffer {
  const values = Array.from({ length: count }, (_, n) => `${baseSequence + n}`);
  return batchOf(values, { producer: { producerId, producerEpoch, baseSequence } });
}

async function open(world = testWorld(), segmentBytes = 10_000): Promise<Log> {
  return openLog('/data/log', { segmentBytes }, world);
}

function append(log: Log, bytes: Buffer): ReturnType<Log['append']> {
  return log.appendBatches(bytes, { leaderEpoch: 0 });
}

describe('an idempotent producer', () => {
  it('may begin at any sequence when it is not known', async () => {
    const log = await open();

    expect(await append(log, batch(17))).toMatchObject({ baseOffset: 0, duplicate: false });
    await log.close();
  });

  it('gets the old offsets for each of its last five batches', async () => {
    const log = await open();
    for (let sequence = 0; sequence < 12; sequence += 2) await append(log, batch(sequence, 2));

    for (let sequence = 2; sequence < 12; sequence += 2) {
      expect(await append(log, batch(sequence, 2))).toMatchObject({
        baseOffset: sequence,
        lastOffset: sequence + 1,
        duplicate: true,
      });
    }
    await expect(append(log, batch(0, 2))).rejects.toMatchObject({ code: 'OUT_OF_ORDER_SEQUENCE' });
    expect(log.endOffset).toBe(12);
    await log.close();
  });

  it('is told when a sequence is missing, or overlaps', async () => {
    const log = await open();
    await append(log, batch(0, 3));

    await expect(append(log, batch(4))).rejects.toMatchObject({ code: 'OUT_OF_ORDER_SEQUENCE' });
    await expect(append(log, batch(2))).rejects.toMatchObject({ code: 'OUT_OF_ORDER_SEQUENCE' });
    expect(await append(log, batch(3))).toMatchObject({ baseOffset: 3 });
    await log.close();
  });

  it('begins a new epoch with sequence 0 and fences the old one', async () => {
    const log = await open();
    await append(log, batch(0, 3));

    await expect(append(log, batch(3, 1, 1))).rejects.toMatchObject({ code: 'OUT_OF_ORDER_SEQUENCE' });
    expect(await append(log, batch(0, 1, 1))).toMatchObject({ baseOffset: 3, duplicate: false });
    await expect(append(log, batch(3))).rejects.toMatchObject({ code: 'INVALID_PRODUCER_EPOCH' });
    await log.close();
  });

  it('goes on from 2^31 - 1 to 0', async () => {
    const log = await open();
    await append(log, batch(2 ** 31 - 2, 3));

    expect(await append(log, batch(1))).toMatchObject({ baseOffset: 3, duplicate: false });
    expect(await append(log, batch(2 ** 31 - 2, 3))).toMatchObject({
      baseOffset: 0,
      lastOffset: 2,
      duplicate: true,
    });
    await log.close();
  });

  it('shares the fate of a batch that is still being written when it repeats it', async () => {
    const world = testWorld();
    const log = await open(world);
    const twice = [append(log, batch(0)), append(log, batch(0)), append(log, batch(1))];
    expect(await Promise.all(twice)).toMatchObject([
      { baseOffset: 0, duplicate: false },
      { baseOffset: 0, duplicate: true },
      { baseOffset: 1, duplicate: false },
    ]);

    world.files.failNext('append', Object.assign(new Error('full'), { code: 'ENOSPC' }));
    const results = await Promise.allSettled([append(log, batch(2)), append(log, batch(2))]);

    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await append(log, batch(2))).toMatchObject({ baseOffset: 2, duplicate: false });
    await log.close();
  });

  it('sends several batches at once, all new or all repeated', async () => {
    const log = await open();
    const both = (): Buffer => Buffer.concat([batch(0, 2), batch(2, 3)]);
    expect(await append(log, both())).toMatchObject({ baseOffset: 0, lastOffset: 4, duplicate: false });

    expect(await append(log, both())).toMatchObject({ baseOffset: 0, lastOffset: 4, duplicate: true });
    await expect(append(log, Buffer.concat([batch(2, 3), batch(5)]))).rejects.toMatchObject({
      code: 'OUT_OF_ORDER_SEQUENCE',
    });
    expect(await append(log, batch(5))).toMatchObject({ baseOffset: 5 });
    await log.close();
  });

  it.each([
    ['a clean shutdown', true, 10_000],
    ['a crash', false, 10_000],
    ['a clean shutdown, over many segments', true, 150],
    ['a crash, over many segments', false, 150],
  ])('is known again after %s', async (_what, clean, segmentBytes) => {
    const world = testWorld();
    const log = await open(world, segmentBytes);
    for (let sequence = 0; sequence < 7; sequence++) await append(log, batch(sequence));
    await log.flush();
    if (clean) await log.close();
    const files = clean ? world.files : world.files.crash(world.random);

    const again = await open({ ...world, files }, segmentBytes);

    for (let sequence = 2; sequence < 7; sequence++) {
      expect(await append(again, batch(sequence))).toMatchObject({ baseOffset: sequence, duplicate: true });
    }
    await expect(append(again, batch(9))).rejects.toMatchObject({ code: 'OUT_OF_ORDER_SEQUENCE' });
    await again.close();
  });

  it('is forgotten after seven days of silence', async () => {
    const world = testWorld();
    const log = await open(world);
    await append(log, batch(0));
    await log.close();
    await world.clock.advance(7 * 24 * 60 * 60 * 1000);

    const again = await open(world);

    expect(await append(again, batch(99))).toMatchObject({ baseOffset: 1, duplicate: false });
    await again.close();
  });
});

describe('a log that stays open', () => {
  it('forgets producers that fell silent', async () => {
    const world = testWorld();
    const log = await open(world);
    await append(log, batch(0));
    await world.clock.advance(7 * 24 * 60 * 60 * 1000 + 1);

    expect(await append(log, batch(50))).toMatchObject({ baseOffset: 1, duplicate: false });
    await log.close();
  });
});
