import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeAddress, pause } from './millrace-process.ts';

/** Of ZooKeeper and what it needs; undefined or empty: there is none. `npm test` sets it and installs ZooKeeper first where it may. */
export const zookeeperClassPath = process.env['MILLRACE_ZOOKEEPER_CLASSPATH'] ?? debianClassPath();

/**
 * Obeys its stdin: `start`, `kill`, `freeze`, `thaw`. When stdin ends, also because the process at its other end was
 * killed, it kills the server and removes its folder.
 */
const supervisor = `
folder=$1; shift
while read -r order; do
  case $order in
    start) java "$@" >"$folder/log" 2>&1 & pid=$! ;;
    kill) kill -9 $pid; wait $pid 2>/dev/null ;;
    freeze) kill -STOP $pid ;;
    thaw) kill -CONT $pid ;;
  esac
  echo "$order"
done
kill -9 $pid 2>/dev/null
rm -rf "$folder"
`;

const tickMs = 200;
const startMs = 20_000;

/** A ZooKeeper of its own for one test file or command, on a free port, with its data in a temporary folder. */
export class ZookeeperServer {
  readonly address: string;
  readonly #supervisor: ChildProcessWithoutNullStreams;
  readonly #gone: Promise<unknown>;
  #order: Promise<unknown> = Promise.resolve();

  private constructor(address: string) {
    this.address = address;
    const folder = mkdtempSync(join(tmpdir(), 'millrace-zookeeper-'));
    const config = join(folder, 'zoo.cfg');
    mkdirSync(join(folder, 'data'));
    writeFileSync(config, configuration(folder, address));
    const java = [
      ...['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto', '-Xmx128m'],
      ...['-Dzookeeper.jmx.log4j.disable=true', '-Dzookeeper.forceSync=no', '-cp', zookeeperClassPath ?? ''],
      ...['org.apache.zookeeper.server.ZooKeeperServerMain', config],
    ];
    this.#supervisor = spawn('sh', ['-c', supervisor, 'sh', folder, ...java], { stdio: 'pipe' });
    this.#gone = new Promise((resolve) => this.#supervisor.once('exit', resolve));
  }

  static async start(): Promise<ZookeeperServer> {
    const server = new ZookeeperServer(await freeAddress());
    await server.start();
    return server;
  }

  get port(): number {
    return Number(this.address.split(':')[1]);
  }

  /** Also after `kill`, with the data that was there. */
  async start(): Promise<void> {
    await this.#tell('start');
    const deadline = performance.now() + startMs;
    while (!(await this.ask('srvr')).includes('Mode: ')) {
      if (performance.now() > deadline) throw new Error('ZooKeeper did not start');
      await pause(20);
    }
  }

  kill(): Promise<void> {
    return this.#tell('kill');
  }

  /** It keeps its connections and answers nothing. */
  freeze(): Promise<void> {
    return this.#tell('freeze');
  }

  thaw(): Promise<void> {
    return this.#tell('thaw');
  }

  async stop(): Promise<void> {
    this.#supervisor.stdin.end();
    await this.#gone;
  }

  /** The answer to a four-letter word; '' when there is none. */
  ask(word: string): Promise<string> {
    return new Promise((resolve) => {
      let answer = '';
      const socket = connect(this.port, '127.0.0.1', () => socket.write(word));
      // One that came too early hangs.
      socket.setTimeout(150, () => socket.destroy());
      socket.on('data', (chunk) => {
        answer += chunk.toString();
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve(answer));
    });
  }

  #tell(order: string): Promise<void> {
    const told = this.#order.then(
      () =>
        new Promise<void>((resolve) => {
          this.#supervisor.stdout.once('data', () => resolve());
          this.#supervisor.stdin.write(`${order}\n`);
        }),
    );
    this.#order = told;
    return told;
  }
}

function configuration(folder: string, address: string): string {
  const [host, port] = address.split(':');
  return [
    `tickTime=${tickMs}`,
    `dataDir=${join(folder, 'data')}`,
    `clientPort=${port}`,
    `clientPortAddress=${host}`,
    'admin.enableServer=false',
    '4lw.commands.whitelist=*',
    'maxClientCnxns=0',
    '',
  ].join('\n');
}

function debianClassPath(): string | undefined {
  const jars = ['/usr/share/java/zookeeper.jar', '/usr/share/java/slf4j-nop.jar'];
  return existsSync('/usr/bin/java') && jars.every((jar) => existsSync(jar)) ? jars.join(':') : undefined;
}
