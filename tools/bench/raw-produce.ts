import type { Connection } from '@millrace/protocol';
import { msgpackCodec } from '@millrace/protocol/msgpack';
import { BatchBuilder } from '@millrace/record';
import { tcpConnector } from '@millrace/transport';

export interface RawProduce {
  readonly recordsPerBatch: number;
  readonly inFlight: number;
  readonly acks: 'leader' | 'all';
  readonly seconds: number;
}

/** Ready-made batches of 200-byte records in produce requests over one connection: what the broker can take, records/s. */
export async function rawProduce(
  address: { host: string; port: number },
  topic: string,
  load: RawProduce,
): Promise<number> {
  const connection = await tcpConnector({ codec: msgpackCodec() })({ nodeId: undefined, ...address });
  try {
    const batch = batchOf(load.recordsPerBatch);
    const end = performance.now() + load.seconds * 1000;
    const started = performance.now();
    const lanes = Array.from({ length: load.inFlight }, () => lane(connection, topic, batch, load.acks, end));
    const requests = (await Promise.all(lanes)).reduce((sum, count) => sum + count, 0);
    return (requests * load.recordsPerBatch) / ((performance.now() - started) / 1000);
  } finally {
    await connection.close();
  }
}

async function lane(
  connection: Connection,
  topic: string,
  batch: Buffer,
  acks: 'leader' | 'all',
  end: number,
): Promise<number> {
  let requests = 0;
  while (performance.now() < end) {
    const answer = await connection.call('produce', {
      acks,
      timeoutMs: 30_000,
      partitions: [{ topic, partition: 0, batches: batch }],
    });
    const error = answer.partitions[0]?.error;
    if (error !== 'NONE') throw new Error(`produce: ${error}`);
    requests += 1;
  }
  return requests;
}

/** Over TCP the bytes are only read, so one batch serves every request. */
function batchOf(records: number): Buffer {
  const builder = new BatchBuilder({ maxBytes: 1024 * 1024 });
  const value = Buffer.alloc(200, 'x');
  for (let i = 0; i < records; i += 1) builder.tryAppend({ value }, 1_700_000_000_000);
  return builder.build();
}
