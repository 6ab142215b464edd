import fc from 'fast-check';
import { decodeLeaderEpochs, encodeLeaderEpochs, LeaderEpochs } from './leader-epochs.ts';

describe('leader epochs', () => {
  it('begin only above the latest, and replace those that had no record', () => {
    const epochs = new LeaderEpochs();
    epochs.start(1, 0);
    epochs.start(1, 10);
    epochs.start(2, 10);
    epochs.start(3, 10);

    expect(epochs.entries).toEqual([
      { epoch: 1, startOffset: 0 },
      { epoch: 3, startOffset: 10 },
    ]);
    expect(epochs.latest).toBe(3);
  });

  it('answer where an epoch ends as KIP-279 says', () => {
    const epochs = new LeaderEpochs([
      { epoch: 2, startOffset: 5 },
      { epoch: 5, startOffset: 10 },
    ]);

    expect(epochs.endOffsetFor(1, 20)).toEqual({ leaderEpoch: 1, endOffset: 5 });
    expect(epochs.endOffsetFor(2, 20)).toEqual({ leaderEpoch: 2, endOffset: 10 });
    expect(epochs.endOffsetFor(4, 20)).toEqual({ leaderEpoch: 2, endOffset: 10 });
    expect(epochs.endOffsetFor(5, 20)).toEqual({ leaderEpoch: 5, endOffset: 20 });
    expect(epochs.endOffsetFor(6, 20)).toBeUndefined();
    expect(epochs.endOffsetFor(-1, 20)).toBeUndefined();
    expect(new LeaderEpochs().endOffsetFor(0, 20)).toBeUndefined();
  });

  it('lose what begins behind the end of the log, not what begins there', () => {
    const epochs = new LeaderEpochs([
      { epoch: 1, startOffset: 0 },
      { epoch: 2, startOffset: 10 },
      { epoch: 3, startOffset: 11 },
    ]);

    epochs.truncate(10);

    expect(epochs.latest).toBe(2);
  });

  it('are the same after a restart', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }))),
        (steps) => {
          let entry = { epoch: 0, startOffset: 0 };
          const entries = steps.map(([epoch, offset]) => {
            entry = { epoch: entry.epoch + epoch, startOffset: entry.startOffset + offset };
            return entry;
          });

          expect(decodeLeaderEpochs(encodeLeaderEpochs(entries))).toEqual(entries);
        },
      ),
    );
  });

  it.each([
    '',
    '0\n',
    '1\n0\n',
    '0\n1\n',
    '0\n1\n1 0',
    '0\n1\nx 0\n',
    '0\n2\n1 5\n2 4\n',
    '0\n2\n2 4\n1 5\n',
    '0\n0\n1 0\n',
  ])('are not read from %j', (text) => {
    expect(decodeLeaderEpochs(text)).toBeUndefined();
  });
});
