import { Coordinated, type Joined } from './coordinator.fixture.ts';

const nobody: Joined = { error: 'NONE', memberId: '', members: [] };

describe('a generation of a classic group', () => {
  let group: Coordinated;

  beforeEach(() => {
    group = new Coordinated();
  });
  afterEach(() => group.coordinator.close());

  /** Two members that have joined and not asked for their shares yet. */
  const joined = async (): Promise<{ leader: Joined; follower: Joined }> => {
    const joining = [group.join(), group.join()];
    await group.world.clock.advance(50);
    const [one = nobody, other = nobody] = await Promise.all(joining);
    return one.leader === one.memberId ? { leader: one, follower: other } : { leader: other, follower: one };
  };

  it('gives each member what the leader says, once it has said so', async () => {
    const { leader, follower } = await joined();
    const ofFollower = group.sync(follower);
    expect(await group.state()).toBe('completingRebalance');

    const ofLeader = group.sync(leader, { [leader.memberId]: 'mine', [follower.memberId]: 'yours' });

    expect(await ofLeader).toMatchObject({
      error: 'NONE',
      protocolName: 'range',
      assignment: Buffer.from('mine'),
    });
    expect(await ofFollower).toMatchObject({ error: 'NONE', assignment: Buffer.from('yours') });
    expect(await group.state()).toBe('stable');
    // Also to who asks again.
    expect(await group.sync(follower)).toMatchObject({ assignment: Buffer.from('yours') });
  });

  it('gives no bytes to a member that the leader forgot', async () => {
    const { leader, follower } = await joined();
    const ofFollower = group.sync(follower);

    await group.sync(leader, { [leader.memberId]: 'all' });

    expect(await ofFollower).toMatchObject({ error: 'NONE', assignment: Buffer.alloc(0) });
  });

  it('tells nobody of a share that could not be kept, and has all join again', async () => {
    const { leader, follower } = await joined();
    const ofFollower = group.sync(follower);
    group.store.failsToAppend = true;

    const ofLeader = group.sync(leader, { [leader.memberId]: 'mine' });

    expect(await ofLeader).toMatchObject({ error: 'REBALANCE_IN_PROGRESS' });
    expect(await ofFollower).toMatchObject({ error: 'REBALANCE_IN_PROGRESS' });
    expect(await group.state()).toBe('preparingRebalance');
  });

  it('has all join again when one leaves, and the others need not wait for its session', async () => {
    const [first = nobody, second = nobody] = await group.stable(2);

    expect(await group.leave(second.memberId)).toMatchObject({ error: 'NONE', members: [{ error: 'NONE' }] });
    expect(await group.heartbeat(first)).toEqual({ error: 'REBALANCE_IN_PROGRESS' });

    expect(await group.join({ memberId: first.memberId })).toMatchObject({ generation: 2 });
    expect(await group.leave('stranger')).toMatchObject({ members: [{ error: 'UNKNOWN_MEMBER_ID' }] });
  });

  it('is empty when the last has left', async () => {
    const [only = nobody] = await group.stable(1);

    await group.leave(only.memberId);

    expect(await group.state()).toBe('empty');
  });

  it('loses a member of which nothing is heard for its session', async () => {
    const [first = nobody, second = nobody] = await group.stable(2);
    await group.world.clock.advance(9_000);
    expect(await group.heartbeat(first)).toEqual({ error: 'NONE' });

    await group.world.clock.advance(1_500);

    expect(await group.heartbeat(first)).toEqual({ error: 'REBALANCE_IN_PROGRESS' });
    expect(await group.heartbeat(second)).toMatchObject({ error: 'UNKNOWN_MEMBER_ID' });
  });

  it('loses a member that joined and never asked for its share', async () => {
    const { leader, follower } = await joined();
    await group.sync(leader, { [leader.memberId]: 'mine' });
    for (let beat = 0; beat < 6; beat += 1) {
      await group.world.clock.advance(5_100);
      await group.heartbeat(follower);
      await group.heartbeat(leader);
    }

    expect(await group.heartbeat(follower)).toMatchObject({ error: 'UNKNOWN_MEMBER_ID' });
  });

  it('is over for who acts under an older one: its commits and heartbeats are refused', async () => {
    const [first = nobody] = await group.stable(1);
    expect(await group.commit(first, 5)).toBe('NONE');
    const second = group.join();
    const again = await group.join({ memberId: first.memberId });
    await group.sync(again, { [again.memberId]: 'a' });
    void second;

    expect(await group.commit(first, 3)).toBe('ILLEGAL_GENERATION');
    expect(await group.heartbeat(first)).toMatchObject({ error: 'ILLEGAL_GENERATION' });
    expect(await group.sync(first)).toMatchObject({ error: 'ILLEGAL_GENERATION' });
    expect(await group.committed()).toBe(5);
  });

  it('takes commits while the members join again, and none while shares are given out', async () => {
    const [first = nobody] = await group.stable(1);
    const second = group.join();
    await group.world.clock.advance(0);
    expect(await group.state()).toBe('preparingRebalance');

    expect(await group.commit(first, 5)).toBe('NONE');
    const again = await group.join({ memberId: first.memberId });
    await second;

    expect(await group.commit(again, 6)).toBe('REBALANCE_IN_PROGRESS');
    expect(await group.committed()).toBe(5);
  });

  it('refuses a share under another protocol than was agreed upon', async () => {
    const [first = nobody] = await group.stable(1);

    const other = await group.sync(first, {}, { protocolType: 'consumer', protocolName: 'sticky' });

    expect(other).toMatchObject({
      error: 'INCONSISTENT_GROUP_PROTOCOL',
      message: "group 'g' has agreed upon consumer/range",
    });
  });

  it('is described with its members while it is stable, and listed', async () => {
    const [first = nobody] = await group.stable(1);

    const { groups } = await group.api.describeGroups({ groups: ['g', 'unknown', 'g'] }, {} as never);

    expect(groups).toMatchObject([
      {
        groupId: 'g',
        state: 'stable',
        protocolType: 'consumer',
        protocolName: 'range',
        members: [
          {
            memberId: first.memberId,
            clientId: 'tests',
            clientHost: '10.0.0.1',
            metadata: Buffer.from('topics'),
            assignment: Buffer.from('share-0'),
          },
        ],
      },
      { groupId: 'unknown', error: 'GROUP_ID_NOT_FOUND', state: 'dead' },
    ]);
    const listed = { groupId: 'g', protocolType: 'consumer', state: 'stable', kind: 'classic' };
    expect((await group.api.listGroups({}, {} as never)).groups).toEqual([listed]);
    expect((await group.api.listGroups({ states: ['empty'] }, {} as never)).groups).toEqual([]);
    expect((await group.api.listGroups({ kinds: ['millrace'] }, {} as never)).groups).toEqual([]);
  });
});

describe('a static member of a classic group', () => {
  let group: Coordinated;

  beforeEach(() => {
    group = new Coordinated();
  });
  afterEach(() => group.coordinator.close());

  const staticOnes = async (): Promise<{
    leader: Joined;
    follower: Joined;
    nameOf: (one: Joined) => string;
  }> => {
    const joining = ['a', 'b'].map((groupInstanceId) => group.join({ groupInstanceId }));
    await group.world.clock.advance(50);
    const joined = await Promise.all(joining);
    const shares = Object.fromEntries(joined.map(({ memberId }, at) => [memberId, `share-${at}`]));
    await Promise.all(joined.map((one) => group.sync(one, one.leader === one.memberId ? shares : {})));
    const [one = nobody, other = nobody] = joined;
    const nameOf = ({ memberId }: Joined) => memberId.slice(0, 1);
    return one.leader === one.memberId
      ? { leader: one, follower: other, nameOf }
      : { leader: other, follower: one, nameOf };
  };

  it('comes back under a new id to what it had, and nobody joins again', async () => {
    const { leader, follower, nameOf } = await staticOnes();

    const back = await group.join({ groupInstanceId: nameOf(follower) });

    expect(back).toMatchObject({ error: 'NONE', generation: 1, leader: leader.memberId, members: [] });
    expect(back.memberId).not.toBe(follower.memberId);
    const share = await group.sync(back, {}, { groupInstanceId: nameOf(follower) });
    expect(String(share.assignment)).toMatch(/^share-/);
    expect(await group.heartbeat(leader)).toEqual({ error: 'NONE' });
  });

  it('fences who was it before', async () => {
    const { follower, nameOf } = await staticOnes();
    const name = nameOf(follower);

    await group.join({ groupInstanceId: name });

    expect(await group.heartbeat(follower, name)).toMatchObject({ error: 'FENCED_INSTANCE_ID' });
    expect(await group.join({ groupInstanceId: name, memberId: follower.memberId })).toMatchObject({
      error: 'FENCED_INSTANCE_ID',
    });
    expect(await group.leave(follower.memberId, name)).toMatchObject({
      members: [{ error: 'FENCED_INSTANCE_ID' }],
    });
  });

  it('that led is told of the leader that was, so that it does not assign; or to skip that, where it understands', async () => {
    const { leader, nameOf } = await staticOnes();
    const name = nameOf(leader);

    const older = await group.join({ groupInstanceId: name });
    expect(older).toMatchObject({ generation: 1, leader: leader.memberId, members: [] });
    const newer = await group.join({ groupInstanceId: name, canSkipAssignment: true });
    expect(newer).toMatchObject({ generation: 1, leader: newer.memberId, skipAssignment: true });
  });

  it('has all share anew when it wants something else than before', async () => {
    const { leader, follower, nameOf } = await staticOnes();

    const protocols = [{ name: 'range', metadata: Buffer.from('other') }];
    void group.join({ groupInstanceId: nameOf(follower), protocols });
    await group.world.clock.advance(0);

    expect(await group.heartbeat(leader)).toEqual({ error: 'REBALANCE_IN_PROGRESS' });
  });

  it('may leave by its name alone', async () => {
    const { follower, nameOf } = await staticOnes();

    expect(await group.leave('', nameOf(follower))).toMatchObject({ members: [{ error: 'NONE' }] });
    expect(await group.heartbeat(follower)).toMatchObject({ error: 'UNKNOWN_MEMBER_ID' });
    expect(await group.leave('', 'nobody')).toMatchObject({ members: [{ error: 'UNKNOWN_MEMBER_ID' }] });
  });
});
