import { prepareChecksums } from '@millrace/record';
import { createProducer } from './producer.ts';
import { FakeBroker, refusedWith, requestIsLost } from './testing/fake-broker.ts';

// What is loaded once a process must not come between the turns of a manual clock.
beforeAll(async () => {
  await prepareChecksums();
});

/** A producer with partitions that the broker knows, so that their batches may go. */
async function started({ partitions, batchBytes = 1 }: { partitions: number; batchBytes?: number }) {
  const broker = new FakeBroker();
  broker.newTopicPartitions = partitions;
  const producer = createProducer(broker.cluster, { batchBytes }, broker.world);
  const everywhere = (value: string): Promise<unknown> =>
    Promise.all(
      Array.from({ length: partitions }, (_, partition) =>
        producer.send({ topic: 'orders', partition, value }),
      ),
    );
  await everywhere('first');
  broker.together.length = 0;
  return { broker, producer, everywhere };
}

describe('requests to produce', () => {
  it('take what is ready for one broker together, whatever its partition', async () => {
    const { broker, everywhere } = await started({ partitions: 20 });

    await everywhere('second');

    expect(broker.together).toEqual([20]);
    for (let partition = 0; partition < 20; partition += 1)
      expect(broker.log('orders', partition).values).toEqual(['first', 'second']);
  });

  it('have one batch of a partition each, and keep their order', async () => {
    const { broker, everywhere } = await started({ partitions: 3 });

    await Promise.all([everywhere('a'), everywhere('b'), everywhere('c')]);

    expect(broker.together).toEqual([3, 3, 3]);
    for (let partition = 0; partition < 3; partition += 1)
      expect(broker.log('orders', partition).values).toEqual(['first', 'a', 'b', 'c']);
  });

  it('are bounded in bytes', async () => {
    const { broker, everywhere } = await started({ partitions: 5 });

    await everywhere('x'.repeat(400 * 1024));

    expect(broker.together).toEqual([2, 2, 1]);
  });

  it.each([
    ['are lost', requestIsLost],
    ['are refused for now', refusedWith('NOT_ENOUGH_REPLICAS')],
  ])('go again for all partitions when they %s', async (_, fate) => {
    const { broker, everywhere } = await started({ partitions: 4 });
    broker.fates.push(fate);

    const sent = everywhere('again');
    await broker.world.clock.advance(1_000);
    await sent;

    for (let partition = 0; partition < 4; partition += 1)
      expect(broker.log('orders', partition).values).toEqual(['first', 'again']);
  });

  it('go again for the partition that was refused alone', async () => {
    const { broker, everywhere } = await started({ partitions: 3 });
    broker.fates.push(async (write, request) => {
      const refused = request.partitions.splice(1, 1).map(({ topic, partition }) => ({
        topic,
        partition,
        error: 'NOT_ENOUGH_REPLICAS' as const,
      }));
      const { partitions } = write();
      return { partitions: [...partitions.slice(0, 1), ...refused, ...partitions.slice(1)] };
    });

    const sent = everywhere('again');
    await broker.world.clock.advance(1_000);
    await sent;

    expect(broker.together).toEqual([3, 1]);
    for (let partition = 0; partition < 3; partition += 1)
      expect(broker.log('orders', partition).values).toEqual(['first', 'again']);
  });

  it('take an answer for another partition for none', async () => {
    const { broker, everywhere } = await started({ partitions: 3 });
    broker.fates.push(async (write) => ({ partitions: write().partitions.slice(1) }));

    const sent = everywhere('again');
    await broker.world.clock.advance(1_000);
    await sent;

    for (let partition = 0; partition < 3; partition += 1)
      expect(broker.log('orders', partition).values).toEqual(['first', 'again']);
  });
});
