import { SharedQuestions } from './shared-questions.ts';

const never = new AbortController().signal;

describe('shared questions', () => {
  it('are put once for all who ask at the same time, and again afterwards', async () => {
    const questions = new SharedQuestions<number>();
    let puts = 0;
    const put = async (): Promise<number> => {
      puts += 1;
      return puts;
    };

    const together = await Promise.all([questions.ask('a', put, never), questions.ask('a', put, never)]);
    const later = await questions.ask('a', put, never);

    expect([together, later]).toEqual([[1, 1], 2]);
  });

  it('tell the one who answers whether anybody still waits', async () => {
    const questions = new SharedQuestions<void>();
    const leave = new AbortController();
    let isWanted = (): boolean => false;
    const asked = questions.ask(
      'a',
      (wanted) => {
        isWanted = wanted;
        return new Promise(() => {});
      },
      leave.signal,
    );
    expect(isWanted()).toBe(true);

    leave.abort(new Error('left'));

    await expect(asked).rejects.toThrow('left');
    expect(isWanted()).toBe(false);
  });

  it('reject for everybody who waits, and are put anew after that', async () => {
    const questions = new SharedQuestions<number>();
    const refuse = (): Promise<number> => Promise.reject(new Error('no'));

    const outcomes = await Promise.allSettled([
      questions.ask('a', refuse, never),
      questions.ask('a', refuse, never),
    ]);

    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await questions.ask('a', async () => 1, never)).toBe(1);
  });
});
