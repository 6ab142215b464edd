import { parseStartPosition } from './start-position.ts';

const now = Date.parse('2026-11-20T12:00:00Z');

describe('parseStartPosition', () => {
  it.each([
    ['earliest', 'earliest'],
    ['latest', 'latest'],
    ['0', 0],
    ['42', 42],
    ['@1763630000000', { timestamp: 1_763_630_000_000 }],
    ['@2026-11-20T10:00:00Z', { timestamp: Date.parse('2026-11-20T10:00:00Z') }],
    ['@2026-11-20', { timestamp: new Date(2026, 10, 20).getTime() }],
    ['@-90s', { timestamp: now - 90_000 }],
    ['@-15m', { timestamp: now - 900_000 }],
    ['@-2h', { timestamp: now - 7_200_000 }],
    ['@-7d', { timestamp: now - 604_800_000 }],
  ])('understands %s', (text, position) => {
    expect(parseStartPosition(text, now)).toEqual(position);
  });

  it('takes a date without a zone as local time', () => {
    const local = new Date(2026, 10, 20, 10, 0).getTime();

    expect(parseStartPosition('@2026-11-20T10:00', now)).toEqual({ timestamp: local });
  });

  it.each([
    '',
    'first',
    '-1',
    '1.5',
    '1e3',
    '99999999999999999999',
    '@',
    '@yesterday',
    '@-15',
    '@-15y',
    '@1 2',
  ])('refuses %j', (text) => {
    expect(() => parseStartPosition(text, now)).toThrow(
      expect.objectContaining({ code: 'USAGE', hint: expect.any(String) }),
    );
  });
});
