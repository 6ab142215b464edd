import { memoryRegistry } from '@millrace/coordination';
import type { BrokerCore } from '../broker-core.ts';
import { contextOf, startCore } from '../testing/core-fixture.ts';

const ask = (core: BrokerCore, request: Parameters<BrokerCore['api']['initProducerId']>[0] = {}) =>
  core.api.initProducerId(request, contextOf());

describe('initProducerId', () => {
  it('gives every producer of a cluster an id of its own, also across blocks', async () => {
    const registry = memoryRegistry();
    const one = await startCore({ nodeId: 1, registry });
    const two = await startCore({ nodeId: 2, registry });

    const answers = await Promise.all(
      Array.from({ length: 3_000 }, (_, count) => ask(count % 3 === 0 ? one.core : two.core)),
    );

    expect(new Set(answers.map(({ producerId }) => producerId)).size).toBe(3_000);
    expect(answers.every(({ error, producerEpoch }) => error === 'NONE' && producerEpoch === 0)).toBe(true);
    await one.stop();
    await two.stop();
  });

  it('never gives an id again after a restart', async () => {
    const registry = memoryRegistry();
    const before = await startCore({ registry });
    const { producerId: first } = await ask(before.core);
    await before.stop();

    const after = await startCore({ registry });
    const { producerId: second } = await ask(after.core);

    expect(second).toBeGreaterThan(first ?? Number.NaN);
    await after.stop();
  });

  it('raises the epoch of an id, and gives a new id when its epochs are used up', async () => {
    const { core, stop } = await startCore();

    expect(await ask(core, { producerId: 77, producerEpoch: 4 })).toEqual({
      error: 'NONE',
      producerId: 77,
      producerEpoch: 5,
    });
    expect(await ask(core, { producerId: 77, producerEpoch: 0x7fff - 1 })).toEqual({
      error: 'NONE',
      producerId: 0,
      producerEpoch: 0,
    });
    await stop();
  });

  it('takes no transactions', async () => {
    const { core, stop } = await startCore();

    expect((await ask(core, { transactionalId: 'transfer' })).error).toBe('INVALID_REQUEST');
    await stop();
  });
});
