import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaCodec } from '@millrace/kafka-protocol';
import { type Broker, startBroker } from 'millrace';
import { describeWithKcat, kcat } from './kcat.ts';
import { freeAddress } from './millrace-process.ts';

describeWithKcat('kcat (librdkafka)', () => {
  let folder: string;
  let address: string;
  let broker: Broker;

  const start = (): Promise<Broker> =>
    startBroker({
      dataDirectory: folder,
      listeners: [{ codec: kafkaCodec(), port: Number(address.split(':')[1]) }],
    });
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-kcat-'));
    address = await freeAddress();
    broker = await start();
  });
  afterAll(async () => {
    await broker.stop();
    rmSync(folder, { recursive: true });
  });

  const produce = (topic: string, lines: readonly string[], ...more: string[]) =>
    kcat(['-b', address, '-P', '-t', topic, ...more], `${lines.join('\n')}\n`);
  /** One line a record, from `from` to the end. */
  const consume = async (topic: string, from = 'beginning', format = '%s\n', ...more: string[]) =>
    (await kcat(['-b', address, '-C', '-t', topic, '-o', from, '-e', '-q', '-f', format, ...more]))
      .split('\n')
      .slice(0, -1);
  const numbers = (count: number) => Array.from({ length: count }, (_, i) => `${i}`);

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'])(
    'writes and reads records under the compression %s',
    async (compression) => {
      const lines = numbers(500).map((number) => `${number}:${'value '.repeat(20)}`);

      await produce(compression, lines, '-z', compression);

      expect(await consume(compression)).toEqual(lines);
    },
  );

  it('writes and reads keys and headers, and records without either', async () => {
    await produce('keyed', ['a:1', 'b:2', 'c'], '-K:', '-H', 'from=tests');

    expect(await consume('keyed', 'beginning', '%k|%s|%h\n')).toEqual([
      'a|1|from=tests',
      'b|2|from=tests',
      '|c|from=tests',
    ]);
  });

  it('begins at an offset, before the end, and at a time', async () => {
    await produce('sought', numbers(10));
    const [, , stamp] = await consume('sought', 'beginning', '%T\n');

    expect(await consume('sought', '7')).toEqual(['7', '8', '9']);
    expect(await consume('sought', '-2')).toEqual(['8', '9']);
    const since = await consume('sought', `s@${stamp}`, '%T\n');
    expect(since.length).toBeGreaterThan(0);
    expect(since.every((time) => Number(time) >= Number(stamp))).toBe(true);
  });

  it('writes idempotently', async () => {
    await produce('idempotent', numbers(100), '-X', 'enable.idempotence=true');

    expect(await consume('idempotent')).toEqual(numbers(100));
  });

  it('writes and reads a record of almost a megabyte', async () => {
    const large = 'x'.repeat(900_000);

    await produce('large', [large, 'small']);

    expect((await consume('large')).map(({ length }) => length)).toEqual([900_000, 5]);
  });

  it('reads as a group, and goes on there where the group was', async () => {
    await kcat(['-b', address, '-L']);
    await produce('grouped', numbers(20));
    const asGroup = async () =>
      (
        await kcat([
          ...['-b', address, '-q', '-e', '-f', '%s\n', '-X', 'auto.offset.reset=earliest'],
          ...['-G', 'readers', 'grouped'],
        ])
      )
        .split('\n')
        .slice(0, -1);

    expect(await asGroup()).toEqual(numbers(20));
    await produce('grouped', ['more']);
    expect(await asGroup()).toEqual(['more']);
  });

  it('finds everything again, and its group where it was, when the broker was restarted', async () => {
    const asGroup = () =>
      kcat([
        ...['-b', address, '-q', '-e', '-f', '%s\n', '-X', 'auto.offset.reset=earliest'],
        ...['-G', 'stayers', 'kept'],
      ]);
    await produce('kept', ['before']);
    await asGroup();

    await broker.stop();
    broker = await start();
    await produce('kept', ['after']);

    expect(await consume('kept')).toEqual(['before', 'after']);
    expect(await asGroup()).toBe('after\n');
  });
});
