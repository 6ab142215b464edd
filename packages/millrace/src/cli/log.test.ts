import { PassThrough } from 'node:stream';
import { openLogDirectory } from '@millrace/log';
import { type TestWorld, testWorld } from '@millrace/runtime/testing';
import { readFile, readLogs, writeFile, writeLogs } from '../log-tools/log-tools.fixture.ts';
import { runCommand } from '../testing/command-line.ts';

const segment = '/data/orders-0/00000000000000000000.log';

function terminal(): PassThrough & { isTTY: true } {
  return Object.assign(new PassThrough(), { isTTY: true } as const);
}

describe('millrace log', () => {
  let world: TestWorld;

  beforeEach(async () => {
    world = testWorld();
    await writeLogs('/data', { 'orders-0': 60, 'orders-1': 2 }, world);
  });

  const run = async (argv: string[], input?: Buffer) => {
    const command = runCommand(['log', ...argv], { world, ...(input === undefined ? {} : { input }) });
    return { code: await command.ended, stdout: command.stdoutBytes(), stderr: command.stderr() };
  };

  async function flipBit(position: number): Promise<void> {
    const bytes = await readFile(segment, world);
    bytes.writeUInt8(bytes.readUInt8(position) ^ 1, position);
    await writeFile(segment, bytes, world);
  }

  it('inspects a data directory, one JSON object a log when piped', async () => {
    const { code, stdout } = await run(['inspect', '/data']);

    const logs = String(stdout)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect([code, logs.map(({ log, endOffset }) => [log, endOffset])]).toEqual([
      0,
      [
        ['orders-0', 60],
        ['orders-1', 2],
      ],
    ]);
    expect(logs[0]).toMatchObject({ identity: 'id of orders-0', recoveryPoint: 60 });
    expect(logs[0].segments.length).toBeGreaterThan(1);
  });

  it('inspects one log on a terminal, with its batches', async () => {
    const stdout = terminal();

    expect(await runCommand(['log', 'inspect', '/data/orders-1', '--batches'], { world, stdout }).ended).toBe(
      0,
    );

    const text = String(stdout.read());
    expect(text).toContain('orders-1  offsets 0 to 2, closed cleanly\n');
    expect(text).toMatch(/^SEGMENT +FROM +TO +BATCHES +RECORDS +SIZE/m);
    expect(text).toMatch(/^00000000000000000000\.log +0 +2 +2 +2 +/m);
    expect(text).toMatch(/byte 0: offsets 0 to 0, 1 records, \d+ B, none, epoch 0, producer 9\/0\/0/);
  });

  it('inspects what another process has locked', async () => {
    const logs = await openLogDirectory('/data', {}, world);
    await (await logs.open('orders-1')).append({ value: 'x' });

    const { code, stdout } = await run(['inspect', '/data/orders-1']);

    expect([code, JSON.parse(String(stdout)).endOffset]).toEqual([0, 3]);
    await logs.close();
  });

  it('verifies: 0 when all is sound, 5 and where when a bit has flipped', async () => {
    expect(await run(['verify', '/data'])).toMatchObject({ code: 0 });
    await flipBit(300);

    const { code, stdout } = await run(['verify', '/data']);

    const [first, second] = String(stdout)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect([code, first.sound, second.sound]).toEqual([5, false, true]);
    expect(first.damage).toEqual([expect.objectContaining({ file: segment, firstOffset: 2, nextOffset: 3 })]);
  });

  it('says on a terminal what is damaged', async () => {
    await flipBit(300);
    const stdout = terminal();

    await runCommand(['log', 'verify', '/data'], { world, stdout }).ended;

    const lines = String(stdout.read()).split('\n');
    expect(lines[0]).toMatch(/^orders-0: DAMAGED, 59 batches, 59 records, /);
    expect(lines[1]).toMatch(/^ {2}damaged: .*000\.log, bytes \d+ to \d+: offsets 2 to 2 cannot be read$/);
    expect(lines[2]).toMatch(/^orders-1: sound, 2 batches, 2 records, /);
  });

  it('finds that flushed batches are missing', async () => {
    const bytes = await readFile('/data/orders-1/00000000000000000000.log', world);
    await writeFile('/data/orders-1/00000000000000000000.log', bytes.subarray(0, bytes.length / 2), world);

    const { code, stdout } = await run(['verify', '/data/orders-1']);

    expect([code, JSON.parse(String(stdout)).endOffset]).toEqual([5, 1]);
  });

  it('exports to a file or stdout and imports from a file or stdin', async () => {
    const before = await readLogs('/data', world);
    expect(await run(['export', '/data', '/snapshot.tar'])).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^exported 2 logs, 62 offsets, [\d.]+ kB\n$/),
    });
    const { code, stdout } = await run(['export', '/data', '-']);
    expect([code, stdout.length]).toEqual([0, (await readFile('/snapshot.tar', world)).length]);

    expect((await run(['import', '/snapshot.tar', '/one'])).stderr).toContain('imported 2 logs');
    expect((await run(['import', '-', '/two'], stdout)).code).toBe(0);

    expect(await readLogs('/one', world)).toEqual(before);
    expect(await readLogs('/two', world)).toEqual(before);
  });

  it.each([
    [['inspect', '/nowhere'], 3, 'there is no directory /nowhere'],
    [['verify', '/data/orders-0/log.metadata'], 3, 'this is no directory: /data/orders-0/log.metadata'],
    [['export', '/', '/x.tar'], 3, 'there is no log in /'],
    [['export', '/data', '/data/orders-0/log.metadata'], 1, 'is there already'],
    [['import', '/data/orders-0/log.metadata', '/new'], 5, 'this is no whole snapshot'],
    [['import', '/data/orders-0/log.metadata', '/data'], 1, '/data is there already and holds'],
    [['inspect'], 2, "missing required argument 'directory'"],
  ])('refuses %j in one line, with an exit code', async (argv, code, text) => {
    const result = await run(argv);

    expect([result.code, result.stderr.split('\n')[0]]).toEqual([code, expect.stringContaining(text)]);
  });

  it('leaves no half of a file when the log turns out to be damaged', async () => {
    await flipBit(300);

    expect((await run(['export', '/data', '/snapshot.tar'])).code).toBe(5);

    expect(await world.files.list('/')).toEqual(['data']);
  });

  it('stops when interrupted, with nothing half done', async () => {
    const { stdout: tar } = await run(['export', '/data', '-']);
    const command = runCommand(['log', 'import', '-', '/copy'], { world });
    command.stdin.write(tar.subarray(0, 3000));
    while ((await world.files.list('/')).length === 1) await new Promise((resolve) => setImmediate(resolve));

    command.interrupt('SIGINT');

    expect(await command.ended).toBe(130);
    expect(await world.files.list('/')).toEqual(['data']);
  });
});
