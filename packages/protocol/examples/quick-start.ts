import { errorCodes } from '@millrace/protocol';
import { msgpackCodec } from '@millrace/protocol/msgpack';

// A codec makes bytes of questions and answers; it has never heard of sockets.
const codec = msgpackCodec();
const client = codec.client({ clientId: 'reader-7' });
const server = codec.server();

/** A frame begins with its length; each side decodes what follows. */
const withoutLength = (chunks: readonly unknown[]): Buffer =>
  Buffer.concat(chunks as Uint8Array[]).subarray(4);

const welcome = server.decode(withoutLength(client.hello()));
if (welcome.kind === 'answer') client.decode(withoutLength(welcome.chunks));
console.log(server.clientId); // → reader-7

// A question: a few positional bytes of msgpack, and the record batches beside them, untouched.
const batches = Buffer.from('a record batch');
const partitions = [{ topic: 'logs', partition: 0, batches }];
const request = { acks: 'all' as const, timeoutMs: 5_000, partitions };
const [envelope, beside] = client.encode({ correlation: 1, api: 'produce', request });
console.log(envelope?.length, beside === batches); // → 24 true

const incoming = server.decode(withoutLength([envelope, beside]));
if (incoming.kind === 'call') {
  const outcome = { error: 'NOT_LEADER_OR_FOLLOWER' as const, message: 'broker 2 leads logs-0' };
  const answer = client.decode(withoutLength(server.encode(incoming.call, outcome)));
  console.log(answer?.outcome); // → { error: 'NOT_LEADER_OR_FOLLOWER', message: 'broker 2 leads logs-0' }
}
console.log(errorCodes.NOT_LEADER_OR_FOLLOWER.retriable); // → true

// Bytes from strangers are answered or refused; nothing throws.
const stranger = codec.server().refuse(Buffer.from('GET ').readInt32BE());
console.log(stranger.reason); // → an HTTP request
