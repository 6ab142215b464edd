import { startTestBroker } from './index.ts';

describe('a test broker on a manual clock', () => {
  it('starts, serves and closes without any time passing', async () => {
    const broker = await startTestBroker({ clock: 'manual', topics: ['orders'] });
    const startMs = broker.clock.now();

    await broker.producer().send({ topic: 'orders', value: 'x' });
    const [record] = await broker.records('orders');

    expect([String(record?.value), record?.timestamp, broker.clock.monotonic()]).toEqual(['x', startMs, 0]);
    await broker.close();
  });

  it('lets a record linger for exactly as long as it should', async () => {
    const broker = await startTestBroker({ clock: 'manual', topics: ['orders'] });
    let delivered = false;
    const sent = broker.producer({ lingerMs: 60_000 }).send({ topic: 'orders', value: 'x' });
    void sent.then(() => {
      delivered = true;
    });

    await broker.clock.advance(59_999);
    const early = delivered;
    await broker.clock.advance(1);
    await sent;

    expect([early, delivered]).toEqual([false, true]);
    await broker.close();
  });

  it('commits for a group when its time has come', async () => {
    const broker = await startTestBroker({ clock: 'manual' });
    await broker.producer().send({ topic: 'orders', value: 'x' });
    const seen: string[] = [];
    void (async () => {
      for await (const { value } of broker.consumer({ group: 'billing', topics: ['orders'] }))
        seen.push(String(value));
    })();

    await broker.settled();
    await broker.clock.advance(10_000);

    expect(seen).toEqual(['x']);
    await broker.close();
  });
});
