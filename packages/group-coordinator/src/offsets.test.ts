import { Coordinated, contextOf, type Joined } from './coordinator.fixture.ts';

const nobody: Joined = { error: 'NONE', memberId: '', members: [] };
const dayMs = 24 * 60 * 60 * 1000;

describe('the offsets of a group', () => {
  let group: Coordinated;

  beforeEach(() => {
    group = new Coordinated();
  });
  afterEach(() => group.coordinator.close());

  it('are none, which is no error, before there are any', async () => {
    const partitions = [{ topic: 't', partition: 3 }];

    const { groups } = await group.api.offsetFetch(
      { groups: [{ groupId: 'g', partitions }, { groupId: 'other' }, { groupId: 'other' }] },
      contextOf(),
    );

    expect(groups).toEqual([
      { groupId: 'g', error: 'NONE', partitions: [{ topic: 't', partition: 3, error: 'NONE' }] },
      { groupId: 'other', error: 'NONE', partitions: [] },
      { groupId: 'other', error: 'INVALID_REQUEST', message: "group 'other' is named twice", partitions: [] },
    ]);
  });

  it('are taken from outside while the group has no members, and not while it has', async () => {
    expect(await group.commit({}, 5, { metadata: 'a note', leaderEpoch: 2 })).toBe('NONE');
    const { groups } = await group.api.offsetFetch({ groups: [{ groupId: 'g' }] }, contextOf());
    expect(groups[0]?.partitions).toEqual([
      { topic: 't', partition: 0, error: 'NONE', offset: 5, leaderEpoch: 2, metadata: 'a note' },
    ]);

    await group.stable(1);

    expect(await group.commit({}, 6)).toBe('UNKNOWN_MEMBER_ID');
  });

  it.each([
    ['of a generation of a group that is not there', { memberId: 'm', generation: 1 }, 'ILLEGAL_GENERATION'],
    ['of a member of a group that is not there', { memberId: 'm' }, 'UNKNOWN_MEMBER_ID'],
  ])('are refused from somebody %s', async (_, who, error) => {
    expect(await group.commit(who, 5)).toBe(error);
  });

  it('are refused with a note that is too long, one by one', async () => {
    const { partitions } = await group.api.offsetCommit(
      {
        groupId: 'g',
        memberId: '',
        partitions: [
          { topic: 't', partition: 0, offset: 1, metadata: 'x'.repeat(4097) },
          { topic: 't', partition: 1, offset: 2 },
        ],
      },
      contextOf(),
    );

    expect(partitions.map(({ error }) => error)).toEqual(['OFFSET_METADATA_TOO_LARGE', 'NONE']);
    expect(await group.committed()).toBeUndefined();
  });

  it('are not taken for more groups than there may be', async () => {
    group = new Coordinated({ maxGroups: 2 });
    const commit = async (groupId: string) => {
      const partitions = [{ topic: 't', partition: 0, offset: 1 }];
      const answer = await group.api.offsetCommit({ groupId, memberId: '', partitions }, contextOf());
      return answer.partitions[0]?.error;
    };

    const answers = [await commit('a'), await commit('b'), await commit('c'), await commit('a')];

    expect(answers).toEqual(['NONE', 'NONE', 'COORDINATOR_NOT_AVAILABLE', 'NONE']);
  });

  it('count once they are safe, and not when they could not be kept', async () => {
    expect(await group.commit({}, 5)).toBe('NONE');
    group.store.failsToAppend = true;

    expect(await group.commit({}, 6)).toBe('STORAGE_ERROR');

    expect(await group.committed()).toBe(5);
  });

  it('go into the log together when many come at once, in their order', async () => {
    await group.committed();
    const commits = Array.from({ length: 100 }, (_, offset) => group.commit({}, offset));

    expect(new Set(await Promise.all(commits))).toEqual(new Set(['NONE']));

    expect(await group.committed()).toBe(99);
    expect(group.store.appends).toBeLessThan(10);
  });

  it('survive a restart, and so do generation and members: they go on without joining again', async () => {
    const [only = nobody] = await group.stable(1);
    await group.commit(only, 5);

    group.restart();

    expect(await group.committed()).toBe(5);
    expect(await group.heartbeat(only)).toEqual({ error: 'NONE' });
    expect(await group.sync(only)).toMatchObject({ assignment: Buffer.from('share-0') });
    expect(await group.commit(only, 6)).toBe('NONE');
    const second = group.join();
    const again = await group.join({ memberId: only.memberId });
    expect(again.generation).toBe(2);
    expect((await second).generation).toBe(2);
  });

  it('keep the generation of an emptied group from going back over a restart', async () => {
    const [only = nobody] = await group.stable(1);
    await group.commit(only, 5);
    await group.leave(only.memberId);
    await group.world.clock.advance(0);

    group.restart();

    expect(await group.state()).toBe('empty');
    const [next] = await group.stable(1);
    expect(next?.generation).toBeGreaterThan(2);
    expect(await group.commit(only, 1)).toBe('UNKNOWN_MEMBER_ID');
  });

  it('lose members that were away over a restart for longer than their session', async () => {
    const [only = nobody] = await group.stable(1);
    group.restart();
    await group.committed();

    await group.world.clock.advance(10_001);

    expect(await group.heartbeat(only)).toMatchObject({ error: 'UNKNOWN_MEMBER_ID' });
    expect(await group.state()).toBe('empty');
  });

  it('are read again when the log is led anew, or is another: what was known may be overtaken', async () => {
    const [only = nobody] = await group.stable(1);
    await group.commit(only, 5);
    const parked = group.join();
    await group.world.clock.advance(0);

    group.store.place = { ...group.store.place, leaderEpoch: 7 };

    expect(await group.heartbeat(only)).toEqual({ error: 'NONE' });
    expect(await parked).toMatchObject({ error: 'NOT_COORDINATOR' });
  });

  it('are somebody else’s when another broker leads the log, and nobody’s when none does', async () => {
    await group.commit({}, 5);
    group.store.place = { ...group.store.place, nodeId: 2 };
    expect(await group.commit({}, 6)).toBe('NOT_COORDINATOR');

    group.store.isLed = false;

    expect(await group.commit({}, 6)).toBe('COORDINATOR_NOT_AVAILABLE');
    expect(await group.join()).toMatchObject({ error: 'COORDINATOR_NOT_AVAILABLE' });
  });

  it('are forgotten with their group, for good, once it has no members', async () => {
    const [only = nobody] = await group.stable(1);
    await group.commit(only, 5);
    const remove = async () =>
      (await group.api.deleteGroups({ groups: ['g'] }, contextOf())).groups[0]?.error;
    expect(await remove()).toBe('NON_EMPTY_GROUP');
    await group.leave(only.memberId);

    expect(await remove()).toBe('NONE');

    expect(await remove()).toBe('GROUP_ID_NOT_FOUND');
    group.restart();
    expect(await group.committed()).toBeUndefined();
    expect((await group.api.listGroups({}, contextOf())).groups).toEqual([]);
  });

  it.each([0, 1, 2, 3, 5, 8, 20])(
    'are not lost when somebody commits while the group is being forgotten (%i turns later)',
    async (turns) => {
      await group.commit({}, 5);
      let release = (): void => {};
      group.store.held = new Promise((resolve) => {
        release = resolve;
      });
      const removing = group.api.deleteGroups({ groups: ['g'] }, contextOf());
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();

      const committing = group.commit({}, 6);
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      release();

      expect((await removing).groups).toMatchObject([{ error: 'NONE' }]);
      expect(await committing).toBe('NONE');
      expect(await group.committed()).toBe(6);
      expect(group.names).toEqual(new Set(['g']));
      group.restart();
      expect(await group.committed()).toBe(6);
    },
  );

  it('give up the name of the group with it, and a member that comes meanwhile has it again', async () => {
    await group.commit({}, 5);
    const removing = group.api.deleteGroups({ groups: ['g'] }, contextOf());
    const joining = group.join();
    await removing;
    await group.world.clock.advance(100);

    expect(await joining).toMatchObject({ error: 'NONE' });
    expect(group.names).toEqual(new Set(['g']));
    await group.leave((await joining).memberId);
    await group.world.clock.advance(0);
    await group.api.deleteGroups({ groups: ['g'] }, contextOf());
    expect(group.names).toEqual(new Set());
  });

  it('go seven days after the last member, not while there is one', async () => {
    const [only = nobody] = await group.stable(1, { sessionTimeoutMs: 1_800_000 });
    await group.commit(only, 5);
    for (let quarter = 0; quarter < 8 * 96; quarter += 1) {
      await group.world.clock.advance(dayMs / 96);
      await group.heartbeat(only);
    }
    expect(await group.committed()).toBe(5);
    await group.leave(only.memberId);
    await group.world.clock.advance(7 * dayMs - 60_000);
    expect(await group.committed()).toBe(5);

    await group.world.clock.advance(20 * 60_000);

    expect(await group.committed()).toBeUndefined();
    expect(await group.state()).toBe('dead');
  });

  it('of who committed from outside go seven days after the last commit', async () => {
    await group.commit({}, 5);
    await group.world.clock.advance(6 * dayMs);
    await group.commit({}, 6);
    await group.world.clock.advance(6 * dayMs);
    expect(await group.committed()).toBe(6);

    await group.world.clock.advance(2 * dayMs);

    expect(await group.committed()).toBeUndefined();
  });
});

describe('finding a coordinator', () => {
  it('gives the address behind the door that was asked', async () => {
    const group = new Coordinated();

    const { coordinators } = await group.api.findCoordinator({ kind: 'group', keys: ['g', ''] }, contextOf());

    expect(coordinators).toMatchObject([
      { key: 'g', error: 'NONE', nodeId: 1, host: 'one', port: 9092 },
      { key: '', error: 'INVALID_GROUP_ID' },
    ]);
  });

  it('says that it is away where nobody leads the log, or its broker has no such door', async () => {
    const group = new Coordinated();
    const find = async () =>
      (await group.api.findCoordinator({ kind: 'group', keys: ['g'] }, contextOf())).coordinators[0];
    group.store.place = { ...group.store.place, nodeId: 2 };
    expect(await find()).toMatchObject({
      error: 'COORDINATOR_NOT_AVAILABLE',
      message: "broker 2, which coordinates 'g', has no listener 'kafka'",
    });

    group.store.isLed = false;

    expect(await find()).toMatchObject({ error: 'COORDINATOR_NOT_AVAILABLE' });
  });

  it('knows of no transactions', async () => {
    const group = new Coordinated();

    const { coordinators } = await group.api.findCoordinator(
      { kind: 'transaction', keys: ['x'] },
      contextOf(),
    );

    expect(coordinators).toMatchObject([{ key: 'x', error: 'INVALID_REQUEST' }]);
  });
});
