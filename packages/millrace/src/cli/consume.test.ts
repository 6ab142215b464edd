import { Writable } from 'node:stream';
import { type ListeningBroker, startListeningBroker } from '../testing/listening-broker.ts';

describe('millrace consume', () => {
  let listening: ListeningBroker;

  beforeEach(async () => {
    listening = await startListeningBroker();
  });

  afterEach(() => listening.broker.close());

  /** Values `from`, …, `to` - 1, a minute apart, each in its own batch. */
  const fill = async (topic: string, count: number): Promise<void> => {
    const producer = listening.broker.producer();
    for (let number = 0; number < count; number += 1)
      await producer.send({
        topic,
        key: `k${number}`,
        value: `${number}`,
        timestamp: firstTime + number * 60_000,
      });
  };
  const firstTime = Date.parse('2026-11-20T10:00:00Z');
  const consumeToEnd = (...argv: string[]) => listening.ended(['consume', ...argv, '--to-end']);

  it('writes the values, a line each, and nothing else to stdout', async () => {
    const producer = listening.broker.producer();
    for (const value of [Buffer.from('one\r'), Buffer.alloc(0), Buffer.from([0xff, 0x00]), null])
      await producer.send({ topic: 'logs', value });

    const command = listening.command(['consume', 'logs', '--from', 'earliest', '--to-end']);

    expect(await command.ended).toBe(0);
    expect(command.stdoutBytes().toString('latin1')).toBe('one\r\n\n\xff\0\n\n');
    expect(command.stderr()).toBe('');
  });

  it.each([
    ['earliest', '0 1 2 3 4'],
    ['latest', ''],
    ['3', '3 4'],
    ['5', ''],
    ['@2026-11-20T10:01:30Z', '2 3 4'],
    ['@2026-11-20T10:04:00Z', '4'],
    ['@2030-01-01', ''],
    ['@0', '0 1 2 3 4'],
  ])('begins at %s', async (from, values) => {
    await fill('logs', 5);

    const { code, stdout } = await consumeToEnd('logs', '--from', from);

    expect([code, stdout.trim().split('\n').join(' ')]).toEqual([0, values]);
  });

  it('says that a time lies ahead, and is silent about one that does not', async () => {
    await fill('logs', 1);

    const ahead = await consumeToEnd('logs', '--from', '@2999-01-01T00:00:00Z');
    const past = await consumeToEnd('logs', '--from', '@-15m');

    expect(ahead.stderr).toBe(
      'note:  --from @2999-01-01T00:00:00Z lies in the future; without records of that time it begins at the end\n',
    );
    expect([ahead.code, past.code, past.stderr]).toEqual([0, 0, '']);
  });

  it('says which offsets there are when asked for another', async () => {
    await fill('logs', 5);

    const { code, stderr } = await consumeToEnd('logs', '--from', '6');

    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: offset 6 is outside \[0, 5\] of logs-0\nhint: /);
  });

  it('ends at once where there is nothing', async () => {
    await listening.broker.createTopic('empty', { partitions: 3 });

    expect(await consumeToEnd('empty')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('reads all partitions of all topics', async () => {
    await listening.broker.createTopic('spread', { partitions: 3 });
    await fill('other', 2);
    const producer = listening.broker.producer();
    for (let number = 0; number < 9; number += 1)
      await producer.send({ topic: 'spread', partition: number % 3, value: `s${number}` });

    const { stdout } = await consumeToEnd('spread', 'other', 'spread');

    expect(stdout.trim().split('\n').sort()).toEqual(
      ['0', '1', ...Array.from({ length: 9 }, (_, number) => `s${number}`)].sort(),
    );
  });

  it('ends after --max records, also while it follows', async () => {
    await fill('logs', 5);

    const { code, stdout } = await listening.ended(['consume', 'logs', '--max', '2']);

    expect([code, stdout]).toEqual([0, '0\n1\n']);
    expect((await listening.ended(['consume', 'logs', '--max', '0'])).stdout).toBe('');
  });

  it('follows until it is interrupted', async () => {
    await fill('logs', 1);
    const command = listening.command(['consume', 'logs']);
    await command.says('0\n');

    await listening.broker.producer().send({ topic: 'logs', value: 'fresh' });
    await command.says('fresh\n');
    command.interrupt('SIGINT');

    expect(await command.ended).toBe(130);
    expect(command.stderr()).toBe('');
  });

  it('writes JSON or a format when asked to', async () => {
    await fill('logs', 2);

    const json = await consumeToEnd('logs', '--json');
    const format = await consumeToEnd('logs', '--format', '%t/%p@%o %k=%s\\n');

    expect(JSON.parse(json.stdout.split('\n')[1] ?? '')).toEqual({
      topic: 'logs',
      partition: 0,
      offset: 1,
      timestamp: '2026-11-20T10:01:00.000Z',
      key: 'k1',
      value: '1',
      headers: [],
    });
    expect(format.stdout).toBe('logs/0@0 k0=0\nlogs/0@1 k1=1\n');
  });

  it('names the closest topics when there is none of that name', async () => {
    await fill('packages', 1);

    expect(await listening.ended(['consume', 'pakages'])).toEqual({
      code: 3,
      stdout: '',
      stderr:
        "error: there is no topic 'pakages'\nhint:  did you mean packages?\nmore:  millrace explain TOPIC_NOT_FOUND\n",
    });
    expect(await listening.broker.topics()).toEqual(['packages']);
  });

  it('ends quietly when its reader has seen enough', async () => {
    await fill('logs', 3);
    const stdout = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
    });

    const command = listening.command(['consume', 'logs'], { stdout });

    expect(await command.ended).toBe(0);
    expect(command.stderr()).toBe('');
  });

  it('fails when stdout cannot be written', async () => {
    await fill('logs', 3);
    const stdout = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('write ENOSPC'), { code: 'ENOSPC' })),
    });

    const { code, stderr } = await listening.ended(['consume', 'logs', '--to-end'], { stdout });

    expect(code).toBe(1);
    expect(stderr).toBe(
      'error: stdout takes no more: write ENOSPC\nhint:  make room and try again\nmore:  millrace explain ENOSPC\n',
    );
  });

  it('holds little while its reader is slow', async () => {
    const producer = listening.broker.producer();
    const value = Buffer.alloc(100_000, 'x');
    await Promise.all(Array.from({ length: 600 }, () => producer.send({ topic: 'large', value })));
    let [unread, most, total] = [0, 0, 0];
    const stdout = new Writable({
      highWaterMark: 256 * 1024,
      write: (chunk: Buffer, _encoding, done) => {
        unread = stdout.writableLength;
        most = Math.max(most, unread);
        total += chunk.byteLength;
        setImmediate(done);
      },
    });

    const { code } = await listening.ended(['consume', 'large', '--to-end'], { stdout });

    expect([code, total]).toEqual([0, 600 * 100_001]);
    expect(most).toBeLessThan(1 << 20);
  }, 20_000);
});
