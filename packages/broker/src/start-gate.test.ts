import type { BrokerApi, CallContext } from '@millrace/protocol';
import { gateApi } from './start-gate.ts';

describe('the gate of a broker that starts', () => {
  const context = {} as CallContext;
  const answer = { clusterId: 'c', brokers: [], topics: [] };

  it('lets calls wait until it opens, then answers them in order', async () => {
    const asked: string[] = [];
    const metadata: BrokerApi['metadata'] = (request) => {
      asked.push(...(request.topics ?? []));
      return Promise.resolve(answer);
    };
    const gate = gateApi({ metadata });

    const calls = ['a', 'b'].map(async (topic) => gate.api.metadata?.({ topics: [topic] }, context));
    await new Promise((resolve) => setImmediate(resolve));
    const before = [...asked];
    gate.open();

    expect(await Promise.all(calls)).toEqual([answer, answer]);
    expect([before, asked]).toEqual([[], ['a', 'b']]);
  });

  it('is not there any more once it is open', () => {
    const metadata: BrokerApi['metadata'] = () => Promise.resolve(answer);
    const gate = gateApi({ metadata });

    gate.open();

    expect(gate.api.metadata).toBe(metadata);
  });
});
