import fc from 'fast-check';
import { FrameReader } from './frames.ts';

const unlimited = (): number => 0x7fffffff;

function framed(...bodies: Uint8Array[]): Buffer {
  return Buffer.concat(
    bodies.flatMap((body) => {
      const length = Buffer.alloc(4);
      length.writeInt32BE(body.length);
      return [length, body];
    }),
  );
}

function allOf(reader: FrameReader): Buffer[] {
  const frames: Buffer[] = [];
  for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
    if ('refused' in frame) throw new Error(`refused ${frame.refused}`);
    frames.push(frame);
  }
  return frames;
}

describe('FrameReader', () => {
  it('finds the same frames however the stream is cut', () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 10 });
    fc.assert(
      fc.property(bodies, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (expected, sizes) => {
        const stream = framed(...expected);
        const reader = new FrameReader(unlimited);
        const found: Buffer[] = [];

        for (let at = 0, i = 0; at < stream.length; i += 1) {
          const size = sizes[i % sizes.length] as number;
          reader.push(stream.subarray(at, at + size));
          found.push(...allOf(reader));
          at += size;
        }

        expect(found).toEqual(expected.map((body) => Buffer.from(body)));
        expect(reader.isPartial).toBe(false);
      }),
    );
  });

  it('gives a view of the chunk that holds the whole frame', () => {
    const chunk = framed(Buffer.from('one'), Buffer.from('two'));
    const reader = new FrameReader(unlimited);

    reader.push(chunk);
    const [one, two] = allOf(reader);

    chunk.fill(0x58);
    expect(`${one?.toString()} ${two?.toString()}`).toBe('XXX XXX');
  });

  it('refuses a length below zero or over the limit, before the bytes are there', () => {
    for (const length of [-1, -0x80000000, 0x7fffffff, 101]) {
      const reader = new FrameReader(() => 100);
      const head = Buffer.alloc(4);
      head.writeInt32BE(length);

      reader.push(head);

      expect(reader.next()).toEqual({ refused: length });
    }
  });

  it('asks for the limit at each frame', () => {
    let limit = 3;
    const reader = new FrameReader(() => limit);
    reader.push(framed(Buffer.from('abc'), Buffer.from('defgh')));

    expect(reader.next()).toEqual(Buffer.from('abc'));
    expect(reader.next()).toEqual({ refused: 5 });
    limit = 5;
    expect(reader.next()).toEqual(Buffer.from('defgh'));
  });

  it('says whether a frame has begun', () => {
    const reader = new FrameReader(unlimited);
    expect(reader.isPartial).toBe(false);

    reader.push(Buffer.from([0, 0]));
    expect([reader.next(), reader.isPartial]).toEqual([undefined, true]);

    reader.push(Buffer.from([0, 2, 1]));
    expect([reader.next(), reader.isPartial]).toEqual([undefined, true]);

    reader.push(Buffer.from([2]));
    expect([reader.next(), reader.isPartial]).toEqual([Buffer.from([1, 2]), false]);
  });

  it('joins a megabyte that comes byte by byte without keeping a buffer a byte', () => {
    const body = Buffer.alloc(1024 * 1024, 'abcdefg');
    const stream = framed(body);
    const reader = new FrameReader(unlimited);
    const concat = jest.spyOn(Buffer, 'concat');
    let copied = 0;
    concat.mockImplementation((parts) => {
      const joined = Buffer.allocUnsafe(parts.reduce((sum, part) => sum + part.length, 0));
      let at = 0;
      for (const part of parts) {
        joined.set(part, at);
        at += part.length;
      }
      copied += joined.length;
      return joined;
    });

    let found: ReturnType<FrameReader['next']>;
    for (const byte of stream) {
      reader.push(Buffer.from([byte]));
      found = reader.next();
    }
    concat.mockRestore();

    expect(body.equals(found as Buffer)).toBe(true);
    // Each byte is copied once for each doubling up to 16 KiB, and once at the end: not once for every byte after it.
    expect(copied).toBeLessThan(body.length * 17);
  });
});
