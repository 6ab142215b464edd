import { startBroker } from '@millrace/broker';
import { Counter, Registry } from 'prom-client';
import { connect } from '../connect.ts';
import type { metrics as definitions } from './definitions.ts';
import { prometheusMetrics } from './prometheus.ts';

describe('the metrics of a broker in a program', () => {
  it('stand beside those of the program, and leave them when they go', async () => {
    const register = new Registry();
    const orders = new Counter({ name: 'orders_total', help: 'of the program', registers: [register] });
    orders.inc(3);
    const broker = await startBroker({ listeners: [{ name: 'door' }] });
    const metrics = await prometheusMetrics(broker, { register });
    const client = connect(`127.0.0.1:${broker.endpoints['door']?.port}`);

    await client.producer().send({ topic: 't', value: 'v' });

    const text = await metrics.text();
    expect(text).toContain('orders_total 3');
    expect(text).toContain('millrace_records_in_total{topic="t"} 1');
    expect(text).toContain('millrace_connections{listener="door"} 1');
    expect(text).not.toContain('nodejs_eventloop');
    await client.close();
    await metrics.close();
    await broker.stop();
    expect(register.getMetricsAsArray().map(({ name }) => name)).toEqual(['orders_total']);
  });

  it('tell of what waits, and no more of it once it is answered', async () => {
    const broker = await startBroker({ listeners: [{ name: 'door' }] });
    const metrics = await prometheusMetrics(broker);
    const client = connect(`127.0.0.1:${broker.endpoints['door']?.port}`);
    await client.createTopic('t');
    const consumer = client.consumer({ partitions: [{ topic: 't', partition: 0 }], maxWaitMs: 1_000 });
    const reading = consumer[Symbol.asyncIterator]().next();
    const waiting = async (): Promise<number | undefined> => {
      const told = (await metrics.json()) as { name: string; values: { value: number; labels: object }[] }[];
      const inFlight = told.find(
        ({ name }) => name === ('millrace_requests_in_flight' satisfies keyof typeof definitions),
      );
      return inFlight?.values.find(({ labels }) => 'api' in labels && labels.api === 'fetch')?.value;
    };
    while ((await waiting()) !== 1) await new Promise((resolve) => setTimeout(resolve, 10));

    await client.producer().send({ topic: 't', value: 'v' });
    expect((await reading).value?.offset).toBe(0);
    await consumer.close();
    await client.close();

    while ((await waiting()) !== 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await metrics.close();
    await broker.stop();
  });
});
