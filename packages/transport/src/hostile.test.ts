import type { Connection } from '@millrace/protocol';
import { msgpackCodec } from '@millrace/protocol/msgpack';
import { type TestWorld, testWorld } from '@millrace/runtime/testing';
import fc from 'fast-check';
import { connectOver } from './client-connection.ts';
import { duplexPair } from './duplex-pair.ts';
import { serve } from './serve.ts';
import { produceCall, WirePeer } from './testing/wire-peer.ts';

const codec = msgpackCodec();
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

const api = { produce: async () => ({ partitions: [] }) };

function stranger(world: TestWorld): { peer: WirePeer; ended: Promise<void> } {
  const [near, far] = duplexPair();
  return { peer: new WirePeer(near), ended: serve(far, { api, codec }, world) };
}

function neighbour(world: TestWorld): Connection {
  const [near, far] = duplexPair();
  void serve(far, { api, codec }, world);
  return connectOver(near, { codec }, world);
}

const request = { acks: 'all' as const, timeoutMs: 0, partitions: [] };
/** A frame around an envelope. */
const framed = (envelope: Buffer): Buffer => {
  const head = Buffer.alloc(8);
  head.writeInt32BE(envelope.length + 4, 0);
  head.writeInt32BE(envelope.length, 4);
  return Buffer.concat([head, envelope]);
};

describe('a stranger’s bytes', () => {
  it.each([
    ['random bytes', hex('9e3779b97f4a7c15f39cc0605cedc834')],
    ['a TLS hello', hex('16030100c8010000c40303')],
    ['GET / HTTP/1.1', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    ['a length of 0x7fffffff', hex('7fffffff 00000000')],
    ['a negative length', hex('80000000 00000000')],
    ['a Kafka client', hex('0000000f 0012 0003 00000001 000470726f62 00')],
    ['65 KiB as a hello', framed(Buffer.alloc(65 * 1024, 0x90))],
    ['an empty frame', hex('00000000')],
    ['a msgpack bomb as a hello', framed(hex('dd7fffffff'))],
  ])('that are %s end its connection at once, and nobody else’s', async (_what, bytes) => {
    const world = testWorld();
    const other = neighbour(world);
    const { peer, ended } = stranger(world);
    peer.stream.resume();

    peer.send(bytes);
    // What has a last word may take a second to read it.
    await world.clock.advance(1_000);
    await ended;

    expect(await other.call('produce', request)).toEqual({ partitions: [] });
    await other.close();
  });

  it.each([
    ['lists in lists', framed(Buffer.alloc(100_000, 0x91))],
    ['a million empty lists', framed(Buffer.concat([hex('dd000f4240'), Buffer.alloc(1_000_000, 0x90)]))],
    ['a list that promises 2 G items', framed(hex('dd7fffffff'))],
    ['a text that promises 4 GB', framed(hex('93 01 02 dbffffffff'))],
    ['an extension type', framed(hex('93 01 00 d4 72 40'))],
    ['a map', framed(hex('81 a9 5f5f70726f746f5f5f 80'))],
    ['a frame over the limit', hex('01000000')],
  ])('that are, after a hello, %s end its connection', async (_what, bytes) => {
    const world = testWorld();
    const { peer, ended } = stranger(world);
    peer.listen().hello();
    peer.send(bytes);
    await world.clock.advance(0);
    await ended;
    expect(peer.answers).toEqual([]);
  });

  it('that are half a frame hold what they are, until their time is up', async () => {
    const world = testWorld();
    const other = neighbour(world);
    const strangers = Array.from({ length: 200 }, () => stranger(world));
    const before = process.memoryUsage().arrayBuffers;

    for (const { peer } of strangers) {
      peer.listen().hello();
      // 8 MiB are promised, nine bytes come.
      peer.send(hex('00800000 00000010 95'));
    }
    await world.clock.advance(29_000);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20 * 1024 * 1024);
    expect(await other.call('produce', request)).toEqual({ partitions: [] });

    await world.clock.advance(1_000);
    await Promise.all(strangers.map(({ ended }) => ended));
    expect(await other.call('produce', request)).toEqual({ partitions: [] });
    await other.close();
    expect(world.clock.pending).toBe(0);
  });

  it('end a connection or are answered, whatever they are', async () => {
    const valid = Buffer.concat(new WirePeer(duplexPair()[0]).codec.encode(produceCall(1, Buffer.alloc(60))));
    const change = fc.tuple(fc.nat(valid.length - 1), fc.integer({ min: 0, max: 255 }));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 5 }), async (changes) => {
        const world = testWorld();
        const { peer, ended } = stranger(world);
        peer.hello();
        const bytes = Buffer.from(valid);
        for (const [at, byte] of changes) bytes[at] = byte;
        peer.stream.resume();
        peer.send(bytes);
        await world.clock.advance(0);
        peer.stream.end();
        await ended;
        expect(world.clock.pending).toBe(0);
      }),
      { numRuns: 1_000 },
    );
  });
});
