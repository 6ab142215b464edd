import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { Unpackr } from 'msgpackr/unpack-no-eval';
import { type EnvelopeLimits, scanEnvelope } from './envelope-scan.ts';

const limits: EnvelopeLimits = { maxBytes: 1024 * 1024, maxLists: 1_000, maxItems: 10_000 };
const packr = new Packr({ useRecords: false });

function scan(...bytes: number[]): string | undefined {
  return scanEnvelope(Uint8Array.from(bytes), 0, bytes.length, limits);
}

const scalars = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true }),
  fc.string({ unit: 'binary', maxLength: 400 }),
);
const envelopes = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 12 }, scalars, fc.array(tie('value'), { maxLength: 20 })),
})).value;

describe('scanEnvelope', () => {
  it('lets pass what msgpackr packs of lists and scalars', () => {
    fc.assert(
      fc.property(envelopes, (value) => {
        const bytes = packr.pack(value);
        expect(scanEnvelope(bytes, 0, bytes.length, limits)).toBeUndefined();
      }),
    );
  });

  it('notices any missing and any extra byte', () => {
    fc.assert(
      fc.property(envelopes, (value) => {
        const bytes = packr.pack(value);
        for (let end = 0; end < bytes.length; end += 1)
          expect(scanEnvelope(bytes, 0, end, limits)).toBeDefined();
        const longer = Buffer.concat([bytes, Buffer.from([0])]);
        expect(scanEnvelope(longer, 0, longer.length, limits)).toBeDefined();
      }),
    );
  });

  it('lets nothing pass that msgpackr cannot unpack, or makes more of than there is', () => {
    const unpackr = new Unpackr({ useRecords: false, int64AsType: 'number' });
    let passed = 0;
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
        if (scanEnvelope(bytes, 0, bytes.length, limits) !== undefined) return;
        passed += 1;
        expect(sizeOf(unpackr.unpack(bytes, { start: 0, end: bytes.length }))).toBeLessThanOrEqual(
          bytes.length,
        );
      }),
      { numRuns: 30_000 },
    );
    expect(passed).toBeGreaterThan(100);
  });

  it('refuses maps, every extension type and 0xc1', () => {
    const mapsAndExtensions = [
      0x80, 0x81, 0x8f, 0xde, 0xdf, 0xc1, 0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8,
    ];
    for (const tag of mapsAndExtensions) expect(scan(tag, ...Array(40).fill(0))).toMatch(/no place/);
  });

  it('refuses a list that says it is longer than the bytes there are', () => {
    expect(scan(0xdd, 0x7f, 0xff, 0xff, 0xff)).toMatch(/more than the envelope can hold/);
    expect(scan(0xdc, 0xff, 0xff, 1, 2, 3)).toMatch(/more than the envelope can hold/);
    expect(scan(0x93, 1, 2)).toMatch(/more than the envelope can hold/);
  });

  it('refuses a text that goes beyond the end', () => {
    for (const head of [[0xa5], [0xd9, 5], [0xda, 0, 5], [0xdb, 0xff, 0xff, 0xff, 0xff], [0xc6, 0xff, 0xff]])
      expect(scan(...head, 0x61)).toMatch(/beyond the envelope/);
  });

  it('takes lists 16 deep and no deeper', () => {
    const nested = (depth: number): number[] => [...Array(depth - 1).fill(0x91), 0x90];
    expect(scan(...nested(16))).toBeUndefined();
    expect(scan(...nested(17))).toMatch(/deeper than 16/);
    expect(scan(...nested(100_000))).toMatch(/deeper than 16/);
  });

  it('counts lists and items over the whole envelope', () => {
    const lists = [0xdc, 0x07, 0xd0, ...Array(2_000).fill(0x90)];
    expect(scan(...lists)).toMatch(/may hold/);
    const items = [0xdc, 0x27, 0x11, ...Array(10_001).fill(0x01)];
    expect(scan(...items)).toMatch(/may hold/);
  });

  it('refuses more bytes than an envelope may have without looking at them', () => {
    const bytes = new Uint8Array(limits.maxBytes + 1);
    expect(scanEnvelope(bytes, 0, bytes.length, limits)).toMatch(/over the limit/);
  });
});

/** How many values there are, texts and byte strings by their length; throws on anything that an envelope may not hold. */
function sizeOf(value: unknown): number {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return 1;
  if (typeof value === 'string') return 1 + value.length;
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + sizeOf(item), 1);
  if (ArrayBuffer.isView(value)) return 1 + value.byteLength;
  throw new Error(`msgpackr made ${Object.prototype.toString.call(value)}`);
}
