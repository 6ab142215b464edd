import { correlationAfter } from './pending-calls.ts';

describe('correlations', () => {
  it('begin again where every protocol can still count', () => {
    expect([correlationAfter(0), correlationAfter(0x7fffffff)]).toEqual([1, 0]);
  });
});
