import fc from 'fast-check';
import { AssignerProtocol } from 'kafkajs';
import { readAssignment, readSubscription, writeAssignment, writeSubscription } from './consumer-protocol.ts';

const name = fc.string({ minLength: 1, maxLength: 20 });
const owned = fc.uniqueArray(fc.record({ topic: name, partition: fc.nat(1_000) }), {
  maxLength: 20,
  selector: ({ topic, partition }) => `${topic}/${partition}`,
});
const inOrder = (partitions: readonly { topic: string; partition: number }[]) =>
  partitions.map(({ topic, partition }) => `${topic}/${partition}`).sort();

describe('what members of a group tell each other', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.array(name, { maxLength: 5 }), owned, (topics, had) => {
        const subscription = readSubscription(writeSubscription({ topics, owned: had }));

        expect(subscription.topics).toEqual(topics);
        expect(inOrder(subscription.owned)).toEqual(inOrder(had));
        expect(inOrder(readAssignment(writeAssignment(had)))).toEqual(inOrder(had));
      }),
    );
  });

  it('is what kafkajs writes and reads', () => {
    const { MemberMetadata, MemberAssignment } = AssignerProtocol;
    const theirs = MemberMetadata.encode({ version: 1, topics: ['a', 'ä'], userData: Buffer.from('x') });
    const assigned = MemberAssignment.encode({
      version: 1,
      assignment: { a: [0, 2], b: [1] },
      userData: Buffer.from('x'),
    });

    // It says that it is of version 1, and leaves out what came with it.
    expect(readSubscription(theirs)).toEqual({ topics: ['a', 'ä'], owned: [] });
    expect(inOrder(readAssignment(assigned))).toEqual(['a/0', 'a/2', 'b/1']);
    const ours = writeSubscription({ topics: ['t'], owned: [{ topic: 't', partition: 3 }] });
    expect(MemberMetadata.decode(ours)?.topics).toEqual(['t']);
    const share = writeAssignment([{ topic: 't', partition: 3 }]);
    expect(MemberAssignment.decode(share)?.assignment).toEqual({ t: [3] });
  });

  it('is not read beyond its end, whatever the bytes say', () => {
    const whole = writeSubscription({ topics: ['topic'], owned: [{ topic: 'topic', partition: 3 }] });
    const endOfVersion0 = 2 + 4 + 2 + 5 + 4;
    const cuts = Array.from({ length: whole.length }, (_, length) => length);
    for (const length of cuts.filter((one) => one !== endOfVersion0))
      expect(() => readSubscription(whole.subarray(0, length))).toThrow(
        expect.objectContaining({ name: 'RangeError' }),
      );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        for (const read of [readSubscription, readAssignment])
          expect(['read', 'RangeError']).toContain(outcomeOf(() => read(Buffer.from(bytes))));
      }),
    );
  });
});

function outcomeOf(work: () => unknown): string {
  try {
    work();
    return 'read';
  } catch (error) {
    return (error as Error).name;
  }
}
