import { testWorld } from '@millrace/runtime/testing';
import { openLog } from './open-log.ts';

describe('a log of very many segments', () => {
  it('is not listed again whenever one is full', async () => {
    const world = testWorld();
    const list = jest.spyOn(world.files, 'list');
    const log = await openLog('/log', { segmentBytes: 1024 }, world);
    for (let i = 0; i < 50; i += 1) {
      await Promise.all([log.append([{ value: '.'.repeat(700) }]), world.clock.advance(10)]);
      await log.flush();
    }

    const listed = list.mock.calls.length;
    const names = await world.files.list('/log');

    expect(names.filter((name) => name.endsWith('.log'))).toHaveLength(50);
    expect(names.filter((name) => name.endsWith('.snapshot'))).toHaveLength(2);
    // Opening looks a few times.
    expect(listed).toBeLessThan(10);
    await log.close();
  });
});
