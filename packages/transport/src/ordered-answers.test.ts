import type { BrokerApi, ResponseOf, WireCodec } from '@millrace/protocol';
import { msgpackCodec } from '@millrace/protocol/msgpack';
import { testWorld } from '@millrace/runtime/testing';
import { duplexPair } from './duplex-pair.ts';
import { serve } from './serve.ts';
import { rangeOf } from './testing/connector-conformance.ts';
import { deferred } from './testing/deferred.ts';
import { produceCall, WirePeer } from './testing/wire-peer.ts';

/** As a codec of Kafka's protocol is, in the bytes of our own. */
const codec: WireCodec = { ...msgpackCodec(), ordered: true, endsOnSilentFailure: true };

function served(api: Partial<BrokerApi>) {
  const world = testWorld();
  const [near, far] = duplexPair();
  const ended = serve(far, { api, codec }, world);
  const peer = new WirePeer(near).listen().hello();
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 5; i += 1) await world.clock.advance(0);
  };
  return { peer, ended, settle };
}

const failing: BrokerApi['produce'] = () =>
  Promise.resolve({ partitions: [{ topic: 't', partition: 0, error: 'NOT_LEADER_OR_FOLLOWER' }] });

describe('the answers of an ordered codec', () => {
  it('leave in the order of the questions, though all are worked on at once', async () => {
    const answers = [1, 2, 3].map(() => deferred<ResponseOf<'produce'>>());
    let started = 0;
    const { peer, settle } = served({
      produce: () => (answers[started++] as (typeof answers)[number]).promise,
    });
    await settle();
    for (const correlation of [1, 2, 3]) peer.ask(correlation);
    await settle();
    expect(started).toBe(3);

    answers[2]?.resolve({ partitions: [] });
    answers[1]?.resolve({ partitions: [] });
    await settle();
    expect(peer.answers).toEqual([]);
    answers[0]?.resolve({ partitions: [] });
    await settle();

    expect(peer.answers.map(({ correlation }) => correlation)).toEqual([1, 2, 3]);
  });

  it('wait behind a question without an answer only until that is done', async () => {
    const answers = [1, 2].map(() => deferred<ResponseOf<'produce'>>());
    let started = 0;
    const { peer, settle } = served({
      produce: () => (answers[started++] as (typeof answers)[number]).promise,
    });
    await settle();
    peer.ask(1, Buffer.from('records'), 'none');
    peer.ask(2);
    await settle();

    answers[1]?.resolve({ partitions: [] });
    answers[0]?.resolve({ partitions: [] });
    await settle();

    expect(peer.answers.map(({ correlation }) => correlation)).toEqual([2]);
  });

  it('give back what they hold when the connection ends before their turn', async () => {
    const parked = deferred<ResponseOf<'produce'>>();
    const range = rangeOf(Buffer.alloc(100));
    const { peer, ended, settle } = served({
      produce: () => parked.promise,
      fetch: () =>
        Promise.resolve({ partitions: [{ topic: 't', partition: 0, error: 'NONE', batches: range }] }),
    });
    await settle();
    peer.ask(1);
    const request = { maxWaitMs: 0, minBytes: 0, maxBytes: 100, partitions: [] };
    peer.send(Buffer.concat(peer.codec.encode({ correlation: 2, api: 'fetch', request })));
    await settle();
    expect(range.released).toBe(0);

    peer.stream.destroy();
    await ended;
    await settle();

    expect(range.released).toBe(1);
  });
});

describe('a failure that gets no answer', () => {
  it.each([
    ['of a partition', failing],
    ['of the whole call', () => Promise.reject(new Error('a bug'))],
  ])('%s ends the connection where that is the only sign', async (_, produce) => {
    const { peer, ended, settle } = served({ produce });
    await settle();

    peer.ask(1, Buffer.from('records'), 'none');

    await ended;
    expect(peer.answers).toEqual([]);
  });

  it('ends nothing elsewhere', async () => {
    const [near, far] = duplexPair();
    const world = testWorld();
    void serve(far, { api: { produce: failing }, codec: msgpackCodec() }, world);
    const peer = new WirePeer(near).listen().hello();
    await world.clock.advance(0);

    peer.send(Buffer.concat(peer.codec.encode(produceCall(1, Buffer.from('records'), 'none'))));
    for (let i = 0; i < 5; i += 1) await world.clock.advance(0);

    expect(peer.closed).toBe(false);
  });
});
