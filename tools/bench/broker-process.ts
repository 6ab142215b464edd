import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../packages/millrace/bin/millrace.js', import.meta.url));

/** A broker as a user starts it: its own process, its own directory, a free port. */
export interface BrokerProcess {
  readonly address: string;
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  /** From spawn until the port took a connection, ms. */
  readonly readyMs: number;
  /** Resident, bytes. */
  residentBytes(): number;
  /** User and system, seconds since the start. */
  cpuSeconds(): number;
  stop(): Promise<void>;
}

export async function startBrokerProcess(extra: readonly string[] = []): Promise<BrokerProcess> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
  const port = await freePort();
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [bin, 'start', '--dir', directory, '--listen', `127.0.0.1:${port}`, ...extra],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  // A benchmark that fails must not leave it behind.
  process.once('exit', () => child.kill('SIGKILL'));
  await reachable(port, child);
  const pid = child.pid ?? 0;
  return {
    address: `127.0.0.1:${port}`,
    host: '127.0.0.1',
    port,
    pid,
    readyMs: performance.now() - started,
    residentBytes: () => residentBytes(pid),
    cpuSeconds: () => cpuSeconds(pid),
    stop: async () => {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await gone;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function reachable(port: number, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the broker exited with ${child.exitCode}`);
    const ok = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (ok) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Resident set of a process, bytes. */
export function residentBytes(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? 0) * 1024;
}

/** The largest the resident set has been, bytes. */
export function peakResidentBytes(pid: number): number {
  const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? 0) * 1024;
}

/** User and system, seconds since the start of the process. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
