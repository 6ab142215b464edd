import { Pulse } from './pulse.ts';

describe('Pulse', () => {
  it('merges what happens before the reader comes back, and shows the latest', async () => {
    let value = 0;
    const pulse = new Pulse(() => value);

    for (value = 1; value < 5; value++) pulse.notify();

    expect(await pulse.next()).toEqual({ done: false, value: 5 });
    const waiting = pulse.next();
    value = 6;
    pulse.notify();
    expect(await waiting).toEqual({ done: false, value: 6 });
  });

  it('yields at once when it is born pending', async () => {
    const pulse = new Pulse(() => 'now', { pending: true });

    expect(await pulse.next()).toEqual({ done: false, value: 'now' });
  });

  it('finishes after what is pending', async () => {
    const pulse = new Pulse(() => 'last', { pending: true });

    pulse.finish();

    expect(await pulse.next()).toEqual({ done: false, value: 'last' });
    expect(await pulse.next()).toEqual({ done: true, value: undefined });
  });

  it('ends at once when its signal aborts, waking whoever waits', async () => {
    const stop = new AbortController();
    let ends = 0;
    const pulse = new Pulse(() => 0, { signal: stop.signal, onEnd: () => ends++ });
    const waiting = pulse.next();

    stop.abort();
    pulse.notify();
    pulse.end();

    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await pulse.next()).toEqual({ done: true, value: undefined });
    expect(ends).toBe(1);
  });

  it('is born ended of a signal that has aborted', async () => {
    const pulse = new Pulse(() => 0, { pending: true, signal: AbortSignal.abort() });

    expect(pulse.ended).toBe(true);
    expect(await pulse.next()).toEqual({ done: true, value: undefined });
  });

  it('ends when its reader breaks off', async () => {
    let ends = 0;
    const pulse = new Pulse(() => 0, { pending: true, onEnd: () => ends++ });

    for await (const value of pulse) {
      expect(value).toBe(0);
      break;
    }

    expect(ends).toBe(1);
  });
});
