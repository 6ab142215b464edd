import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** Found from where we run, which is in this repository: a module of the tests cannot say where it lies. */
export const millracePackage = join(
  createRequire(join(process.cwd(), 'any.js')).resolve('millrace/package.json'),
  '..',
);
const bin = join(millracePackage, 'bin/millrace.js');

/** One run of the command line, as a user runs it. */
export interface MillraceProcess {
  readonly process: ChildProcessWithoutNullStreams;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

/** `millrace …args`; with `input` given, it is written to stdin, which then ends. */
export function millrace(args: readonly string[], input?: Uint8Array | string): MillraceProcess {
  if (!existsSync(join(millracePackage, 'dist/cli/index.js')))
    throw new Error('packages/millrace is not built: run `npm run setup` first');
  const child = spawn(process.execPath, [bin, ...args], { env: { ...process.env, NO_COLOR: '1' } });
  const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  child.stdout.on('data', (chunk: Buffer) => chunks.stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.stderr.push(chunk));
  if (input !== undefined) child.stdin.end(input);
  return {
    process: child,
    stdout: () => Buffer.concat(chunks.stdout).toString('latin1'),
    stderr: () => Buffer.concat(chunks.stderr).toString(),
    ended: new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(code ?? signal ?? 'gone'));
    }),
  };
}

/** A broker that takes connections at `address`. */
export async function startBrokerProcess(args: readonly string[], address: string): Promise<MillraceProcess> {
  const broker = millrace(['start', ...args, '--listen', address]);
  const deadline = performance.now() + 15_000;
  while (!broker.stdout().includes(address) && !broker.stderr().includes(address)) {
    if (broker.process.exitCode !== null || performance.now() > deadline)
      throw new Error(`the broker did not start: ${broker.stdout()}${broker.stderr()}`);
    await pause(5);
  }
  return broker;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** An address of this machine that nobody listens on at the moment. */
export async function freeAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `127.0.0.1:${address.port}`;
}
