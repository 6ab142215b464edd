import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { apiError, type BrokerApi, type CallContext } from '@millrace/protocol';
import { testWorld } from '@millrace/runtime/testing';
import {
  observed,
  type RequestEvent,
  requestChannelName,
  requestStartChannelName,
} from './request-channel.ts';

const context: CallContext = {
  signal: new AbortController().signal,
  clientId: 'c',
  connectionId: 1,
  listener: 'native',
};

describe('the channel of requests', () => {
  const world = testWorld();
  const told: RequestEvent[] = [];
  const hear = (message: unknown): void => void told.push(message as RequestEvent);
  const answer = { error: 'NONE' as const };
  const api: Partial<BrokerApi> = {
    heartbeat: async ({ memberId }) => {
      await world.clock.sleep(20);
      if (memberId === 'gone') throw apiError('UNKNOWN_MEMBER_ID', 'gone');
      return answer;
    },
  };
  const ask = (memberId: string) => {
    const request = { groupId: 'g', generation: 1, memberId };
    const { heartbeat } = observed(api, 7, world);
    const asked = heartbeat?.(request, context) ?? Promise.reject(new Error('no such question'));
    void world.clock.advance(20);
    return { request, asked };
  };

  beforeEach(() => {
    told.length = 0;
  });
  afterEach(() => unsubscribe(requestChannelName, hear));

  it('tells nobody anything when nobody listens, and answers', async () => {
    expect(await ask('m').asked).toBe(answer);
    expect(told).toEqual([]);
  });

  it('tells who listens of each question, its answer and how long it took', async () => {
    subscribe(requestChannelName, hear);
    const starts: unknown[] = [];
    const hearStart = (message: unknown): void => void starts.push(message);
    subscribe(requestStartChannelName, hearStart);

    const { request, asked } = ask('m');

    expect(starts).toEqual([{ nodeId: 7, api: 'heartbeat', listener: 'native', request }]);
    expect(await asked).toBe(answer);
    unsubscribe(requestStartChannelName, hearStart);
    expect(told).toEqual([
      { nodeId: 7, api: 'heartbeat', listener: 'native', ms: 20, request, response: answer },
    ]);
  });

  it('tells of what failed as a whole, and fails', async () => {
    subscribe(requestChannelName, hear);

    await expect(ask('gone').asked).rejects.toMatchObject({ code: 'UNKNOWN_MEMBER_ID' });

    expect(told).toMatchObject([{ api: 'heartbeat', error: { code: 'UNKNOWN_MEMBER_ID' } }]);
  });
});
