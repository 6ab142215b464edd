import type { WireCodec } from '../wire-codec.ts';
import { MsgpackClientCodec } from './client-codec.ts';
import { MsgpackServerCodec } from './server-codec.ts';

/** Room for a produce request of several batches, and for the largest fetch answer. */
const defaultMaxFrameBytes = 64 * 1024 * 1024;

/** Millrace's own wire: positional msgpack envelopes, record batches beside them (docs/formats/wire.md). */
export function msgpackCodec(options: { maxFrameBytes?: number } = {}): WireCodec {
  const maxFrameBytes = options.maxFrameBytes ?? defaultMaxFrameBytes;
  return {
    name: 'native',
    ordered: false,
    server: () => new MsgpackServerCodec(maxFrameBytes),
    client: ({ clientId }) => new MsgpackClientCodec(maxFrameBytes, clientId),
  };
}
