// Placeholder declarations: the package's owner replaces each by its implementation.
import type { WireCodec } from '../wire-codec.ts';

export { apis } from '../apis/index.ts';
export declare function msgpackCodec(options?: { maxFrameBytes?: number }): WireCodec;
