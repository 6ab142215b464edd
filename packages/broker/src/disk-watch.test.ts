import type { Connection } from '@millrace/protocol';
import { BatchBuilder } from '@millrace/record';
import { type TestWorld, testWorld } from '@millrace/runtime/testing';
import { type Broker, startBroker } from './start-broker.ts';

const megabyte = 1e6;

describe('a disk that gets full', () => {
  let free: number;
  let logged: string[];
  let world: TestWorld;
  let broker: Broker;
  let connection: Connection;

  const start = async (): Promise<void> => {
    broker = await startBroker({ dataDirectory: '/data', minFreeDiskBytes: 100 * megabyte }, world);
    connection = await broker.connect({ nodeId: undefined, host: '', port: 0 });
  };
  beforeEach(async () => {
    free = 1_000 * megabyte;
    logged = [];
    const plain = testWorld();
    const log = (_: object, message: string) => void logged.push(message);
    world = {
      ...plain,
      host: { ...plain.host, freeBytes: () => Promise.resolve(free) },
      logger: { debug: () => {}, info: () => {}, warn: log, error: log },
    };
    await start();
    await connection.call('createTopics', { timeoutMs: 5_000, topics: [{ name: 'orders' }] });
  });
  afterEach(() => broker.stop());

  const send = async (value: string) => {
    const batch = new BatchBuilder({ maxBytes: 64 * 1024 });
    batch.tryAppend({ value }, world.clock.now());
    const partitions = [{ topic: 'orders', partition: 0, batches: batch.build() }];
    const answer = await connection.call('produce', { acks: 'all', timeoutMs: 5_000, partitions });
    return answer.partitions[0];
  };
  const becomes = async (bytes: number): Promise<void> => {
    free = bytes;
    await world.clock.advance(1_000);
  };

  it('is told of while there is still some room, once', async () => {
    await becomes(399 * megabyte);
    await becomes(300 * megabyte);

    expect(logged).toEqual(['the disk gets full']);
    expect(await send('taken')).toMatchObject({ error: 'NONE' });
  });

  it('takes no records any more, in words and a code that is tried again, and serves what is there', async () => {
    await send('before');

    await becomes(99 * megabyte);

    expect(await send('refused')).toEqual({
      topic: 'orders',
      partition: 0,
      error: 'STORAGE_ERROR',
      message: 'the disk of /data has 99 MB left, and records are taken from 125 MB on',
    });
    const partitions = [{ topic: 'orders', partition: 0, fetchOffset: 0, maxBytes: 1_000 }];
    const read = await connection.call('fetch', { maxWaitMs: 0, minBytes: 0, maxBytes: 1_000, partitions });
    expect(read.partitions[0]).toMatchObject({ error: 'NONE', highWatermark: 1 });
    // Groups go on, too.
    const offsets = [{ topic: 'orders', partition: 0, offset: 1 }];
    const committed = await connection.call('offsetCommit', {
      groupId: 'g',
      memberId: '',
      partitions: offsets,
    });
    expect(committed.partitions[0]?.error).toBe('NONE');
  });

  it('takes records again by itself once there is room, and not by turns where there is just enough', async () => {
    await becomes(50 * megabyte);
    await becomes(110 * megabyte);
    expect(await send('refused')).toMatchObject({ error: 'STORAGE_ERROR' });

    await becomes(130 * megabyte);

    expect(await send('taken')).toMatchObject({ error: 'NONE', baseOffset: 0 });
    expect(logged).toEqual([
      'the disk is nearly full: no records are taken until there is room',
      'there is room on the disk again: records are taken',
    ]);
  });

  it('refuses from the start where there is no room', async () => {
    await broker.stop();
    free = 10 * megabyte;

    await start();

    expect(await send('refused')).toMatchObject({ error: 'STORAGE_ERROR' });
  });

  it('says once that it cannot tell, and takes records', async () => {
    world.host.freeBytes = () => Promise.reject(new Error('no statfs here'));
    await world.clock.advance(5_000);

    expect(logged).toEqual(['nobody can tell how much room is left on the disk']);
    expect(await send('taken')).toMatchObject({ error: 'NONE' });
  });
});
