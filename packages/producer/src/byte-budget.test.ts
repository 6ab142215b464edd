import { ByteBudget } from './byte-budget.ts';

describe('a byte budget', () => {
  it('has room until its limit is reached, and lets one record overdraw', () => {
    const budget = new ByteBudget(10);

    budget.hold(9);
    const before = budget.hasRoom;
    budget.hold(100);

    expect([before, budget.hasRoom]).toEqual([true, false]);
  });

  it('lets in who waits, in turn, as far as there is room', () => {
    const budget = new ByteBudget(10);
    const entered: string[] = [];
    budget.hold(10);
    for (const name of ['a', 'b', 'c'])
      budget.queue(() => {
        entered.push(name);
        budget.hold(5);
      });

    budget.release(9);
    const first = [...entered];
    budget.release(1);
    budget.release(5);

    expect(first).toEqual(['a', 'b']);
    expect(entered).toEqual(['a', 'b', 'c']);
  });

  it('has no room for those who come while others wait', () => {
    const budget = new ByteBudget(10);
    budget.hold(10);
    const leave = budget.queue(() => {
      throw new Error('it had left');
    });

    const whileWaiting = budget.hasRoom;
    leave();
    leave();
    budget.release(10);

    expect([whileWaiting, budget.hasRoom]).toEqual([false, true]);
  });
});
