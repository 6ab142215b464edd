import type { Consumer } from '@millrace/consumer';
import { startTestBroker } from './index.ts';

const minuteMs = 60_000;

/** A topic that keeps records for half a minute: 0 to 2 are gone, 3 and 4 are there. */
async function afterRetention() {
  const broker = await startTestBroker({ clock: 'manual' });
  await broker.createTopic('orders', { config: { 'retention.ms': '30000' } });
  const producer = broker.producer();
  const send = async (...values: string[]): Promise<void> => {
    await Promise.all(values.map((value) => producer.send({ topic: 'orders', value })));
  };
  await send('0', '1', '2');
  await broker.clock.advance(minuteMs);
  await send('3', '4');
  return { broker, send };
}

const at0 = [{ topic: 'orders', partition: 0, from: 0 }];

/** Reads in the background; what it has seen so far. */
function reading(consumer: Consumer): { readonly seen: string[]; readonly ended: Promise<void> } {
  const seen: string[] = [];
  const ended = (async () => {
    for await (const { value } of consumer) seen.push(String(value));
  })();
  return { seen, ended };
}

describe('a consumer whose records retention has deleted', () => {
  it('is told which are left, again and again, until it seeks', async () => {
    const { broker } = await afterRetention();
    const consumer = broker.consumer({ partitions: at0 });
    const gone = { code: 'OFFSET_OUT_OF_RANGE', details: { offset: 0, logStartOffset: 3, highWatermark: 5 } };

    await expect(reading(consumer).ended).rejects.toMatchObject(gone);
    // It is asked for anew after a pause.
    const [again] = await Promise.allSettled([reading(consumer).ended, broker.clock.advance(1_000)]);
    expect(again).toMatchObject({ status: 'rejected', reason: gone });
    await consumer.seek({ topic: 'orders', partition: 0 }, 'earliest');
    const { seen, ended } = reading(consumer);
    await broker.settled();

    expect(seen).toEqual(['3', '4']);
    await broker.close();
    await ended;
  });

  it.each([
    ['earliest', ['3', '4', '5']],
    ['latest', ['5']],
  ] as const)('goes on at %s where its reset policy says so', async (outOfRange, expected) => {
    const { broker, send } = await afterRetention();
    const { seen, ended } = reading(broker.consumer({ partitions: at0, outOfRange }));

    await broker.settled();
    await send('5');
    await broker.settled();

    expect(seen).toEqual(expected);
    await broker.close();
    await ended;
  });

  it('is a group that was away for too long: with a policy it goes on, and commits', async () => {
    const { broker, send } = await afterRetention();
    const group = { group: 'billing', topics: ['orders'], outOfRange: 'earliest' } as const;
    const before = broker.consumer(group);
    const first = reading(before);
    await broker.settled();
    await before.close();
    await send('5', '6');
    await broker.clock.advance(minuteMs);
    await send('7');

    const { seen, ended } = reading(broker.consumer(group));
    await broker.settled();

    expect([first.seen, seen]).toEqual([['3', '4'], ['7']]);
    await broker.close();
    await Promise.all([first.ended, ended]);
  });
});
