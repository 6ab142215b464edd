import type { Cluster } from '@millrace/client';
import { createConsumer } from '@millrace/consumer';
import { rangeAssignor, roundRobinAssignor, stickyAssignor } from '@millrace/coordination';
import type { StartPosition } from '../reading-plan.ts';
import { cliError } from './errors.ts';
import type { Output } from './output.ts';
import type { RecordFormat } from './record-format.ts';
import { partitionsOf } from './session.ts';
import type { VerbContext } from './verb-context.ts';
import { writeRecords } from './write-records.ts';

const assignors = {
  range: rangeAssignor,
  'round-robin': roundRobinAssignor,
  sticky: stickyAssignor,
};
export type AssignorName = keyof typeof assignors;

export interface GroupReading {
  readonly group: string;
  readonly assignor: AssignorName;
  readonly topics: readonly string[];
  /** Where the group begins that has committed nothing. */
  readonly from: StartPosition;
  readonly max: number;
}

/**
 * Reads as a member of a group, until `enough` or `max`. What was written is committed, and nothing before it is the
 * system's: a crash repeats records and loses none.
 */
export async function copyAsMember(
  cluster: Cluster,
  { group, assignor, topics, from, max }: GroupReading,
  { format, output, enough }: { format: RecordFormat; output: Output; enough: AbortSignal },
  { io }: VerbContext,
): Promise<void> {
  if (typeof from === 'number')
    throw cliError('USAGE', `--from ${from} names an offset, and a group reads many partitions`, {
      hint: `begin at earliest, latest or a time; \`millrace group seek ${group}\` puts a group at an offset`,
    });
  for (const topic of topics) await partitionsOf(cluster, topic, enough);
  if (max === 0 || enough.aborted) return;
  const consumer = createConsumer(cluster, { group, assignor: assignors[assignor], topics, from }, io.world);
  let isWriting = false;
  // What is in hand is written and committed first.
  const leave = (): void => {
    if (!isWriting) void consumer.close();
  };
  enough.addEventListener('abort', leave, { once: true });
  try {
    let left = max;
    for await (const records of consumer.batches()) {
      isWriting = true;
      const { written, last } = await writeRecords(records, { format, output, max: left });
      await output.flushed();
      left -= written;
      // Nobody has seen what was written last.
      if (output.readerGone.aborted) break;
      if (left === 0 || enough.aborted) {
        await consumer.commit(last);
        break;
      }
      isWriting = false;
    }
  } finally {
    enough.removeEventListener('abort', leave);
    await consumer.close();
  }
}
