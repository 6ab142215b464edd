import { prepareChecksums, text } from '@millrace/record';
import { CodedError } from '@millrace/runtime';
import fc from 'fast-check';
import { createConsumer } from './create-consumer.ts';
import { FakeBrokers, type FetchFate, lineIsCut } from './fake-brokers.fixture.ts';

// What is loaded once a process must not come between the turns of a manual clock.
beforeAll(async () => {
  await prepareChecksums();
});

/** What brokers and the line to them may do to one fetch. */
type Trouble =
  | 'nothing'
  | 'the line is cut'
  | 'it times out'
  | 'the leaders move before'
  | 'the leaders move after'
  | 'it is refused for now'
  | 'the last partition is left out'
  | 'partitions change places'
  | 'the last batch is cut short'
  | 'ranges instead of bytes'
  | 'ranges that cannot be read'
  | { readonly readAfterMs: number }
  | { readonly answeredAfterMs: number };

function fateOf(trouble: Trouble, brokers: FakeBrokers): FetchFate {
  const { clock } = brokers.world;
  const moveLeaders = (): void => {
    for (let partition = 0; partition < brokers.logs.length; partition += 1) brokers.moveLeader(partition);
  };
  if (typeof trouble === 'object') {
    if ('readAfterMs' in trouble)
      return async (read) => {
        await clock.sleep(trouble.readAfterMs);
        return read();
      };
    return async (read) => {
      const answer = read();
      await clock.sleep(trouble.answeredAfterMs);
      return answer;
    };
  }
  switch (trouble) {
    case 'nothing':
      return async (read) => read();
    case 'the line is cut':
      return lineIsCut;
    case 'it times out':
      return async () => {
        await clock.sleep(2_000);
        throw new CodedError('REQUEST_TIMED_OUT', 'the broker did not answer');
      };
    case 'the leaders move before':
      return async (read) => {
        moveLeaders();
        return read();
      };
    case 'the leaders move after':
      return async (read) => {
        const answer = read();
        moveLeaders();
        return answer;
      };
    case 'it is refused for now':
      return async (read) =>
        read().map((part) => ({ ...part, error: 'STORAGE_ERROR' as const, batches: Buffer.alloc(0) }));
    case 'the last partition is left out':
      return async (read) => read().slice(0, -1);
    case 'partitions change places':
      return async (read) => read().toReversed();
    case 'the last batch is cut short':
      return async (read) =>
        read().map((part) => ({
          ...part,
          batches: part.batches.subarray(0, Math.max(0, part.batches.length - 5)),
        }));
    case 'ranges instead of bytes':
    case 'ranges that cannot be read':
      return async (read) =>
        read().map((part) => ({
          ...part,
          batches: {
            byteLength: part.batches.length,
            read: async () => {
              await clock.sleep(1);
              if (trouble === 'ranges instead of bytes') return part.batches;
              throw Object.assign(new Error('file closed'), { code: 'EBADF' });
            },
            release: () => {},
          },
        }));
  }
}

const ms = fc.integer({ min: 1, max: 1_500 });
const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Trouble>('nothing') },
  {
    weight: 10,
    arbitrary: fc.constantFrom<Trouble>(
      'the line is cut',
      'it times out',
      'the leaders move before',
      'the leaders move after',
      'it is refused for now',
      'the last partition is left out',
      'partitions change places',
      'the last batch is cut short',
      'ranges instead of bytes',
      'ranges that cannot be read',
    ),
  },
  ms.map((readAfterMs) => ({ readAfterMs })),
  ms.map((answeredAfterMs) => ({ answeredAfterMs })),
);

const partitions = 3;
const partition = fc.nat(partitions - 1);

type Step =
  | { readonly append: number; readonly records: number; readonly skipped: number }
  | { readonly pause: number }
  | { readonly resume: number }
  | { readonly seek: number; readonly to: number }
  | { readonly waitMs: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    append: partition,
    records: fc.integer({ min: 1, max: 6 }),
    skipped: fc.constantFrom(0, 0, 0, 2),
  }),
  fc.record({ waitMs: fc.integer({ min: 0, max: 700 }) }),
  partition.map((pause) => ({ pause })),
  partition.map((resume) => ({ resume })),
  fc.record({ seek: partition, to: fc.nat(20) }),
);

/** What happened to one partition, in order: records that were handed out, and seeks. */
type Event = { readonly offset: number; readonly value: string } | { readonly to: number };

async function run(bufferedBytes: number, troubles: readonly Trouble[], steps: readonly Step[]) {
  const brokers = new FakeBrokers(partitions);
  const { clock } = brokers.world;
  brokers.fates.push(...troubles.map((one) => fateOf(one, brokers)));
  const named = Array.from({ length: partitions }, (_, index) => ({
    topic: 'orders',
    partition: index,
    from: 0,
  }));
  const consumer = createConsumer(
    brokers.cluster,
    { partitions: named, bufferedBytes, value: text },
    brokers.world,
  );
  const events: Event[][] = named.map(() => []);
  const reading = (async () => {
    for await (const { partition: index, offset, value } of consumer) events[index]?.push({ offset, value });
  })();
  await clock.advance(0);
  for (const one of steps) {
    if ('append' in one) brokers.logs[one.append]?.append(one.records, one.skipped);
    else if ('pause' in one) consumer.pause([{ topic: 'orders', partition: one.pause }]);
    else if ('resume' in one) consumer.resume([{ topic: 'orders', partition: one.resume }]);
    else if ('waitMs' in one) await clock.advance(one.waitMs);
    else {
      const to = Math.min(one.to, brokers.logs[one.seek]?.endOffset ?? 0);
      await consumer.seek({ topic: 'orders', partition: one.seek }, to);
      events[one.seek]?.push({ to });
    }
  }
  consumer.resume(named);
  await clock.advance(90_000);
  await consumer.close();
  await reading;
  return { brokers, events };
}

/** What a reader must see who reads from 0, and goes where it is told. */
function expectedOf(events: readonly Event[], offsets: readonly number[]): Event[] {
  const expected: Event[] = [];
  let next = 0;
  for (const event of events) {
    if ('to' in event) {
      expected.push(event);
      next = event.to;
      continue;
    }
    const offset = offsets.find((one) => one >= next) ?? -1;
    expected.push({ offset, value: String(offset) });
    next = offset + 1;
  }
  const rest = offsets.filter((one) => one >= next);
  return [...expected, ...rest.map((offset) => ({ offset, value: String(offset) }))];
}

describe('a consumer of slow, lossy, moving brokers', () => {
  it('hands out every record once and in order, from where it was told to', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(100, 400, 100_000),
        // So often in a row readers are told.
        fc
          .array(trouble, { maxLength: 20 })
          .filter((all) => all.filter((one) => one === 'ranges that cannot be read').length < 5),
        fc.array(step, { maxLength: 25 }),
        async (bufferedBytes, troubles, steps) => {
          const { brokers, events } = await run(bufferedBytes, troubles, steps);

          for (const [index, { offsets }] of brokers.logs.entries())
            expect(events[index]).toEqual(expectedOf(events[index] ?? [], offsets));
          await brokers.cluster.close();
          // What was still asked.
          await brokers.world.clock.advance(2_000);
          expect(brokers.world.clock.pending).toBe(0);
        },
      ),
      { numRuns: Number(process.env['FETCHING_RUNS'] ?? 200) },
    );
  });
});
