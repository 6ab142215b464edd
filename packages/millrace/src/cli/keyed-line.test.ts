import { splitKey } from './keyed-line.ts';

const split = (line: string, separator: string | undefined) => {
  const { key, value } = splitKey(
    Buffer.from(line),
    separator === undefined ? undefined : Buffer.from(separator),
  );
  return [key?.toString() ?? null, value.toString()];
};

describe('splitKey', () => {
  it.each([
    ['a:b:c', ':', 'a', 'b:c'],
    ['a=>b', '=>', 'a', 'b'],
    [':b', ':', '', 'b'],
    ['a:', ':', 'a', ''],
    ['no separator', ':', null, 'no separator'],
    ['a:b', undefined, null, 'a:b'],
  ])('cuts %j at the first %j', (line, separator, key, value) => {
    expect(split(line, separator)).toEqual([key, value]);
  });
});
