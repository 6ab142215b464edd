import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  freeAddress,
  type MillraceProcess,
  millrace,
  pause,
} from '../../packages/integration-tests/src/millrace-process.ts';
import {
  ZookeeperServer,
  zookeeperClassPath,
} from '../../packages/integration-tests/src/zookeeper-process.ts';

/** One broker of the demo: `a`, `b`, `c`. */
export interface DemoBroker {
  readonly name: string;
  readonly nodeId: number;
  readonly address: string;
  readonly pid: number | undefined;
  readonly isAlive: boolean;
}

interface Running extends DemoBroker {
  process: MillraceProcess | undefined;
}

const readyMs = 30_000;

/** Three brokers on a ZooKeeper; or one with its own registry, where there is no ZooKeeper. */
export class DemoPlace {
  /** `host:port/path`; undefined: there is none. */
  readonly zookeeper: string | undefined;
  readonly #server: ZookeeperServer | undefined;
  readonly #folder = mkdtempSync(join(tmpdir(), 'millrace-demo-'));
  readonly #brokers: Running[] = [];

  private constructor(server: ZookeeperServer | undefined) {
    this.#server = server;
    this.zookeeper = server === undefined ? undefined : `${server.address}/demo`;
  }

  static async start(): Promise<DemoPlace> {
    const hasZookeeper = zookeeperClassPath !== undefined && zookeeperClassPath !== '' && (await hasClient());
    const place = new DemoPlace(hasZookeeper ? await ZookeeperServer.start() : undefined);
    for (const name of hasZookeeper ? ['a', 'b', 'c'] : ['a']) {
      const nodeId = place.#brokers.length + 1;
      const address = await freeAddress();
      place.#brokers.push({ name, nodeId, address, pid: undefined, isAlive: false, process: undefined });
    }
    await Promise.all(place.brokers.map(({ name }) => place.restart(name)));
    return place;
  }

  get brokers(): readonly DemoBroker[] {
    return this.#brokers.map((broker) => ({
      ...broker,
      pid: broker.process?.process.pid,
      isAlive: broker.process?.process.exitCode === null && broker.process.process.signalCode === null,
    }));
  }

  get addresses(): string {
    return this.#brokers.map(({ address }) => address).join(',');
  }

  async kill(name: string): Promise<void> {
    const broker = this.#brokers.find((one) => one.name === name);
    broker?.process?.process.kill('SIGKILL');
    await broker?.process?.ended;
  }

  async restart(name: string): Promise<void> {
    const broker = this.#brokers.find((one) => one.name === name);
    if (broker === undefined) return;
    const { nodeId, address } = broker;
    const place =
      this.zookeeper === undefined ? [] : ['--zookeeper', this.zookeeper, '--node-id', String(nodeId)];
    const directory = join(this.#folder, name);
    const started = millrace(['start', '--dir', directory, '--listen', address, '--no-kafka', ...place]);
    broker.process = started;
    const deadline = performance.now() + readyMs;
    while (!started.stdout().includes('Next:')) {
      if (started.process.exitCode !== null || performance.now() > deadline)
        throw new Error(`broker ${name} did not start: ${started.stderr()}`);
      await pause(10);
    }
  }

  async remove(): Promise<void> {
    await Promise.all(this.#brokers.map(({ name }) => this.kill(name)));
    await this.#server?.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Whether the client of ZooKeeper is compiled. */
async function hasClient(): Promise<boolean> {
  try {
    await import('zookeeper');
    return true;
  } catch {
    return false;
  }
}
