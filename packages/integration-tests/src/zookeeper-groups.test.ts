import {
  type Claim,
  type GroupMembership,
  type OpenRegistry,
  paths,
  type Registry,
  registryGroups,
  topicNode,
} from '@millrace/coordination';
import { pause } from './millrace-process.ts';
import { describeWithZookeeper, ZookeeperServer } from './zookeeper-server.ts';
import { expireSession, Sessions } from './zookeeper-sessions.ts';

const partitions = 6;
const records = 60;

interface Handled {
  readonly member: number;
  readonly partition: number;
  readonly offset: number;
  readonly claim: Claim;
}

/** Reads the partitions it holds, one record a step, and commits each; what it does is written down. */
class Reader {
  readonly opened: Registry[] = [];
  held: readonly Claim[] = [];
  readonly #member: number;
  readonly #handled: Handled[];
  readonly #next = new Map<Claim, number>();
  #membership: GroupMembership | undefined;
  #stopped = false;

  constructor(member: number, handled: Handled[]) {
    this.#member = member;
    this.#handled = handled;
  }

  async join(open: OpenRegistry): Promise<void> {
    const recorded: OpenRegistry = async (signal) => {
      const session = await open(signal);
      this.opened.push(session);
      return session;
    };
    this.#membership = await registryGroups(recorded).join({
      group: 'readers',
      topics: ['lines'],
      onRevoke: async (claims) => claims.map((claim) => this.#next.get(claim)),
    });
  }

  /** Until it leaves. */
  async run(): Promise<void> {
    const membership = this.#joined();
    const following = this.#follow(membership);
    while (!this.#stopped) {
      for (const claim of this.held) await this.#step(membership, claim);
      await pause(2);
    }
    await membership.leave();
    await following;
  }

  stop(): void {
    this.#stopped = true;
  }

  async #follow(membership: GroupMembership): Promise<void> {
    for await (const claims of membership.claims) this.held = claims;
  }

  async #step(membership: GroupMembership, claim: Claim): Promise<void> {
    const offset = this.#next.get(claim) ?? claim.offset ?? 0;
    if (offset >= records || !membership.holds(claim)) return;
    this.#handled.push({ member: this.#member, partition: claim.partition, offset, claim });
    this.#next.set(claim, offset + 1);
    await membership.commit([{ claim, offset: offset + 1 }]);
  }

  #joined(): GroupMembership {
    if (this.#membership === undefined) throw new Error('not joined');
    return this.#membership;
  }
}

describeWithZookeeper('a group on a real ZooKeeper', () => {
  let server: ZookeeperServer;
  const sessions = new Sessions();

  beforeAll(async () => {
    server = await ZookeeperServer.start();
  });
  afterEach(() => sessions.close());
  afterAll(() => server?.stop());

  it('hands on what an expired member owned, in order, and to one owner a generation', async () => {
    const address = `${server.address}/clusters/one`;
    const admin = await sessions.at(address)();
    const replicas = Array.from({ length: partitions }, () => [1]);
    const lines = { id: 'lines-id', name: 'lines', replicas, config: {}, writer: 'test' };
    await admin.create(paths.topic('lines'), topicNode.encode(lines));
    const handled: Handled[] = [];
    const readers = [0, 1, 2].map((member) => new Reader(member, handled));

    for (const reader of readers) await reader.join(sessions.at(address));
    const running = readers.map((reader) => reader.run());
    await until(() => readers.every(({ held }) => held.length === 2));
    await until(() => handled.length > 30);
    const first = readers[0]?.opened[0];
    if (first === undefined) throw new Error('the first member has no session');
    await expireSession(first, address);
    await until(() => lastOffsets(handled).every((offset) => offset === records - 1));
    await until(() => readers.every(({ held }) => held.length === 2));
    for (const reader of readers) reader.stop();
    await Promise.all(running);

    // Each owner goes up by one, and begins where a commit of the one before it ends.
    expect(outOfOrder(handled)).toEqual([]);
    expect(ownersOfOneGeneration(handled)).toEqual([]);
    // The one that expired came back as another member, in another session.
    expect(readers[0]?.opened).toHaveLength(2);
    const offsets = await Promise.all(
      replicas.map((_, partition) => admin.get(paths.offset('readers', 'lines-id', partition))),
    );
    for (const node of offsets) {
      expect(JSON.parse(Buffer.from(node?.data ?? []).toString())).toMatchObject({ offset: records });
    }
  }, 60_000);

  it('goes on over a restart of the server, and rebalances after it', async () => {
    const address = `${server.address}/clusters/two`;
    const admin = await sessions.at(address)();
    const replicas = Array.from({ length: partitions }, () => [1]);
    const lines = { id: 'lines-id', name: 'lines', replicas, config: {}, writer: 'test' };
    await admin.create(paths.topic('lines'), topicNode.encode(lines));
    const handled: Handled[] = [];
    const readers = [0, 1, 2].map((member) => new Reader(member, handled));
    const [first, second, third] = readers;

    await first?.join(sessions.at(address));
    await second?.join(sessions.at(address));
    const running = [first?.run(), second?.run()];
    await until(() => first?.held.length === 3 && second?.held.length === 3);
    await server.kill();
    await server.start();
    await third?.join(sessions.at(address));
    running.push(third?.run());
    await until(() => readers.every(({ held }) => held.length === 2));
    await until(() => lastOffsets(handled).every((offset) => offset === records - 1));
    for (const reader of readers) reader.stop();
    await Promise.all(running.flatMap((one) => one ?? []));

    expect(outOfOrder(handled)).toEqual([]);
    expect(ownersOfOneGeneration(handled)).toEqual([]);
    expect(readers.map(({ opened }) => opened.length)).toEqual([1, 1, 1]);
  }, 60_000);
});

function lastOffsets(handled: readonly Handled[]): number[] {
  const last = Array.from({ length: partitions }, () => -1);
  for (const { partition, offset } of handled) last[partition] = Math.max(last[partition] ?? -1, offset);
  return last;
}

/** What an owner handled other than the record after the last one, or, at first, one that nobody had come to. */
function outOfOrder(handled: readonly Handled[]): Handled[] {
  const lastOfClaim = new Map<Claim, number>();
  const lastOfPartition = new Map<number, number>();
  return handled.filter(({ claim, partition, offset }) => {
    const before = lastOfClaim.get(claim);
    const reached = lastOfPartition.get(partition) ?? -1;
    lastOfClaim.set(claim, offset);
    lastOfPartition.set(partition, Math.max(reached, offset));
    return before === undefined ? offset > reached + 1 : offset !== before + 1;
  });
}

/** Partitions that two members handled in the same generation. */
function ownersOfOneGeneration(handled: readonly Handled[]): string[] {
  const owners = new Map<string, number>();
  return handled.flatMap(({ member, partition, claim }) => {
    const key = `${partition} in generation ${claim.generation}`;
    const owner = owners.get(key);
    owners.set(key, member);
    return owner === undefined || owner === member ? [] : [key];
  });
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error('waited in vain');
    await pause(5);
  }
}
