// A process that writes logs until it is killed, and says on stdout what was acknowledged. Started by the crash commands.
import { writeSync } from 'node:fs';
import { type Log, openLogDirectory } from '@millrace/log';
import { hasCode } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import { seededRandom } from '@millrace/runtime/testing';
import { idempotentBatch, idempotentLane, logNames, valuesOf } from './record-names.ts';

export interface WriterOptions {
  readonly directory: string;
  readonly cycle: number;
  readonly seed: number;
  /** What an acknowledgement waits for: the page cache, or the disk. */
  readonly acknowledges: 'appended' | 'flushed';
  /** What the logs are told of the machine: after a power cut it is another boot. */
  readonly bootId: string;
}

const lanes = 9;

async function write(options: WriterOptions): Promise<void> {
  const { directory, cycle, seed, bootId } = options;
  const random = seededRandom(seed);
  const world = { ...nodeWorld, host: { ...nodeWorld.host, bootId } };
  say('opening');
  const logs = await openLogDirectory(
    directory,
    {
      segmentBytes: 20_000 + random.int(200_000),
      indexIntervalBytes: random.int(4096),
      flush: { everyMs: random.int(3) * 5 },
    },
    world,
  );
  const opened = await Promise.all(logNames.map((name) => logs.open(name)));
  for (const log of opened) await log.startEpoch(cycle);
  say('open');
  await Promise.all(
    Array.from({ length: lanes }, (_, lane) => {
      const at = lane % logNames.length;
      return writeLane(opened[at] as Log, logNames[at] ?? '', lane, options);
    }),
  );
}

async function writeLane(log: Log, name: string, lane: number, options: WriterOptions): Promise<never> {
  const { cycle, acknowledges } = options;
  for (let number = 0; ; number++) {
    const { baseOffset } =
      lane === idempotentLane
        ? await log.appendBatches(idempotentBatch(cycle, number), { leaderEpoch: cycle })
        : await log.append(valuesOf(cycle, lane, number).map((value) => ({ value })));
    if (acknowledges === 'flushed') await log.flush();
    say(`ack ${name} ${baseOffset} ${lane} ${number} ${process.hrtime.bigint()}`);
  }
}

/** At once: what was said is true although the process dies in the next moment. */
function say(line: string): void {
  const bytes = Buffer.from(`${line}\n`);
  for (let said = 0; said < bytes.length; ) {
    try {
      said += writeSync(1, bytes, said);
    } catch (error) {
      // The parent has not yet listened to what was said before.
      if (!hasCode(error, 'EAGAIN')) throw error;
    }
  }
}

await write(JSON.parse(process.argv[2] ?? '') as WriterOptions);
