// The shapes of all questions and answers (zod), and the codec that carries them (msgpackr).
export { apis } from '../apis/index.ts';
export { msgpackCodec } from './msgpack-codec.ts';
