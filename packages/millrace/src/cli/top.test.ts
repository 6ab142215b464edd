import { memoryFileSystem } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import { type CommandRun, runCommand } from '../testing/command-line.ts';
import { changeBetween } from './top-change.ts';
import type { Look } from './top-look.ts';
import { topScreen } from './top-screen.ts';

describe('millrace top', () => {
  let broker: CommandRun;
  let address: string;
  let metrics: string;
  const world = { ...nodeWorld, files: memoryFileSystem() };

  beforeAll(async () => {
    const argv = ['start', '--dir', '/data', '--listen', '127.0.0.1:0', '--no-kafka', '--min-free-disk', '0'];
    broker = runCommand([...argv, '--metrics', '127.0.0.1:0'], { world });
    await broker.says('Next:');
    address = /Address +(\S+)/.exec(broker.stdout())?.[1] ?? '';
    metrics = /Metrics +http:\/\/([^/]+)/.exec(broker.stdout())?.[1] ?? '';
  });
  afterAll(async () => {
    broker.interrupt('SIGTERM');
    await broker.ended;
  });
  const run = (...args: string[]): CommandRun => runCommand([...args, '--broker', address], { world });

  it('tells what went in since the last look, who is behind, and how the broker fares', async () => {
    await run('produce', 'orders', 'a', 'b').ended;
    await run('consume', 'orders', '--group', 'billing', '--max', '1').ended;
    const top = run('top', '--every', '1', '--count', '1', '--metrics', metrics);
    // Between the two looks.
    await new Promise((resolve) => setTimeout(resolve, 400));
    await run('produce', 'orders', 'c', 'd', 'e').ended;

    expect(await top.ended).toBe(0);
    const told = JSON.parse(top.stdout());
    expect(told.topics).toEqual([
      { topic: 'orders', partitions: 1, records: 5, inPerSecond: expect.any(Number) },
    ]);
    expect(told.topics[0].inPerSecond).toBeGreaterThan(0);
    expect(told.groups).toEqual([
      { group: 'billing', kind: 'millrace', members: 0, donePerSecond: 0, lag: 4 },
    ]);
    expect(told.process).toMatchObject({
      connections: expect.any(Number),
      eventLoopDelayMs: expect.any(Number),
    });
    expect(told.process.residentBytes).toBeGreaterThan(10_000_000);
  });

  it('does without metrics, and ends when it is interrupted', async () => {
    const top = run('top', '--every', '1', '--metrics', '127.0.0.1:1');
    await top.says('"topics"');

    top.interrupt('SIGINT');

    expect(await top.ended).toBe(130);
    expect(JSON.parse(top.stdout().split('\n')[0] ?? '').process).toBeUndefined();
  });

  it('says that nobody is there', async () => {
    const top = runCommand(['top', '--broker', '127.0.0.1:1'], { world });

    expect(await top.ended).not.toBe(0);
    expect(top.stderr()).toContain('no broker answers');
  });
});

const figures = {
  cpuSeconds: 10,
  residentBytes: 80e6,
  eventLoopDelayMs: 1.25,
  diskFreeBytes: 5e9,
  connections: 3,
  inFlight: { fetch: 2 },
  requests: 100,
  bytesIn: 1e6,
  bytesOut: 0,
};
const before: Look = {
  at: 0,
  topics: [
    { topic: 'busy', partitions: 2, end: 10, records: 10 },
    { topic: 'still', partitions: 1, end: 5, records: 5 },
    { topic: 'headless', partitions: 1, end: undefined, records: undefined },
  ],
  groups: [{ group: 'g', kind: 'classic', members: 1, done: 3, lag: 7 }],
  process: figures,
};

describe('what happened between two looks', () => {
  it('is told by the second, and what does most comes first', () => {
    const change = changeBetween(before, {
      ...before,
      at: 2_000,
      topics: [
        { topic: 'still', partitions: 1, end: 5, records: 5 },
        { topic: 'busy', partitions: 2, end: 2_010, records: 2_010 },
        { topic: 'headless', partitions: 1, end: undefined, records: undefined },
      ],
      groups: [{ group: 'g', kind: 'classic', members: 1, done: 1_003, lag: 1_007 }],
      process: { ...figures, cpuSeconds: 11, requests: 300, bytesIn: 3e6 },
    });

    expect(topScreen(change, 'heading', '127.0.0.1:9464')).toBe(`heading
cpu 50 % · memory 80.0 MB · event loop 1.3 ms late (p99) · disk 5.0 GB free
3 connections · 100 requests/s · in 1.0 MB/s · out 0 B/s · waiting: 2 fetch

TOPIC     PARTITIONS  RECORDS  IN/S
busy               2  2010     1000
headless           1  ?        ?
still              1  5        0

GROUP  KIND     MEMBERS  DONE/S   LAG
g      classic        1     500  1007`);
  });

  it('counts from nothing what was made anew, also a broker', () => {
    const change = changeBetween(before, {
      at: 1_000,
      topics: [{ topic: 'busy', partitions: 2, end: 4, records: 4 }],
      groups: [],
      process: { ...figures, cpuSeconds: 0.2 },
    });

    expect(change.topics[0]?.inPerSecond).toBe(0);
    expect(change.process).toMatchObject({ cpu: 0, requestsPerSecond: 0 });
  });

  it('leaves out the quietest of very many', () => {
    const topics = Array.from({ length: 40 }, (_, i) => ({
      topic: `t${i}`,
      partitions: 1,
      end: i,
      records: i,
    }));
    const many = { ...before, topics, groups: [], process: undefined };

    const screen = topScreen(changeBetween(many, { ...many, at: 1_000 }), 'h', '127.0.0.1:9464');

    expect(screen).toContain('and 25 more');
    expect(screen).toContain('start the broker with --metrics 127.0.0.1:9464');
    expect(screen).toContain('there are no groups yet');
  });
});
