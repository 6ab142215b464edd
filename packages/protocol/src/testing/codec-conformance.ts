import assert from 'node:assert/strict';
import type { ByteRange } from '@millrace/runtime';
import fc from 'fast-check';
import type { ApiName } from '../broker-api.ts';
import { FrameReader } from '../frames.ts';
import type { Call, ClientCodec, Incoming, Outcome, ServerCodec, WireCodec } from '../wire-codec.ts';
import { arbitraryRequest, arbitraryResponse } from './arbitraries.ts';

export interface CodecConformance {
  /** jest's, vitest's or node:test's. */
  test(name: string, run: () => void): void;
  codec: WireCodec;
  /** The APIs that it carries. */
  apis: readonly ApiName[];
  /** For codecs that cannot carry all that the contract allows: what they can. Default: anything. */
  requests?: (api: ApiName) => fc.Arbitrary<unknown>;
  responses?: (api: ApiName) => fc.Arbitrary<unknown>;
}

/** What every `WireCodec` does, whatever its bytes look like. */
export function codecConformance(suite: CodecConformance): void {
  for (const api of suite.apis) {
    suite.test(`carries any ${api} request`, () => checkRequests(suite, api));
    suite.test(`carries any ${api} answer`, () => checkAnswers(suite, api));
  }
  suite.test('carries an error as its code and message', () => checkErrors(suite));
  suite.test('sends nothing for a silent outcome', () => {
    const [, server] = opened(suite.codec);
    assert.deepEqual(server.encode(anyCall, { silent: true }), []);
  });
  suite.test('hands out the ranges of an answer as they are', () => checkRanges(suite.codec));
  suite.test('never throws on bytes that are no request', () => checkNoise(suite.codec));
  suite.test('closes on a length that it does not take', () => {
    for (const length of [-1, 0x7fffffff, -0x80000000])
      assert.equal(suite.codec.server().refuse(length).kind, 'close');
  });
  suite.test('takes less before it knows who is there than after', () => {
    const [, server] = opened(suite.codec);
    assert.ok(suite.codec.server().maxFrameBytes <= server.maxFrameBytes);
  });
}

const anyCall: Call = {
  correlation: 7,
  api: 'produce',
  request: { acks: 'all', timeoutMs: 1_000, partitions: [] },
};

/** Both sides of a connection, after the hello. */
export function opened(codec: WireCodec): [ClientCodec, ServerCodec] {
  const client = codec.client({ clientId: 'conformance' });
  const server = codec.server();
  for (const frame of framesOf(client.hello())) {
    const incoming = server.decode(frame);
    assert.equal(incoming.kind, 'answer');
    if (incoming.kind === 'answer')
      for (const answer of framesOf(incoming.chunks)) assert.equal(client.decode(answer), undefined);
  }
  return [client, server];
}

/** The frames in what was encoded, as the other side gets them. */
export function framesOf(chunks: readonly Uint8Array[]): Buffer[] {
  const reader = new FrameReader(() => 0x7fffffff);
  reader.push(Buffer.concat(chunks));
  const frames: Buffer[] = [];
  for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
    assert.ok(!('refused' in frame), 'a length that is out of bounds');
    frames.push(frame);
  }
  assert.ok(!reader.isPartial, 'the length of the last frame is more than there is');
  return frames;
}

function asked(client: ClientCodec, server: ServerCodec, call: Call): Incoming {
  const [frame, ...more] = framesOf(client.encode(call));
  assert.ok(frame !== undefined && more.length === 0);
  return server.decode(frame);
}

function answered(
  client: ClientCodec,
  server: ServerCodec,
  call: Call,
  outcome: Outcome,
): ReturnType<ClientCodec['decode']> {
  const [frame, ...more] = framesOf(server.encode(call, outcome) as Uint8Array[]);
  assert.ok(frame !== undefined && more.length === 0);
  return client.decode(frame);
}

function checkRequests({ codec, requests = arbitraryRequest }: CodecConformance, api: ApiName): void {
  const [client, server] = opened(codec);
  let correlation = 0;
  fc.assert(
    fc.property(requests(api), (request) => {
      correlation += 1;
      const call = { correlation, api, request } as Call;
      assert.deepEqual(asked(client, server, call), { kind: 'call', call });
    }),
  );
}

function checkAnswers(suite: CodecConformance, api: ApiName): void {
  const { codec, requests = arbitraryRequest, responses = arbitraryResponse } = suite;
  const [client, server] = opened(codec);
  const [request] = fc.sample(
    (requests(api) as fc.Arbitrary<{ acks?: string }>).filter(({ acks }) => acks !== 'none'),
    { numRuns: 1, seed: 1 },
  );
  let correlation = 0;
  fc.assert(
    fc.property(responses(api), (response) => {
      correlation += 1;
      const call = { correlation, api, request } as Call;
      asked(client, server, call);
      const outcome = { response } as Outcome;
      assert.deepEqual(answered(client, server, call, outcome), { correlation, outcome });
    }),
  );
}

function checkErrors({ codec }: CodecConformance): void {
  const [client, server] = opened(codec);
  asked(client, server, anyCall);
  const outcome: Outcome = { error: 'NOT_LEADER_OR_FOLLOWER', message: 'broker 2 leads orders-0' };
  assert.deepEqual(answered(client, server, anyCall, outcome), { correlation: 7, outcome });
}

function checkRanges(codec: WireCodec): void {
  const [client, server] = opened(codec);
  const call: Call = {
    correlation: 1,
    api: 'fetch',
    request: { maxWaitMs: 0, minBytes: 0, maxBytes: 1_000, partitions: [] },
  };
  asked(client, server, call);
  let released = 0;
  const range: ByteRange = {
    byteLength: 300,
    read: () => Promise.reject(new Error('an encoder reads no range')),
    release: () => {
      released += 1;
    },
  };
  const partition = { topic: 't', partition: 0, error: 'NONE' as const, batches: range };
  const chunks = server.encode(call, { response: { partitions: [partition] } });
  assert.ok(chunks.includes(range));
  assert.equal(released, 0);
  const sent = chunks.map((chunk) => (chunk instanceof Uint8Array ? chunk : Buffer.alloc(300, 1)));
  const [frame] = framesOf(sent);
  assert.ok(frame !== undefined);
  const { outcome } = client.decode(frame) as { outcome: { response: { partitions: (typeof partition)[] } } };
  assert.deepEqual(outcome.response.partitions[0]?.batches, Buffer.alloc(300, 1));
}

function checkNoise(codec: WireCodec): void {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, isOpen) => {
      const server = isOpen ? opened(codec)[1] : codec.server();
      assert.ok(['call', 'answer', 'close'].includes(server.decode(Buffer.from(bytes)).kind));
    }),
  );
}
