import { BatchBuilder, recordsIn } from '@millrace/record';
import { type MemoryFileSystem, memoryFileSystem, type World } from '@millrace/runtime';
import { killable, seededRandom, testWorld } from '@millrace/runtime/testing';
import { startBroker } from './start-broker.ts';

const bootstrap = { host: 'in-process', port: 0, nodeId: undefined };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function batchOf(value: string): Buffer {
  const builder = new BatchBuilder({ maxBytes: 100_000 });
  builder.tryAppend({ value }, 1_000);
  return builder.build();
}

/** Makes a topic and sends records, until it is done or the world has gone; notes what was acknowledged. */
async function work(world: World, acknowledged: string[]): Promise<void> {
  const broker = await startBroker({ dataDirectory: '/data' }, world);
  const connection = await broker.connect(bootstrap);
  await connection.call('metadata', { topics: ['orders'], allowAutoCreate: true });
  for (let count = 0; count < 12; count++) {
    const answer = await connection.call('produce', {
      acks: 'all',
      timeoutMs: 5_000,
      partitions: [{ topic: 'orders', partition: 0, batches: batchOf(`value ${count}`) }],
    });
    if (answer.partitions[0]?.error === 'NONE') acknowledged.push(`value ${count}`);
  }
  await broker.stop();
}

async function readAll(files: MemoryFileSystem, seed: number): Promise<string[]> {
  const broker = await startBroker({ dataDirectory: '/data' }, testWorld(seed, files));
  const connection = await broker.connect(bootstrap);
  const { topics } = await connection.call('metadata', {});
  const values: string[] = [];
  for (const { name } of topics) {
    const answer = await connection.call('fetch', {
      maxWaitMs: 0,
      minBytes: 1,
      maxBytes: 1_000_000,
      partitions: [{ topic: name, partition: 0, fetchOffset: 0, maxBytes: 1_000_000 }],
    });
    const [partition] = answer.partitions;
    if (partition?.error !== 'NONE') throw new Error(`${partition?.error}: ${partition?.message}`);
    if (!('release' in partition.batches)) continue;
    const bytes = await partition.batches.read(0, partition.batches.byteLength);
    partition.batches.release();
    values.push(...[...recordsIn(bytes)].map(({ value }) => String(value)));
  }
  await broker.stop();
  return values;
}

describe('a broker that dies in a power cut', () => {
  it('can do so at any call to its world: it starts again and has what it acknowledged, in order', async () => {
    const whole = killable(testWorld());
    await work(whole.world, []);

    let safe = 0;
    for (let call = 1; call <= whole.calls; call += 2) {
      const files = memoryFileSystem();
      const cut = killable(testWorld(call, files));
      cut.killAt(call);
      const acknowledged: string[] = [];
      void work(cut.world, acknowledged); // never settles
      for (let turns = 0; !cut.killed && turns < 10_000; turns++) await turn();
      await turn();

      const values = await readAll(files.crash(seededRandom(call)), call + 10_000);

      expect(cut.killed).toBe(true);
      expect(values.slice(0, acknowledged.length)).toEqual(acknowledged);
      safe += acknowledged.length;
    }
    expect(safe).toBeGreaterThan(whole.calls);
  });
});
