// msgpackr's build without code generation and without its native part, for bytes from strangers; it comes without types.
declare module 'msgpackr/unpack-no-eval' {
  export class Unpackr {
    constructor(options: { useRecords: false; int64AsType: 'number' });
    unpack(bytes: Uint8Array, range: { start: number; end: number }): unknown;
  }
}
