import { CompactionModel, type SentBatch, type SentRecord } from './compaction-model.fixture.ts';

const retentionMs = 500;
/** More with MILLRACE_RUNS: some orders of what reaches the disk are rare. */
const seeds = Array.from({ length: process.env['MILLRACE_RUNS'] === undefined ? 3 : 20 }, (_, seed) => seed);

function record(key: number | undefined, dead = false): SentRecord {
  return { key, dead, bytes: 40 };
}

function batch(records: readonly SentRecord[], producer?: number): SentBatch {
  return { records, producer, gzip: producer === 1 };
}

/**
 * A log whose next compaction does everything that there is to do: clean segments become smaller and are merged, a
 * tombstone goes and another one is stamped, a batch is emptied for its producer's sake.
 */
async function readyToCompact(): Promise<CompactionModel> {
  const model = new CompactionModel({
    cleanupPolicy: 'compact',
    segmentBytes: 420,
    indexIntervalBytes: 100,
    deleteRetentionMs: retentionMs,
  });
  await model.open();
  const first = [batch([record(9)], 1), batch([record(1), record(undefined)]), batch([record(2, true)], 0)];
  const second = [0, 1, 2, 3, 4, 5].map((n) => batch([record(n % 3), record(3 + n), record(n, n === 4)]));
  await model.run({ do: 'append', batches: [...first, ...second] });
  await model.run({ do: 'compact', reads: false });
  await model.run({ do: 'time', ms: retentionMs });
  await model.run({ do: 'append', batches: [...second, batch([record(7, true), record(9)])] });
  await model.run({ do: 'append', batches: second });
  return model;
}

describe('compaction that stops', () => {
  it('at any call of the process that dies leaves the newest record of every key (KAFKA-12520)', async () => {
    let at = 0;
    for (let wasCut = true; wasCut; ) {
      at += 1;
      const model = await readyToCompact();

      await model.run({ do: 'crash', at, power: false, seed: 0 });

      wasCut = model.wasCut;
      await model.run({ do: 'compact', reads: true });
      await model.close();
    }
    expect(at).toBeGreaterThan(60);
  }, 300_000);

  it('at any call of the machine that loses power leaves the newest record of every key', async () => {
    let at = 0;
    for (let wasCut = true; wasCut; ) {
      at += 1;
      for (const seed of seeds) {
        const model = await readyToCompact();

        await model.run({ do: 'crash', at, power: true, seed: at * 100 + seed });

        wasCut = model.wasCut;
        await model.run({ do: 'compact', reads: false });
        await model.run({ do: 'reopen', lose: 'snapshots' });
        await model.close();
      }
    }
    expect(at).toBeGreaterThan(60);
  }, 600_000);

  it.each(['ENOSPC', 'EIO'] as const)(
    'with %s at any call is made up for by the next run',
    async (code) => {
      let at = 0;
      for (let wasCut = true; wasCut; ) {
        at += 1;
        const model = await readyToCompact();

        await model.run({ do: 'fault', at, code });

        wasCut = model.wasCut;
        await model.run({ do: 'append', batches: [batch([record(1), record(2)])] });
        await model.run({ do: 'compact', reads: false });
        await model.run({ do: 'reopen', lose: 'nothing' });
        await model.close();
      }
      expect(at).toBeGreaterThan(60);
    },
    300_000,
  );
});
