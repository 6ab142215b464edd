import { getEventListeners } from 'node:events';
import { BatchBuilder, json, prepareChecksums } from '@millrace/record';
import { ByteBufferMessageSet, Message } from './message-set.ts';
import { createProducer } from './producer.ts';
import { FakeBroker, gate, neverAnswered } from './testing/fake-broker.ts';

// What is loaded once a process must not come between the turns of a manual clock.
beforeAll(async () => {
  await prepareChecksums();
});

const offsetsOf = (deliveries: readonly { offset: number }[]): number[] =>
  deliveries.map(({ offset }) => offset);

describe('a producer', () => {
  it('resolves each send with where the record lies, in the order of the calls', async () => {
    const broker = new FakeBroker();
    const producer = createProducer(broker.cluster, {}, broker.world);

    const deliveries = await Promise.all(
      ['a', 'b', 'c'].map((value) => producer.send({ topic: 'orders', value })),
    );

    expect(deliveries).toEqual([0, 1, 2].map((offset) => ({ topic: 'orders', partition: 0, offset })));
    expect(broker.log('orders').values).toEqual(['a', 'b', 'c']);
    expect(broker.log('orders').sizes).toEqual([3]);
  });

  it('has a topic created that is not there, and looks it up once', async () => {
    const broker = new FakeBroker();
    const producer = createProducer(broker.cluster, {}, broker.world);

    await Promise.all([1, 2, 3].map((n) => producer.send({ topic: 'new', value: `${n}` })));
    await producer.send({ topic: 'new', value: '4' });

    expect(broker.partitions.get('new')).toBe(1);
    expect(broker.calls.filter((call) => call === 'metadata')).toHaveLength(1);
  });

  it('sends a key where murmur2 says, and what has no key to one partition a batch', async () => {
    const broker = new FakeBroker();
    broker.newTopicPartitions = 10;
    const producer = createProducer(broker.cluster, {}, broker.world);

    const keyed = await Promise.all(
      ['foobar', 'abc', 'foobar'].map((key) => producer.send({ topic: 'orders', key, value: key })),
    );
    const keyless = await Promise.all(
      Array.from({ length: 20 }, () => producer.send({ topic: 'orders', value: 'x' })),
    );

    expect(keyed.map(({ partition }) => partition)).toEqual([6, 7, 6]);
    expect(new Set(keyless.map(({ partition }) => partition)).size).toBe(1);
  });

  it('takes a partition by number, or a partitioner of the caller', async () => {
    const broker = new FakeBroker();
    broker.newTopicPartitions = 4;
    const producer = createProducer(broker.cluster, { partitioner: (key) => key.length }, broker.world);

    const chosen = await producer.send({ topic: 'orders', key: 'abc', value: '', partition: 1 });
    const computed = await producer.send({ topic: 'orders', key: 'abc', value: '' });

    expect([chosen.partition, computed.partition]).toEqual([1, 3]);
    await expect(producer.send({ topic: 'orders', partition: 4, value: '' })).rejects.toMatchObject({
      code: 'PARTITION_OUT_OF_RANGE',
      message: 'partition 4 of orders was asked for, it has 4, counted from 0',
    });
  });

  it('writes what serdes make of values, and tombstones', async () => {
    const broker = new FakeBroker();
    const producer = createProducer(broker.cluster, { value: json<{ n: number }>() }, broker.world);
    const plain = createProducer(broker.cluster, {}, broker.world);

    await producer.send({ topic: 'orders', value: { n: 1 } });
    await plain.send({ topic: 'orders', key: 'k', value: null });

    expect(broker.log('orders').values).toEqual(['{"n":1}', null]);
  });

  it('says how large a record is that fits in no batch, and sends the others', async () => {
    const broker = new FakeBroker();
    const producer = createProducer(broker.cluster, {}, broker.world);

    const large = producer.send({ topic: 'orders', value: Buffer.alloc(1024 * 1024) });
    const small = producer.send({ topic: 'orders', value: 'small' });

    await expect(large).rejects.toMatchObject({
      code: 'RECORD_TOO_LARGE',
      message: expect.stringMatching(/10485\d\d bytes .* at most 1048576/),
    });
    expect((await small).offset).toBe(0);
  });

  it('begins another batch when one is full', async () => {
    const broker = new FakeBroker();
    const producer = createProducer(broker.cluster, { batchBytes: 200 }, broker.world);

    const deliveries = await Promise.all(
      Array.from({ length: 9 }, (_, n) => producer.send({ topic: 'orders', value: `${n}`.repeat(40) })),
    );

    expect(offsetsOf(deliveries)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(broker.log('orders').sizes).toEqual([3, 3, 3]);
  });

  it('lets records linger for company, but not while others wait for room', async () => {
    const broker = new FakeBroker();
    const producer = createProducer(broker.cluster, { lingerMs: 50, bufferBytes: 300 }, broker.world);
    const sent = [producer.send({ topic: 'orders', value: 'a' })];
    await broker.world.clock.advance(30);
    sent.push(producer.send({ topic: 'orders', value: 'b' }));
    const whileLingering = [...broker.log('orders').values];

    await broker.world.clock.advance(20);
    const afterwards = [...broker.log('orders').values];
    const crowd = Array.from({ length: 10 }, () =>
      producer.send({ topic: 'orders', value: 'x'.repeat(100) }),
    );
    await Promise.all(crowd.slice(0, 3));

    expect(whileLingering).toEqual([]);
    expect(afterwards).toEqual(['a', 'b']);
    expect(broker.world.clock.monotonic()).toBe(50);
    await producer.close();
    expect(offsetsOf(await Promise.all([...sent, ...crowd]))).toHaveLength(12);
  });

  it('sends what lingered too long as soon as there is room in flight', async () => {
    const broker = new FakeBroker();
    const producer = createProducer(broker.cluster, { lingerMs: 10 }, broker.world);
    const slow = gate();
    broker.fates.push(slow.fate);
    const first = producer.send({ topic: 'orders', value: 'a' });
    await broker.world.clock.advance(10);
    const second = producer.send({ topic: 'orders', value: 'b' });
    await broker.world.clock.advance(10);

    slow.open();

    expect(offsetsOf(await Promise.all([first, second]))).toEqual([0, 1]);
  });

  it('waits while its buffer is full, and goes on in order', async () => {
    const broker = new FakeBroker();
    const producer = createProducer(broker.cluster, { bufferBytes: 500 }, broker.world);
    const slow = gate();
    broker.fates.push(slow.fate);

    const sent = Array.from({ length: 50 }, (_, n) =>
      producer.send({ topic: 'orders', value: `${n}`.padStart(100) }),
    );
    await broker.world.clock.advance(0);
    const whileFull = broker.calls.filter((call) => call.startsWith('produce')).length;
    slow.open();

    expect(offsetsOf(await Promise.all(sent))).toEqual(Array.from({ length: 50 }, (_, n) => n));
    expect(whileFull).toBe(1);
    expect(broker.log('orders').values.map(Number)).toEqual(Array.from({ length: 50 }, (_, n) => n));
    expect(Math.max(...broker.log('orders').sizes)).toBeLessThanOrEqual(5);
  });

  it('takes a record back on a signal until it is in a batch, not afterwards', async () => {
    const broker = new FakeBroker();
    const producer = createProducer(broker.cluster, { bufferBytes: 100 }, broker.world);
    const slow = gate();
    broker.fates.push(slow.fate);
    const abort = new AbortController();

    const inBatch = producer.send({ topic: 'orders', value: 'x'.repeat(100) }, abort.signal);
    const waiting = producer.send({ topic: 'orders', value: 'never' }, abort.signal);
    const behind = producer.send({ topic: 'orders', value: 'behind' });
    await broker.world.clock.advance(0);
    const reason = new Error('enough');
    abort.abort(reason);
    slow.open();

    await expect(waiting).rejects.toBe(reason);
    await expect(producer.send({ topic: 'orders', value: 'late' }, abort.signal)).rejects.toBe(reason);
    expect(offsetsOf(await Promise.all([inBatch, behind]))).toEqual([0, 1]);
    expect(broker.log('orders').values).toEqual(['x'.repeat(100), 'behind']);
  });

  it('flushes what lingers, and waits for it', async () => {
    const broker = new FakeBroker();
    const producer = createProducer(broker.cluster, { lingerMs: 1_000 }, broker.world);
    const sent = producer.send({ topic: 'orders', value: 'a' });

    await producer.flush();

    expect(broker.log('orders').values).toEqual(['a']);
    expect(broker.world.clock.monotonic()).toBe(0);
    expect((await sent).offset).toBe(0);
  });

  it('drains when it closes, takes nothing afterwards and leaves no timer behind', async () => {
    const broker = new FakeBroker();
    const producer = createProducer(broker.cluster, { lingerMs: 1_000, bufferBytes: 200 }, broker.world);
    const sent = Array.from({ length: 20 }, (_, n) => producer.send({ topic: 'orders', value: `${n}` }));

    const closing = producer.close();
    const late = producer.send({ topic: 'orders', value: 'late' });

    await expect(late).rejects.toMatchObject({ code: 'PRODUCER_CLOSED' });
    await closing;
    await producer.close();
    expect(await Promise.all(sent)).toHaveLength(20);
    expect(broker.log('orders').values).toHaveLength(20);
    // The look-up's: it keeps no process alive.
    await broker.world.clock.advance(120_000);
    expect(broker.world.clock.pending).toBe(0);
  });

  it('gives up what is not acknowledged when it is told not to drain, and says of each record what is known', async () => {
    const broker = new FakeBroker();
    const producer = createProducer(broker.cluster, { bufferBytes: 250, batchBytes: 100 }, broker.world);
    await producer.send({ topic: 'orders', value: 'first' });
    broker.fates.push(neverAnswered);
    const sent = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((letter) =>
      producer.send({ topic: 'orders', value: letter.repeat(100) }).catch((error: unknown) => error),
    );
    await broker.world.clock.advance(0);

    const closed = producer.close();
    await producer.close({ drain: false });
    await closed;

    const outcomes = await Promise.all(sent);
    const fates = outcomes.map(
      (error) => (error as { details?: { mayBeWritten: boolean } }).details?.mayBeWritten,
    );
    expect(fates[0]).toBe(true);
    expect(fates.at(-1)).toBe(false);
    for (const error of outcomes.filter((outcome) => outcome instanceof Error))
      expect(error).toMatchObject({
        code: 'PRODUCER_CLOSED',
        message: expect.stringMatching(/^the producer was closed; it (may have been|was not) written$/),
      });
    expect(outcomes.at(-1)).toBeInstanceOf(Error);
    await broker.world.clock.advance(120_000);
    expect(broker.world.clock.pending).toBe(0);
  });

  it('does not drain a topic that nobody describes when it is told not to', async () => {
    const broker = Object.assign(new FakeBroker(), { isSilent: true });
    const producer = createProducer(broker.cluster, {}, broker.world);
    const sent = producer.send({ topic: 'orders', value: 'a' }).catch((error: unknown) => error);

    await producer.close({ drain: false });

    expect(await sent).toMatchObject({ code: 'PRODUCER_CLOSED', details: { mayBeWritten: false } });
  });

  it.each([
    ['is not made', { newTopicPartitions: undefined }, 'UNKNOWN_TOPIC_OR_PARTITION'],
    ['nobody describes', { isSilent: true }, 'DELIVERY_TIMED_OUT'],
  ])('rejects all sends to a topic that %s, when their time is up', async (_, state, code) => {
    const broker = Object.assign(new FakeBroker(), state);
    const producer = createProducer(broker.cluster, { deliveryTimeoutMs: 100 }, broker.world);

    const sent = Promise.allSettled(
      ['a', 'b'].map((value) => producer.send({ topic: 'orders', partition: 0, value })),
    );
    await broker.world.clock.advance(100);

    for (const outcome of await sent)
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { code, message: expect.stringMatching(/; it was not written$/) },
      });
  });

  it('says within seconds that a topic is not made, and which has a name like it', async () => {
    const broker = Object.assign(new FakeBroker(), { newTopicPartitions: undefined });
    broker.partitions.set('orders', 1);
    const producer = createProducer(broker.cluster, {}, broker.world);

    const failure = producer.send({ topic: 'oders', value: 'a' }).catch((error: unknown) => error);
    await broker.world.clock.advance(5_000);

    expect(await failure).toMatchObject({
      code: 'UNKNOWN_TOPIC_OR_PARTITION',
      message: expect.stringMatching(/; it was not written$/),
      hint: "did you mean 'orders'?",
    });
  });

  it('puts few listeners on a signal, however many records wait on it', async () => {
    const broker = Object.assign(new FakeBroker(), { isSilent: true });
    const producer = createProducer(broker.cluster, { deliveryTimeoutMs: 100 }, broker.world);
    const { signal } = new AbortController();

    const sent = Promise.allSettled(
      Array.from({ length: 20 }, () => producer.send({ topic: 'orders', value: 'a' }, signal)),
    );

    // Node takes more than ten for a leak.
    expect(getEventListeners(signal, 'abort').length).toBeLessThanOrEqual(10);
    await broker.world.clock.advance(100);
    await sent;
  });

  it('looks a topic up again after it failed', async () => {
    const broker = Object.assign(new FakeBroker(), { newTopicPartitions: undefined });
    const producer = createProducer(broker.cluster, { deliveryTimeoutMs: 100 }, broker.world);
    const failed = Promise.allSettled([producer.send({ topic: 'orders', value: 'a' })]);
    await broker.world.clock.advance(100);
    await failed;

    broker.partitions.set('orders', 1);
    const sent = producer.send({ topic: 'orders', value: 'b' });
    await broker.world.clock.advance(50);

    expect((await sent).offset).toBe(0);
  });

  it('sends a ready-made batch as its own', async () => {
    const broker = new FakeBroker();
    const producer = createProducer(broker.cluster, {}, broker.world);
    const builder = new BatchBuilder({ maxBytes: 1_000 });
    for (const value of ['b', 'c']) builder.tryAppend({ value }, 1);

    const before = producer.send({ topic: 'orders', partition: 0, value: 'a' });
    const batch = producer.sendBatch({ topic: 'orders', partition: 0 }, builder.build());
    const after = producer.send({ topic: 'orders', partition: 0, value: 'd' });

    expect(offsetsOf(await Promise.all([before, batch, after]))).toEqual([0, 1, 3]);
    expect(broker.log('orders').values).toEqual(['a', 'b', 'c', 'd']);
    await expect(
      producer.sendBatch({ topic: 'orders', partition: 0 }, Buffer.from('no batch')),
    ).rejects.toMatchObject({ code: 'CORRUPT_MESSAGE' });
  });

  it('sends the message sets of the slides', async () => {
    const broker = new FakeBroker();
    const producer = createProducer(broker.cluster, {}, broker.world);
    const messages = new ByteBufferMessageSet(
      new Message(Buffer.from('test message 1')),
      new Message(Buffer.from('test message 2')),
    );

    const deliveries = await producer.send('my-topic', messages);

    expect(offsetsOf(deliveries)).toEqual([0, 1]);
    expect(broker.log('my-topic').values).toEqual(['test message 1', 'test message 2']);
  });

  it('knows no offset under acks none', async () => {
    const broker = new FakeBroker();
    const producer = createProducer(broker.cluster, { acks: 'none' }, broker.world);

    const delivery = await producer.send({ topic: 'orders', value: 'a' });

    expect(delivery.offset).toBe(-1);
    expect(broker.acks).toEqual(['none']);
    expect(broker.calls).not.toContain('initProducerId');
    expect(broker.log('orders').values).toEqual(['a']);
  });

  it('compresses whole batches', async () => {
    const broker = new FakeBroker();
    const producer = createProducer(broker.cluster, { compression: 'gzip' }, broker.world);
    const values = Array.from({ length: 100 }, (_, n) => `value ${n} `.repeat(20));

    await Promise.all(values.map((value) => producer.send({ topic: 'orders', value })));

    expect(broker.log('orders').values).toEqual(values);
    expect(broker.log('orders').bytes).toBeLessThan(values.join('').length / 5);
  });

  it('gives up what is buffered when nobody answers', async () => {
    const broker = new FakeBroker();
    const producer = createProducer(
      broker.cluster,
      { deliveryTimeoutMs: 1_000, bufferBytes: 100 },
      broker.world,
    );
    broker.fates.push(neverAnswered);
    const sent = Promise.allSettled(
      ['a', 'b'].map((value) => producer.send({ topic: 'orders', value: value.repeat(100) })),
    );

    await broker.world.clock.advance(1_100);

    expect(await sent).toMatchObject([
      { status: 'rejected', reason: { code: 'DELIVERY_TIMED_OUT' } },
      { status: 'fulfilled', value: { offset: 0 } },
    ]);
  });
});
