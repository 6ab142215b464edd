import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('./member.mjs', import.meta.url));

/** A consumer of the demo: `1`, `2`, `3`. */
export class DemoMember {
  readonly name: string;
  /** The partitions that it has, as it told last. */
  owns: readonly number[] = [];
  read = 0;
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  #begun = '';

  /** `onRead`: it told that it has read a record. */
  constructor(name: string, args: readonly string[], onRead: (partition: number, offset: number) => void) {
    this.name = name;
    this.#process = spawn(process.execPath, [script, ...args], { stdio: ['pipe', 'pipe', 'ignore'] });
    this.#ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.stdout?.on('data', (chunk: Buffer) => {
      const lines = (this.#begun + chunk.toString()).split('\n');
      this.#begun = lines.pop() ?? '';
      for (const line of lines) {
        const told = JSON.parse(line) as { owns: number[]; read: [number, number][] };
        this.owns = told.owns;
        this.read += told.read.length;
        for (const [partition, offset] of told.read) onRead(partition, offset);
      }
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get isAlive(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#ended;
    this.owns = [];
  }

  async leave(): Promise<void> {
    if (!this.isAlive) return;
    this.#process.stdin?.write('leave\n');
    await this.#ended;
  }
}
