import { manualClock } from '@millrace/runtime/testing';
import { Deadline } from './deadline.ts';

describe('Deadline', () => {
  it('expires once its time has passed since it began', async () => {
    const clock = manualClock();
    let expired = 0;
    const deadline = new Deadline(clock, 100, () => (expired += 1));
    deadline.begin();
    await clock.advance(60);
    deadline.begin();
    await clock.advance(39);
    expect(expired).toBe(0);
    await clock.advance(1);
    expect(expired).toBe(1);
  });

  it('counts anew when it is restarted, or lifted and begun', async () => {
    const clock = manualClock();
    let expired = 0;
    const deadline = new Deadline(clock, 100, () => (expired += 1));
    deadline.begin();
    await clock.advance(90);
    deadline.restart();
    await clock.advance(90);
    deadline.lift();
    deadline.begin();
    await clock.advance(99);
    expect(expired).toBe(0);
    await clock.advance(1);
    expect(expired).toBe(1);
  });

  it('sets one timer, however often it is begun and lifted', async () => {
    const clock = manualClock();
    const deadline = new Deadline(clock, 100, () => {});
    for (let i = 0; i < 1_000; i += 1) {
      deadline.begin();
      deadline.lift();
    }
    expect(clock.pending).toBe(1);
    await clock.advance(100);
    expect(clock.pending).toBe(0);
    deadline.begin();
    deadline.stop();
    expect(clock.pending).toBe(0);
  });
});
