import {
  jsonLines,
  parseRecordFormat,
  type RecordFormat,
  type ShownRecord,
  valueLines,
} from './record-format.ts';

const record: ShownRecord = {
  topic: 'orders',
  partition: 3,
  offset: 41,
  timestamp: Date.parse('2026-11-20T10:00:00Z'),
  key: Buffer.from('k'),
  value: Buffer.from([0xff, 0x00, 0x41]),
  headers: [
    { key: 'trace', value: Buffer.from('t1') },
    { key: 'empty', value: null },
  ],
};

const shown = (format: RecordFormat, one: ShownRecord = record): string =>
  Buffer.concat([...format(one)]).toString('latin1');

describe('valueLines', () => {
  it('writes the bytes of the value as they are, and a newline', () => {
    expect(shown(valueLines)).toBe('\xff\0A\n');
  });

  it('writes an empty line for a tombstone', () => {
    expect(shown(valueLines, { ...record, value: null })).toBe('\n');
  });
});

describe('jsonLines', () => {
  it('writes one object a line, and bytes that are no text in base64', () => {
    const line = shown(jsonLines);

    expect(line.endsWith('}\n')).toBe(true);
    expect(JSON.parse(line)).toEqual({
      topic: 'orders',
      partition: 3,
      offset: 41,
      timestamp: '2026-11-20T10:00:00.000Z',
      key: 'k',
      value: { base64: '/wBB' },
      headers: [
        { key: 'trace', value: 't1' },
        { key: 'empty', value: null },
      ],
    });
  });

  it('tells null from an empty text', () => {
    const { key, value } = JSON.parse(shown(jsonLines, { ...record, key: null, value: Buffer.alloc(0) }));

    expect([key, value]).toEqual([null, '']);
  });

  it('shows a timestamp that no calendar has as a number', () => {
    const { timestamp } = JSON.parse(shown(jsonLines, { ...record, timestamp: 2 ** 53 - 1 }));

    expect(timestamp).toBe(2 ** 53 - 1);
  });
});

describe('parseRecordFormat', () => {
  it.each([
    ['%t/%p@%o %k=%s %h\\n', 'orders/3@41 k=\xff\0A trace=t1,empty=\n'],
    ['%T', '1795168800000'],
    ['%S', '3'],
    ['100%%\\t\\\\\\0\\r', '100%\t\\\0\r'],
    ['ü', Buffer.from('ü').toString('latin1')],
    ['', ''],
  ])('understands %j', (format, output) => {
    expect(shown(parseRecordFormat(format))).toBe(output);
  });

  it('writes nothing for a key or value that is not there, and -1 for its size', () => {
    expect(shown(parseRecordFormat('[%k|%s|%S]'), { ...record, key: null, value: null })).toBe('[||-1]');
  });

  it.each(['%x', '%', 'a%', '\\q', '\\', '%constructor'])('refuses %j', (format) => {
    expect(() => parseRecordFormat(format)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});
