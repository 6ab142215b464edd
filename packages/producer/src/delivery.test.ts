import { prepareChecksums } from '@millrace/record';
import { CodedError, codeOf } from '@millrace/runtime';
import fc from 'fast-check';
import type { ProducerOptions } from './config.ts';
import { createProducer } from './producer.ts';
import {
  answerIsLost,
  FakeBroker,
  type Fate,
  healthy,
  neverAnswered,
  refusedWith,
  requestIsLost,
} from './testing/fake-broker.ts';

// What is loaded once a process must not come between the turns of a manual clock.
beforeAll(async () => {
  await prepareChecksums();
});

/** What a broker and the line to it may do to one request. */
type Trouble =
  | 'nothing'
  | 'the answer is lost'
  | 'the request is lost'
  | 'it is never answered'
  | 'it is refused for now'
  | 'it is refused for good'
  | 'the leader moves before'
  | 'the leader moves after'
  | { readonly arrivesAfterMs: number }
  | { readonly answeredAfterMs: number }
  | { readonly arrivesAfterTheCutMs: number };

function fateOf(trouble: Trouble, broker: FakeBroker): Fate {
  const { clock } = broker.world;
  const move = (): void => {
    broker.leader = 3 - broker.leader;
  };
  if (typeof trouble === 'object') {
    if ('arrivesAfterMs' in trouble)
      return async (write) => {
        await clock.sleep(trouble.arrivesAfterMs);
        return write();
      };
    if ('answeredAfterMs' in trouble)
      return async (write) => {
        const answer = write();
        await clock.sleep(trouble.answeredAfterMs);
        return answer;
      };
    return async (write) => {
      void clock.sleep(trouble.arrivesAfterTheCutMs).then(write);
      throw new CodedError('NETWORK_EXCEPTION', 'the line was cut');
    };
  }
  switch (trouble) {
    case 'nothing':
      return healthy;
    case 'the answer is lost':
      return answerIsLost;
    case 'the request is lost':
      return requestIsLost;
    case 'it is never answered':
      return neverAnswered;
    case 'it is refused for now':
      return refusedWith('NOT_ENOUGH_REPLICAS');
    case 'it is refused for good':
      return refusedWith('TOPIC_AUTHORIZATION_FAILED');
    case 'the leader moves before':
      return async (write) => {
        move();
        return write();
      };
    case 'the leader moves after':
      return async (write) => {
        const answer = write();
        move();
        return answer;
      };
  }
}

const ms = fc.integer({ min: 1, max: 1_500 });
const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Trouble>('nothing') },
  fc.constantFrom<Trouble>(
    'the answer is lost',
    'the request is lost',
    'it is never answered',
    'it is refused for now',
    'it is refused for good',
    'the leader moves before',
    'the leader moves after',
  ),
  ms.map((arrivesAfterMs) => ({ arrivesAfterMs })),
  ms.map((answeredAfterMs) => ({ answeredAfterMs })),
  ms.map((arrivesAfterTheCutMs) => ({ arrivesAfterTheCutMs })),
);

const options: fc.Arbitrary<ProducerOptions> = fc.record({
  acks: fc.constantFrom('leader', 'all'),
  batchBytes: fc.constantFrom(1, 150, 10_000),
  lingerMs: fc.constantFrom(0, 7),
  bufferBytes: fc.constantFrom(200, 100_000),
  deliveryTimeoutMs: fc.constantFrom(300, 1_000, 120_000),
});

/** So many sends at once, then so long nothing. */
const crowd = fc.record({
  sends: fc.integer({ min: 0, max: 12 }),
  pauseMs: fc.integer({ min: 0, max: 600 }),
});

type Example = [ProducerOptions, number, Trouble[], { sends: number; pauseMs: number }[]];

/** What failed earlier waited under its old epoch while what came after it went under the new one. */
const overtakenByTheNextEpoch: Example = [
  { acks: 'leader', batchBytes: 1, lingerMs: 0, bufferBytes: 200, deliveryTimeoutMs: 300 },
  1,
  [
    'nothing',
    { arrivesAfterMs: 1 },
    'the answer is lost',
    { arrivesAfterMs: 300 },
    { arrivesAfterTheCutMs: 1 },
  ],
  [
    { sends: 4, pauseMs: 0 },
    { sends: 4, pauseMs: 0 },
  ],
];

/** One that was given up came late, and behind it the first copy of one that was on its way again. */
const writtenBehindALateOne: Example = [
  { acks: 'leader', batchBytes: 150, lingerMs: 0, bufferBytes: 200, deliveryTimeoutMs: 1_000 },
  1,
  ['nothing', { answeredAfterMs: 1_000 }, { arrivesAfterTheCutMs: 1_015 }, { arrivesAfterTheCutMs: 15 }],
  [
    { sends: 1, pauseMs: 0 },
    { sends: 4, pauseMs: 0 },
    { sends: 7, pauseMs: 0 },
  ],
];

interface Sent {
  readonly partition: number;
  readonly value: string;
  /** What the send settled with. */
  outcome?: { readonly offset: number } | { readonly error: unknown };
}

async function run(
  chosen: ProducerOptions,
  partitions: number,
  troubles: readonly Trouble[],
  crowds: readonly { sends: number; pauseMs: number }[],
) {
  const broker = new FakeBroker();
  const { clock } = broker.world;
  broker.partitions.set('orders', partitions);
  broker.fates.push(...troubles.map((one) => fateOf(one, broker)));
  const producer = createProducer(broker.cluster, chosen, broker.world);
  const sent: Sent[] = [];
  for (const { sends, pauseMs } of crowds) {
    for (let i = 0; i < sends; i += 1) {
      const one: Sent = { partition: sent.length % partitions, value: `${sent.length}` };
      sent.push(one);
      producer.send({ topic: 'orders', partition: one.partition, value: one.value }).then(
        ({ offset }) => {
          one.outcome = { offset };
        },
        (error: unknown) => {
          one.outcome = { error };
        },
      );
    }
    await clock.advance(pauseMs);
  }
  // The longest wait for the buffer, then the longest delivery, then what was on its way all the time.
  await clock.advance(400_000);
  return { broker, producer, sent };
}

/** Whether what the send settled with is what the log says. */
function isTrue({ outcome, value }: Sent, written: readonly (string | null)[]): boolean {
  if (outcome === undefined) return false;
  if ('offset' in outcome) return written[outcome.offset] === value;
  const { details } = outcome.error as { details?: { mayBeWritten?: boolean } };
  return codeOf(outcome.error) !== undefined && (details?.mayBeWritten !== false || !written.includes(value));
}

describe('a producer of slow, lossy, moving brokers', () => {
  it('settles every send, loses and repeats nothing, keeps the order, and tells the truth of what failed', async () => {
    await fc.assert(
      fc.asyncProperty(
        options,
        fc.integer({ min: 1, max: 3 }),
        fc.array(trouble, { maxLength: 20 }),
        fc.array(crowd, { maxLength: 5 }),
        async (chosen, partitions, troubles, crowds) => {
          const { broker, producer, sent } = await run(chosen, partitions, troubles, crowds);

          expect(sent.filter((one) => !isTrue(one, broker.log('orders', one.partition).values))).toEqual([]);
          for (let partition = 0; partition < partitions; partition += 1) {
            const { values } = broker.log('orders', partition);
            const inOrder = sent.filter((one) => one.partition === partition && values.includes(one.value));
            expect(values).toEqual(inOrder.map(({ value }) => value));
          }
          await producer.close();
          expect(broker.world.clock.pending).toBe(0);
        },
      ),
      {
        numRuns: Number(process.env['DELIVERY_RUNS'] ?? 300),
        examples: [overtakenByTheNextEpoch, writtenBehindALateOne],
      },
    );
  });
});
