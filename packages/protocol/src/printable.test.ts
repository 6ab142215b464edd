import fc from 'fast-check';
import { printable } from './printable.ts';

describe('printable', () => {
  it('leaves what can be read as it is', () => {
    expect(printable('Größe: 5 µs, 日本')).toBe('Größe: 5 µs, 日本');
  });

  it('escapes what moves the cursor, turns text around or starts a line', () => {
    expect(printable('a\nb\x1b[31mc\u202ed\u2028e\ud800')).toBe(
      'a\\x0ab\\x1b[31mc\\u{202e}d\\u{2028}e\\u{d800}',
    );
  });

  it('cuts what is too long', () => {
    expect(printable('x'.repeat(300), 10)).toBe('xxxxxxxxxx…');
  });

  it('is one line without control characters, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});
