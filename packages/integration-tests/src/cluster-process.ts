import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeAddress, type MillraceProcess, millrace, pause } from './millrace-process.ts';

const startMs = 30_000;

/** Brokers in processes of their own that meet in a ZooKeeper. Node ids count from 1. */
export class ClusterProcess {
  readonly zookeeper: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'millrace-cluster-'));
  readonly #addresses: readonly string[];
  readonly #brokers = new Map<number, MillraceProcess>();

  private constructor(zookeeper: string, addresses: readonly string[]) {
    this.zookeeper = zookeeper;
    this.#addresses = addresses;
  }

  /** `zookeeper`: `host:port/path`. */
  static async start(zookeeper: string, size: number): Promise<ClusterProcess> {
    const addresses: string[] = [];
    while (addresses.length < size) addresses.push(await freeAddress());
    const cluster = new ClusterProcess(zookeeper, addresses);
    await cluster.startAll();
    return cluster;
  }

  /** Those that do not run; `zookeeper` stands for another one than the first time. */
  async startAll(zookeeper = this.zookeeper): Promise<void> {
    const nodeIds = this.#addresses.map((_, index) => index + 1).filter((id) => !this.#brokers.has(id));
    await Promise.all(nodeIds.map((nodeId) => this.start(nodeId, zookeeper)));
  }

  async start(nodeId: number, zookeeper = this.zookeeper): Promise<MillraceProcess> {
    const broker = this.startUnwaited(nodeId, zookeeper);
    this.#brokers.set(nodeId, broker);
    const deadline = performance.now() + startMs;
    while (!broker.stdout().includes('Next:')) {
      if (broker.process.exitCode !== null || performance.now() > deadline)
        throw new Error(`broker ${nodeId} did not start: ${broker.stdout()}${broker.stderr()}`);
      await pause(5);
    }
    return broker;
  }

  /** The caller ends it. */
  startUnwaited(
    nodeId: number,
    zookeeper = this.zookeeper,
    directory = this.directoryOf(nodeId),
  ): MillraceProcess {
    const place = ['--zookeeper', zookeeper, '--node-id', String(nodeId)];
    const listen = ['--dir', directory, '--listen', this.addressOf(nodeId), '--no-kafka'];
    return millrace(['start', ...place, ...listen]);
  }

  addressOf(nodeId: number): string {
    return this.#addresses[nodeId - 1] ?? '';
  }

  directoryOf(nodeId: number): string {
    return join(this.#folder, String(nodeId));
  }

  outputOf(nodeId: number): string {
    const broker = this.#brokers.get(nodeId);
    return `${broker?.stdout()}${broker?.stderr()}`;
  }

  pidOf(nodeId: number): number | undefined {
    return this.#brokers.get(nodeId)?.process.pid;
  }

  async end(nodeId: number, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const broker = this.#brokers.get(nodeId);
    this.#brokers.delete(nodeId);
    broker?.process.kill(signal);
    await broker?.ended;
  }

  async endAll(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    await Promise.all([...this.#brokers.keys()].map((nodeId) => this.end(nodeId, signal)));
  }

  /** Ends the brokers and removes their data. */
  async remove(): Promise<void> {
    await this.endAll('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A run of the command line, to its end. */
export async function ended(
  ...args: string[]
): Promise<{ code: number | string; stdout: string; stderr: string }> {
  const run = millrace(args, '');
  const code = await run.ended;
  return { code, stdout: run.stdout(), stderr: run.stderr() };
}

/** Waits until it holds, for as long as a busy machine may take. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await pause(20);
  }
}
