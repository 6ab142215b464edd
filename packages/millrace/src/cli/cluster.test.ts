import { PassThrough } from 'node:stream';
import { runCommand } from '../testing/command-line.ts';
import { type ListeningBroker, startListeningBroker } from '../testing/listening-broker.ts';

describe('millrace cluster', () => {
  let listening: ListeningBroker;

  beforeEach(async () => {
    listening = await startListeningBroker();
    await listening.broker.createTopic('orders', { partitions: 2 });
  });
  afterEach(() => listening.broker.close());

  it('shows brokers, controller and partitions on a terminal', async () => {
    const stdout = Object.assign(new PassThrough(), { isTTY: true });

    const { code } = await listening.ended(['cluster'], { stdout });

    const shown = String(stdout.read() ?? '');
    expect(code).toBe(0);
    expect(shown).toMatch(/^cluster [0-9a-f-]+, 1 live broker, controller 1\n\nBROKER +STATE +ADDRESS/);
    expect(shown).toContain(listening.address);
    expect(shown).toMatch(/\norders +0 +1 +1 +1\norders +1 +1 +1 +1\n\nnothing is offline\n$/);
  });

  it('is one JSON object when piped', async () => {
    const { stdout } = await listening.ended(['cluster']);

    expect(JSON.parse(stdout)).toMatchObject({
      controller: 1,
      brokers: [{ nodeId: 1, state: 'live', addresses: [listening.address] }],
      topics: [
        {
          name: 'orders',
          partitions: [
            { partition: 0, leader: 1 },
            { partition: 1, leader: 1 },
          ],
        },
      ],
      unreadable: [],
    });
  });

  it.each([
    ['--zookeeper', ['--zookeeper', 'host:port'], {}],
    ['--zookeeper', ['--zookeeper', 'host:2181/a//b'], {}],
    ['MILLRACE_ZOOKEEPER', [], { MILLRACE_ZOOKEEPER: 'host:99999' }],
  ])('refuses what is no ZooKeeper, naming %s', async (source, options, env) => {
    const command = runCommand(['cluster', ...options], { env });

    expect(await command.ended).toBe(2);
    expect(command.stderr()).toMatch(new RegExp(`^error: ${source} '.*' is not host:port,host:port/path\n`));
  });

  it('asks the broker that is named, whatever the environment says of ZooKeeper', async () => {
    const { code } = await listening.ended(['cluster'], { env: { MILLRACE_ZOOKEEPER: 'nowhere:99999' } });

    expect(code).toBe(0);
  });
});
