import type { ManualClock } from '@millrace/runtime/testing';
import { runCommand } from '../testing/command-line.ts';
import { startTestBroker, type TestBroker } from '../testing/index.ts';

interface Described {
  readonly partitions: readonly { readonly start: number; readonly end: number }[];
  readonly config: readonly { readonly name: string; readonly value: string; readonly source: string }[];
}

const minuteMs = 60_000;

describe('the configuration of a topic', () => {
  let broker: TestBroker & { readonly clock: ManualClock };

  beforeEach(async () => {
    broker = await startTestBroker({ listen: true, clock: 'manual', topics: ['orders'] });
  });

  afterEach(() => broker.close());

  async function topic(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const command = runCommand(['topic', ...argv, '--broker', broker.address ?? '']);
    return { code: await command.ended, stdout: command.stdout(), stderr: command.stderr() };
  }
  const described = async (name = 'orders'): Promise<Described> =>
    JSON.parse((await topic('describe', name)).stdout) as Described;
  const configOf = async (name: string): Promise<string> => {
    const entry = (await described()).config.find((each) => each.name === name);
    return `${entry?.value} from ${entry?.source}`;
  };

  it('is given when the topic is made, entry by entry', async () => {
    const made = await topic(
      'create',
      'changes',
      '--config',
      'cleanup.policy=delete,compact',
      '--config',
      'min.cleanable.dirty.ratio=0.1',
    );

    const { config } = await described('changes');
    expect(made.code).toBe(0);
    expect(config.filter(({ source }) => source === 'topic')).toEqual([
      { name: 'cleanup.policy', value: 'compact,delete', source: 'topic' },
      { name: 'min.cleanable.dirty.ratio', value: '0.1', source: 'topic' },
    ]);
    expect(config).toContainEqual({ name: 'retention.ms', value: '604800000', source: 'default' });
  });

  it('takes effect while the broker runs: describe shows where the topic begins', async () => {
    await broker.producer().send({ topic: 'orders', value: 'old' });
    await broker.clock.advance(minuteMs);
    const before = (await described()).partitions[0];

    const altered = await topic('alter', 'orders', '--config', 'retention.ms=30000');
    await broker.clock.advance(minuteMs);

    expect(altered).toEqual({ code: 0, stdout: '', stderr: 'changed retention.ms of topic orders\n' });
    expect([before, (await described()).partitions[0]]).toMatchObject([
      { start: 0, end: 1 },
      { start: 1, end: 1 },
    ]);
    expect(await broker.records('orders')).toEqual([]);
  });

  it('changes and takes back in one go', async () => {
    await topic('alter', 'orders', '--config', 'retention.ms=-1', '--config', 'flush.messages=10');

    const { code } = await topic(
      'alter',
      'orders',
      '--config',
      'segment.ms=60000',
      '--delete-config',
      'retention.ms',
      'flush.messages',
    );

    expect(code).toBe(0);
    expect(await configOf('segment.ms')).toBe('60000 from topic');
    expect(await configOf('retention.ms')).toBe('604800000 from default');
    expect(await configOf('flush.messages')).toBe('2147483647 from default');
  });

  it('refuses a record without a key once the topic is compacted', async () => {
    await topic('alter', 'orders', '--config', 'cleanup.policy=compact');
    await broker.clock.advance(0);

    const refused = broker.producer().send({ topic: 'orders', value: 'keyless' });

    await expect(refused).rejects.toMatchObject({
      code: 'INVALID_RECORD',
      message: expect.stringContaining('orders is compacted by key') as string,
    });
    await broker.producer().send({ topic: 'orders', key: 'a', value: 'keyed' });
  });

  it.each([
    [
      ['--config', 'retention.m=1'],
      "there is no topic configuration 'retention.m'",
      "did you mean 'retention.ms'?",
    ],
    [
      ['--config', 'cleanup.policy=compress'],
      "cleanup.policy is 'compress'",
      'it takes delete, compact or compact,delete',
    ],
    [
      ['--config', 'retention.ms=1d'],
      "retention.ms is '1d'",
      'a whole number from 0 to 4503599627370496, or -1 for no limit',
    ],
    [
      ['--config', 'min.cleanable.dirty.ratio=50%'],
      "min.cleanable.dirty.ratio is '50%'",
      'a number from 0 to 1',
    ],
    [
      ['--config', 'compression.type=gzip'],
      "there is no topic configuration 'compression.type'",
      'Kafka has it',
    ],
    [['--config', 'retention.ms'], "option '--config <name=value>'", 'It takes name=value.'],
    [
      ['--delete-config', 'retention.mss'],
      "there is no topic configuration 'retention.mss'",
      "'retention.ms'",
    ],
    [[], 'nothing is to change in orders', '--delete-config retention.ms'],
  ])('is changed by no %j', async (options, what, allowed) => {
    const { code, stderr } = await topic('alter', 'orders', ...options);

    expect(code).toBe(2);
    expect(stderr).toContain(what);
    expect(stderr).toContain(allowed);
    expect((await described()).config.filter(({ source }) => source === 'topic')).toEqual([]);
  });
});
