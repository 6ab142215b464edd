import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { apis } from '../apis/index.ts';
import type { ApiName } from '../broker-api.ts';
import { codecConformance, framesOf, opened } from '../testing/codec-conformance.ts';
import type { Call } from '../wire-codec.ts';
import { msgpackCodec } from './msgpack-codec.ts';

const names = Object.keys(apis) as ApiName[];
const packr = new Packr({ useRecords: false });

/** A frame without its length, as a peer with its own msgpack would make it. */
function frame(envelope: unknown, beside = Buffer.alloc(0)): Buffer {
  const packed = packr.pack(envelope);
  const length = Buffer.alloc(4);
  length.writeInt32BE(packed.length);
  return Buffer.concat([length, packed, beside]);
}

const hello = ['millrace', 1, 1, 'somebody'];
const errorOf = (chunks: readonly Uint8Array[]): string => Buffer.concat(chunks).toString('latin1');

describe('msgpackCodec', () => {
  codecConformance({ test: it, codec: msgpackCodec(), apis: names });

  it('tells the broker who asks', () => {
    const [, server] = opened(msgpackCodec());
    expect(server.clientId).toBe('conformance');
  });

  it('asks the broker for an answer to nothing under acks none', () => {
    const [client, server] = opened(msgpackCodec());
    const request = { acks: 'none' as const, timeoutMs: 1, partitions: [] };
    client.encode({ correlation: 1, api: 'produce', request });
    const answer = server.encode(
      { correlation: 1, api: 'produce', request },
      { response: { partitions: [] } },
    );

    expect(() => client.decode(framesOf(answer as Uint8Array[])[0] as Buffer)).toThrow(
      expect.objectContaining({ code: 'CORRUPT_MESSAGE' }),
    );
  });

  it('refuses to send what is no request', () => {
    const [client] = opened(msgpackCodec());
    const send = (request: object): unknown =>
      client.encode({ correlation: 1, api: 'produce', request } as unknown as Call);

    expect(() => send({ acks: 'some', timeoutMs: 1, partitions: [] })).toThrow(/one of none, leader, all/);
    expect(() => send({ acks: 'all', timeoutMs: 0.5, partitions: [] })).toThrow(/whole number/);
    expect(() => send({ acks: 'all', timeoutMs: 1 })).toThrow(/a list is wanted here, not undefined/);
  });

  it('makes unprintable what a broker says printable', () => {
    const [client] = opened(msgpackCodec());
    client.encode({ correlation: 1, api: 'metadata', request: {} });

    const answer = client.decode(frame([1, 42, 'red\x1b[31m']));

    expect(answer).toEqual({
      correlation: 1,
      outcome: { error: 'INVALID_REQUEST', message: 'red\\x1b[31m' },
    });
  });

  it('gives up a broker whose answer is damaged', () => {
    const ask = (): ReturnType<typeof opened>[0] => {
      const [client] = opened(msgpackCodec());
      client.encode({ correlation: 1, api: 'deleteTopics', request: { timeoutMs: 1, topics: [] } });
      return client;
    };
    const damaged = [
      frame([1, 0, 'no list']),
      frame([1]),
      frame([1, 0, []], Buffer.from('more')),
      frame([2, 0, []]),
      frame(['1', 0, []]),
      Buffer.from([0, 0, 0, 9, 0x90]),
      Buffer.alloc(0),
    ];

    for (const answer of damaged)
      expect(() => ask().decode(answer)).toThrow(expect.objectContaining({ code: 'CORRUPT_MESSAGE' }));
  });
});

describe('the hello', () => {
  it('is answered with the revision and who is there', () => {
    const server = msgpackCodec().server();
    const incoming = server.decode(frame(hello));
    expect(incoming.kind).toBe('answer');
    expect(errorOf('chunks' in incoming && incoming.chunks ? incoming.chunks : [])).toMatch(/millrace \d/);
  });

  it('agrees on a revision in a range that holds this one', () => {
    expect(
      msgpackCodec()
        .server()
        .decode(frame(['millrace', 1, 9, 'newer'])).kind,
    ).toBe('answer');
  });

  it('is refused with a reason that the client can read when no revision fits', () => {
    const codec = msgpackCodec();
    const refusal = codec.server().decode(frame(['millrace', 8, 9, 'newer']));

    expect(refusal).toMatchObject({ kind: 'close', reason: expect.stringContaining('8 to 9') });
    const [answer] = framesOf('chunks' in refusal && refusal.chunks ? refusal.chunks : []);
    expect(() => codec.client({ clientId: '' }).decode(answer as Buffer)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_VERSION', message: expect.stringContaining('8 to 9') }),
    );
  });

  it('is what a connection begins with', () => {
    for (const first of [
      frame([1, 2, {}]),
      frame([1, 0, 'all']),
      frame('millrace'),
      Buffer.from('hello, you'),
    ])
      expect(msgpackCodec().server().decode(first).kind).toBe('close');
  });

  it('shows a client that nobody of ours is there', () => {
    for (const first of [
      Buffer.from('HTTP/1.1 400 Bad Request'),
      frame([1, 2]),
      frame(['millrace', 1, 1, '']),
    ])
      expect(() => msgpackCodec().client({ clientId: '' }).decode(first)).toThrow(
        expect.objectContaining({ code: 'UNSUPPORTED_VERSION' }),
      );
  });

  it('tells HTTP what this port is, and recognizes TLS', () => {
    const http = msgpackCodec().server().refuse(Buffer.from('GET ').readInt32BE());
    expect(http.reason).toBe('an HTTP request');
    expect(errorOf(http.chunks ?? [])).toMatch(
      /^HTTP\/1.1 400 Bad Request\r\n[\s\S]*\r\n\r\nThis port speaks/,
    );
    expect(msgpackCodec().server().refuse(0x16030100).reason).toMatch(/TLS/);
  });
});

describe('a request on the wire', () => {
  const opening = (): ReturnType<typeof opened>[1] => opened(msgpackCodec())[1];

  it('may have fields that this version does not know, and lack optional ones', () => {
    const extended = opening().decode(frame([7, 2, ['orders'], true, [], 'new', [1, [2]], 3]));
    const short = opening().decode(frame([7, 2]));

    expect(extended).toMatchObject({ call: { request: { topics: ['orders'], allowAutoCreate: true } } });
    expect(short).toEqual({ kind: 'call', call: { correlation: 7, api: 'metadata', request: {} } });
  });

  it('that is not what its API says is answered, and says where and why', () => {
    const cases: [unknown[], RegExp][] = [
      [[7, 0, 2, 100, [['orders', -1, 0]]], /produce: partitions\[0\]\.partition: -1 is below 0/],
      [[7, 0, 9, 100, []], /produce: acks: the number of one of none, leader, all/],
      [[7, 0, 2, 100], /produce: partitions: a list is missing/],
      [[7, 0, 2, 100, [['orders', 0, 5]]], /5 bytes of batches are named, 0 are there/],
      [[7, 2, 'orders'], /metadata: topics: a list is wanted, there is a string/],
      [[7, 2, [3]], /metadata: topics\[0\]: a text is wanted, there is a number/],
      [[7, 2, null, 1], /metadata: allowAutoCreate: true or false/],
      [[7, 2, ['x'.repeat(32_769)]], /32769 characters are more than 32768/],
      [[7, 2, Array(100_001).fill('')], /100001 items are more than 100000/],
    ];
    for (const [envelope, message] of cases) {
      const incoming = opening().decode(frame(envelope));
      expect(incoming.kind).toBe('answer');
      expect(errorOf('chunks' in incoming && incoming.chunks ? incoming.chunks : [])).toMatch(message);
    }
  });

  it('with bytes that belong to nothing is answered', () => {
    const incoming = opening().decode(frame([7, 2], Buffer.from('left')));
    expect(errorOf('chunks' in incoming && incoming.chunks ? incoming.chunks : [])).toMatch(/4 bytes beside/);
  });

  it('of an unknown API is answered', () => {
    for (const place of [99, -1, 1.5, 'produce', null]) {
      const incoming = opening().decode(frame([7, place]));
      expect(errorOf('chunks' in incoming && incoming.chunks ? incoming.chunks : [])).toMatch(/knows no API/);
    }
  });

  it('without a correlation ends the connection', () => {
    for (const correlation of [-1, 2 ** 32, 0.5, 'x', null])
      expect(opening().decode(frame([correlation, 0])).kind).toBe('close');
  });

  it('whose envelope is no msgpack of ours ends the connection', () => {
    for (const bytes of ['00000001c1', '0000000581a161a162', '00000005dd7fffffff', '7fffffff90', 'ffffffff'])
      expect(opening().decode(Buffer.from(bytes, 'hex')).kind).toBe('close');
  });
});

describe('a valid frame with bytes changed', () => {
  it('is a call, an answer or a close, whatever was changed', () => {
    const [client, server] = opened(msgpackCodec());
    const valid = framesOf(
      client.encode({
        correlation: 1,
        api: 'produce',
        request: {
          acks: 'all',
          timeoutMs: 30_000,
          partitions: [0, 1, 2].map((partition) => ({
            topic: 'orders',
            partition,
            batches: Buffer.alloc(70),
          })),
        },
      }),
    )[0] as Buffer;
    const kinds = new Set<string>();

    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(valid.length - 1), fc.integer({ min: 0, max: 255 })), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.integer({ min: 0, max: valid.length }),
        (changes, end) => {
          const changed = Buffer.from(valid);
          for (const [at, byte] of changes) changed[at] = byte;
          kinds.add(server.decode(changed).kind);
          kinds.add(server.decode(changed.subarray(0, end)).kind);
        },
      ),
      { numRuns: 30_000 },
    );

    expect([...kinds].sort()).toEqual(['answer', 'call', 'close']);
  });
});
