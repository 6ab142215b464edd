import fc from 'fast-check';
import { LineSplitter } from './line-splitter.ts';

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
/** Mostly newlines, so that lines are short and many. */
const text = fc
  .array(fc.constantFrom('\n', '\r', 'a', 'bc', '\0', 'ü'), { maxLength: 100 })
  .map((parts) => Buffer.from(parts.join('')));

function splitInChunks(input: Buffer, cuts: readonly number[], maxLineBytes = 1000): Buffer[] {
  const splitter = new LineSplitter({ maxLineBytes });
  const places = [
    0,
    ...cuts.map((cut) => cut % (input.byteLength + 1)).sort((a, b) => a - b),
    input.byteLength,
  ];
  const lines = places.slice(1).flatMap((end, i) => splitter.push(input.subarray(places[i], end)));
  const last = splitter.end();
  return last === undefined ? lines : [...lines, last];
}

describe('LineSplitter', () => {
  it('gives back the same bytes however they were cut into chunks', () => {
    fc.assert(
      fc.property(fc.oneof(bytes, text), fc.array(fc.nat(), { maxLength: 20 }), (input, cuts) => {
        const lines = splitInChunks(input, cuts);

        const joined = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
        const endsWithNewline = input.byteLength === 0 || input.at(-1) === 0x0a;
        expect(joined.equals(endsWithNewline ? input : Buffer.concat([input, Buffer.from('\n')]))).toBe(true);
        expect(lines.some((line) => line.includes(0x0a))).toBe(false);
      }),
    );
  });

  it('keeps a carriage return, an empty line, and a last line without newline', () => {
    const lines = splitInChunks(Buffer.from('one\r\n\nthree'), []);

    expect(lines.map(String)).toEqual(['one\r', '', 'three']);
  });

  it('copies nothing for a line inside one chunk', () => {
    const chunk = Buffer.from('one\ntwo\n');

    const [, two] = new LineSplitter({ maxLineBytes: 10 }).push(chunk);

    expect(two?.buffer).toBe(chunk.buffer);
    expect(two?.byteOffset).toBe(chunk.byteOffset + 4);
  });

  it('takes a line of the greatest length and refuses a longer one, however it arrives', () => {
    const splitter = new LineSplitter({ maxLineBytes: 4 });
    expect(splitter.push(Buffer.from('1234\n12')).map(String)).toEqual(['1234']);

    expect(() => splitter.push(Buffer.from('345'))).toThrow(
      expect.objectContaining({
        code: 'LINE_TOO_LONG',
        message: 'line 2 is longer than 4 B, the most that is taken',
      }),
    );
    expect(() => new LineSplitter({ maxLineBytes: 4 }).push(Buffer.from('12345\n'))).toThrow(
      expect.objectContaining({ code: 'LINE_TOO_LONG' }),
    );
  });
});
