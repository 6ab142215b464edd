import { codeOf } from '@millrace/runtime';
import { type TestWorld, testWorld } from '@millrace/runtime/testing';
import { topicNode } from './cluster-nodes.ts';
import { assignmentNode, type OffsetNode, offsetNode } from './group-nodes.ts';
import type { Claim, GroupMembership, JoinOptions } from './groups.ts';
import { type MemoryRegistry, memoryRegistry } from './memory-registry.ts';
import type { MemorySession } from './memory-session.ts';
import { paths } from './paths.ts';
import type { Registry } from './registry.ts';
import { registryGroups } from './registry-groups.ts';
import { ProcessGate } from './testing/simulation/process-gate.ts';
import { UnreliableSession } from './testing/simulation/unreliable-session.ts';

const group = 'g';

describe('registryGroups', () => {
  describe('joining', () => {
    it('gives a member alone everything, once', async () => {
      const cluster = await clusterWith({ orders: 3 });

      const ann = await cluster.join({ topics: ['orders'] });
      await cluster.pass(1000);

      expect(ann.seen).toEqual([['orders-0', 'orders-1', 'orders-2']]);
      expect(ann.claims[0]).toMatchObject({ generation: 1, claim: 1, offset: undefined });
    });

    it('shares with whoever comes later, and moves no more than it must', async () => {
      const cluster = await clusterWith({ orders: 4 });
      const ann = await cluster.join({ topics: ['orders'] });
      await cluster.pass(1000);

      const bob = await cluster.join({ topics: ['orders'] });
      await cluster.pass(1000);

      expect(namesOf([...ann.claims, ...bob.claims])).toEqual([
        'orders-0',
        'orders-1',
        'orders-2',
        'orders-3',
      ]);
      expect([ann.claims.length, bob.claims.length]).toEqual([2, 2]);
      expect(ann.claims.every(({ claim, lost }) => claim === 1 && !lost.aborted)).toBe(true);
    });

    it('answers a burst of members with one assignment (KAFKA-265)', async () => {
      const cluster = await clusterWith({ orders: 8 });

      const members = await Promise.all(
        Array.from({ length: 8 }, () => cluster.join({ topics: ['orders'] })),
      );
      await cluster.pass(1000);

      expect(members.map(({ claims }) => claims.length)).toEqual(Array(8).fill(1));
      expect((await cluster.assignment()).generation).toBe(1);
    });

    it('refuses a group id that is none, without opening a session', async () => {
      const cluster = await clusterWith({});

      const error = await cluster.join({ group: '', topics: ['orders'] }).catch((thrown: unknown) => thrown);

      expect(codeOf(error)).toBe('INVALID_GROUP');
      expect(cluster.sessions).toHaveLength(0);
    });

    it('refuses a revoke timeout that is none', async () => {
      const cluster = await clusterWith({});

      await expect(cluster.join({ topics: ['orders'], revokeTimeoutMs: 0.5 })).rejects.toThrow(RangeError);
    });

    it('works for group ids with any characters', async () => {
      const cluster = await clusterWith({ orders: 1 });

      const ann = await cluster.join({ group: '../a b/ü', topics: ['orders'] });
      await cluster.pass(1000);

      expect(namesOf(ann.claims)).toEqual(['orders-0']);
    });
  });

  describe('topics', () => {
    it('come in when they are made after the member joined', async () => {
      const cluster = await clusterWith({});
      const ann = await cluster.join({ topics: ['orders'] });
      await cluster.pass(1000);

      await cluster.createTopic('orders', 2);
      await cluster.pass(1000);

      expect(ann.seen).toEqual([[], ['orders-0', 'orders-1']]);
    });

    it('come in when they match a pattern', async () => {
      const cluster = await clusterWith({ 'log.web': 1, other: 1 });
      const ann = await cluster.join({ topics: /^log\./g });
      await cluster.pass(1000);

      await cluster.createTopic('log.db', 1);
      await cluster.pass(1000);

      expect(ann.seen).toEqual([['log.web-0'], ['log.db-0', 'log.web-0']]);
    });

    it('may get more partitions', async () => {
      const cluster = await clusterWith({ orders: 1 });
      const ann = await cluster.join({ topics: ['orders'] });
      await cluster.pass(1000);

      await cluster.change('orders', (topic) => ({ ...topic, replicas: [[1], [1], [1]] }));
      await cluster.pass(1000);

      expect(namesOf(ann.claims)).toEqual(['orders-0', 'orders-1', 'orders-2']);
      expect(ann.claims[0]?.claim).toBe(1);
    });

    it('that are deleted are released, and begin anew under a new id', async () => {
      const cluster = await clusterWith({ orders: 1 });
      const ann = await cluster.join({ topics: ['orders'] });
      await cluster.pass(1000);
      await ann.commit(10);

      await cluster.change('orders', (topic) => ({ ...topic, deleted: true }));
      await cluster.pass(1000);
      const meanwhile = namesOf(ann.claims);
      await cluster.change('orders', ({ name, replicas, config, writer }) => ({
        id: 'another',
        name,
        replicas,
        config,
        writer,
      }));
      await cluster.pass(1000);

      expect(meanwhile).toEqual([]);
      expect(ann.claims).toMatchObject([{ topic: 'orders', claim: 1, offset: undefined }]);
    });

    it('that cannot be are no harm to the others', async () => {
      const cluster = await clusterWith({ orders: 1 });

      const ann = await cluster.join({ topics: ['orders', '', '..', 'a/b', 'a\0'] });
      await cluster.pass(1000);

      expect(ann.seen).toEqual([['orders-0']]);
    });

    it('whose node is garbage stay as they were, and disturb no other', async () => {
      const cluster = await clusterWith({ orders: 2, payments: 1 });
      const ann = await cluster.join({ topics: ['orders', 'payments'] });
      await cluster.pass(1000);

      await cluster.put(paths.topic('orders'), Buffer.from('garbage'));
      await cluster.change('payments', (topic) => ({ ...topic, replicas: [[1], [1]] }));
      await cluster.pass(1000);

      expect(namesOf(ann.claims)).toEqual(['orders-0', 'orders-1', 'payments-0', 'payments-1']);
    });
  });

  describe('a partition that moves', () => {
    it('is released with what was processed, and the next owner starts there', async () => {
      const cluster = await clusterWith({ orders: 2 });
      const ann = await cluster.join({
        topics: ['orders'],
        onRevoke: async (claims) => claims.map(() => 17),
      });
      await cluster.pass(1000);
      const [, moving] = ann.claims;

      const bob = await cluster.join({ topics: ['orders'] });
      await cluster.pass(1000);

      expect(moving?.lost.aborted).toBe(true);
      expect([...ann.claims, ...bob.claims].filter(({ offset }) => offset === 17)).toMatchObject([
        { claim: 2 },
      ]);
    });

    it('is not handed out while its handlers end, and is claimed only then', async () => {
      const cluster = await clusterWith({ orders: 1 });
      let end = (): void => {};
      const onRevoke: JoinOptions['onRevoke'] = (claims) =>
        new Promise((resolve) => {
          end = () => resolve(claims.map(() => 5));
        });
      const [ann, bob] = await cluster.takenOver(onRevoke);

      await cluster.pass(5000);
      const before = [ann.claims.length, bob.claims.length];
      end();
      await cluster.pass(100);

      expect(before).toEqual([0, 0]);
      expect(bob.claims).toMatchObject([{ offset: 5, claim: 2 }]);
    });

    it('is released as committed when its handlers take too long', async () => {
      const cluster = await clusterWith({ orders: 1 });
      let deadline: AbortSignal | undefined;
      const onRevoke: JoinOptions['onRevoke'] = (_, signal) => {
        deadline = signal;
        return new Promise(() => {});
      };
      const [ann, bob] = await cluster.takenOver(onRevoke, { commit: 3 });

      await cluster.pass(29_000);
      const before = [deadline?.aborted, bob.claims.length];
      await cluster.pass(2000);

      expect(before).toEqual([false, 0]);
      expect(deadline?.aborted).toBe(true);
      expect(ann.claims).toEqual([]);
      expect(bob.claims).toMatchObject([{ offset: 3 }]);
    });

    it('is released as committed when its handlers fail', async () => {
      const cluster = await clusterWith({ orders: 1 });
      const failing: JoinOptions['onRevoke'] = () => Promise.reject(new Error('handler'));
      const [, bob] = await cluster.takenOver(failing, { commit: 3 });

      await cluster.pass(100);

      expect(bob.claims).toMatchObject([{ offset: 3 }]);
    });

    it('is taken from an owner that is there and does not release it, who is fenced (rule 10)', async () => {
      const cluster = await clusterWith({ orders: 1 });
      const [ann, bob] = await cluster.takenOver(undefined, { commit: 3, stopFirst: true });

      await cluster.pass(30_000);
      const before = bob.claims.length;
      await cluster.pass(1000);
      ann.gate.resume();
      await cluster.pass(100);

      expect(before).toBe(0);
      expect(bob.claims).toMatchObject([{ offset: 3, claim: 2 }]);
      expect(ann.claims).toEqual([]);
      expect(await ann.commitAll(ann.first, 99)).toEqual(['fenced']);
      expect((await cluster.offset('orders', 0)).owner).toBe(bob.membership.memberId);
    });
  });

  describe('a commit', () => {
    it('is where the next owner starts', async () => {
      const cluster = await clusterWith({ orders: 1 });
      const ann = await cluster.join({ topics: ['orders'], onRevoke: async () => [undefined] });
      await cluster.pass(1000);

      const outcomes = await ann.commit(42);
      await ann.membership.leave();
      const bob = await cluster.join({ topics: ['orders'] });
      await cluster.pass(1000);

      expect(outcomes).toEqual(['committed']);
      expect(bob.claims).toMatchObject([{ offset: 42 }]);
    });

    it('merges with those that wait behind one write', async () => {
      const cluster = await clusterWith({ orders: 1 });
      const ann = await cluster.join({ topics: ['orders'] });
      await cluster.pass(1000);
      const before = await cluster.version('orders', 0);

      const commits = Array.from({ length: 50 }, (_, offset) => ann.commit(offset));
      await cluster.pass(10);

      expect(await Promise.all(commits)).toEqual(Array(50).fill(['committed']));
      expect((await cluster.offset('orders', 0)).offset).toBe(49);
      expect((await cluster.version('orders', 0)) - before).toBeLessThanOrEqual(2);
    });

    it('is unknown while the session is in doubt, and goes through afterwards (rule 14)', async () => {
      const cluster = await clusterWith({ orders: 1 });
      const ann = await cluster.join({ topics: ['orders'] });
      await cluster.pass(1000);
      const [claim] = ann.claims;

      ann.session.disconnect();
      const during = await ann.commit(7);
      const handsOut = claim !== undefined && ann.membership.holds(claim);
      ann.session.reconnect();
      await cluster.pass(100);
      const after = await ann.commit(7);

      expect([during, handsOut, after]).toEqual([['unknown'], true, ['committed']]);
      expect(ann.seen).toHaveLength(1);
    });

    it('of an offset that is none is refused', async () => {
      const cluster = await clusterWith({ orders: 1 });
      const ann = await cluster.join({ topics: ['orders'] });
      await cluster.pass(1000);

      await expect(ann.commit(-1)).rejects.toThrow(RangeError);
      await expect(ann.commit(1.5)).rejects.toThrow(RangeError);
    });
  });

  describe('a session that expires', () => {
    it('costs everything at once, and its member comes back as another', async () => {
      const cluster = await clusterWith({ orders: 2 });
      const ann = await cluster.join({ topics: ['orders'] });
      await cluster.pass(1000);
      const [before] = ann.claims;
      const memberId = ann.membership.memberId;

      ann.session.inner.expire();
      await cluster.pass(3000);

      expect(ann.seen).toEqual([['orders-0', 'orders-1'], [], ['orders-0', 'orders-1']]);
      expect(ann.membership.memberId).not.toBe(memberId);
      expect(before?.lost.aborted).toBe(true);
      expect(ann.claims).toMatchObject([{ claim: 2 }, { claim: 2 }]);
    });

    it('gives the partitions to the others, also when it was the leader', async () => {
      const cluster = await clusterWith({ orders: 2 });
      const ann = await cluster.join({ topics: ['orders'] });
      await cluster.pass(1000);
      const bob = await cluster.join({ topics: ['orders'] });
      await cluster.pass(1000);

      ann.gate.pause();
      ann.session.inner.expire();
      await cluster.pass(1000);

      expect(namesOf(bob.claims)).toEqual(['orders-0', 'orders-1']);
    });

    it('makes a zombie whose commits are fenced and which stops at its first look (rule 15)', async () => {
      const cluster = await clusterWith({ orders: 1 });
      const ann = await cluster.join({ topics: ['orders'] });
      await cluster.pass(1000);
      await ann.commit(3);
      const bob = await cluster.join({ topics: ['orders'] });
      await cluster.pass(1000);
      const [zombie, heir] = ann.claims.length === 1 ? [ann, bob] : [bob, ann];
      const stale = zombie.claims;

      zombie.gate.pause();
      zombie.session.inner.expire();
      await cluster.pass(3000);
      zombie.gate.resume();
      const outcome = zombie.commitAll(stale, 99);
      await cluster.pass(10);

      expect(await outcome).toEqual(['fenced']);
      expect(stale.map((claim) => zombie.membership.holds(claim))).toEqual([false]);
      expect(heir.claims).toMatchObject([{ offset: 3 }]);
      expect((await cluster.offset('orders', 0)).offset).toBe(3);
    });

    it('is tried again until the registry is back', async () => {
      const cluster = await clusterWith({ orders: 1 });
      const ann = await cluster.join({ topics: ['orders'] });
      await cluster.pass(1000);

      cluster.refuses = true;
      ann.session.inner.expire();
      await cluster.pass(60_000);
      const attempts = cluster.attempts;
      cluster.refuses = false;
      await cluster.pass(15_000);

      expect(attempts).toBeGreaterThan(5);
      expect(attempts).toBeLessThan(25);
      expect(namesOf(ann.claims)).toEqual(['orders-0']);
    });
  });

  it('lets the member of the next rank assign when the leader does not (rule 5)', async () => {
    const cluster = await clusterWith({ orders: 2 });
    const ann = await cluster.join({ topics: ['orders'] });
    await cluster.pass(1000);

    ann.gate.pause();
    const bob = await cluster.join({ topics: ['orders'] });
    await cluster.pass(1900);
    const before = (await cluster.assignment()).generation;
    await cluster.pass(200);

    expect(before).toBe(1);
    expect(await cluster.assignment()).toMatchObject({ generation: 2, by: bob.membership.memberId });
    expect(bob.claims.length).toBeLessThanOrEqual(1);
  });

  it('starts a live owner where a tool put it (rule 17)', async () => {
    const cluster = await clusterWith({ orders: 1 });
    const ann = await cluster.join({ topics: ['orders'] });
    await cluster.pass(1000);
    await ann.commit(100);
    const [before] = ann.claims;

    const { owner: _, ...node } = await cluster.offset('orders', 0);
    const sought: OffsetNode = { ...node, claim: node.claim + 1, offset: 20, writer: 'tool' };
    await cluster.put(paths.offset(group, 'orders-id', 0), offsetNode.encode(sought));
    await cluster.pass(100);

    expect(before?.lost.aborted).toBe(true);
    expect(ann.claims).toMatchObject([{ claim: 3, offset: 20 }]);
    expect(await ann.commitAll(before === undefined ? [] : [before], 101)).toEqual(['fenced']);
  });

  it('leaves a partition with an unreadable node alone until somebody mends it, and keeps the others (KAFKA-262, 286)', async () => {
    const cluster = await clusterWith({ orders: 2 });
    await cluster.put(paths.offset(group, 'orders-id', 1), Buffer.from('{"claim":"x"}'));
    const ann = await cluster.join({ topics: ['orders'] });
    await cluster.pass(1000);
    const before = namesOf(ann.claims);

    const mended: OffsetNode = { generation: 0, claim: 0, offset: 9, writer: 'somebody' };
    await cluster.put(paths.offset(group, 'orders-id', 1), offsetNode.encode(mended));
    await cluster.pass(100);

    expect(before).toEqual(['orders-0']);
    expect(ann.claims).toMatchObject([{ partition: 0 }, { partition: 1, offset: 9 }]);
  });

  it('settles when members come and topics change in the very same moment (KAFKA-914)', async () => {
    const cluster = await clusterWith({ orders: 4 });

    const joining = Array.from({ length: 4 }, () => cluster.join({ topics: /./ }));
    await cluster.put(paths.topic('orders'), Buffer.from('garbage'));
    const members = await Promise.all(joining);
    await cluster.createTopic('others', 4);
    await cluster.pass(2000);

    const names = members
      .flatMap(({ claims }) => namesOf(claims))
      .filter((name) => name.startsWith('others'));
    expect(names.sort()).toEqual(['others-0', 'others-1', 'others-2', 'others-3']);
  });

  it('keeps its pace in a storm of members that come and go, and settles after it', async () => {
    const cluster = await clusterWith({ orders: 12 });
    const steady = await cluster.join({ topics: ['orders'] });
    for (let second = 0; second < 10; second += 1) {
      const passing = await Promise.all(
        Array.from({ length: 20 }, () => cluster.join({ topics: ['orders'] })),
      );
      await cluster.pass(500);
      const leaving = Promise.all(passing.map(({ membership }) => membership.leave()));
      await cluster.pass(500);
      await leaving;
    }
    await cluster.pass(3000);

    expect(steady.claims).toHaveLength(12);
    // 400 changes in ten seconds; bursts are answered together.
    expect((await cluster.assignment()).generation).toBeLessThan(60);
  });

  it('keeps the assignment when an assignor breaks its contract', async () => {
    const cluster = await clusterWith({ orders: 1 });
    const ann = await cluster.join({
      topics: ['orders'],
      assignor: (members, partitions) =>
        new Map(members.map(({ id }) => [id, [...partitions, ...partitions]])),
    });

    await cluster.pass(5000);

    expect(ann.seen).toEqual([]);
    await ann.membership.leave();
  });

  describe('leaving', () => {
    it('gives everything to the others at once, and ends the claims', async () => {
      const cluster = await clusterWith({ orders: 2 });
      const ann = await cluster.join({ topics: ['orders'], onRevoke: async (claims) => claims.map(() => 8) });
      const bob = await cluster.join({ topics: ['orders'] });
      await cluster.pass(1000);

      await Promise.all([ann.membership.leave(), ann.membership.leave()]);
      await ann.ended;
      await cluster.pass(300);

      expect(bob.claims.map(({ offset }) => offset)).toContain(8);
      expect(namesOf(bob.claims)).toEqual(['orders-0', 'orders-1']);
    });

    it('leaves no member, session or timer behind', async () => {
      const cluster = await clusterWith({ orders: 2 });
      const ann = await cluster.join({ topics: ['orders'] });
      await cluster.pass(1000);

      await ann.membership.leave();

      expect(await cluster.tool.children(paths.members(group))).toEqual([]);
      expect(ann.session.inner.state).toBe('expired');
      expect(cluster.world.clock.pending).toBe(0);
    });

    it('ends also while the registry is away', async () => {
      const cluster = await clusterWith({ orders: 1 });
      const ann = await cluster.join({ topics: ['orders'] });
      await cluster.pass(1000);

      ann.session.disconnect();
      const left = ann.membership.leave();
      await cluster.pass(40_000);

      await left;
      expect(ann.claims).toEqual([]);
    });
  });
});

type Topic = ReturnType<typeof topicNode.decode>;

/** A registry with topics, whose ids are their names and `-id`. */
async function clusterWith(topics: { [name: string]: number }) {
  const cluster = new Cluster();
  for (const [name, partitions] of Object.entries(topics)) await cluster.createTopic(name, partitions);
  return cluster;
}

class Cluster {
  readonly world: TestWorld = testWorld();
  readonly #registry: MemoryRegistry = memoryRegistry(this.world);
  readonly tool: MemorySession = this.#registry.session();
  readonly sessions: UnreliableSession[] = [];
  refuses = false;
  attempts = 0;

  pass(ms: number): Promise<void> {
    return this.world.clock.advance(ms);
  }

  async join(options: Partial<JoinOptions> & Pick<JoinOptions, 'topics'>): Promise<FollowedMember> {
    const member = new FollowedMember();
    const { clock, random } = this.world;
    const open = async (): Promise<Registry> => {
      this.attempts += 1;
      if (this.refuses) throw new Error('nobody answers');
      const link = { clock, random, gate: member.gate, delayMs: 0, lossOneIn: 0 };
      member.session = new UnreliableSession(this.#registry.session(), link);
      this.sessions.push(member.session);
      return member.session;
    };
    const onRevoke: JoinOptions['onRevoke'] = async (claims) => claims.map(() => undefined);
    member.follow(await registryGroups(open, this.world).join({ group, onRevoke, ...options }));
    return member;
  }

  /** Somebody owns orders-0, then another joins, who is to have it instead. */
  async takenOver(
    onRevoke?: JoinOptions['onRevoke'],
    { commit, stopFirst = false }: { commit?: number; stopFirst?: boolean } = {},
  ): Promise<[FollowedMember, FollowedMember]> {
    let owner = '';
    const assignor: JoinOptions['assignor'] = (members, partitions) => {
      const heir = members.find(({ id }) => id !== owner) ?? members[0];
      return new Map(members.map((member) => [member.id, member === heir ? [...partitions] : []]));
    };
    const first = await this.join({ topics: ['orders'], assignor, ...(onRevoke && { onRevoke }) });
    owner = first.membership.memberId;
    await this.pass(1000);
    if (commit !== undefined) await first.commit(commit);
    if (stopFirst) first.gate.pause();
    const heir = await this.join({ topics: ['orders'], assignor });
    // A leader that is stopped is helped out after two seconds.
    await this.pass(stopFirst ? 2000 : 100);
    return [first, heir];
  }

  createTopic(name: string, partitions: number): Promise<void> {
    const replicas = Array.from({ length: partitions }, () => [1]);
    const topic: Topic = { id: `${name}-id`, name, replicas, config: {}, writer: 'test' };
    return this.put(paths.topic(name), topicNode.encode(topic));
  }

  async change(name: string, change: (topic: Topic) => Topic): Promise<void> {
    const path = paths.topic(name);
    const node = await this.tool.get(path);
    if (node === undefined) throw new Error(`there is no ${path}`);
    await this.tool.set(path, topicNode.encode(change(topicNode.decode(node.data, path))), node);
  }

  async put(path: string, data: Uint8Array): Promise<void> {
    const node = await this.tool.get(path);
    if (node === undefined) await this.tool.create(path, data);
    else await this.tool.set(path, data, node);
  }

  async assignment() {
    const path = paths.assignment(group);
    return assignmentNode.decode((await this.tool.get(path))?.data ?? Buffer.alloc(0), path);
  }

  async offset(topic: string, partition: number): Promise<OffsetNode> {
    const path = paths.offset(group, `${topic}-id`, partition);
    return offsetNode.decode((await this.tool.get(path))?.data ?? Buffer.alloc(0), path);
  }

  async version(topic: string, partition: number): Promise<number> {
    return (await this.tool.get(paths.offset(group, `${topic}-id`, partition)))?.version ?? -1;
  }
}

/** A member with what its reader saw. */
class FollowedMember {
  readonly gate = new ProcessGate();
  readonly seen: string[][] = [];
  claims: readonly Claim[] = [];
  /** The first claims that were not none. */
  first: readonly Claim[] = [];
  ended: Promise<void> = Promise.resolve();
  #session: UnreliableSession | undefined;
  #membership: GroupMembership | undefined;

  get session(): UnreliableSession {
    if (this.#session === undefined) throw new Error('no session was opened');
    return this.#session;
  }

  set session(session: UnreliableSession) {
    this.#session = session;
  }

  get membership(): GroupMembership {
    if (this.#membership === undefined) throw new Error('it has not joined');
    return this.#membership;
  }

  follow(membership: GroupMembership): void {
    this.#membership = membership;
    this.ended = this.#follow(membership);
  }

  commit(offset: number) {
    return this.commitAll(this.claims, offset);
  }

  commitAll(claims: readonly Claim[], offset: number) {
    return this.membership.commit(claims.map((claim) => ({ claim, offset })));
  }

  async #follow(membership: GroupMembership): Promise<void> {
    for await (const claims of membership.claims) {
      this.claims = claims;
      if (this.first.length === 0) this.first = claims;
      this.seen.push(namesOf(claims));
    }
  }
}

function namesOf(claims: readonly Claim[]): string[] {
  return claims.map(({ topic, partition }) => `${topic}-${partition}`).sort();
}
