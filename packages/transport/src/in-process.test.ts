import type { BrokerApi, CallContext } from '@millrace/protocol';
import { inProcessConnector } from './in-process.ts';

const node = { nodeId: 1, host: '', port: 0 };
const done: BrokerApi['produce'] = async () => ({ partitions: [] });

describe('inProcessConnector', () => {
  it('starts the handler in the call itself, with the very bytes', async () => {
    const batches = Buffer.from('records');
    let got: Buffer | undefined;
    const connection = await inProcessConnector({
      produce: async ({ partitions }) => {
        got = partitions[0]?.batches;
        return { partitions: [] };
      },
    })(node);

    const call = connection.call('produce', {
      acks: 'all',
      timeoutMs: 0,
      partitions: [{ topic: 't', partition: 0, batches }],
    });

    expect(got).toBe(batches);
    await call;
  });

  it('spoils what the caller no longer owns when asked to check that', async () => {
    const batches = Buffer.from('records');
    let got = '';
    const connect = inProcessConnector(
      {
        produce: async ({ partitions }) => {
          got = String(partitions[0]?.batches);
          return { partitions: [] };
        },
      },
      { checkOwnership: true },
    );
    const partitions = [{ topic: 't', partition: 0, batches }];
    await (await connect(node)).call('produce', { acks: 'all', timeoutMs: 0, partitions });

    expect(got).toBe('records');
    expect(batches.equals(Buffer.alloc(7, 0xdd))).toBe(true);
  });

  it('finds no broker where none is', async () => {
    const connect = inProcessConnector((nodeId) => (nodeId === 1 ? { produce: done } : undefined));
    await expect(connect({ ...node, nodeId: 2 })).rejects.toMatchObject({
      code: 'BROKER_UNREACHABLE',
      message: 'no broker 2 runs in this process',
    });
    await expect(connect({ ...node, nodeId: undefined })).rejects.toThrow('no broker runs in this process');
  });

  it('ends a connection to a broker that is gone with the next call', async () => {
    let broker: Partial<BrokerApi> | undefined = { metadata: () => new Promise(() => {}), produce: done };
    const connection = await inProcessConnector(() => broker)(node);
    const parked = connection.call('metadata', {});
    broker = undefined;

    const call = connection.call('produce', { acks: 'all', timeoutMs: 0, partitions: [] });

    await expect(call).rejects.toMatchObject({ code: 'NETWORK_EXCEPTION' });
    await expect(parked).rejects.toMatchObject({ code: 'NETWORK_EXCEPTION' });
    await connection.closed;
  });

  it('numbers its connections', async () => {
    const ids: number[] = [];
    const connect = inProcessConnector({
      metadata: async (_request, context: CallContext) => {
        ids.push(context.connectionId);
        return { clusterId: '', brokers: [], topics: [] };
      },
    });
    for (const connection of [await connect(node), await connect(node)])
      await connection.call('metadata', {});
    expect(ids).toEqual([1, 2]);
  });

  it('does not connect for somebody who has given up', async () => {
    const abandoned = AbortSignal.abort(new Error('given up'));
    await expect(inProcessConnector({})(node, abandoned)).rejects.toThrow('given up');
  });
});
