import { changeTopicConfig, describeTopicConfig, topicSettings, writtenTopicConfig } from './topic-config.ts';

const invalid = (text: string) =>
  expect.objectContaining({ code: 'INVALID_CONFIG', message: expect.stringContaining(text) as string });

describe('topic configuration', () => {
  it('lays the topic over the broker over the defaults', () => {
    const settings = topicSettings(
      { 'flush.messages': '7', 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.25' },
      { segmentBytes: 4096, flush: { everyMs: 5 }, retentionMs: 1000 },
    );

    expect(settings).toEqual({
      segmentBytes: 4096,
      segmentMs: 604_800_000,
      indexIntervalBytes: 4096,
      maxBatchBytes: 1024 * 1024 + 64 * 1024,
      flush: { everyMs: 5, everyRecords: 7 },
      retentionMs: 1000,
      retentionBytes: -1,
      cleanupPolicy: 'compact',
      deleteRetentionMs: 86_400_000,
      minCompactionLagMs: 0,
      minCleanableDirtyRatio: 0.25,
      compactionMemoryBytes: 128 * 1024 * 1024,
    });
  });

  it('says of every name what holds and where it comes from', () => {
    const entries = describeTopicConfig({ 'flush.ms': '5' }, { segmentBytes: 4096, retentionMs: -1 });

    expect(entries.map(({ name, value, source }) => [name, value, source])).toEqual([
      ['cleanup.policy', 'delete', 'default'],
      ['retention.ms', '-1', 'broker'],
      ['retention.bytes', '-1', 'default'],
      ['segment.bytes', '4096', 'broker'],
      ['segment.ms', '604800000', 'default'],
      ['delete.retention.ms', '86400000', 'default'],
      ['min.compaction.lag.ms', '0', 'default'],
      ['min.cleanable.dirty.ratio', '0.5', 'default'],
      ['max.message.bytes', '1114112', 'default'],
      ['index.interval.bytes', '4096', 'default'],
      ['flush.ms', '5', 'topic'],
      ['flush.messages', '2147483647', 'default'],
    ]);
  });

  it('lets records go after seven days where nobody says anything else', () => {
    expect(topicSettings({}, {})).toMatchObject({ retentionMs: 7 * 24 * 60 * 60 * 1000, retentionBytes: -1 });
    expect(topicSettings({ 'retention.ms': '-1' }, {})).toMatchObject({ retentionMs: -1 });
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
    expect(() => writtenTopicConfig({ 'segment.size': '1' })).toThrow(
      expect.objectContaining({ code: 'INVALID_CONFIG', hint: "did you mean 'segment.bytes'?" }),
    );
  });

  it('says of a name that Kafka has and nothing here acts upon just that', () => {
    expect(() => writtenTopicConfig({ 'min.insync.replicas': '1' })).toThrow(
      expect.objectContaining({
        code: 'INVALID_CONFIG',
        hint: expect.stringMatching(/^Kafka has it, .* known are cleanup\.policy, /) as string,
      }),
    );
  });

  it.each([
    ['cleanup.policy', 'delete, compact', 'compact,delete'],
    ['cleanup.policy', 'compact,compact', 'compact'],
    ['min.cleanable.dirty.ratio', '.50', '0.5'],
    ['min.cleanable.dirty.ratio', '1.', '1'],
    ['retention.ms', '-1', '-1'],
    ['retention.ms', '000', '0'],
    ['retention.bytes', '9007199254740991', '9007199254740991'],
  ])('writes %s = %s as %s', (name, value, written) => {
    expect(writtenTopicConfig({ [name]: value })).toEqual({ [name]: written });
  });

  it.each([
    ['segment.bytes', '1023', 'a whole number from 1024 to 2147483647'],
    ['segment.bytes', '2147483648', 'a whole number from'],
    ['flush.ms', '-1', 'a whole number from 0'],
    ['flush.ms', '1.5', 'a whole number'],
    ['flush.ms', '', 'a whole number'],
    ['flush.messages', '0', 'a whole number from 1'],
    ['max.message.bytes', '1e9', 'a whole number'],
    ['retention.ms', '-2', 'a whole number from 0 to 4503599627370496, or -1 for no limit'],
    ['retention.ms', '7d', 'a whole number'],
    ['retention.bytes', '9007199254740993', 'a whole number'],
    ['segment.ms', '0', 'a whole number from 1'],
    ['cleanup.policy', 'compress', 'delete, compact or compact,delete'],
    ['cleanup.policy', '', 'delete, compact or compact,delete'],
    ['cleanup.policy', 'compact;delete', 'delete, compact or compact,delete'],
    ['min.cleanable.dirty.ratio', '1.1', 'a number from 0 to 1'],
    ['min.cleanable.dirty.ratio', '-0', 'a number from 0 to 1'],
    ['min.cleanable.dirty.ratio', '1e-1', 'a number from 0 to 1'],
    ['min.cleanable.dirty.ratio', '.', 'a number from 0 to 1'],
  ])('refuses %s = %j and says that it takes %s', (name, value, takes) => {
    expect(() => writtenTopicConfig({ [name]: value })).toThrow(
      invalid(`${name} is '${value}'; it takes ${takes}`),
    );
  });

  it('takes whatever it says that it takes: what is shown of a broker can be given to a topic', () => {
    const shown = Object.fromEntries(describeTopicConfig({}, {}).map(({ name, value }) => [name, value]));

    expect(writtenTopicConfig(shown)).toEqual(shown);
    expect(topicSettings(shown, {})).toEqual(topicSettings({}, {}));
  });

  it('takes no name from the prototype of objects', () => {
    expect(() => writtenTopicConfig({ constructor: '1' })).toThrow(invalid("'constructor'"));
  });
});
