import { createServer } from 'node:net';
import { memoryFileSystem, type World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import { type CommandRun, runCommand } from '../testing/command-line.ts';

const directory = '/data/millrace';
const argv = ['start', '--dir', directory, '--listen', '127.0.0.1:0', '--no-kafka'];

describe('millrace start', () => {
  let world: World;
  let running: CommandRun[];

  beforeEach(() => {
    const host = { ...nodeWorld.host, freeBytes: () => Promise.resolve(2 ** 40) };
    world = { ...nodeWorld, files: memoryFileSystem(), host };
    running = [];
  });

  afterEach(async () => {
    for (const command of running) command.interrupt('SIGTERM');
    await Promise.all(running.map(({ ended }) => ended));
  });

  const startAnother = (...more: string[]): CommandRun => {
    const command = runCommand([...argv, ...more], { world });
    running.push(command);
    return command;
  };
  const start = async (...more: string[]): Promise<CommandRun> => {
    const command = startAnother(...more);
    await command.says('Next:');
    return command;
  };
  const addressOf = (command: CommandRun): string => /127\.0\.0\.1:\d+/.exec(command.stdout())?.[0] ?? '';

  it('says in one screen where it is, what an acknowledgement means and what to type next', async () => {
    const broker = await start();

    const banner = broker.stdout();
    expect(banner.split('\n').length).toBeLessThan(12);
    expect(banner).toMatch(/^millrace \d+\.\d+\.\d+ · ready in \d+ ms · pid \d+\n/);
    const days = 'Retention        7 days, unless the topic says otherwise (retention.ms)\n';
    for (const said of [addressOf(broker), directory, 'survives kill -9 and a power cut', days])
      expect(banner).toContain(said);
    expect(banner).toContain(`npx millrace produce logs 'hello' --broker ${addressOf(broker)}`);
    expect(broker.stderr()).toBe('');
  });

  it('says what durability process does not promise', async () => {
    expect((await start('--durability', 'process')).stdout()).toContain('survives kill -9, not a power cut');
  });

  it.each([
    ['SIGTERM', 0],
    ['SIGINT', 130],
  ] as const)('stops on %s with exit code %i and frees the directory', async (signal, code) => {
    const broker = await start();

    broker.interrupt(signal);

    expect(await broker.ended).toBe(code);
    await start();
  });

  it('ends the process at once on a second signal', async () => {
    const broker = await start();

    broker.interrupt('SIGINT');
    broker.interrupt('SIGINT');

    expect(broker.exits).toEqual([130]);
  });

  it('says who runs in the directory', async () => {
    const first = await start();

    const second = startAnother();

    expect(await second.ended).toBe(1);
    expect(second.stderr()).toMatch(
      new RegExp(
        `^error: already running here, pid ${process.pid}, since \\d\\d:\\d\\d, ${addressOf(first)}\nhint: .*\nmore:  millrace explain ALREADY_RUNNING\n$`,
      ),
    );
  });

  it('waits for a holder of the directory that is stopping', async () => {
    await world.files.ensureDirectory(directory);
    const lock = await world.files.lock(`${directory}/.lock`, { state: 'stopping' });

    const broker = startAnother();
    await new Promise((resolve) => setImmediate(resolve));
    await lock.release();

    await broker.says('Next:');
    expect(broker.stderr()).toBe('');
  });

  it('gives up on a holder that says it is stopping and does not', async () => {
    await world.files.ensureDirectory(directory);
    await world.files.lock(`${directory}/.lock`, { state: 'stopping' });
    let monotonic = 0;
    const impatient = {
      ...world.clock,
      monotonic: () => {
        monotonic += 1_000;
        return monotonic;
      },
      sleep: () => Promise.resolve(),
    };

    const broker = runCommand(argv, { world: { ...world, clock: impatient } });

    expect(await broker.ended).toBe(1);
    expect(broker.stderr()).toContain('already running here');
    expect(broker.stderr()).toContain('stopping');
  });

  it('looks at the lock before the port, and names the port in use and a free one', async () => {
    const first = await start();
    const elsewhere = { ...world, files: memoryFileSystem() };
    const onItsPort = ['start', '--dir', directory, '--listen', addressOf(first)];

    const sameDirectory = runCommand(onItsPort, { world });
    const otherDirectory = runCommand(onItsPort, { world: elsewhere });

    expect([await sameDirectory.ended, await otherDirectory.ended]).toEqual([1, 1]);
    expect(sameDirectory.stderr()).toContain('already running here');
    expect(otherDirectory.stderr()).toContain(`port ${addressOf(first).split(':')[1]}`);
    expect(otherDirectory.stderr()).toMatch(/hint: .*--listen 127\.0\.0\.1:\d+/);
  });

  it('refuses a directory that holds something else, and leaves it as it is', async () => {
    await world.files.ensureDirectory(`${directory}/thesis`);

    const broker = startAnother();

    expect(await broker.ended).toBe(1);
    expect(broker.stderr()).toContain(`${directory} is no data directory of Millrace: it holds thesis`);
    expect(broker.stderr()).toContain(`--dir ${directory}/millrace-data`);
    expect(await world.files.list(directory)).toEqual(['thesis']);
  });

  it('says what is wrong with a directory that cannot be one', async () => {
    await world.files.ensureDirectory('/data');
    await (await world.files.open(directory, 'create')).close();

    const broker = startAnother();

    expect(await broker.ended).toBe(1);
    expect(broker.stderr()).toMatch(
      new RegExp(
        `^error: cannot keep data in ${directory}: ENOTDIR: .*\nhint:  choose another place.*\nmore:  .* ENOTDIR\n$`,
      ),
    );
  });

  it('listens beyond this machine only when told that it is insecure', async () => {
    const broker = runCommand(['start', '--dir', directory, '--listen', '0.0.0.0:0'], { world });

    expect(await broker.ended).toBe(2);
    expect(broker.stderr()).toContain('0.0.0.0');
    expect(broker.stderr()).toContain('add --insecure');
    expect(broker.stderr()).toContain('millrace explain INSECURE_LISTENER');
    expect(await world.files.exists(directory)).toBe(false);
  });

  it('tells clients the advertised address, and says so', async () => {
    const broker = await start('--advertise', 'mill.example:19292');

    expect(broker.stdout()).toMatch(/Address +127\.0\.0\.1:\d+, for others mill\.example:19292\n/);
    const shown = runCommand(['cluster', '--broker', addressOf(broker)]);
    expect(await shown.ended).toBe(0);
    expect(shown.stdout()).toContain('"addresses":["mill.example:19292"]');
  });

  it('listens for Kafka’s clients, and tells them the advertised address', async () => {
    const broker = await start('--kafka', '127.0.0.1:0', '--advertise-kafka', 'mill.example:9092');

    expect(broker.stdout()).toMatch(
      /\n {2}Kafka clients {4}127\.0\.0\.1:\d+, for others mill\.example:9092\n/,
    );
  });

  it('says nothing of Kafka when it is not to listen for it', async () => {
    expect((await start()).stdout()).not.toContain('Kafka');
  });

  it('starts without the port that Kafka’s clients expect where it is in use, and says so', async () => {
    const holder = createServer();
    // Whoever has it already serves as well.
    await new Promise<void>((resolve) => {
      holder.once('error', () => resolve());
      holder.listen(9092, '127.0.0.1', resolve);
    });

    const command = runCommand(argv.slice(0, -1), { world });
    running.push(command);
    await command.says('Next:');

    expect(command.stdout()).toContain('none: 127.0.0.1:9092 is in use (--kafka host:port takes another)');
    holder.close();
  });

  it('does not start without the port for Kafka’s clients that was asked for', async () => {
    const first = await start('--kafka', '127.0.0.1:0');
    const taken = /Kafka clients +(\S+)/.exec(first.stdout())?.[1] ?? '';
    const elsewhere = { ...world, files: memoryFileSystem() };

    const second = runCommand([...argv, '--kafka', taken], { world: elsewhere });

    expect(await second.ended).toBe(1);
    expect(second.stderr()).toMatch(/^error: port \d+ on 127\.0\.0\.1, for Kafka's clients, is in use\n/);
    expect(second.stderr()).toMatch(/hint: {2}\d+ is free: --kafka 127\.0\.0\.1:\d+; or --no-kafka\n/);
  });

  it('takes a directory for its own in which partitions lie and nothing else', async () => {
    await world.files.ensureDirectory(`${directory}/orders-0`);
    await (await world.files.open(`${directory}/orders-0/log.metadata`, 'create')).close();

    const broker = await start();

    expect(broker.stdout()).toContain(directory);
  });

  it.each([
    [['--advertise', 'mill.example'], "--advertise 'mill.example' is not host:port"],
    [['--kafka', 'mill.example'], "--kafka 'mill.example' is not host:port"],
    [['--kafka', '127.0.0.1:0', '--advertise-kafka', 'mill.example:0'], 'port 0, which nobody can reach'],
    [['--kafka', '0.0.0.0:0'], 'listening on 0.0.0.0 lets everyone'],
    [['--advertise', 'mill.example:0'], 'port 0, which nobody can reach'],
    [['--zookeeper', 'localhost:x'], "--zookeeper 'localhost:x' is not host:port,host:port/path"],
  ])('refuses %j', async (options, error) => {
    const broker = startAnother(...options);

    expect(await broker.ended).toBe(2);
    expect(broker.stderr()).toContain(error);
  });

  it('stops cleanly when the process that started it is gone', async () => {
    let parents = [4711, 4700];
    const broker = runCommand(argv, { world, stopWhenParentGoes: true, ancestors: () => parents });
    await broker.says('Next:');

    parents = [4711, 1];

    expect(await broker.ended).toBe(0);
  });
});
