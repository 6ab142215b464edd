import { prepareChecksums } from '@millrace/record';
import { createProducer } from './producer.ts';
import { FakeBroker, gate, refusedWith } from './testing/fake-broker.ts';

beforeAll(async () => {
  await prepareChecksums();
});

const record = (value: string) => ({ topic: 'orders', value });

describe('the sink of a producer', () => {
  it('takes many records for one acknowledgement, and is closed when all are written', async () => {
    const broker = new FakeBroker();
    const producer = createProducer(broker.cluster, {}, broker.world);
    const values = Array.from({ length: 100 }, (_, n) => `${n}`);

    await ReadableStream.from(values.map(record)).pipeTo(producer.writable());

    expect(broker.log('orders').values).toEqual(values);
    expect(broker.log('orders').sizes.length).toBeLessThan(50);
    await expect(producer.send(record('after'))).resolves.toMatchObject({ offset: 100 });
  });

  it('holds the source up while the buffer is full', async () => {
    const broker = new FakeBroker();
    const producer = createProducer(broker.cluster, { bufferBytes: 500 }, broker.world);
    const slow = gate();
    broker.fates.push(slow.fate);
    let asked = 0;
    const source = new ReadableStream({
      pull: (controller) => {
        asked += 1;
        if (asked <= 50) controller.enqueue(record('x'.repeat(100)));
        else controller.close();
      },
    });

    const piped = source.pipeTo(producer.writable());
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    const whileFull = asked;
    slow.open();
    await piped;

    expect(whileFull).toBeLessThan(10);
    expect(broker.log('orders').values).toHaveLength(50);
  });

  it('errors with the first record that fails, and cancels the source', async () => {
    const broker = new FakeBroker();
    const producer = createProducer(broker.cluster, { batchBytes: 1 }, broker.world);
    await producer.send(record('first'));
    broker.fates.push(refusedWith('TOPIC_AUTHORIZATION_FAILED'));
    let cancelled: unknown;
    const source = new ReadableStream({
      pull: async (controller) => {
        await new Promise(setImmediate);
        controller.enqueue(record('x'));
      },
      cancel: (reason) => {
        cancelled = reason;
      },
    });

    const failure = await source.pipeTo(producer.writable()).catch((error: unknown) => error);

    expect(failure).toMatchObject({
      code: 'TOPIC_AUTHORIZATION_FAILED',
      details: { topic: 'orders', partition: 0, mayBeWritten: false },
    });
    expect(cancelled).toBe(failure);
  });

  it('tells of a failure that comes after the last record', async () => {
    const broker = new FakeBroker();
    const producer = createProducer(broker.cluster, { lingerMs: 1_000 }, broker.world);
    await Promise.all([producer.send(record('first')), producer.flush()]);
    broker.fates.push(refusedWith('TOPIC_AUTHORIZATION_FAILED'));

    const piped = ReadableStream.from([record('a')]).pipeTo(producer.writable());

    await expect(piped).rejects.toMatchObject({ code: 'TOPIC_AUTHORIZATION_FAILED' });
  });

  it('takes back what waits when it is aborted', async () => {
    const broker = new FakeBroker();
    const producer = createProducer(broker.cluster, { bufferBytes: 100 }, broker.world);
    const slow = gate();
    broker.fates.push(slow.fate);
    const writer = producer.writable().getWriter();
    const writes = Promise.allSettled([
      writer.write(record('x'.repeat(100))),
      writer.write(record('never')),
      writer.write(record('never')),
    ]);
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);

    const aborted = writer.abort(new Error('enough'));
    slow.open();
    await aborted;
    await writes;
    await producer.flush();

    expect(broker.log('orders').values).toEqual(['x'.repeat(100)]);
  });
});
