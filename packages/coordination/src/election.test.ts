import { type TestWorld, testWorld } from '@millrace/runtime/testing';
import { type Election, elect } from './election.ts';
import { memoryRegistry } from './memory-registry.ts';
import type { Registry } from './registry.ts';
import { ProcessGate } from './testing/simulation/process-gate.ts';
import { UnreliableSession } from './testing/simulation/unreliable-session.ts';

const path = '/controller';

describe('elect', () => {
  it('gives the office to the first who stands, and tells all', async () => {
    const { registry, settle } = state();
    const ann = stand(registry.session(), 'ann');
    await settle();
    const bob = stand(registry.session(), 'bob');
    await settle();

    expect(ann.seen).toMatchObject([{ leader: 'ann', mine: true }]);
    expect(bob.seen).toMatchObject([{ leader: 'ann', mine: false }]);
    expect(bob.seen[0]?.epoch).toBe(ann.seen[0]?.epoch);
  });

  it('passes the office on when its holder expires, under a greater epoch', async () => {
    const { registry, settle } = state();
    const session = registry.session();
    const ann = stand(session, 'ann');
    await settle();
    const bob = stand(registry.session(), 'bob');
    await settle();

    session.expire();
    await ann.ended;
    await settle();

    expect(bob.seen.map(({ leader }) => leader)).toEqual(['ann', 'bob']);
    expect(bob.seen[1]?.epoch).toBeGreaterThan(bob.seen[0]?.epoch ?? 0);
  });

  it('gives up the office when the candidate stops standing', async () => {
    const { registry, settle } = state();
    const ann = stand(registry.session(), 'ann');
    await settle();
    const bob = stand(registry.session(), 'bob');
    await settle();

    ann.stop();
    await ann.ended;
    await settle();

    expect(bob.seen.at(-1)).toMatchObject({ leader: 'bob', mine: true });
  });

  it('leaves the office alone when somebody without it stops standing', async () => {
    const { registry, settle } = state();
    const ann = stand(registry.session(), 'ann');
    await settle();
    const bob = stand(registry.session(), 'bob');
    await settle();

    bob.stop();
    await bob.ended;
    await settle();

    expect(ann.seen).toHaveLength(1);
    expect(await registry.session().get(path)).toMatchObject({ created: ann.seen[0]?.epoch });
  });

  it('does not take a node of its own older session for its office (KAFKA-992)', async () => {
    const { registry, settle } = state();
    const before = registry.session();
    await before.create(path, Buffer.from('ann'), { ephemeral: true });

    const ann = stand(registry.session(), 'ann');
    await settle();
    before.expire();
    await settle();

    expect(ann.seen).toMatchObject([
      { leader: 'ann', mine: false },
      { leader: 'ann', mine: true },
    ]);
  });

  it('takes the office once, however many answers are lost on the way', async () => {
    for (let seed = 1; seed <= 50; seed++) {
      const { registry, settle, world } = state(seed);
      const session = new UnreliableSession(registry.session(), {
        clock: world.clock,
        random: world.random,
        gate: new ProcessGate(),
        delayMs: 0,
        lossOneIn: 2,
      });

      const ann = stand(session, 'ann');
      await settle();

      expect(ann.seen).toMatchObject([{ leader: 'ann', mine: true }]);
      await session.close();
      await ann.ended;
    }
  });

  it('waits while the registry is away', async () => {
    const { registry, settle, world } = state();
    const { clock, random } = world;
    const link = { clock, random, gate: new ProcessGate(), delayMs: 0, lossOneIn: 0 };
    const session = new UnreliableSession(registry.session(), link);
    session.disconnect();

    const ann = stand(session, 'ann');
    await settle();
    const before = ann.seen.length;
    session.reconnect();
    await settle();

    expect(before).toBe(0);
    expect(ann.seen).toMatchObject([{ leader: 'ann', mine: true }]);
  });
});

function state(seed = 1) {
  const world: TestWorld = testWorld(seed);
  return { world, registry: memoryRegistry(world), settle: () => world.clock.advance(0) };
}

function stand(session: Registry, name: string) {
  const standing = new AbortController();
  const seen: Election[] = [];
  const ended = (async () => {
    for await (const election of elect(session, path, name, standing.signal)) seen.push(election);
  })();
  return { seen, ended, stop: () => standing.abort() };
}
