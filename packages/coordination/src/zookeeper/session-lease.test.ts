import { manualClock } from '@millrace/runtime/testing';
import { SessionLease } from './session-lease.ts';

describe('SessionLease', () => {
  const leaseOf = (timeoutMs: number) => {
    const clock = manualClock();
    const told: boolean[] = [];
    const lease: SessionLease = new SessionLease(clock, () => told.push(lease.sure));
    lease.agree(timeoutMs);
    return { clock, told, lease };
  };

  it('is not sure before the first answer', () => {
    const { lease, told } = leaseOf(900);

    expect(lease.sure).toBe(false);
    expect(told).toEqual([]);
  });

  it('counts from when the question was sent, not from when it was answered', async () => {
    const { clock, lease, told } = leaseOf(900);
    const sentAt = clock.monotonic();
    await clock.advance(500);
    lease.prove(sentAt);

    await clock.advance(399);
    const before = lease.sure;
    await clock.advance(1);

    expect([before, lease.sure]).toEqual([true, false]);
    expect(told).toEqual([true, false]);
  });

  it('stays sure for as long as answers come', async () => {
    const { clock, lease, told } = leaseOf(900);
    for (let times = 0; times < 20; times++) {
      lease.prove(clock.monotonic());
      await clock.advance(600);
    }

    expect(told).toEqual([true]);
  });

  it('lapses a third of the timeout after the connection was lost, and not later for a second loss', async () => {
    const { clock, lease, told } = leaseOf(900);
    lease.prove(clock.monotonic());
    lease.lose();
    await clock.advance(200);
    lease.lose();

    await clock.advance(99);
    const before = lease.sure;
    await clock.advance(1);

    expect([before, lease.sure]).toEqual([true, false]);
    expect(told).toEqual([true, false]);
  });

  it('does not lapse when the connection is back in time', async () => {
    const { clock, lease, told } = leaseOf(900);
    lease.prove(clock.monotonic());
    lease.lose();
    await clock.advance(299);
    lease.regain();
    lease.prove(clock.monotonic());
    await clock.advance(899);

    expect(told).toEqual([true]);
  });

  it('is sure again only by an answer when it was silent for longer than the timeout', async () => {
    const { clock, lease, told } = leaseOf(900);
    lease.prove(clock.monotonic());
    lease.lose();
    await clock.advance(2_000);
    lease.regain();
    const beforeAnswer = lease.sure;
    lease.prove(clock.monotonic());

    expect([beforeAnswer, lease.sure]).toEqual([false, true]);
    expect(told).toEqual([true, false, true]);
  });

  it('sets no timer once it is stopped', async () => {
    const { clock, lease, told } = leaseOf(900);
    lease.prove(clock.monotonic());
    lease.stop();
    await clock.advance(5_000);

    expect(told).toEqual([true]);
  });
});
