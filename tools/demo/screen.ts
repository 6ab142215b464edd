import { styleText } from 'node:util';

export interface Screen {
  /** `three brokers on a real ZooKeeper` */
  readonly title: string;
  readonly brokers: readonly {
    readonly name: string;
    readonly pid: number | undefined;
    readonly isAlive: boolean;
  }[];
  readonly consumers: readonly {
    readonly name: string;
    readonly pid: number | undefined;
    readonly isAlive: boolean;
    readonly owns: readonly number[];
    readonly readPerSecond: number;
  }[];
  /** By partition. */
  readonly partitions: readonly {
    /** Name of the broker; undefined: none leads it. */
    readonly leader: string | undefined;
    readonly written: number;
    readonly read: number;
  }[];
  readonly events: readonly string[];
}

type Style = Parameters<typeof styleText>[0];

const styles: readonly Style[] = ['cyan', 'magenta', 'yellow', 'green', 'blue', 'white'];
const barLength = 24;

/** What stands on the terminal, line by line. Pure. */
export function draw(screen: Screen): string[] {
  const { title, brokers, consumers, partitions, events } = screen;
  const state = (isAlive: boolean, pid: number | undefined) =>
    isAlive ? styleText('green', `● pid ${pid}`) : styleText('red', '✗ killed');
  const owners = ownersOf(screen);
  return [
    styleText('bold', `Millrace · ${title}, a group of ${consumers.length}`),
    styleText('dim', `keys: ${keysOf(screen)} · r restarts what is dead · q quits`),
    `brokers    ${brokers.map(({ name, isAlive, pid }) => `${name} ${state(isAlive, pid)}`).join('    ')}`,
    ...consumers.map((consumer, at) => {
      const { name, isAlive, pid, owns, readPerSecond } = consumer;
      const what = isAlive ? `${count(owns.length, 'partition')}, ${readPerSecond} records/s` : '';
      const label = at === 0 ? 'consumers  ' : '           ';
      return `${label}${styleText(styleOf(at), name)} ${state(isAlive, pid)}  ${what}`;
    }),
    '',
    styleText('dim', 'partition  leader  owner      written     read   behind'),
    ...partitions.map(({ leader, written, read }, partition) => {
      const owner = owners.get(partition);
      const behind = Math.max(0, written - read);
      const columns = [String(partition).padStart(9), (leader ?? '–').padEnd(6)];
      const figures = [written, read, behind].map((figure) => String(figure).padStart(8)).join(' ');
      const who = (owner === undefined ? '–' : (consumers[owner]?.name ?? '')).padEnd(6);
      const bar = '▇'.repeat(Math.min(barLength, Math.ceil(Math.log2(behind + 1))));
      const style = owner === undefined ? 'red' : styleOf(owner);
      return `${columns.join('  ')}  ${styleText(style, who)} ${figures}  ${styleText(style, bar)}`;
    }),
    '',
    ...events.slice(-3),
  ];
}

/** By partition: which consumer has it. */
function ownersOf({ consumers }: Screen): Map<number, number> {
  return new Map(consumers.flatMap(({ owns }, at) => owns.map((partition) => [partition, at] as const)));
}

function keysOf({ brokers, consumers }: Screen): string {
  const kill = (names: readonly { name: string }[]) => names.map(({ name }) => name).join(' ');
  const ofBrokers = brokers.length > 1 ? ` · ${kill(brokers)} kill a broker` : '';
  return `${kill(consumers)} kill a consumer (kill -9)${ofBrokers}`;
}

function styleOf(at: number): Style {
  return styles[at % styles.length] ?? 'white';
}

function count(amount: number, what: string): string {
  return `${amount} ${what}${amount === 1 ? '' : 's'}`;
}
