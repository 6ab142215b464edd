import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { kafkaCodec } from '@millrace/kafka-protocol';
import { type Broker, startBroker } from 'millrace';
import { freeAddress } from './millrace-process.ts';
import { otherNodes } from './other-nodes.ts';

const run = promisify(execFile);
const script = join(__dirname, 'platformatic-client.mjs');

/** The client wants 22.22 or newer; without one, `npm test` says above its last line which Node is missing. */
const newerNode = [['this Node', process.execPath, process.versions.node] as const]
  .concat(otherNodes().map(([name, path]) => [name, path, name.replace('Node ', '')] as never))
  .find(([, , version]) => Number(version.split('.')[0]) >= 22)?.[1];
const describeWithNode = newerNode === undefined ? describe.skip : describe;

describeWithNode('@platformatic/kafka', () => {
  let folder: string;
  let address: string;
  let broker: Broker;

  const start = (): Promise<Broker> =>
    startBroker({
      dataDirectory: folder,
      listeners: [{ codec: kafkaCodec(), port: Number(address.split(':')[1]) }],
    });
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-platformatic-'));
    address = await freeAddress();
    broker = await start();
  });
  afterAll(async () => {
    await broker.stop();
    rmSync(folder, { recursive: true });
  });

  /** One verb of the script, in a process of its own. */
  const client = async (verb: string, asked: object): Promise<unknown> => {
    const args = [script, address, verb, JSON.stringify(asked)];
    const { stdout } = await run(newerNode ?? '', args, {
      timeout: 60_000,
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    return JSON.parse(stdout);
  };
  const values = (count: number) => Array.from({ length: count }, (_, i) => `${i}:${'value '.repeat(10)}`);

  it('makes topics', async () => {
    expect(await client('make', { topic: 'made', partitions: 3 })).toEqual([{ name: 'made', partitions: 3 }]);
  }, 60_000);

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'])(
    'writes under the compression %s, with keys and headers, and reads it as a group',
    async (compression) => {
      await client('make', { topic: compression, partitions: 1 });
      await client('send', {
        topic: compression,
        values: values(50),
        compression,
        headers: { from: 'tests' },
      });

      const read = await client('read', { topic: compression, groupId: `readers-${compression}`, count: 50 });

      expect(read).toEqual(
        values(50).map((value, i) => ({
          key: `k${i}`,
          value,
          headers: { from: 'tests' },
          partition: 0,
          offset: `${i}`,
        })),
      );
    },
    60_000,
  );

  it('writes idempotently, and finds offsets by time', async () => {
    await client('make', { topic: 'idempotent', partitions: 1 });
    const before = Date.now();

    await client('send', { topic: 'idempotent', values: values(20), idempotent: true });

    expect(await client('offsets', { topic: 'idempotent', timestamp: -1 })).toEqual({ idempotent: ['20'] });
    expect(await client('offsets', { topic: 'idempotent', timestamp: -2 })).toEqual({ idempotent: ['0'] });
    expect(await client('offsets', { topic: 'idempotent', timestamp: before })).toEqual({
      idempotent: ['0'],
    });
  }, 60_000);

  it('goes on where its group was, also when the broker was restarted in between', async () => {
    await client('make', { topic: 'kept', partitions: 1 });
    await client('send', { topic: 'kept', values: ['a', 'b', 'c', 'd'] });
    const before = await client('read', { topic: 'kept', groupId: 'stayers', count: 2 });

    await broker.stop();
    broker = await start();

    const after = await client('read', { topic: 'kept', groupId: 'stayers', count: 2 });
    expect([before, after]).toMatchObject([
      [{ value: 'a' }, { value: 'b' }],
      [{ value: 'c' }, { value: 'd' }],
    ]);
  }, 90_000);
});
