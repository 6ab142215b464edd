import { stripVTControlCharacters } from 'node:util';
import { draw, type Screen } from './screen.ts';

const screen: Screen = {
  title: 'three brokers on a real ZooKeeper',
  brokers: [
    { name: 'a', pid: 11, isAlive: true },
    { name: 'b', pid: 12, isAlive: false },
  ],
  consumers: [
    { name: '1', pid: 21, isAlive: true, owns: [0], readPerSecond: 50 },
    { name: '2', pid: 22, isAlive: false, owns: [], readPerSecond: 0 },
  ],
  partitions: [
    { leader: 'a', written: 10, read: 9 },
    { leader: undefined, written: 300, read: 20 },
  ],
  events: ['consumer 2 was killed'],
};
const lines = draw(screen).map(stripVTControlCharacters);

describe('the screen of the demo', () => {
  it('says of every partition who leads it, who has it, and how far that is behind', () => {
    expect(lines).toContain('        0  a       1            10        9        1  ▇');
    expect(lines).toContain('        1  –       –           300       20      280  ▇▇▇▇▇▇▇▇▇');
  });

  it('says who lives, and what was killed', () => {
    expect(lines).toContain('brokers    a ● pid 11    b ✗ killed');
    expect(lines).toContain('consumers  1 ● pid 21  1 partition, 50 records/s');
    expect(lines.some((line) => line.startsWith('           2 ✗ killed'))).toBe(true);
  });

  it('says which keys do what, and what happened last', () => {
    expect(lines[1]).toBe(
      'keys: 1 2 kill a consumer (kill -9) · a b kill a broker · r restarts what is dead · q quits',
    );
    expect(lines.at(-1)).toBe('consumer 2 was killed');
  });

  it('fits in a terminal of 24 lines with twelve partitions, three consumers and its last events', () => {
    const [consumer, partition] = [screen.consumers[0], screen.partitions[0]];
    const whole = draw({
      ...screen,
      consumers: Array.from({ length: 3 }, () => consumer as (typeof screen.consumers)[number]),
      partitions: Array.from({ length: 12 }, () => partition as (typeof screen.partitions)[number]),
      events: Array.from({ length: 20 }, (_, at) => `event ${at}`),
    });

    expect(whole.length).toBeLessThanOrEqual(24);
  });
});
