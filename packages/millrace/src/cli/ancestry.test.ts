import { ancestors } from './ancestry.ts';

describe('ancestors', () => {
  it('begins with the process that started this one', () => {
    const [parent, ...others] = ancestors();

    expect(parent).toBe(process.ppid);
    expect(others.length).toBeLessThanOrEqual(1);
    expect(others.every((pid) => pid > 1 && pid !== process.pid)).toBe(true);
  });
});
