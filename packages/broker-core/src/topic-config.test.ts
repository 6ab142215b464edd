import { changeTopicConfig, checkTopicConfig, describeTopicConfig, topicSettings } from './topic-config.ts';

const invalid = (text: string) =>
  expect.objectContaining({ code: 'INVALID_CONFIG', message: expect.stringContaining(text) as string });

describe('topic configuration', () => {
  it('lays the topic over the broker over the defaults', () => {
    const settings = topicSettings({ 'flush.ms': '5' }, { segmentBytes: 4096 });

    expect(settings).toMatchObject({
      segmentBytes: 4096,
      indexIntervalBytes: 4096,
      maxBatchBytes: 1024 * 1024 + 64 * 1024,
      flush: { everyMs: 5 },
    });
  });

  it('says of every name what holds and where it comes from', () => {
    const entries = describeTopicConfig({ 'flush.ms': '5' }, { segmentBytes: 4096 });

    expect(entries.map(({ name, value, source }) => [name, value, source])).toEqual([
      ['segment.bytes', '4096', 'broker'],
      ['index.interval.bytes', '4096', 'default'],
      ['max.message.bytes', '1114112', 'default'],
      ['flush.ms', '5', 'topic'],
    ]);
  });

  it('describes only the names asked for', () => {
    expect(describeTopicConfig({}, {}, ['flush.ms']).map(({ name }) => name)).toEqual(['flush.ms']);
  });

  it('changes what is named and leaves the rest; without a value the default holds again', () => {
    const changed = changeTopicConfig({ 'flush.ms': '5', 'segment.bytes': '2048' }, [
      { name: 'segment.bytes' },
      { name: 'index.interval.bytes', value: '0100' },
    ]);

    expect(changed).toEqual({ 'flush.ms': '5', 'index.interval.bytes': '100' });
  });

  it('names the closest name for one it does not know', () => {
    expect(() => checkTopicConfig({ 'segment.size': '1' })).toThrow(
      expect.objectContaining({ code: 'INVALID_CONFIG', hint: "did you mean 'segment.bytes'?" }),
    );
  });

  it.each([
    ['segment.bytes', '1023'],
    ['segment.bytes', '2147483648'],
    ['flush.ms', '-1'],
    ['flush.ms', '1.5'],
    ['flush.ms', ''],
    ['max.message.bytes', '1e9'],
  ])('refuses %s = %s', (name, value) => {
    expect(() => checkTopicConfig({ [name]: value })).toThrow(invalid(`${name} is '${value}'`));
  });

  it('takes no name from the prototype of objects', () => {
    expect(() => checkTopicConfig({ constructor: '1' })).toThrow(invalid("'constructor'"));
  });
});
