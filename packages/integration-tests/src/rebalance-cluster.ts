import { ClusterProcess, ended, until } from './cluster-process.ts';
import { pause } from './millrace-process.ts';
import { check, type Verdict } from './rebalance-checker.ts';
import { cpuMsOf } from './rebalance-cpu.ts';
import { Load } from './rebalance-load.ts';
import { MemberProcess, machineMs } from './rebalance-member-process.ts';
import { ZookeeperServer } from './zookeeper-process.ts';
import { ZookeeperProxy } from './zookeeper-proxy.ts';

const topic = 'orders';
const brokers = [1, 2, 3];
const partitions = 12;
/** The longest that the server of the tests grants: brokers and members ask for more. */
export const sessionMs = 4_000;

/** How long it took until each partition had an owner that lives, and no member had two more than another. */
export interface Figure {
  readonly what: string;
  readonly ms: number;
}

/** What went on during a stretch of time. */
export interface Activity {
  readonly seconds: number;
  readonly acknowledged: number;
  readonly delivered: number;
  /** Of the partition that took the fewest. */
  readonly fewestAcknowledged: number;
  /** Of one core, the busiest broker and the busiest member. */
  readonly brokerCpu: number;
  readonly memberCpu: number;
}

/** Three brokers, a group and those who write, all on a real ZooKeeper that can be cut off; every change is measured. */
export class RebalanceCluster {
  readonly figures: Figure[] = [];
  readonly #server: ZookeeperServer;
  readonly #proxy: ZookeeperProxy;
  readonly #cluster: ClusterProcess;
  readonly #load: Load;
  readonly #all: MemberProcess[] = [];
  #members: MemberProcess[] = [];
  readonly #resumedAt: number[] = [];

  private constructor(server: ZookeeperServer, proxy: ZookeeperProxy, cluster: ClusterProcess) {
    this.#server = server;
    this.#proxy = proxy;
    this.#cluster = cluster;
    this.#load = new Load(this.#addresses, topic, partitions);
  }

  static async start(): Promise<RebalanceCluster> {
    const server = await ZookeeperServer.start();
    const proxy = await ZookeeperProxy.before(server.port);
    const cluster = await ClusterProcess.start(`${proxy.address}/rebalance`, brokers.length);
    const place = ['--partitions', String(partitions), '--broker', cluster.addressOf(1)];
    const made = await ended('topic', 'create', topic, ...place);
    if (made.code !== 0) throw new Error(`the topic was not made: ${made.stderr}`);
    return new RebalanceCluster(server, proxy, cluster);
  }

  get size(): number {
    return this.#members.length;
  }

  async join(count = 1): Promise<void> {
    await this.#change(`${count} joined`, async () => {
      for (let i = 0; i < count; i += 1) this.#members.push(this.#started());
    });
  }

  async leave(at: number): Promise<void> {
    await this.#change('one left', () => this.#taken(at).leave());
  }

  async kill(at: number): Promise<void> {
    await this.#change('one was killed with kill -9', () => this.#taken(at).kill());
  }

  /**
   * Stops a member with a record in hand until the others have taken over, then lets it go on. Resolves to what it told
   * about its commit: the code with which it was refused, or 'committed'.
   */
  async pauseBeyondSession(at: number): Promise<string> {
    const member = this.#taken(at);
    const { partition, offset } = await member.hold();
    await this.#change('one was stopped (SIGSTOP)', async () => {
      member.stop();
    });
    let answer: string | undefined;
    await this.#change('the one that was stopped went on', async () => {
      this.#members.push(member);
      this.#resumedAt.push(machineMs());
      member.resume();
      await until('its commit is answered', () => {
        for (const event of member.events)
          if (
            (event.kind === 'committed' || event.kind === 'refused') &&
            event.partition === partition &&
            event.offset === offset
          )
            answer = event.kind === 'refused' ? event.code : event.kind;
        return answer !== undefined;
      });
    });
    return answer ?? 'nothing';
  }

  /** To compare with. */
  async asUsual(ms: number): Promise<Activity> {
    return this.#activity(() => pause(ms));
  }

  /** Kills ZooKeeper and starts it again on the same data. */
  async restartZookeeper(): Promise<Activity> {
    return this.#activity(async () => {
      await this.#server.kill();
      await pause(1_000);
      await this.#server.start();
    });
  }

  /** Nobody reaches ZooKeeper for so long: refused at once, or with connections that stay and carry nothing. */
  async cutZookeeper(ms: number, how: 'block' | 'freeze'): Promise<Activity> {
    return this.#activity(async () => {
      this.#proxy[how]();
      await pause(ms);
    }).finally(() => this.#proxy.restore());
  }

  /** Every partition has an owner and takes records; with `anew`, after sessions ended and everybody joined again. */
  async recovered(what: string, { anew = false }: { anew?: boolean } = {}): Promise<void> {
    const begun = machineMs();
    await this.#change(what, async () => {
      const before = this.#load.counts(partitions);
      await until('every partition takes records', () =>
        this.#load.counts(partitions).every((count, partition) => count > (before[partition] ?? 0) + 2),
      );
      if (anew)
        await until('every member has joined again', () =>
          this.#members.every(({ claims }) => (claims?.at ?? 0) > begun),
        );
    });
  }

  /** Stops writing, lets the group read to the end, and judges all that was told. */
  async finish(): Promise<Verdict> {
    await this.#load.stop();
    const { acknowledged } = this.#load;
    const last = new Map(acknowledged.map(({ partition, offset }) => [partition, offset]));
    await until('the group has read everything', () => {
      const reached = new Map<number, number>();
      for (const { events } of this.#all)
        for (const event of events)
          if (event.kind === 'record')
            reached.set(event.partition, Math.max(reached.get(event.partition) ?? -1, event.offset));
      return [...last].every(([partition, offset]) => (reached.get(partition) ?? -1) >= offset);
    });
    await Promise.all(this.#members.splice(0).map((member) => member.leave()));
    return check(
      acknowledged,
      this.#all.map(({ events }) => events),
      this.#resumedAt,
    );
  }

  async remove(): Promise<void> {
    await this.#load.stop().catch(() => {});
    await Promise.all(this.#all.map((member) => member.kill()));
    await this.#cluster.remove();
    await this.#proxy.close();
    await this.#server.stop();
  }

  /** What brokers and members said besides, for who looks for the cause of a failure. */
  said(): string {
    const ofBrokers = brokers.map((nodeId) => `broker ${nodeId}: ${this.#cluster.outputOf(nodeId)}`);
    return [...ofBrokers, ...this.#all.map(({ pid, stderr }) => `member ${pid}: ${stderr}`)].join('\n');
  }

  get #addresses(): string {
    return brokers.map((nodeId) => this.#cluster.addressOf(nodeId)).join(',');
  }

  #started(): MemberProcess {
    const { zookeeper } = this.#cluster;
    const member = new MemberProcess({ brokers: this.#addresses, zookeeper, group: 'readers', topic });
    this.#all.push(member);
    return member;
  }

  #taken(at: number): MemberProcess {
    const [member] = this.#members.splice(at, 1);
    if (member === undefined) throw new Error(`there is no member ${at}`);
    return member;
  }

  /** Measures from the change to the last claim that it caused. */
  async #change(what: string, change: () => Promise<void>): Promise<void> {
    const begun = machineMs();
    await change();
    try {
      await until('every partition is owned', () => this.#isShared());
    } catch (error) {
      throw new Error(`${what}: ${String(error)}\n${this.#shares()}\n${this.said()}`);
    }
    const lastClaim = Math.max(begun, ...this.#members.map(({ claims }) => claims?.at ?? 0));
    this.figures.push({ what, ms: Math.round(lastClaim - begun) });
  }

  #isShared(): boolean {
    const shares = this.#members.map(({ claims }) => claims?.claims ?? []);
    const owned = shares.flat().map(({ partition }) => partition);
    const sizes = shares.map(({ length }) => length);
    const isEven = Math.max(...sizes) - Math.min(...sizes) <= 1;
    return isEven && owned.length === partitions && new Set(owned).size === partitions;
  }

  #shares(): string {
    return this.#members
      .map(({ pid, claims }) => `${pid}: ${claims?.claims.map(({ partition }) => partition).join(' ')}`)
      .join('; ');
  }

  async #activity(away: () => Promise<void>): Promise<Activity> {
    const pids = [brokers.map((nodeId) => this.#cluster.pidOf(nodeId)), this.#members.map(({ pid }) => pid)];
    const cpu = () => pids.map((group) => group.map((pid) => cpuMsOf(pid)));
    const begun = machineMs();
    const before = { counts: this.#load.counts(partitions), delivered: this.#delivered(), cpu: cpu() };
    await away();
    const ms = machineMs() - begun;
    const taken = this.#load.counts(partitions).map((count, i) => count - (before.counts[i] ?? 0));
    const [brokerCpu = 0, memberCpu = 0] = cpu().map(
      (group, i) => Math.max(...group.map((used, j) => used - (before.cpu[i]?.[j] ?? 0))) / ms,
    );
    return {
      seconds: ms / 1000,
      acknowledged: taken.reduce((sum, count) => sum + count, 0),
      delivered: this.#delivered() - before.delivered,
      fewestAcknowledged: Math.min(...taken),
      brokerCpu,
      memberCpu,
    };
  }

  #delivered(): number {
    return this.#all.reduce(
      (sum, { events }) => sum + events.filter(({ kind }) => kind === 'record').length,
      0,
    );
  }
}
