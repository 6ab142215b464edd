import { PassThrough } from 'node:stream';
import { type ListeningBroker, startListeningBroker } from '../testing/listening-broker.ts';

/** A terminal, as far as the verbs can tell. */
function terminal(): PassThrough & { isTTY: true } {
  return Object.assign(new PassThrough(), { isTTY: true } as const);
}

describe('millrace topic', () => {
  let listening: ListeningBroker;

  beforeEach(async () => {
    listening = await startListeningBroker();
  });

  afterEach(() => listening.broker.close());

  const run = (...argv: string[]) => listening.ended(['topic', ...argv]);

  it('creates, lists, describes and removes', async () => {
    expect(await run('create', 'orders', '--partitions', '2', '--config', 'segment.bytes=4096')).toEqual({
      code: 0,
      stdout: '',
      stderr: 'made topic orders with 2 partitions\n',
    });
    await listening.broker.producer().send({ topic: 'orders', partition: 1, value: 'x' });

    expect((await run('ls')).stdout).toBe('{"name":"orders","partitions":2}\n');
    const { name, partitions, config } = JSON.parse((await run('describe', 'orders')).stdout);
    expect([name, partitions]).toEqual([
      'orders',
      [
        { partition: 0, leader: 1, inSyncReplicas: [1], start: 0, end: 0 },
        { partition: 1, leader: 1, inSyncReplicas: [1], start: 0, end: 1 },
      ],
    ]);
    expect(config).toContainEqual({ name: 'segment.bytes', value: '4096', source: 'topic' });

    expect((await run('rm', 'orders')).code).toBe(0);
    expect((await run('ls')).stdout).toBe('');
  });

  it('prints tables on a terminal', async () => {
    await listening.broker.createTopic('orders', { partitions: 2 });
    const [list, description] = [terminal(), terminal()];

    await listening.ended(['topic', 'ls'], { stdout: list });
    await listening.ended(['topic', 'describe', 'orders'], { stdout: description });

    expect(String(list.read())).toBe('TOPIC   PARTITIONS\norders           2\n');
    const lines = String(description.read()).split('\n');
    expect(lines[0]).toMatch(/^PARTITION +LEADER +START +END +IN SYNC$/);
    expect(lines[2]).toMatch(/^ +1 +1 +0 +0 +1$/);
    expect(lines.some((line) => /^segment\.bytes +1073741824 +default$/.test(line))).toBe(true);
  });

  it('prints JSON on a terminal when asked to', async () => {
    await listening.broker.createTopic('orders');
    const stdout = terminal();

    await listening.ended(['topic', 'ls', '--json'], { stdout });

    expect(String(stdout.read())).toBe('{"name":"orders","partitions":1}\n');
  });

  it('changes configuration and takes it back', async () => {
    await listening.broker.createTopic('orders');
    const segmentBytes = async () => {
      const { config } = JSON.parse((await run('describe', 'orders')).stdout);
      return config.find((entry: { name: string }) => entry.name === 'segment.bytes');
    };

    expect((await run('alter', 'orders', '--config', 'segment.bytes=8192')).code).toBe(0);
    expect(await segmentBytes()).toMatchObject({ value: '8192', source: 'topic' });
    expect((await run('alter', 'orders', '--delete-config', 'segment.bytes')).code).toBe(0);
    expect(await segmentBytes()).toMatchObject({ source: 'default' });
  });

  it.each([
    ['describe', 'oders'],
    ['rm', 'oders'],
    ['alter', 'oders', '--config', 'flush.ms=1'],
  ])('%s names the closest topics when there is none of that name', async (...argv) => {
    await listening.broker.createTopic('orders');

    const { code, stderr } = await run(...argv.filter(Boolean));

    expect(code).toBe(3);
    expect(stderr).toBe(
      "error: there is no topic 'oders'\nhint:  did you mean orders?\nmore:  millrace explain TOPIC_NOT_FOUND\n",
    );
  });

  it.each([
    [['create', 'a/b'], "'a/b' cannot be the name of a topic", 2],
    [['create', '..'], "'..' cannot be the name of a topic", 2],
    [['create', 'orders', '--partitions', '0'], 'partitions', 2],
    [['create', 'orders', '--config', 'segment.byte=1'], "did you mean 'segment.bytes'?", 2],
    [['create', 'taken'], 'taken', 1],
  ])('refuses %j in one line', async (argv, text, exitCode) => {
    await listening.broker.createTopic('taken');

    const { code, stderr } = await run(...argv);

    expect([code, stderr.split('\n')[0]]).toEqual([exitCode, expect.stringMatching(/^error: /)]);
    expect(stderr).toContain(text);
    expect(await listening.broker.topics()).toEqual(['taken']);
  });

  it.each([
    ['n', 1, ['orders']],
    ['y', 0, []],
  ])('asks on a terminal before it removes: %s', async (answer, exitCode, left) => {
    await listening.broker.createTopic('orders', { partitions: 3 });
    const stdin = terminal();
    const command = listening.command(['topic', 'rm', 'orders'], { stdin });

    await command.says('remove topic orders (3 partitions, 0 records) for ever? [y/N]');
    stdin.write(`${answer}\n`);

    expect(await command.ended).toBe(exitCode);
    expect(await listening.broker.topics()).toEqual(left);
  });

  it('does not ask with --yes', async () => {
    await listening.broker.createTopic('orders');

    const { code } = await listening.ended(['topic', 'rm', 'orders', '--yes'], { stdin: terminal() });

    expect(code).toBe(0);
  });
});
