import type { BrokerApi, ResponseOf } from '@millrace/protocol';
import { msgpackCodec } from '@millrace/protocol/msgpack';
import { type TestWorld, testWorld } from '@millrace/runtime/testing';
import { type ConnectionMemory, connectionMemory } from './connection-memory.ts';
import { duplexPair } from './duplex-pair.ts';
import { serve } from './serve.ts';
import { rangeOf } from './testing/connector-conformance.ts';
import { type Deferred, deferred } from './testing/deferred.ts';
import { produceCall, WirePeer } from './testing/wire-peer.ts';

const codec = msgpackCodec();
const KiB = 1024;
const MiB = 1024 * KiB;

interface House {
  readonly world: TestWorld;
  readonly memory: ConnectionMemory;
  readonly settle: () => Promise<void>;
  readonly enter: () => { peer: WirePeer; ended: Promise<void> };
}

function house(
  api: Partial<BrokerApi>,
  options: { maxRequestBytes?: number; maxAnswerBytes?: number },
): House {
  const world = testWorld();
  const memory = connectionMemory(options, world);
  return {
    world,
    memory,
    settle: async () => {
      for (let i = 0; i < 20; i += 1) await world.clock.advance(0);
    },
    enter: () => {
      const [near, far] = duplexPair();
      const ended = serve(far, { api, codec, memory }, world);
      return { peer: new WirePeer(near).listen().hello(), ended };
    },
  };
}

/** A produce whose answers are given by the test. */
function held(): { api: Partial<BrokerApi>; asked: Deferred<ResponseOf<'produce'>>[] } {
  const asked: Deferred<ResponseOf<'produce'>>[] = [];
  const produce: BrokerApi['produce'] = () => {
    const answer = deferred<ResponseOf<'produce'>>();
    asked.push(answer);
    return answer.promise;
  };
  return { api: { produce }, asked };
}

const frameOf = (peer: WirePeer, bytes: number): Buffer =>
  Buffer.concat(peer.codec.encode(produceCall(1, Buffer.alloc(bytes))));

describe('the memory that connections share', () => {
  it('is given back whole, whatever became of the requests', async () => {
    const { api, asked } = held();
    const { memory, settle, enter, world } = house(api, {});
    const peers = [enter(), enter(), enter(), enter()];
    for (const { peer } of peers) peer.send(frameOf(peer, 100 * KiB));
    // One that leaves in the middle of a frame, too.
    peers[3]?.peer.send(frameOf(peers[3].peer, 100 * KiB).subarray(0, 50 * KiB));
    await settle();
    expect(asked).toHaveLength(4);
    expect(memory.requests.heldBytes).toBeGreaterThan(500 * KiB);

    asked[0]?.resolve({ partitions: [] });
    asked[1]?.resolve({ partitions: 5 } as never);
    for (const { peer } of peers.slice(2)) peer.stream.destroy();
    await settle();
    // The handlers of those that left still have theirs.
    expect(memory.requests.heldBytes).toBeGreaterThan(200 * KiB);
    expect(memory.requests.heldBytes).toBeLessThan(210 * KiB);

    asked[2]?.resolve({ partitions: [] });
    asked[3]?.resolve({ partitions: [] });
    await settle();
    expect(memory.requests.heldBytes).toBe(0);
    expect(memory.answers.heldBytes).toBe(0);
    for (const { peer, ended } of peers) {
      peer.stream.destroy();
      await ended;
    }
    expect(world.clock.pending).toBe(0);
  });

  it('is given back whole by questions that were held back when the connection ended', async () => {
    const answer = deferred<ResponseOf<'metadata'>>();
    let begun = 0;
    const metadata = (): Promise<ResponseOf<'metadata'>> => {
      begun += 1;
      return answer.promise;
    };
    const { memory, settle, enter } = house({ metadata }, {});
    const { peer, ended } = enter();
    for (let correlation = 1; correlation <= 20; correlation += 1)
      peer.send(
        Buffer.concat(peer.codec.encode({ correlation, api: 'metadata', request: {} }) as Uint8Array[]),
      );
    await settle();
    const held = memory.requests.heldBytes;

    peer.stream.destroy();
    await ended;
    answer.resolve({ clusterId: 'late', brokers: [], topics: [] });
    await settle();

    expect([begun, held > 0, memory.requests.heldBytes]).toEqual([4, true, 0]);
  });

  it('is not given to more than it has room for: the others wait, and none is lost', async () => {
    const { api, asked } = held();
    const { memory, settle, enter } = house(api, { maxRequestBytes: 4 * MiB });
    const peers = Array.from({ length: 40 }, () => enter().peer);
    for (const peer of peers) peer.send(frameOf(peer, 500 * KiB));
    await settle();
    expect(asked.length).toBeLessThan(8);
    expect(asked.length).toBeGreaterThan(3);
    expect(memory.requests.heldBytes).toBeLessThanOrEqual(4 * MiB);

    for (let answered = 0; answered < peers.length; answered++) {
      expect(asked.length).toBeGreaterThan(answered);
      asked[answered]?.resolve({ partitions: [] });
      await settle();
      expect(memory.requests.heldBytes).toBeLessThanOrEqual(4 * MiB);
    }
    expect(peers.map(({ answers }) => answers.length)).toEqual(peers.map(() => 1));
  });

  it('leaves room for small requests beside many that promise much and send nothing', async () => {
    const { api, asked } = held();
    const { memory, settle, enter, world } = house(api, { maxRequestBytes: 16 * MiB });
    const strangers = Array.from({ length: 100 }, enter);
    for (const { peer } of strangers) peer.send(frameOf(peer, 2 * MiB).subarray(0, 100));
    await settle();
    expect(memory.requests.heldBytes).toBeGreaterThan(10 * MiB);
    const { peer } = enter();
    peer.ask(1, Buffer.alloc(60 * KiB));
    await settle();
    asked[0]?.resolve({ partitions: [] });
    await settle();
    expect(peer.answers).toHaveLength(1);

    // Those that were given room have 30 s; who comes after them is given theirs.
    await world.clock.advance(30_000);
    peer.send(frameOf(peer, 1 * MiB));
    await settle();
    expect(asked).toHaveLength(2);
  });

  it('refuses a frame that could never have room', async () => {
    const { api, asked } = held();
    const { settle, enter, world } = house(api, { maxRequestBytes: 4 * MiB });
    const { peer, ended } = enter();
    peer.send(frameOf(peer, 3 * MiB).subarray(0, 100));
    await settle();
    await world.clock.advance(1_000);
    await ended;
    expect(asked).toHaveLength(0);
  });

  it('holds smaller pieces of ranges, the more peers take nothing', async () => {
    const fetch: BrokerApi['fetch'] = async () => ({
      partitions: [{ topic: 't', partition: 0, error: 'NONE', batches: rangeOf(Buffer.alloc(1 * MiB)) }],
    });
    const { memory, settle, enter } = house({ fetch }, { maxAnswerBytes: 4 * MiB });
    const request = { maxWaitMs: 0, minBytes: 0, maxBytes: 2 * MiB, partitions: [] };
    const peers = Array.from({ length: 100 }, () => enter().peer);
    await settle();
    for (const peer of peers) {
      peer.stream.pause();
      peer.send(Buffer.concat(peer.codec.encode({ correlation: 1, api: 'fetch', request })));
    }
    await settle();
    // At most 16 KiB of each beyond the limit; without a limit there were 256 KiB of each.
    expect(memory.answers.heldBytes).toBeLessThan(4 * MiB + 100 * 17 * KiB);

    for (const peer of peers) peer.stream.resume();
    for (let i = 0; i < 200; i++) await settle();
    expect(peers.every(({ answers }) => answers.length === 1)).toBe(true);
    expect(memory.answers.heldBytes).toBe(0);
  });
});
