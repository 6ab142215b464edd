import type { WireCodec } from '../wire-codec.ts';
import { compileApis } from './api-table.ts';
import { MsgpackClientCodec } from './client-codec.ts';
import { EnvelopeReader } from './envelope-reader.ts';
import { EnvelopeWriter } from './envelope-writer.ts';
import { MsgpackServerCodec } from './server-codec.ts';

export interface MsgpackCodecOptions {
  /** The largest request a server takes; default 8 MiB. Whole batches of some partitions must fit. */
  readonly maxFrameBytes?: number;
  /** The largest answer a client takes; default 128 MiB. A fetch answer holds at least one whole batch. */
  readonly maxAnswerBytes?: number;
}

/** Millrace's own protocol: positional msgpack envelopes, record batches beside them (docs/formats/wire.md). */
export function msgpackCodec(options: MsgpackCodecOptions = {}): WireCodec {
  const { maxFrameBytes = 8 * 1024 * 1024, maxAnswerBytes = 128 * 1024 * 1024 } = options;
  const shared = { table: compileApis(), reader: new EnvelopeReader(), writer: new EnvelopeWriter() };
  return {
    name: 'native',
    ordered: false,
    server: () => new MsgpackServerCodec(shared, maxFrameBytes),
    client: ({ clientId }) => new MsgpackClientCodec(shared, maxAnswerBytes, clientId),
  };
}
