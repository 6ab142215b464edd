import { memoryFileSystem } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import { metrics } from '../metrics/definitions.ts';
import { type CommandRun, runCommand } from '../testing/command-line.ts';

describe('millrace start --metrics', () => {
  let broker: CommandRun;
  let address: string;
  let url: string;
  const world = { ...nodeWorld, files: memoryFileSystem() };
  const argv = ['start', '--dir', '/data', '--listen', '127.0.0.1:0', '--no-kafka', '--min-free-disk', '0'];

  beforeAll(async () => {
    broker = runCommand([...argv, '--metrics', '127.0.0.1:0'], {
      world: { ...world, host: { ...world.host, freeBytes: () => Promise.resolve(12_345) } },
    });
    await broker.says('Next:');
    address = /Address +(\S+)/.exec(broker.stdout())?.[1] ?? '';
    url = /Metrics +(\S+)/.exec(broker.stdout())?.[1] ?? '';
  });
  afterAll(async () => {
    broker.interrupt('SIGTERM');
    await broker.ended;
  });

  const ended = async (...args: string[]) => {
    const command = runCommand([...args, '--broker', address], { world });
    return { code: await command.ended, stdout: command.stdout() };
  };
  const scrape = async (): Promise<string> => (await fetch(url)).text();
  const value = (text: string, series: string): number =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${series} `))
        ?.split(' ')
        .at(-1),
    );

  it('tells what was asked, what went in and out, how far groups are behind, and how much room is left', async () => {
    await ended('produce', 'orders', 'a', 'b', 'c');
    await ended('consume', 'orders', '--group', 'billing', '--max', '1');
    await ended('topic', 'describe', 'nothing');

    const text = await scrape();

    expect(value(text, 'millrace_records_in_total{topic="orders"}')).toBe(3);
    expect(value(text, 'millrace_bytes_out_total{topic="orders"}')).toBeGreaterThan(60);
    expect(value(text, 'millrace_group_lag_records{group="billing",kind="millrace"}')).toBe(2);
    expect(value(text, 'millrace_partitions{state="led"}')).toBe(1);
    expect(value(text, 'millrace_brokers')).toBe(1);
    expect(value(text, 'millrace_disk_free_bytes')).toBe(12_345);
    expect(
      value(text, 'millrace_requests_total{api="produce",listener="native",outcome="NONE"}'),
    ).toBeGreaterThan(0);
    expect(text).toContain('millrace_request_seconds_bucket{le="0.005",api="produce"}');
    expect(text).toContain('nodejs_eventloop_lag_seconds');
  });

  it('has every metric that the page tells of, and no other', async () => {
    const text = await scrape();

    const told = [...text.matchAll(/^# TYPE (millrace_\w+) (\w+)$/gm)].map(([, name, kind]) => [name, kind]);
    expect(told).toEqual(Object.entries(metrics).map(([name, { kind }]) => [name, kind]));
  });

  it('says that it is there, and what else is', async () => {
    const root = url.replace('/metrics', '');

    expect(await (await fetch(`${root}/healthz`)).text()).toBe('ok\n');
    expect((await fetch(`${root}/elsewhere`)).status).toBe(404);
  });

  it('does not start where the port is in use, or is none', async () => {
    const files = memoryFileSystem();
    const taken = runCommand([...argv, '--metrics', url.split('/')[2] ?? ''], { world: { ...world, files } });
    expect(await taken.ended).toBe(1);
    expect(taken.stderr()).toMatch(
      /^error: port \d+ on 127\.0\.0\.1, for metrics, is in use\nhint: .*--metrics/,
    );

    const none = runCommand([...argv, '--metrics', 'here'], { world: { ...world, files } });
    expect(await none.ended).toBe(2);
  });
});
