import { closestNames } from './closest-names.ts';

describe('closestNames', () => {
  it('puts the closest first', () => {
    expect(closestNames('oders', ['borders', 'payments', 'orders'])).toEqual(['orders', 'borders']);
  });

  it('takes what begins alike, whatever the case', () => {
    expect(closestNames('Pay', ['payments-europe', 'orders'])).toEqual(['payments-europe']);
  });

  it('is silent when nothing is close', () => {
    expect(closestNames('orders', ['payments', 'x'])).toEqual([]);
  });

  it('gives three at most', () => {
    expect(closestNames('t', ['t1', 't2', 't3', 't4'])).toEqual(['t1', 't2', 't3']);
  });
});
