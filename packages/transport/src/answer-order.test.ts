import { AnswerOrder } from './answer-order.ts';

describe('the order of answers', () => {
  it('is that of the questions, whichever answer is ready first', () => {
    const order = new AnswerOrder();
    const delivered: number[] = [];
    const [first, second, third] = [order.next(), order.next(), order.next()];

    second(() => delivered.push(2));
    third(() => delivered.push(3));
    expect(delivered).toEqual([]);
    first(() => delivered.push(1));

    expect(delivered).toEqual([1, 2, 3]);
  });

  it('goes on with questions that come while answers are delivered', () => {
    const order = new AnswerOrder();
    const delivered: number[] = [];

    order.next()(() => {
      order.next()(() => delivered.push(2));
      delivered.push(1);
    });

    expect(delivered).toEqual([2, 1]);
  });

  it('ends by delivering what waits, and what comes later at once', () => {
    const order = new AnswerOrder();
    const delivered: number[] = [];
    const [first, second] = [order.next(), order.next()];
    second(() => delivered.push(2));

    order.end();
    expect(delivered).toEqual([2]);
    first(() => delivered.push(1));

    expect(delivered).toEqual([2, 1]);
  });
});
