import { createServer, connect as dial } from 'node:net';
import type { BrokerApi, ResponseOf } from '@millrace/protocol';
import { msgpackCodec } from '@millrace/protocol/msgpack';
import { testWorld } from '@millrace/runtime/testing';
import { tcpConnector } from './tcp-connector.ts';
import { listenTcp } from './tcp-listener.ts';
import { deferred } from './testing/deferred.ts';

const codec = msgpackCodec();
const none: ResponseOf<'metadata'> = { clusterId: 'c', brokers: [], topics: [] };
const api: Partial<BrokerApi> = { metadata: async () => none };
const at = (endpoint: { host: string; port: number }): { nodeId: undefined; host: string; port: number } => ({
  nodeId: undefined,
  ...endpoint,
});

/** Looked at from the start, so that a rejection is never unhandled. */
const failureOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'no failure',
    (error: unknown) => error,
  );

describe('listenTcp', () => {
  it('says which port it bound, on loopback unless told otherwise', async () => {
    const listener = await listenTcp({ api, codec, listener: 'inside' });
    expect(listener.name).toBe('inside');
    expect(listener.endpoint).toEqual({ host: '127.0.0.1', port: expect.any(Number) });
    expect(listener.endpoint.port).toBeGreaterThan(0);
    await listener.close();
  });

  it('names a port that is in use, and a free one', async () => {
    const first = await listenTcp({ api, codec });
    const { port } = first.endpoint;
    const second = listenTcp({ api, codec, port });
    await expect(second).rejects.toMatchObject({
      code: 'ADDRESS_IN_USE',
      message: expect.stringContaining(String(port)),
      hint: expect.stringMatching(/\d+ is free/),
      details: { port, freePort: expect.any(Number) },
    });
    await first.close();
  });

  it('names an address that is not there', async () => {
    const listening = listenTcp({ api, codec, host: '192.0.2.1' });
    await expect(listening).rejects.toMatchObject({
      code: 'ADDRESS_UNAVAILABLE',
      message: 'cannot listen on 192.0.2.1:0: that is no address of this machine (EADDRNOTAVAIL)',
    });
  });

  it('answers what was asked before it closes, and takes nothing more', async () => {
    const asked = deferred<void>();
    const answer = deferred<ResponseOf<'metadata'>>();
    const listener = await listenTcp({
      codec,
      api: {
        metadata: () => {
          asked.resolve();
          return answer.promise;
        },
      },
    });
    const connection = await tcpConnector({ codec })(at(listener.endpoint));
    const call = connection.call('metadata', {});
    await asked.promise;

    const closing = listener.close({ drainMs: 5_000 });
    answer.resolve(none);

    expect(await call).toEqual(none);
    await Promise.all([closing, listener.close(), connection.closed]);
    await expect(tcpConnector({ codec })(at(listener.endpoint))).rejects.toMatchObject({
      code: 'BROKER_UNREACHABLE',
    });
  });

  it('waits for answers no longer than it is told', async () => {
    const world = testWorld();
    const asked = deferred<AbortSignal>();
    const listener = await listenTcp(
      {
        codec,
        api: {
          metadata: (_request, { signal }) => {
            asked.resolve(signal);
            return new Promise(() => {});
          },
        },
      },
      world,
    );
    const connection = await tcpConnector({ codec })(at(listener.endpoint));
    const call = connection.call('metadata', {});
    const failed = failureOf(call);
    const signal = await asked.promise;

    const closing = listener.close({ drainMs: 200 });
    await world.clock.advance(200);

    await closing;
    expect(await failed).toMatchObject({ code: 'NETWORK_EXCEPTION' });
    expect(signal.aborted).toBe(true);
  });

  it('closes connections beyond its limit and goes on serving the others', async () => {
    const listener = await listenTcp({ api, codec, maxConnections: 1 });
    const connect = tcpConnector({ codec });
    const first = await connect(at(listener.endpoint));
    await first.call('metadata', {});

    const second = await connect(at(listener.endpoint));
    await expect(second.call('metadata', {})).rejects.toMatchObject({ code: 'NETWORK_EXCEPTION' });

    expect(await first.call('metadata', {})).toEqual(none);
    await first.close();
    await listener.close();
  });

  it('tells a browser what this port is', async () => {
    const listener = await listenTcp({ api, codec });
    const text = await new Promise<string>((resolve, reject) => {
      let said = '';
      const socket = dial(listener.endpoint.port, listener.endpoint.host, () =>
        socket.write(`GET / HTTP/1.1\r\nHost: x\r\n\r\n${'body '.repeat(20_000)}`),
      );
      socket.setEncoding('utf8');
      socket.on('data', (part: string) => (said += part));
      socket.on('error', reject).on('close', () => resolve(said));
    });
    expect(text).toMatch(/^HTTP\/1\.1 400 .*\r\n\r\nThis port speaks the Millrace protocol, not HTTP\.\n$/s);
    await listener.close();
  });
});

describe('tcpConnector', () => {
  it('says where it looked and what to check when nobody is there', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));

    await expect(tcpConnector({ codec })({ nodeId: 1, host: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'BROKER_UNREACHABLE',
      retriable: true,
      message: `no broker at 127.0.0.1:${port}: nothing listens there (ECONNREFUSED)`,
      details: { address: `127.0.0.1:${port}`, reason: 'nothing listens there (ECONNREFUSED)' },
      hint: expect.stringContaining('is it running?'),
    });
  });

  it('gives up after the time it has, and when it is told to', async () => {
    const world = testWorld();
    // An address for documentation, which nobody has: no answer, or none at all.
    const nobody = { nodeId: 1, host: '192.0.2.1', port: 9 };
    const timedOut = tcpConnector({ codec, connectTimeoutMs: 100 }, world)(nobody);
    const refused = failureOf(timedOut);
    await world.clock.advance(100);
    expect(await refused).toMatchObject({ code: 'BROKER_UNREACHABLE' });

    const controller = new AbortController();
    const abandoned = tcpConnector({ codec }, world)(nobody, controller.signal);
    const aborted = failureOf(abandoned);
    controller.abort(new Error('given up'));
    expect(await aborted).toMatchObject({ message: 'given up' });
    expect(world.clock.pending).toBe(0);
  });
});
