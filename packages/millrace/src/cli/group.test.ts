import { type ListeningBroker, startListeningBroker } from '../testing/listening-broker.ts';

describe('millrace consume --group', () => {
  let listening: ListeningBroker;

  beforeEach(async () => {
    listening = await startListeningBroker();
  });
  afterEach(() => listening.broker.close());

  it('goes on where the group was, by the broker alone', async () => {
    await fill(listening, 'orders', 5);

    const first = await listening.ended(['consume', 'orders', '--group', 'billing', '--max', '2']);
    const second = await listening.ended(['consume', 'orders', '--group', 'billing', '--max', '3']);

    expect([first.stdout, second.stdout]).toEqual(['0\n1\n', '2\n3\n4\n']);
    expect([first.code, second.code, first.stderr, second.stderr]).toEqual([0, 0, '', '']);
  });

  it('shares the partitions with other members, and commits when it is interrupted', async () => {
    await listening.broker.createTopic('orders', { partitions: 2 });
    const both = [0, 1].map(() => listening.command(['consume', 'orders', '--group', 'billing']));
    await untilMembers(listening, 2);
    const producer = listening.broker.producer();
    for (const partition of [0, 1])
      await producer.send({ topic: 'orders', partition, value: `from ${partition}` });
    await Promise.all(both.map((command) => command.says('from')));

    for (const command of both) command.interrupt('SIGINT');

    expect(await Promise.all(both.map(({ ended }) => ended))).toEqual([130, 130]);
    const outputs = both.map((command) => command.stdout()).sort();
    expect(outputs).toEqual(['from 0\n', 'from 1\n']);
    expect(await described(listening, 'billing')).toMatchObject({
      members: [],
      partitions: [{ committed: 1 }, { committed: 1 }],
    });
  });

  it('deals round robin over all topics when it is told to', async () => {
    for (const topic of ['a', 'b']) await listening.broker.createTopic(topic);
    const both = [0, 1].map(() =>
      listening.command(['consume', 'a', 'b', '--group', 'billing', '--assignor', 'round-robin']),
    );
    await untilMembers(listening, 2);
    const producer = listening.broker.producer();
    for (const topic of ['a', 'b']) await producer.send({ topic, value: `from ${topic}` });
    // By ranges one member would have both.
    await Promise.all(both.map((command) => command.says('from')));

    for (const command of both) command.interrupt('SIGINT');
    await Promise.all(both.map(({ ended }) => ended));

    expect(both.map((command) => command.stdout()).sort()).toEqual(['from a\n', 'from b\n']);
  });

  it('refuses what makes no sense', async () => {
    await fill(listening, 'orders', 1);
    const offset = await listening.ended(['consume', 'orders', '--group', 'g', '--from', '3']);
    const toEnd = await listening.ended(['consume', 'orders', '--group', 'g', '--to-end']);
    const topic = await listening.ended(['consume', 'order', '--group', 'g']);

    expect([offset.code, toEnd.code, topic.code]).toEqual([2, 2, 3]);
    expect(offset.stderr).toContain('`millrace group seek g` puts a group at an offset');
    expect(toEnd.stderr).toContain('cannot be used with');
    expect(topic.stderr).toContain('did you mean orders?');
  });
});

describe('millrace group', () => {
  let listening: ListeningBroker;

  beforeEach(async () => {
    listening = await startListeningBroker();
    await fill(listening, 'orders', 5);
    await listening.ended(['consume', 'orders', '--group', 'billing', '--max', '2']);
  });
  afterEach(() => listening.broker.close());

  const onTerminal = async (...argv: string[]) => {
    const stdout = Object.assign(new (await import('node:stream')).PassThrough(), { isTTY: true });
    const { code, stderr } = await listening.ended(argv, { stdout });
    return { code, stderr, stdout: String(stdout.read() ?? '') };
  };

  it('lists groups and how far behind they are', async () => {
    const { stdout } = await onTerminal('group', 'ls');

    expect(stdout).toBe(
      'GROUP    KIND      MEMBERS  GENERATION  PARTITIONS  LAG\nbilling  millrace        0           1           1    3\n',
    );
    const piped = await listening.ended(['group', 'ls']);
    expect(JSON.parse(piped.stdout)).toEqual({
      group: 'billing',
      kind: 'millrace',
      members: 0,
      generation: 1,
      partitions: 1,
      lag: 3,
    });
  });

  it('lists those of Kafka’s clients beside our own, and describes them', async () => {
    const connection = await listening.broker.connect({ nodeId: undefined, host: '', port: 0 });
    const of = (topic: string, offset: number) => ({
      groupId: 'readers',
      memberId: '',
      partitions: [{ topic, partition: 0, offset }],
    });
    await connection.call('offsetCommit', of('orders', 4));
    await listening.broker.createTopic('gone');
    await connection.call('offsetCommit', of('gone', 1));
    await connection.call('deleteTopics', { timeoutMs: 5_000, topics: [{ name: 'gone' }] });

    const { stdout } = await onTerminal('group', 'ls');
    const described = await onTerminal('group', 'describe', 'readers');

    expect(stdout.split('\n').slice(1, 3)).toEqual([
      expect.stringMatching(/^billing +millrace +0 +1 +1 +3$/),
      expect.stringMatching(/^readers +classic +0 +- +1 +1$/),
    ]);
    expect(described.stdout).toMatch(/^a group of Kafka's clients, 0 members, empty\n/);
    expect(described.stdout).toMatch(/^orders +0 +4 +5 +1 +\d+\.\d+ s/m);
  });

  it('describes one: who reads what, and since when what is not done waits', async () => {
    const { stdout } = await onTerminal('group', 'describe', 'billing');

    expect(stdout).toMatch(/^0 members, generation 1, nobody reads\n/);
    expect(stdout).toMatch(/^orders +0 +2 +5 +3 +\d+\.\d+ s +/m);
  });

  it('says why it was assigned anew', async () => {
    await listening.ended(['consume', 'orders', '--group', 'billing', '--max', '1']);

    const { stdout } = await onTerminal('group', 'why', 'billing');

    const [heading, newest, first] = stdout.split('\n');
    expect(heading).toMatch(/^GENERATION +WHEN +CAUSE +ASSIGNED BY$/);
    expect(newest).toMatch(/^ +2 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +joined: \S+; left: \S+/);
    expect(first).toMatch(/^ +1 +.*the group began/);
  });

  it('shows what seeking would do, and does it with --yes', async () => {
    const seek = ['group', 'seek', 'billing', '--topic', 'orders', '--to'];
    const dry = await onTerminal(...seek, 'earliest');
    const before = await described(listening, 'billing');
    const done = await onTerminal(...seek, '4', '--yes');

    expect(dry.stdout.split('\n')[1]).toMatch(/^orders +0 +2 +0 +2 +0$/);
    expect(dry.stderr).toBe('nothing was changed; --yes does it\n');
    expect(before.partitions).toMatchObject([{ committed: 2 }]);
    expect(done.stderr).toBe('moved 1 partition of group billing\n');
    const rest = await listening.ended(['consume', 'orders', '--group', 'billing', '--max', '1']);
    expect(rest.stdout).toBe('4\n');
  });

  it.each([
    [['describe', 'biling'], 3, "there is no group 'biling'", 'did you mean billing?'],
    [
      ['seek', 'billing', '--topic', 'order', '--to', '1'],
      3,
      "there is no topic 'order'",
      'did you mean orders?',
    ],
    [
      ['seek', 'billing', '--topic', 'orders', '--partition', '7', '--to', '1'],
      3,
      "there is no partition 7 of topic 'orders'",
      'it has 1 partition',
    ],
    [
      ['seek', 'billing', '--topic', 'orders', '--to', '99'],
      1,
      'offset 99 is outside [0, 5] of orders-0',
      '',
    ],
    [
      ['seek', 'billing', '--topic', 'orders', '--to', 'x'],
      2,
      '--to x is no place to begin',
      'earliest, latest',
    ],
  ])('refuses %j', async (argv, code, error, hint) => {
    const refused = await listening.ended(['group', ...argv]);

    expect(refused.code).toBe(code);
    expect(refused.stderr).toContain(error);
    expect(refused.stderr).toContain(hint);
  });

  it('says that there are none', async () => {
    await listening.broker.reset();

    expect(await onTerminal('group', 'ls')).toMatchObject({ code: 0, stderr: 'there are no groups yet\n' });
  });
});

async function fill({ broker }: ListeningBroker, topic: string, count: number): Promise<void> {
  const producer = broker.producer();
  for (let number = 0; number < count; number += 1) await producer.send({ topic, value: String(number) });
}

async function described(listening: ListeningBroker, group: string) {
  const { stdout } = await listening.ended(['group', 'describe', group]);
  return JSON.parse(stdout) as { members: string[]; partitions: { committed?: number }[] };
}

async function untilMembers(listening: ListeningBroker, count: number): Promise<void> {
  const registry = await listening.broker.registry();
  const looks = new AbortController();
  for await (const _ of registry.watch('/groups/billing/assignment', looks.signal)) {
    const node = await registry.get('/groups/billing/assignment');
    const { members = {} } = node === undefined ? {} : JSON.parse(Buffer.from(node.data).toString());
    if (Object.keys(members).length === count) break;
  }
  looks.abort();
  await registry.close();
}
