import { prepareChecksums } from '@millrace/record';
import { CodedError } from '@millrace/runtime';
import fc from 'fast-check';
import type { ProducerOptions } from './config.ts';
import { createProducer, type Producer } from './producer.ts';
import {
  answerIsLost,
  FakeBroker,
  type Fate,
  gate,
  healthy,
  neverAnswered,
  refusedWith,
  requestIsLost,
} from './testing/fake-broker.ts';

// What is loaded once a process must not come between the turns of a manual clock.
beforeAll(async () => {
  await prepareChecksums();
});

/** A producer whose records are a batch each. */
function start(options: ProducerOptions = {}) {
  const broker = new FakeBroker();
  const producer = createProducer(broker.cluster, { batchBytes: 1, ...options }, broker.world);
  return { broker, producer, clock: broker.world.clock };
}

function sendAll(producer: Producer, values: readonly string[]): Promise<{ offset: number }[]> {
  return Promise.all(values.map((value) => producer.send({ topic: 'orders', value })));
}

/** What it rejects with; heard from the beginning, while time goes on. */
function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => new Error('it succeeded'),
    (error: unknown) => error,
  );
}

const letters = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

describe('the sender of a partition', () => {
  it('tries a lost answer again, and the record is written once', async () => {
    const { broker, producer, clock } = start();
    broker.fates.push(answerIsLost, answerIsLost);

    const sent = producer.send({ topic: 'orders', value: 'a' });
    await clock.advance(1_000);

    expect((await sent).offset).toBe(0);
    expect(broker.log('orders').values).toEqual(['a']);
  });

  it('has five batches in flight once the broker knows it', async () => {
    const { broker, producer } = start();

    await sendAll(producer, [...letters, ...letters]);

    expect(broker.mostInFlight).toBe(5);
    expect(broker.log('orders').values).toEqual([...letters, ...letters]);
  });

  it.each([
    ['is not written', requestIsLost],
    ['is written, but not answered', answerIsLost],
    ['is refused for now', refusedWith('NOT_ENOUGH_REPLICAS')],
  ])('keeps the order and repeats nothing when the first of five %s', async (_, fate) => {
    const { broker, producer, clock } = start();
    await producer.send({ topic: 'orders', value: 'first' });
    broker.fates.push(fate);

    const sent = sendAll(producer, letters);
    await clock.advance(5_000);

    expect((await sent).map(({ offset }) => offset)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(broker.log('orders').values).toEqual(['first', ...letters]);
  });

  it('keeps the order when the very first batch is lost', async () => {
    const { broker, producer, clock } = start();
    broker.fates.push(requestIsLost);

    const sent = sendAll(producer, letters);
    await clock.advance(5_000);
    await sent;

    expect(broker.log('orders').values).toEqual(letters);
  });

  it('has one batch in flight without sequences, so that a retry keeps the order', async () => {
    const { broker, producer, clock } = start({ acks: 'none' });
    broker.fates.push(requestIsLost);

    const sent = sendAll(producer, letters);
    await clock.advance(5_000);
    await sent;

    expect(broker.mostInFlight).toBe(1);
    expect(broker.log('orders').values).toEqual(letters);
  });

  it('goes on with the leader that the partition moved to', async () => {
    const { broker, producer, clock } = start();
    await producer.send({ topic: 'orders', value: 'first' });
    broker.leader = 2;

    const sent = sendAll(producer, letters);
    await clock.advance(5_000);
    await sent;

    expect(broker.log('orders').values).toEqual(['first', ...letters]);
    expect(broker.calls.at(-1)).toBe('produce to 2');
  });

  it('gives up what is refused for good, and sends what follows under a new epoch', async () => {
    const { broker, producer, clock } = start();
    await producer.send({ topic: 'orders', value: 'first' });
    broker.fates.push(refusedWith('TOPIC_AUTHORIZATION_FAILED'));

    const refused = producer.send({ topic: 'orders', value: 'a' });
    const others = sendAll(producer, ['b', 'c']);
    const failure = failureOf(refused);
    await clock.advance(5_000);

    expect(await failure).toMatchObject({
      code: 'TOPIC_AUTHORIZATION_FAILED',
      message: expect.stringMatching(/; it was not written$/),
    });
    expect((await others).map(({ offset }) => offset)).toEqual([1, 2]);
    expect(broker.log('orders').values).toEqual(['first', 'b', 'c']);
    expect(broker.calls.filter((call) => call === 'initProducerId')).toHaveLength(1);
  });

  it('keeps out what it has given up, however late that comes to the broker', async () => {
    const { broker, producer, clock } = start({ deliveryTimeoutMs: 500 });
    await producer.send({ topic: 'orders', value: 'first' });
    const slow = gate();
    broker.fates.push(slow.fate);
    const failure = failureOf(producer.send({ topic: 'orders', value: 'a' }));
    await clock.advance(500);
    await failure;

    const next = producer.send({ topic: 'orders', value: 'b' });
    await clock.advance(1_000);
    slow.open();
    await clock.advance(0);

    expect((await next).offset).toBe(1);
    expect(broker.log('orders').values).toEqual(['first', 'b']);
  });

  it('goes on under another producer id when somebody else has its own, with what is not written', async () => {
    const { broker, producer, clock } = start();
    await producer.send({ topic: 'orders', value: 'first' });
    broker.log('orders').usurp();

    const sent = sendAll(producer, letters);
    await clock.advance(5_000);

    expect((await sent).map(({ offset }) => offset)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(broker.log('orders').values).toEqual(['first', ...letters]);
  });

  it('does not write again what may be written when somebody else has its producer id', async () => {
    const { broker, producer, clock } = start();
    await producer.send({ topic: 'orders', value: 'first' });
    broker.fates.push(async (write) => {
      write();
      broker.log('orders').usurp();
      throw new CodedError('NETWORK_EXCEPTION', 'the line was cut');
    });

    const failure = failureOf(producer.send({ topic: 'orders', value: 'a' }));
    const next = producer.send({ topic: 'orders', value: 'b' });
    await clock.advance(5_000);

    expect(await failure).toMatchObject({ code: 'INVALID_PRODUCER_EPOCH', details: { mayBeWritten: true } });
    expect((await next).offset).toBe(2);
    expect(broker.log('orders').values).toEqual(['first', 'a', 'b']);
  });

  it('says that a refused record may have been written when an earlier answer was lost', async () => {
    const { broker, producer, clock } = start();
    broker.fates.push(answerIsLost, refusedWith('TOPIC_AUTHORIZATION_FAILED'));

    const failure = failureOf(producer.send({ topic: 'orders', value: 'a' }));
    await clock.advance(5_000);

    expect(await failure).toMatchObject({
      code: 'TOPIC_AUTHORIZATION_FAILED',
      message: expect.stringMatching(/; it may have been written$/),
    });
  });

  it('says that nothing was written when the broker refused until the deadline', async () => {
    const { broker, producer, clock } = start({ deliveryTimeoutMs: 500 });
    broker.fates.push(...Array.from({ length: 1_000 }, () => refusedWith('NOT_ENOUGH_REPLICAS')));

    const failure = failureOf(producer.send({ topic: 'orders', value: 'a' }));
    await clock.advance(500);

    expect(await failure).toMatchObject({
      code: 'DELIVERY_TIMED_OUT',
      message:
        'orders-0 did not acknowledge a batch within 500 ms: orders-0 was refused: NOT_ENOUGH_REPLICAS; it was not written',
      retriable: true,
      cause: expect.objectContaining({ code: 'NOT_ENOUGH_REPLICAS' }),
    });
  });

  it('says at the deadline why it could not send', async () => {
    const { broker, producer, clock } = start({ deliveryTimeoutMs: 5_000 });
    await producer.send({ topic: 'orders', value: 'first' });
    broker.leader = 3;
    broker.fates.push(refusedWith('NOT_LEADER_OR_FOLLOWER'));

    const sent = [
      producer.send({ topic: 'orders', value: 'a' }),
      producer.send({ topic: 'orders', value: 'b' }),
    ];
    const failures = sent.map(failureOf);
    await clock.advance(6_000);

    for (const failure of await Promise.all(failures))
      expect(failure).toMatchObject({
        code: 'DELIVERY_TIMED_OUT',
        message: expect.stringContaining('orders-0 has no leader at the moment; it was not written'),
      });
  });

  it('gives up a batch without an answer at its deadline, and goes on', async () => {
    const { broker, producer, clock } = start({ deliveryTimeoutMs: 500 });
    await producer.send({ topic: 'orders', value: 'first' });
    broker.fates.push(neverAnswered);

    const failure = failureOf(producer.send({ topic: 'orders', value: 'a' }));
    await clock.advance(400);
    const next = producer.send({ topic: 'orders', value: 'b' });
    await clock.advance(200);

    expect(await failure).toMatchObject({
      code: 'DELIVERY_TIMED_OUT',
      message: 'orders-0 did not acknowledge a batch within 500 ms; it may have been written',
      retriable: false,
    });
    expect((await next).offset).toBe(1);
    expect(broker.log('orders').values).toEqual(['first', 'b']);
    // It asked anew who leads.
    expect(broker.calls.filter((call) => call === 'metadata').length).toBeGreaterThan(1);
  });

  it('does not hear an answer that comes after the deadline', async () => {
    const { broker, producer, clock } = start({ deliveryTimeoutMs: 500 });
    const slow = gate();
    broker.fates.push(slow.fate);
    const failure = failureOf(producer.send({ topic: 'orders', value: 'a' }));
    await clock.advance(500);
    expect(await failure).toMatchObject({
      code: 'DELIVERY_TIMED_OUT',
    });

    slow.open();
    await clock.advance(0);

    const next = producer.send({ topic: 'orders', value: 'b' });
    await clock.advance(1_000);

    expect((await next).offset).toBe(1);
    expect(broker.log('orders').values).toEqual(['a', 'b']);
  });

  it('takes an answer that leaves its batch out for none, and sends it again', async () => {
    const { broker, producer, clock } = start();
    broker.fates.push(async () => ({ partitions: [] }));

    const sent = producer.send({ topic: 'orders', value: 'a' });
    await clock.advance(1_000);

    expect((await sent).offset).toBe(0);
    expect(broker.log('orders').values).toEqual(['a']);
  });

  it.each(['none', 'leader', 'all'] as const)(
    'sends again what it meant to send, not what became of it elsewhere (acks %s)',
    async (acks) => {
      const { broker, producer, clock } = start({ acks });
      broker.fates.push(requestIsLost);

      const sent = producer.send({ topic: 'orders', value: 'a' });
      await clock.advance(1_000);
      await sent;

      expect(broker.log('orders').values).toEqual(['a']);
    },
  );

  it('says within seconds that its topic was deleted and is not made again', async () => {
    const { broker, producer, clock } = start();
    await producer.send({ topic: 'orders', value: 'a' });
    broker.partitions.delete('orders');
    broker.partitions.set('borders', 1);
    broker.newTopicPartitions = undefined;
    broker.fates.push(refusedWith('UNKNOWN_TOPIC_OR_PARTITION'));

    const failure = failureOf(producer.send({ topic: 'orders', value: 'b' }));
    await clock.advance(5_000);

    expect(await failure).toMatchObject({
      code: 'UNKNOWN_TOPIC_OR_PARTITION',
      hint: "did you mean 'borders'?",
    });
    // The look-up's: it keeps no process alive.
    expect(clock.pending).toBeLessThanOrEqual(1);
  });

  it('goes on with a topic that was deleted and is made again', async () => {
    const { broker, producer, clock } = start();
    await producer.send({ topic: 'orders', value: 'a' });
    broker.partitions.delete('orders');
    broker.fates.push(refusedWith('UNKNOWN_TOPIC_OR_PARTITION'));

    const sent = producer.send({ topic: 'orders', value: 'b' });
    await clock.advance(5_000);

    expect((await sent).offset).toBe(1);
  });

  it('keeps no timer when nothing waits', async () => {
    const { producer, clock } = start({ deliveryTimeoutMs: 500 });
    await producer.send({ topic: 'orders', value: 'a' });
    await clock.advance(500);
    const pending = clock.pending;

    await producer.send({ topic: 'orders', value: 'b' });

    expect([pending, clock.pending]).toEqual([0, 0]);
  });

  it('sends twice rather than not at all without idempotence', async () => {
    const { broker, producer, clock } = start({ acks: 'none' });
    broker.fates.push(answerIsLost);

    const sent = producer.send({ topic: 'orders', value: 'a' });
    await clock.advance(1_000);
    await sent;

    expect(broker.log('orders').values).toEqual(['a', 'a']);
  });

  it('does not trust a broker that may have forgotten it: after a failure one goes ahead alone', async () => {
    const { broker, producer, clock } = start({ acks: 'leader' });
    await producer.send({ topic: 'orders', value: 'first' });
    broker.fates.push(requestIsLost);
    const sent = sendAll(producer, letters);
    await clock.advance(0);
    // The power failed before anything was flushed: not even the producer is known any more.
    broker.forgetProducers('orders');
    broker.mostInFlight = 0;
    broker.fates.push(refusedWith('NOT_ENOUGH_REPLICAS'));

    await clock.advance(5_000);
    await sent;

    expect(broker.log('orders').values).toEqual(['first', ...letters]);
  });

  /** What the log holds after these sends met these fates, some sent only after others were answered. */
  async function written(options: ProducerOptions, fates: readonly Fate[], crowds: readonly number[]) {
    const { broker, producer, clock } = start(options);
    broker.fates.push(...fates);
    const sent: string[] = [];
    const outcomes: Promise<{ offset: number }>[] = [];
    for (const size of crowds) {
      for (let i = 0; i < size; i += 1) {
        const value = `${sent.length}`;
        sent.push(value);
        outcomes.push(producer.send({ topic: 'orders', value }));
      }
      await clock.advance(30);
    }
    await clock.advance(60_000);
    const offsets = (await Promise.all(outcomes)).map(({ offset }) => offset);
    return { sent, offsets, values: broker.log('orders').values };
  }

  const fate = fc.constantFrom(
    healthy,
    answerIsLost,
    requestIsLost,
    refusedWith('NOT_ENOUGH_REPLICAS'),
    refusedWith('NOT_LEADER_OR_FOLLOWER'),
  );
  const crowd = fc.integer({ min: 0, max: 9 });

  it('writes each record once and in order, whatever is lost on the way', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('leader' as const, 'all' as const),
        fc.array(fate, { maxLength: 20 }),
        fc.array(crowd, { maxLength: 4 }),
        async (acks, fates, crowds) => {
          const { sent, offsets, values } = await written({ acks }, fates, crowds);

          expect(values).toEqual(sent);
          expect(offsets).toEqual(sent.map(Number));
        },
      ),
    );
  });

  it('keeps the order without idempotence too, and repeats only what is next to its like', async () => {
    // Under acks none nobody hears that something was refused.
    const heard = fc.constantFrom(healthy, answerIsLost, requestIsLost);
    await fc.assert(
      fc.asyncProperty(
        fc.array(heard, { maxLength: 20 }),
        fc.array(crowd, { maxLength: 4 }),
        async (fates, crowds) => {
          const { sent, values } = await written({ acks: 'none' }, fates, crowds);

          expect(values.filter((value, i) => value !== values[i - 1])).toEqual(sent);
        },
      ),
    );
  });
});
