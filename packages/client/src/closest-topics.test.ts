import { closestTopics, unknownTopicHint } from './closest-topics.ts';

describe('the closest topics', () => {
  it('are those a few letters away, or that begin alike, the closest first', () => {
    expect(closestTopics('oders', ['borders', 'payments', 'orders'])).toEqual(['orders', 'borders']);
    expect(closestTopics('Pay', ['payments-europe', 'orders'])).toEqual(['payments-europe']);
    expect(closestTopics('orders', ['payments', 'x'])).toEqual([]);
  });

  it('are three at most', () => {
    expect(closestTopics('t', ['t1', 't2', 't3', 't4'])).toEqual(['t1', 't2', 't3']);
  });
});

describe('the hint for a topic that is not there', () => {
  it.each([
    [['orders'], "did you mean 'orders'?"],
    [['orders', 'borders'], "did you mean 'orders' or 'borders'?"],
    [['payments'], 'no topic has a name like it: create it first'],
    [[], 'there are no topics yet: create it first'],
  ])('among %j says: %s', (topics, hint) => {
    expect(unknownTopicHint('oders', topics)).toBe(hint);
  });
});
