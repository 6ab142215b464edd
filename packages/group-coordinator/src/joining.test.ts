import { Coordinated, contextOf } from './coordinator.fixture.ts';

describe('joining a classic group', () => {
  let group: Coordinated;

  beforeEach(() => {
    group = new Coordinated();
  });
  afterEach(() => group.coordinator.close());

  it('makes the first who comes wait a moment for others, and no longer', async () => {
    const joining = group.join();
    await group.world.clock.advance(49);
    expect(await group.state()).toBe('preparingRebalance');

    await group.world.clock.advance(1);

    const joined = await joining;
    expect(joined).toMatchObject({
      error: 'NONE',
      generation: 1,
      protocolType: 'consumer',
      protocolName: 'range',
    });
    expect(joined.leader).toBe(joined.memberId);
    expect(joined.members).toEqual([{ memberId: joined.memberId, metadata: Buffer.from('topics') }]);
  });

  it('tells the leader alone who is in the group', async () => {
    const [first, second] = await group.stable(2);

    expect(first?.leader).toBe(second?.leader);
    expect(new Set([first?.members.length, second?.members.length])).toEqual(new Set([0, 2]));
  });

  it('asks a new client that can take it to come again with an id, and keeps nothing else of it', async () => {
    const told = await group.join({ takesMemberId: true });
    expect(told).toMatchObject({ error: 'MEMBER_ID_REQUIRED', memberId: expect.stringMatching(/^tests-/) });

    const joining = group.join({ memberId: told.memberId, takesMemberId: true });
    await group.world.clock.advance(50);

    expect(await joining).toMatchObject({ error: 'NONE', memberId: told.memberId });
  });

  it('forgets an id that nobody joined with, and lets the others go on', async () => {
    await group.join({ takesMemberId: true });
    const other = group.join();
    await group.world.clock.advance(9_000);
    expect(await group.state()).toBe('preparingRebalance');

    await group.world.clock.advance(1_000);

    expect(await other).toMatchObject({ error: 'NONE', generation: 1 });
  });

  it('waits until all have joined again, and begins a new generation then', async () => {
    const [first] = await group.stable(1);
    const second = group.join();
    await group.world.clock.advance(100);
    expect(await group.heartbeat(first ?? { memberId: '' })).toEqual({ error: 'REBALANCE_IN_PROGRESS' });

    const again = group.join({ memberId: first?.memberId ?? '' });

    expect(await again).toMatchObject({ generation: 2, leader: first?.memberId });
    expect(await second).toMatchObject({ generation: 2, leader: first?.memberId, members: [] });
  });

  it('goes on without a member that does not join again within the rebalance timeout', async () => {
    const [first, second] = await group.stable(2, { sessionTimeoutMs: 60_000 });
    const third = group.join();
    const again = group.join({ memberId: first?.memberId ?? '', sessionTimeoutMs: 60_000 });

    await group.world.clock.advance(30_000);

    const members = [await again, await third].map(({ memberId }) => memberId);
    expect(members).toContain(first?.memberId);
    expect((await again).generation).toBe(2);
    expect(await group.heartbeat(second ?? { memberId: '' })).toMatchObject({ error: 'UNKNOWN_MEMBER_ID' });
  });

  it('answers a follower that says what it said before at once, and shares out anew for a leader', async () => {
    const [one, other] = await group.stable(2);
    const [leader, follower] = one?.leader === one?.memberId ? [one, other] : [other, one];

    expect(await group.join({ memberId: follower?.memberId ?? '' })).toMatchObject({ generation: 1 });
    const again = group.join({ memberId: leader?.memberId ?? '' });

    await group.world.clock.advance(0);
    expect(await group.state()).toBe('preparingRebalance');
    void group.join({ memberId: follower?.memberId ?? '' });
    expect(await again).toMatchObject({ generation: 2 });
  });

  it('shares out anew for a follower that wants something else', async () => {
    const [one, other] = await group.stable(2);
    const follower = one?.leader === one?.memberId ? other : one;

    void group.join({
      memberId: follower?.memberId ?? '',
      protocols: [{ name: 'range', metadata: Buffer.from('other topics') }],
    });
    await group.world.clock.advance(0);

    expect(await group.state()).toBe('preparingRebalance');
  });

  it('chooses the protocol that all support and most like best', async () => {
    const likes = (...names: string[]) => ({
      protocols: names.map((name) => ({ name, metadata: Buffer.from(name) })),
    });
    const joining = [
      group.join(likes('sticky', 'range', 'roundrobin')),
      group.join(likes('range', 'roundrobin')),
      group.join(likes('roundrobin', 'range')),
    ];
    await group.world.clock.advance(50);

    const joined = await Promise.all(joining);

    expect(new Set(joined.map(({ protocolName }) => protocolName))).toEqual(new Set(['range']));
    const leader = joined.find(({ members }) => members.length > 0);
    expect(leader?.members.map(({ metadata }) => String(metadata))).toEqual(['range', 'range', 'range']);
  });

  it('refuses who supports nothing that the others do, or is no consumer as they are', async () => {
    await group.stable(1);

    const sticky = [{ name: 'sticky', metadata: Buffer.alloc(0) }];
    expect(await group.join({ protocols: sticky })).toMatchObject({
      error: 'INCONSISTENT_GROUP_PROTOCOL',
      message: "group 'g' has type 'consumer' and supports range",
    });
    expect(await group.join({ protocolType: 'connect' })).toMatchObject({
      error: 'INCONSISTENT_GROUP_PROTOCOL',
    });
    expect(await group.join({ protocols: [] })).toMatchObject({ error: 'INCONSISTENT_GROUP_PROTOCOL' });
  });

  it.each([
    ['a group without a name', { groupId: '' }, 'INVALID_GROUP_ID'],
    ['a member that it does not know', { memberId: 'stranger' }, 'UNKNOWN_MEMBER_ID'],
    ['a session that is too short', { sessionTimeoutMs: 5_999 }, 'INVALID_SESSION_TIMEOUT'],
    ['a session that is too long', { sessionTimeoutMs: 1_800_001 }, 'INVALID_SESSION_TIMEOUT'],
    [
      'more metadata than it keeps',
      { protocols: [{ name: 'range', metadata: Buffer.alloc(1024 * 1024 + 1) }] },
      'INVALID_REQUEST',
    ],
  ])('refuses %s', async (_, request, error) => {
    expect(await group.join(request)).toMatchObject({ error, members: [] });
  });

  it('takes no more members than it may', async () => {
    group = new Coordinated({ maxMembers: 2 });
    await group.stable(1);
    await group.join({ takesMemberId: true });

    expect(await group.join()).toMatchObject({ error: 'GROUP_MAX_SIZE_REACHED' });
  });

  it('does not wait for a member whose connection is gone while it waits', async () => {
    const [first] = await group.stable(1);
    const connection = new AbortController();
    const joining = group.join({}, contextOf(connection.signal));
    await group.world.clock.advance(10);

    connection.abort();
    const again = group.join({ memberId: first?.memberId ?? '' });
    await group.world.clock.advance(10_000);

    expect(await joining).toMatchObject({ error: 'NETWORK_EXCEPTION' });
    expect(await again).toMatchObject({ generation: 2, members: [{ memberId: first?.memberId }] });
  });

  it('leaves no timer behind when the coordinator is closed, and answers who waits', async () => {
    const joining = group.join();
    await group.join({ takesMemberId: true });

    group.coordinator.close();

    expect(await joining).toMatchObject({ error: 'COORDINATOR_NOT_AVAILABLE' });
    expect(group.world.clock.pending).toBe(0);
    expect(await group.join()).toMatchObject({ error: 'COORDINATOR_NOT_AVAILABLE' });
  });
});
