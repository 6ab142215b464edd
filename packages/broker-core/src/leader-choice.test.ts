import fc from 'fast-check';
import { chooseLeader, initialState, type LeaderChoice } from './leader-choice.ts';

const inSync = [
  { nodeId: 1, incarnation: 10 },
  { nodeId: 2, incarnation: 20 },
];
const ledByOne: LeaderChoice = { leader: 1, leaderIncarnation: 10, leaderEpoch: 4, inSync };

describe('leader choice', () => {
  it('gives a new partition to the first live replica, under epoch 1', () => {
    const chosen = chooseLeader(initialState([3, 2]), [3, 2], new Map([[2, 20]]));

    expect(chosen).toMatchObject({ leader: 2, leaderIncarnation: 20, leaderEpoch: 1 });
  });

  it('leaves a leader that lives', () => {
    expect(
      chooseLeader(
        ledByOne,
        [2, 1],
        new Map([
          [1, 10],
          [2, 20],
        ]),
      ),
    ).toBeUndefined();
  });

  it('raises the epoch for a new incarnation of the same broker', () => {
    expect(chooseLeader(ledByOne, [1], new Map([[1, 11]]))).toEqual({
      leader: 1,
      leaderIncarnation: 11,
      leaderEpoch: 5,
      inSync,
    });
  });

  it('raises the epoch when nobody can lead', () => {
    expect(chooseLeader(ledByOne, [1], new Map())).toEqual({ leaderEpoch: 5, inSync });
  });

  it('changes nothing while nobody can lead', () => {
    expect(chooseLeader({ leaderEpoch: 5, inSync }, [1], new Map())).toBeUndefined();
  });

  it('never chooses a replica that is not in sync', () => {
    expect(chooseLeader(ledByOne, [3, 1], new Map([[3, 30]]))).toEqual({ leaderEpoch: 5, inSync });
  });

  it('keeps the rules of leadership for any state and any set of live brokers', () => {
    const id = fc.integer({ min: 1, max: 4 });
    const live = fc.array(fc.tuple(id, fc.integer({ min: 1, max: 3 }))).map((entries) => new Map(entries));
    const state = fc.record({
      leader: fc.option(id, { nil: undefined }),
      leaderIncarnation: fc.integer({ min: 1, max: 3 }),
      leaderEpoch: fc.nat(100),
      inSync: fc.array(fc.record({ nodeId: id, incarnation: fc.nat(3) })),
    });
    fc.assert(
      fc.property(
        state,
        fc.uniqueArray(id),
        live,
        ({ leader, leaderIncarnation, ...rest }, replicas, brokers) => {
          const before = leader === undefined ? rest : { ...rest, leader, leaderIncarnation };

          const after = chooseLeader(before, replicas, brokers);

          if (after === undefined) return;
          expect(after.leaderEpoch).toBe(before.leaderEpoch + 1);
          expect(after.inSync).toBe(before.inSync);
          expect(chooseLeader(after, replicas, brokers)).toBeUndefined();
          if (after.leader === undefined) return;
          expect(brokers.get(after.leader)).toBe(after.leaderIncarnation);
          expect(after.inSync.map(({ nodeId }) => nodeId)).toContain(after.leader);
        },
      ),
    );
  });
});
