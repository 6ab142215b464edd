import { PassThrough } from 'node:stream';
import { type ListeningBroker, startListeningBroker } from '../testing/listening-broker.ts';

describe('millrace explain retention', () => {
  let listening: ListeningBroker;
  const weekMs = 7 * 24 * 60 * 60 * 1000;

  beforeEach(async () => {
    listening = await startListeningBroker();
  });
  afterEach(() => listening.broker.close());

  const explained = async (topic: string) => {
    const { stdout } = await listening.ended(['explain', 'retention', topic]);
    return JSON.parse(stdout);
  };

  it('says when the oldest record of each partition leaves', async () => {
    const writtenAt = Date.now() - 60_000;
    await listening.broker.createTopic('orders', { partitions: 2 });
    await listening.broker
      .producer()
      .send({ topic: 'orders', partition: 0, value: 'a', timestamp: writtenAt });

    expect(await explained('orders')).toMatchObject({
      topic: 'orders',
      cleanupPolicy: 'delete',
      retentionMs: weekMs,
      partitions: [
        {
          partition: 0,
          writtenAt,
          leavesAt: writtenAt + weekMs,
          because: 'at the earliest: once the youngest record in its file is as old',
        },
        { partition: 1, because: 'nothing is there' },
      ],
    });
  });

  it('says what holds a record that is due', async () => {
    await listening.broker.createTopic('orders', {
      config: { 'retention.ms': '1000', 'retention.bytes': '5000' },
    });
    const producer = listening.broker.producer();
    await producer.send({ topic: 'orders', value: 'old', timestamp: Date.now() - 5_000 });
    await producer.send({ topic: 'orders', value: 'young', timestamp: Date.now() + 60_000 });

    expect((await explained('orders')).partitions[0].because).toBe(
      'due, and held by a younger record in its file, or sooner by size (5.0 kB stay)',
    );
  });

  it.each([
    [{ 'retention.ms': '-1' }, 'never: neither age nor size is bounded'],
    [{ 'retention.ms': '-1', 'retention.bytes': '5000' }, 'not by age, or sooner by size (5.0 kB stay)'],
    [{ 'cleanup.policy': 'compact' }, 'stays until its key is written again, and is compacted then'],
  ])('says with %p that it is %s', async (config, because) => {
    await listening.broker.createTopic('orders', { config });
    await listening.broker.producer().send({ topic: 'orders', key: 'k', value: 'a' });

    expect((await explained('orders')).partitions[0].because).toBe(because);
  });

  it('says it in words on a terminal', async () => {
    await listening.broker.createTopic('orders');
    const stdout = Object.assign(new PassThrough(), { isTTY: true });

    await listening.ended(['explain', 'retention', 'orders'], { stdout });

    const shown = String(stdout.read() ?? '');
    expect(shown).toContain(
      '  by age   a file goes once its youngest record is older than 7 days (retention.ms=604800000)',
    );
    expect(shown).toContain('  by size  never (retention.bytes=-1)');
    expect(shown).toMatch(/\nPARTITION +OLDEST +WRITTEN +LEAVES *\n +0 +0 +- +- +nothing is there\n/);
  });

  it('names the closest topic to one that is not there', async () => {
    await listening.broker.createTopic('orders');

    const { code, stderr } = await listening.ended(['explain', 'retention', 'order']);

    expect(code).toBe(3);
    expect(stderr).toContain("'order'");
  });
});
