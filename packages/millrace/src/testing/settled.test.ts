import { type Consumer, connect } from '../index.ts';
import { startTestBroker, type TestBroker } from './index.ts';

describe('a settled test broker', () => {
  let broker: TestBroker;

  beforeEach(async () => {
    broker = await startTestBroker();
  });
  afterEach(() => broker.close());

  it('has acknowledged what lingers', async () => {
    const sent = broker.producer({ lingerMs: 60_000 }).send({ topic: 'orders', value: 'x' });

    await broker.settled();

    expect(await broker.records('orders')).toHaveLength(1);
    await sent;
  });

  it('has gone through a chain of consumers, each with a group of its own', async () => {
    const stages = ['a', 'b', 'c', 'd'];
    for (const [at, from] of stages.slice(0, -1).entries()) forward(broker, from, stages[at + 1] ?? '');
    const producer = broker.producer();
    for (let n = 0; n < 20; n += 1) await producer.send({ topic: 'a', value: String(n) });

    await broker.settled();

    for (const topic of stages) expect(await broker.records(topic)).toHaveLength(20);
  });

  it('has a group that has joined and found its partitions, however late the topic came', async () => {
    const seen: string[] = [];
    handle(broker.consumer({ group: 'billing', topics: ['orders'] }), seen);
    await broker.settled();
    await broker.producer().send({ topic: 'orders', value: 'late' });

    await broker.settled();

    expect(seen).toEqual(['late']);
  });

  it('has readers of partitions at their ends', async () => {
    await broker.producer().send({ topic: 'orders', value: 'x' });
    const seen: string[] = [];
    handle(broker.consumer({ partitions: [{ topic: 'orders', partition: 0 }] }), seen);

    await broker.settled();

    expect(seen).toEqual(['x']);
  });

  it('has the commits of a group that belongs to another client', async () => {
    await broker.producer().send({ topic: 'orders', value: 'x' });
    const other = connect(broker);
    const seen: string[] = [];
    const consumer = other.consumer({ group: 'billing', topics: ['orders'], autoCommitMs: 20 });
    const first = new Promise<void>((resolve) => handle(consumer, seen, resolve));
    await first;

    await broker.settled();

    expect(seen).toEqual(['x']);
    await other.close();
  });

  it('says what is left when time is up', async () => {
    await broker.producer().send({ topic: 'orders', value: 'x' });
    broker.consumer({ group: 'idle', topics: ['orders'] });
    const stuck = broker.consumer({ group: 'stuck', topics: ['orders'] });
    const inHand = stuck[Symbol.asyncIterator]();
    await inHand.next();

    await expect(broker.settled({ timeoutMs: 50 })).rejects.toMatchObject({
      code: 'NOT_SETTLED',
      message:
        'not settled after 50 ms: 1 of group idle not read yet; group stuck has 1 of orders-0 left (at 0, end 1)',
    });
  });

  it('does not count consumers that were closed', async () => {
    await broker.producer().send({ topic: 'orders', value: 'x' });
    await broker.consumer({ group: 'idle', topics: ['orders'] }).close();

    await expect(broker.settled()).resolves.toBeUndefined();
  });
});

/** Passes each record on, without waiting for the acknowledgement: a careless service. */
function forward(broker: TestBroker, from: string, to: string): void {
  const producer = broker.producer();
  const consumer = broker.consumer({ group: `from ${from}`, topics: [from] });
  void (async () => {
    for await (const { value } of consumer) void producer.send({ topic: to, value });
  })();
}

function handle(consumer: Consumer, seen: string[], afterFirst: () => void = () => {}): void {
  void (async () => {
    for await (const { value } of consumer) {
      seen.push(String(value));
      afterFirst();
    }
  })();
}
