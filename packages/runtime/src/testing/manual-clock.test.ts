import { manualClock } from './manual-clock.ts';

describe('the manual clock', () => {
  it('stands still until it is advanced', async () => {
    const clock = manualClock(1000);
    const fired: number[] = [];
    clock.after(10, () => fired.push(clock.now()));

    await clock.advance(9);
    const early = [...fired];
    await clock.advance(1);

    expect(early).toEqual([]);
    expect(fired).toEqual([1010]);
    expect([clock.now(), clock.monotonic(), clock.pending]).toEqual([1010, 10, 0]);
  });

  it('fires in the order of time, and of setting at the same moment', async () => {
    const clock = manualClock();
    const fired: string[] = [];
    for (const [name, ms] of [
      ['c', 20],
      ['a', 10],
      ['d', 20],
      ['b', 10.5],
    ] as const)
      clock.after(ms, () => fired.push(`${name}@${clock.monotonic()}`));

    await clock.advance(30);

    expect(fired).toEqual(['a@10', 'b@10.5', 'c@20', 'd@20']);
  });

  it('lets promises settle between two timers', async () => {
    const clock = manualClock();
    const seen: string[] = [];
    const sleeper = async (): Promise<void> => {
      await clock.sleep(5);
      for (let hop = 0; hop < 50; hop++) await Promise.resolve();
      seen.push('settled');
    };
    const slept = sleeper();
    clock.after(5, () => seen.push('next timer'));

    await clock.advance(5);
    await slept;

    expect(seen).toEqual(['settled', 'next timer']);
  });

  it('fires what a timer sets, when it is due in the same stretch', async () => {
    const clock = manualClock();
    const fired: number[] = [];
    const again = (): void => {
      fired.push(clock.monotonic());
      clock.after(10, again);
    };
    clock.after(10, again);

    await clock.advance(35);

    expect(fired).toEqual([10, 20, 30]);
    expect(clock.pending).toBe(1);
  });

  it('fires no cancelled timer', async () => {
    const clock = manualClock();
    const fired: string[] = [];
    const timers = ['a', 'b', 'c'].map((name) => clock.after(10, () => fired.push(name)));

    timers[1]?.cancel();
    timers[1]?.cancel();
    const pending = clock.pending;
    await clock.advance(10);
    timers[0]?.cancel();

    expect(pending).toBe(2);
    expect(fired).toEqual(['a', 'c']);
  });

  it('drains end-of-turn calls, also those that others set', async () => {
    const clock = manualClock();
    const fired: string[] = [];
    clock.after(1, () => {
      clock.endOfTurn(() => {
        fired.push('end of turn');
        void Promise.resolve().then(() => clock.endOfTurn(() => fired.push('and of the next')));
      });
    });
    clock.after(2, () => fired.push('later'));

    await clock.advance(2);

    expect(fired).toEqual(['end of turn', 'and of the next', 'later']);
  });

  it('runs end-of-turn calls without being advanced', async () => {
    const clock = manualClock();

    await new Promise<void>((resolve) => clock.endOfTurn(resolve));

    expect(clock.monotonic()).toBe(0);
  });

  it('adds up calls of advance that overlap', async () => {
    const clock = manualClock();
    const fired: number[] = [];
    clock.after(12, () => fired.push(clock.monotonic()));

    await Promise.all([clock.advance(5), clock.advance(10)]);

    expect(fired).toEqual([12]);
    expect(clock.monotonic()).toBe(15);
  });

  it('wakes and times out like the real one', async () => {
    const clock = manualClock();
    const reason = new Error('enough');
    const abort = new AbortController();
    const sleep = clock.sleep(100, abort.signal);
    const signal = clock.timeout(50);

    abort.abort(reason);
    await expect(sleep).rejects.toBe(reason);
    const pending = clock.pending;
    await clock.advance(50);

    expect(pending).toBe(1);
    expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
  });

  it('rejects with what a timer throws, and goes on after it', async () => {
    const clock = manualClock();
    const fired: string[] = [];
    clock.after(1, () => {
      throw new Error('a bug');
    });
    clock.after(2, () => fired.push('next'));

    await expect(clock.advance(5)).rejects.toThrow('a bug');
    await clock.advance(5);

    expect(fired).toEqual(['next']);
  });

  it('ends with an error when timers set each other for ever', async () => {
    const clock = manualClock();
    const loop = (): void => void clock.after(0, loop);
    loop();

    await expect(clock.advance(1)).rejects.toThrow('timers set each other for ever at 0 ms');
  });

  it('moves neither back nor by nothing that is a number', async () => {
    const clock = manualClock();

    await expect(clock.advance(-1)).rejects.toThrow(RangeError);
    await expect(clock.advance(Number.NaN)).rejects.toThrow(RangeError);
    await expect(clock.advance(Number.POSITIVE_INFINITY)).rejects.toThrow(RangeError);
    expect(() => clock.after(Number.NaN, () => {})).toThrow(RangeError);
  });
});
