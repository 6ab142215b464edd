// The contract's schemas, and the codec compiled from them. Loads zod/mini and msgpackr.
export { apis } from '../apis/index.ts';
export { type MsgpackCodecOptions, msgpackCodec } from './msgpack-codec.ts';
