import {
  groupKey,
  groupValue,
  offsetKey,
  offsetValue,
  readGroupValue,
  readKey,
  readOffsetValue,
} from './stored-format.ts';

const hex = (bytes: Buffer): string => bytes.toString('hex');
const member = {
  memberId: 'm',
  instanceId: undefined,
  clientId: 'c',
  clientHost: 'h',
  sessionTimeoutMs: 10_000,
  rebalanceTimeoutMs: 30_000,
  protocols: [{ name: 'range', metadata: Buffer.from([1]) }],
  assignment: Buffer.from([2, 3]),
};
const facts = {
  protocolType: 'consumer',
  generation: 7,
  protocolName: 'range',
  leader: 'm',
  members: [member],
};

// Written out by hand from OffsetCommitKey, OffsetCommitValue, GroupMetadataKey and GroupMetadataValue of Kafka's sources.
describe('what a coordinator keeps', () => {
  it('has Kafka’s layout of a committed offset', () => {
    expect(hex(offsetKey('g', 't', 3))).toBe('0001 0001 67 0001 74 00000003'.replaceAll(' ', ''));
    expect(hex(offsetValue({ offset: 5, leaderEpoch: 2, note: 'n', committedAt: 9 }))).toBe(
      '0003 0000000000000005 00000002 0001 6e 0000000000000009'.replaceAll(' ', ''),
    );
    expect(hex(offsetValue({ offset: 5, leaderEpoch: undefined, note: '', committedAt: 9 }))).toBe(
      '0003 0000000000000005 ffffffff 0000 0000000000000009'.replaceAll(' ', ''),
    );
  });

  it('has Kafka’s layout of a group', () => {
    expect(hex(groupKey('g'))).toBe('0002 0001 67'.replaceAll(' ', ''));
    const group = '0003 0008 636f6e73756d6572 00000007 0005 72616e6765 0001 6d 0000000000000009 00000001';
    const ofMember = '0001 6d ffff 0001 63 0001 68 00007530 00002710 00000001 01 00000002 0203';
    expect(hex(groupValue(facts, 9))).toBe(`${group}${ofMember}`.replaceAll(' ', ''));
  });

  it('is read as it was written', () => {
    expect(readKey(offsetKey('g', 't', 3))).toEqual({
      kind: 'offset',
      groupId: 'g',
      topic: 't',
      partition: 3,
    });
    expect(readKey(groupKey('g'))).toEqual({ kind: 'group', groupId: 'g' });
    const committed = { offset: 2 ** 40, leaderEpoch: undefined, note: 'ü', committedAt: 9 };
    expect(readOffsetValue(offsetValue(committed))).toEqual(committed);
    expect(readGroupValue(groupValue(facts, 9))).toEqual({ facts, at: 9 });
    const empty = {
      protocolType: '',
      generation: 8,
      protocolName: undefined,
      leader: undefined,
      members: [],
    };
    expect(readGroupValue(groupValue(empty, 9))).toEqual({ facts: empty, at: 9 });
  });

  it('is refused where it is cut short, anywhere, or of another layout', () => {
    const value = groupValue(facts, 9);
    for (let length = 0; length < value.length; length += 1)
      expect(() => readGroupValue(value.subarray(0, length))).toThrow(RangeError);
    expect(() => readOffsetValue(Buffer.from('0004', 'hex'))).toThrow('layout 4 is not known');
    expect(readKey(Buffer.from('0009', 'hex'))).toBeUndefined();
    expect(() => readKey(Buffer.from('00010005', 'hex'))).toThrow(RangeError);
  });
});
