import { execFileSync } from 'node:child_process';
import { systemClock } from './system-clock.ts';

describe('the system clock', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it('goes on while a test has faked its globals', async () => {
    jest.useFakeTimers();
    const before = systemClock.monotonic();

    await systemClock.sleep(2);
    await new Promise<void>((resolve) => void systemClock.after(1, resolve));
    await new Promise<void>((resolve) => systemClock.endOfTurn(resolve));

    expect(systemClock.monotonic()).toBeGreaterThan(before);
    expect(systemClock.now()).toBeGreaterThan(Date.UTC(2020, 0));
  });

  it('fires once, and not when cancelled before', async () => {
    const fired: string[] = [];
    systemClock.after(1, () => fired.push('first'));
    const cancelled = systemClock.after(1, () => fired.push('second'));

    cancelled.cancel();
    await systemClock.sleep(5);
    cancelled.cancel();

    expect(fired).toEqual(['first']);
  });

  it('waits longer than a timer of the platform can', async () => {
    const fired: string[] = [];
    const timers = [2 ** 31, 2 ** 40, Number.POSITIVE_INFINITY].map((ms) =>
      systemClock.after(ms, () => fired.push('early')),
    );

    await systemClock.sleep(5);
    for (const timer of timers) timer.cancel();

    expect(fired).toEqual([]);
  });

  it('wakes a sleeper with the reason of its signal', async () => {
    const reason = new Error('enough');
    const abort = new AbortController();
    const sleep = systemClock.sleep(60_000, abort.signal);

    abort.abort(reason);

    await expect(sleep).rejects.toBe(reason);
    await expect(systemClock.sleep(1, abort.signal)).rejects.toBe(reason);
  });

  it('times out with a TimeoutError', async () => {
    const signal = systemClock.timeout(1);

    await new Promise((resolve) => signal.addEventListener('abort', resolve));

    expect(signal.reason).toMatchObject({ name: 'TimeoutError', message: 'timed out after 1 ms' });
  });

  it('keeps the process for a sleeper alone', () => {
    const program = `
      import { systemClock } from '@millrace/runtime';
      systemClock.after(60_000, () => console.log('never'));
      systemClock.timeout(60_000);
      await systemClock.sleep(10);
      console.log('slept');
    `;

    const said = execFileSync(
      process.execPath,
      ['--conditions=@millrace/source', '--import', 'tsx', '--input-type=module', '-e', program],
      { cwd: __dirname, encoding: 'utf8', timeout: 30_000 },
    );

    expect(said).toBe('slept\n');
  });
});
