import type { Cluster } from '@millrace/client';
import { pause } from '../../packages/integration-tests/src/millrace-process.ts';
import { Load } from '../../packages/integration-tests/src/rebalance-load.ts';
import { clusterAt, createTopic } from '../bench/ends-load.ts';
import { DemoMember } from './members.ts';
import { DemoPlace } from './place.ts';
import type { Screen } from './screen.ts';

const topic = 'demo';
const group = 'watchers';
const partitions = 12;
const lookEveryMs = 100;
const rateOverMs = 1_000;
const lastRecordsMs = 30_000;

/** Brokers, writers and a group, and what goes on with them. */
export class Demo {
  readonly #place: DemoPlace;
  readonly #cluster: Cluster;
  readonly #load: Load;
  readonly #onEvent: (event: string) => void;
  readonly #members: DemoMember[] = [];
  readonly #read = Array.from({ length: partitions }, () => new Set<number>());
  readonly #events: string[] = [];
  readonly #timer: NodeJS.Timeout;
  #leaders: (number | undefined)[] = [];
  #rates = new Map<DemoMember, { at: number; read: number; perSecond: number }>();
  /** What happened, and when, as long as not every partition has an owner that lives. */
  #change: { readonly what: string; readonly at: number } | undefined;
  #longestMs = 0;

  private constructor(place: DemoPlace, cluster: Cluster, onEvent: (event: string) => void) {
    this.#place = place;
    this.#cluster = cluster;
    this.#onEvent = onEvent;
    this.#load = new Load(place.addresses, topic, partitions);
    for (const name of ['1', '2', '3']) this.#start(name);
    this.#changed('three consumers joined');
    this.#timer = setInterval(() => this.#look(), lookEveryMs);
  }

  static async start(onEvent: (event: string) => void): Promise<Demo> {
    const place = await DemoPlace.start();
    try {
      const cluster = clusterAt(place.brokers[0]?.address ?? '');
      await createTopic(cluster, topic, partitions);
      return new Demo(place, cluster, onEvent);
    } catch (error) {
      await place.remove();
      throw error;
    }
  }

  screen(): Screen {
    const counts = this.#load.counts(partitions);
    const nameOf = (nodeId: number | undefined): string | undefined =>
      this.#place.brokers.find((broker) => broker.nodeId === nodeId && broker.isAlive)?.name;
    return {
      title: this.#title,
      brokers: this.#place.brokers,
      consumers: this.#members.map((member) => ({
        name: member.name,
        pid: member.pid,
        isAlive: member.isAlive,
        owns: member.owns,
        readPerSecond: this.#rates.get(member)?.perSecond ?? 0,
      })),
      partitions: counts.map((written, partition) => ({
        leader: nameOf(this.#leaders[partition]),
        written,
        read: this.#read[partition]?.size ?? 0,
      })),
      events: this.#events,
    };
  }

  /** A consumer by its number or a broker by its letter, with kill -9. Others are nobody. */
  async kill(name: string): Promise<void> {
    const member = this.#members.find((one) => one.name === name);
    if (member?.isAlive === true) {
      this.#changed(`consumer ${name} was killed`);
      await member.kill();
    }
    const broker = this.#place.brokers.find((one) => one.name === name);
    if (broker?.isAlive === true && this.#place.brokers.length > 1) {
      this.#tell(`broker ${name} was killed: its partitions wait for it, the others go on`);
      await this.#place.kill(name);
    }
  }

  async restartDead(): Promise<void> {
    await this.#restartBrokers();
    for (const [at, { name, isAlive }] of this.#members.entries()) {
      if (isAlive) continue;
      this.#members.splice(at, 1, this.#made(name));
      this.#changed(`consumer ${name} joined again`);
    }
  }

  async #restartBrokers(): Promise<void> {
    for (const { name, isAlive } of this.#place.brokers) {
      if (isAlive) continue;
      const begun = performance.now();
      await this.#place.restart(name);
      this.#tell(
        `broker ${name} is back after ${seconds(performance.now() - begun)}, with everything acknowledged`,
      );
    }
  }

  /** Stops writing, has everything read, and says what came of it. Throws when something is missing. */
  async finish(): Promise<string> {
    await this.#restartBrokers();
    await this.#load.stop();
    const { acknowledged } = this.#load;
    const missing = () =>
      acknowledged.filter(({ partition, offset }) => this.#read[partition]?.has(offset) !== true).length;
    const deadline = performance.now() + lastRecordsMs;
    while (missing() > 0 && performance.now() < deadline) await pause(lookEveryMs);
    if (missing() > 0)
      throw new Error(`${missing()} of ${acknowledged.length} acknowledged records were not read`);
    const read = this.#members.reduce((sum, member) => sum + member.read, this.#readByTheDead);
    const owned = `owned again after ${seconds(this.#longestMs)} at most`;
    return `${this.#title}: ${owned}; nothing lost: ${acknowledged.length} written, all read (${read - acknowledged.length} twice)`;
  }

  async remove(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#members.map((member) => member.leave()));
    await this.#load.stop().catch(() => {});
    await this.#cluster.close();
    await this.#place.remove();
  }

  get #title(): string {
    return this.#place.zookeeper === undefined
      ? 'one broker with its own registry (no ZooKeeper is here)'
      : 'three brokers on a real ZooKeeper';
  }

  #readByTheDead = 0;

  #start(name: string): void {
    this.#members.push(this.#made(name));
  }

  #made(name: string): DemoMember {
    const before = this.#members.find((one) => one.name === name);
    this.#readByTheDead += before?.read ?? 0;
    const { addresses, zookeeper } = this.#place;
    return new DemoMember(name, [addresses, zookeeper ?? '-', group, topic], (partition, offset) =>
      this.#read[partition]?.add(offset),
    );
  }

  #changed(what: string): void {
    this.#change = { what, at: performance.now() };
    this.#tell(what);
  }

  #tell(event: string): void {
    this.#events.push(event);
    this.#onEvent(event);
  }

  #look(): void {
    const now = performance.now();
    for (const member of this.#members) {
      const { at, read } = this.#rates.get(member) ?? { at: now, read: member.read };
      if (now - at < rateOverMs && this.#rates.has(member)) continue;
      const perSecond = now === at ? 0 : Math.round(((member.read - read) * 1000) / (now - at));
      this.#rates.set(member, { at: now, read: member.read, perSecond });
    }
    if (this.#change !== undefined && this.#isShared()) {
      const ms = now - this.#change.at;
      this.#tell(`${this.#change.what}: every partition has an owner again after ${seconds(ms)}`);
      this.#longestMs = Math.max(this.#longestMs, ms);
      this.#change = undefined;
    }
    this.#cluster.call('metadata', { topics: [topic] }).then(
      ({ topics }) => {
        this.#leaders = (topics[0]?.partitions ?? []).map(({ leader }) => leader);
      },
      () => {}, // the next look asks again
    );
  }

  #isShared(): boolean {
    const alive = this.#members.filter(({ isAlive }) => isAlive);
    const owned = alive.flatMap(({ owns }) => owns);
    return (
      owned.length === partitions &&
      new Set(owned).size === partitions &&
      alive.every(({ owns }) => owns.length > 0)
    );
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
