import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';
import { until } from './cluster-process.ts';
import { millracePackage } from './millrace-process.ts';
import type { ClaimTold, MemberEvent } from './rebalance-events.ts';

const script = join(millracePackage, '../integration-tests/src/rebalance-member.mjs');

export interface MemberPlace {
  /** `host:port,host:port` */
  readonly brokers: string;
  /** `host:port/path` */
  readonly zookeeper: string;
  readonly group: string;
  readonly topic: string;
}

/** ms of the clock that members tell the time by. */
export function machineMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

/** One process that reads as a member of a group, and all that it told. */
export class MemberProcess {
  readonly events: MemberEvent[] = [];
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<number | string>;
  #stderr = '';
  #begun = '';
  #claims: (MemberEvent & { kind: 'claims' }) | undefined;

  constructor({ brokers, zookeeper, group, topic }: MemberPlace) {
    this.#process = spawn(process.execPath, [script, brokers, zookeeper, group, topic], { stdio: 'pipe' });
    this.#process.stderr.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString();
    });
    this.#process.stdout.on('data', (chunk: Buffer) => this.#heard(chunk.toString()));
    this.#ended = new Promise((resolve, reject) => {
      this.#process.once('error', reject);
      this.#process.once('close', (code, signal) => resolve(code ?? signal ?? 'gone'));
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** What it holds, as it told last, and when it did. */
  get claims(): { readonly at: number; readonly claims: readonly ClaimTold[] } | undefined {
    return this.#claims;
  }

  /** It has a record in hand, and will commit it a moment later. Resolves to where. */
  async hold(): Promise<{ readonly partition: number; readonly offset: number }> {
    const before = this.events.length;
    this.#process.stdin.write('hold\n');
    const found = () => this.events.slice(before).find((event) => event.kind === 'holds');
    await until('a member holds a record', () => found() !== undefined);
    return found() as MemberEvent & { kind: 'holds' };
  }

  stop(): void {
    this.#process.kill('SIGSTOP');
  }

  resume(): void {
    this.#process.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#ended;
  }

  /** Closes its consumer and ends. Throws when it ended otherwise. */
  async leave(): Promise<void> {
    this.#process.stdin.write('leave\n');
    await until(
      'a member has left',
      () => this.#process.exitCode !== null || this.#process.signalCode !== null,
    );
    const code = await this.#ended;
    if (code !== 0) throw new Error(`a member ended with ${code}: ${this.#stderr}`);
  }

  /** One that was killed may have told a part of its last line. */
  #heard(text: string): void {
    const lines = (this.#begun + text).split('\n');
    this.#begun = lines.pop() ?? '';
    for (const line of lines) {
      const event = JSON.parse(line) as MemberEvent;
      this.events.push(event);
      if (event.kind === 'claims') this.#claims = event;
    }
  }
}
