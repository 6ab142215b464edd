import { memoryRegistry } from '@millrace/coordination';
import { msgpackCodec } from '@millrace/protocol/msgpack';
import { memoryFileSystem } from '@millrace/runtime';
import { testWorld } from '@millrace/runtime/testing';
import { tcpConnector } from '@millrace/transport';
import { type Broker, startBroker } from './start-broker.ts';

describe('listeners', () => {
  it('are registered as bound, told to who finds the directory locked, and closed on stop', async () => {
    const files = memoryFileSystem();
    const config = { dataDirectory: '/data', listeners: [{}, { name: 'other' }] };
    const broker = await startBroker(config, testWorld(1, files));
    const endpoints = Object.values(broker.endpoints);

    expect(Object.keys(broker.endpoints)).toContain('other');
    expect(endpoints).toHaveLength(2);
    for (const { host, port } of endpoints) expect([host, port > 0]).toEqual(['127.0.0.1', true]);
    const address = endpoints.map(({ host, port }) => `${host}:${port}`).join(', ');
    await expect(startBroker(config, testWorld(2, files))).rejects.toMatchObject({
      code: 'LOCKED',
      details: { address },
    });
    await broker.stop();

    const again = { dataDirectory: '/data', listeners: [{ port: endpoints[0]?.port ?? 0 }] };
    await (await startBroker(again, testWorld(3, files))).stop();
  });

  it('are told to others by the advertised address, with the port that was bound where it names none', async () => {
    const listeners = [
      { name: 'a', advertised: { host: 'mill.example', port: 19_292 } },
      { name: 'b', advertised: { host: 'mill.example' } },
    ];
    const broker = await startBroker({ listeners }, testWorld());

    expect(broker.advertised).toEqual({
      a: { host: 'mill.example', port: 19_292 },
      b: { host: 'mill.example', port: broker.endpoints['b']?.port },
    });
    await broker.stop();
  });

  it('on all addresses are told as the machine in a cluster, and alone as where the client found them', async () => {
    const everywhere = { listeners: [{ host: '0.0.0.0' }], insecure: true };
    const alone = await startBroker(everywhere, testWorld());
    const inCluster = await startBroker({ ...everywhere, registry: memoryRegistry().open }, testWorld());
    const told = await Promise.all([alone, inCluster].map(hostToldOverTcp));

    expect(told).toEqual(['127.0.0.1', 'test-host']);
    await Promise.all([alone.stop(), inCluster.stop()]);
  });

  it('leave nothing behind when one of them cannot be opened', async () => {
    const files = memoryFileSystem();
    const holder = await startBroker({ listeners: [{}] }, testWorld());
    const port = Object.values(holder.endpoints)[0]?.port ?? 0;
    const config = (taken: number) => ({
      dataDirectory: '/data',
      listeners: [{ name: 'first' }, { name: 'second', port: taken }],
    });

    await expect(startBroker(config(port), testWorld(2, files))).rejects.toMatchObject({
      code: 'ADDRESS_IN_USE',
    });
    await holder.stop();

    await (await startBroker(config(port), testWorld(3, files))).stop();
  });

  it('need names of their own', async () => {
    await expect(startBroker({ listeners: [{}, {}] }, testWorld())).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
      message: expect.stringContaining('two listeners') as string,
    });
  });
});

async function hostToldOverTcp({ endpoints }: Broker): Promise<string | undefined> {
  const port = Object.values(endpoints)[0]?.port ?? 0;
  const connection = await tcpConnector({ codec: msgpackCodec() })({
    nodeId: undefined,
    host: '127.0.0.1',
    port,
  });
  const { brokers } = await connection.call('metadata', { topics: [] });
  await connection.close();
  return brokers[0]?.host;
}
