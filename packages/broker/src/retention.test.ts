import type { Connection } from '@millrace/protocol';
import { BatchBuilder } from '@millrace/record';
import { memoryFileSystem } from '@millrace/runtime';
import { type TestWorld, testWorld } from '@millrace/runtime/testing';
import type { BrokerConfig } from './config.ts';
import { type Broker, startBroker } from './start-broker.ts';

const minuteMs = 60_000;

const connect = (broker: Broker): Promise<Connection> =>
  broker.connect({ nodeId: undefined, host: '', port: 0 });

async function send(broker: Broker, value: string, world: TestWorld): Promise<void> {
  const batch = new BatchBuilder({ maxBytes: 64 * 1024 });
  batch.tryAppend({ value }, world.clock.now());
  const partitions = [{ topic: 'orders', partition: 0, batches: batch.build() }];
  const connection = await connect(broker);
  const answer = await connection.call('produce', { acks: 'all', timeoutMs: 5_000, partitions });
  expect(answer.partitions[0]?.error).toBe('NONE');
}

describe('retention of a broker', () => {
  it('takes records and never what the broker knows of its topics', async () => {
    const files = memoryFileSystem();
    const world = testWorld(1, files);
    const config: BrokerConfig = {
      dataDirectory: '/data',
      log: { retentionMs: minuteMs, retentionBytes: 0, segmentBytes: 1024 },
    };
    const before = await startBroker(config, world);
    const connection = await connect(before);
    await connection.call('createTopics', {
      timeoutMs: 5_000,
      topics: Array.from({ length: 30 }, (_, at) => ({ name: at === 0 ? 'orders' : `topic-${at}` })),
    });
    await send(before, 'x'.repeat(900), world);

    await world.clock.advance(20 * minuteMs);
    await before.stop();
    const after = await startBroker(config, world);

    const again = await connect(after);
    const { topics } = await again.call('metadata', {});
    const partitions = [{ topic: 'orders', partition: 0, at: 'earliest' as const }];
    const earliest = await again.call('listOffsets', { partitions });
    expect(topics).toHaveLength(30);
    expect(earliest.partitions).toMatchObject([{ error: 'NONE', offset: 1 }]);
    await after.stop();
  });
});
