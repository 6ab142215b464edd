import { PassThrough } from 'node:stream';
import { type ListeningBroker, startListeningBroker } from '../testing/listening-broker.ts';

describe('millrace produce', () => {
  let listening: ListeningBroker;

  beforeEach(async () => {
    listening = await startListeningBroker();
  });

  afterEach(() => listening.broker.close());

  const stored = async (topic: string): Promise<unknown[]> => {
    const records = await listening.broker.records(topic);
    return records.map(({ key, value }) => [key?.toString() ?? null, value?.toString('latin1')]);
  };

  it('writes each argument as a record and says where it went', async () => {
    const { code, stdout, stderr } = await listening.ended(['produce', 'orders', 'one', 'two ü']);

    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toMatch(/^2 records \(9 B\) in \d+\.\d\d s, \d+ records\/s, all acknowledged\n$/);
    expect(await stored('orders')).toEqual([
      [null, 'one'],
      [null, Buffer.from('two ü').toString('latin1')],
    ]);
  });

  it('writes each line of stdin as it is, the last one also without a newline', async () => {
    const input = Buffer.from('first\r\n\n\xff\xfe\0\nlast', 'latin1');

    const { code, stderr } = await listening.ended(['produce', 'lines'], { input });

    expect(code).toBe(0);
    expect(stderr).toContain('4 records (13 B)');
    expect(await stored('lines')).toEqual([
      [null, 'first\r'],
      [null, ''],
      [null, '\xff\xfe\0'],
      [null, 'last'],
    ]);
  });

  it('writes nothing for an empty input', async () => {
    const { code, stderr } = await listening.ended(['produce', 'lines'], { input: '' });

    expect([code, stderr]).toEqual([0, expect.stringMatching(/^0 records \(0 B\)/)]);
  });

  it('takes the key from before the separator', async () => {
    const input = 'a: 1\nb: 2: 3\nnone\n';

    await listening.ended(['produce', 'keyed', '--key-separator', ': '], { input });

    expect(await stored('keyed')).toEqual([
      ['a', '1'],
      ['b', '2: 3'],
      [null, 'none'],
    ]);
  });

  it('writes to the partition asked for, and tells when there is none', async () => {
    await listening.broker.createTopic('spread', { partitions: 3 });

    expect((await listening.ended(['produce', 'spread', 'x', '--partition', '2'])).code).toBe(0);
    const beyond = await listening.ended(['produce', 'spread', 'x', '--partition', '3']);

    expect((await listening.broker.records('spread')).map(({ partition }) => partition)).toEqual([2]);
    expect([beyond.code, beyond.stderr]).toEqual([
      3,
      "error: topic 'spread' has no partition 3\nhint:  it has 3 partitions, counted from 0\nmore:  millrace explain PARTITION_NOT_FOUND\n",
    ]);
  });

  it.each(['none', 'leader', 'all'])('writes with acks %s', async (acks) => {
    const { code, stderr } = await listening.ended(['produce', 'acks', 'x', '--acks', acks]);

    expect(code).toBe(0);
    expect(stderr).toContain(acks === 'none' ? 'none acknowledged (acks none)' : 'all acknowledged');
  });

  it('compresses', async () => {
    const input = 'the same again\n'.repeat(1000);

    await listening.ended(['produce', 'small', '--compression', 'gzip'], { input });

    expect(await listening.broker.records('small')).toHaveLength(1000);
  });

  it('writes many more lines than it holds at a time', async () => {
    const line = 'x'.repeat(1000);
    const input = Array.from({ length: 40_000 }, (_, number) => `${number} ${line}\n`).join('');

    const { code, stderr } = await listening.ended(['produce', 'many'], { input });

    expect([code, stderr]).toEqual([0, expect.stringContaining('40000 records')]);
    const values = (await listening.broker.records('many')).map(({ value }) => value?.toString() ?? '');
    expect(values.join('\n') === input.trimEnd()).toBe(true);
  }, 20_000);

  it('stops at a record over the limit: which, its size and the limit, and how many were acknowledged', async () => {
    const input = `small\n${'x'.repeat(2 << 20)}\nnever\n`;

    const { code, stderr } = await listening.ended(['produce', 'large'], { input });

    expect(code).toBe(1);
    expect(stderr).toMatch(
      /, \d+ acknowledged\nerror: record 2: .*2097\d{3}.*1048576.*\nhint: {2}a record is one line.*\nmore: {2}millrace explain RECORD_TOO_LARGE\n$/,
    );
    expect((await stored('large'))[0]).toEqual([null, 'small']);
  });

  it('refuses an input without lines instead of gathering it', async () => {
    const stdin = new PassThrough();
    const command = listening.command(['produce', 'binary'], { stdin });
    const chunk = Buffer.alloc(1 << 20);
    stdin.on('error', () => {});
    for (let written = 0; written < 20; written += 1) stdin.write(chunk);

    expect(await command.ended).toBe(1);
    expect(command.stderr()).toContain('error: line 1 is longer than 16.8 MB');
    expect(stdin.destroyed).toBe(true);
  });

  it.each(['a/b', '..'])('refuses the topic name %s', async (topic) => {
    const { code, stderr } = await listening.ended(['produce', topic, 'x']);

    expect(code).toBe(2);
    expect(stderr).toContain(`error: '${topic}' cannot be the name of a topic`);
  });

  it('sends what it has read when interrupted, and says so', async () => {
    const command = listening.command(['produce', 'logs']);
    command.stdin.write('one\ntwo\nhalf a li');
    await waitFor(async () => (await listening.broker.topics()).includes('logs'));
    await waitFor(async () => (await listening.broker.records('logs')).length === 2);

    command.interrupt('SIGINT');

    expect(await command.ended).toBe(130);
    expect(command.stderr()).toContain('2 records (6 B)');
    expect(command.stdin.destroyed).toBe(true);
  });

  it('shows progress on a terminal, once it takes longer than half a second', async () => {
    const stderr = Object.assign(new PassThrough(), { isTTY: true } as const);
    const written: string[] = [];
    stderr.on('data', (chunk: Buffer) => written.push(chunk.toString()));
    const command = listening.command(['produce', 'slow'], { stderr });
    command.stdin.write('one\n');

    await waitFor(async () => written.join('').includes('1 record · 3 B · '));
    command.stdin.end();

    expect(await command.ended).toBe(0);
    const [, summary] = written.join('').split('\r\u001b[K').slice(-2);
    expect(summary).toMatch(/^1 record \(3 B\) in .*all acknowledged\n$/);
  });
});

async function waitFor(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 5));
}
