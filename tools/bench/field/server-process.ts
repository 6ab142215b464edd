import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';

/** A server of any kind: its own session, so that all its processes can be counted and ended together. */
export interface ServerProcess {
  readonly pid: number;
  /** From spawn until the port took a connection, ms. */
  readonly startMs: number;
  stop(): Promise<void>;
}

const longestStartMs = 60_000;
const longestStopMs = 20_000;

/** Starts `command`, whose output goes to `directory/output.log`, and waits until it listens. */
export async function startServer(
  command: readonly [string, ...string[]],
  port: number,
  directory: string,
  env: NodeJS.ProcessEnv = {},
): Promise<ServerProcess> {
  const [program, ...args] = command;
  const log = join(directory, 'output.log');
  const output = openSync(log, 'a');
  const began = performance.now();
  const child = spawn(program, args, {
    cwd: directory,
    detached: true,
    stdio: ['ignore', output, output],
    env: { ...process.env, ...env },
  });
  closeSync(output);
  const pid = child.pid ?? 0;
  const kill = (): void => killSession(pid, 'SIGKILL');
  // A benchmark that fails must not leave it behind.
  process.once('exit', kill);
  try {
    await reachable(port, child);
  } catch (error) {
    kill();
    throw new Error(`${program} did not start: ${readFileSync(log, 'utf8').slice(-500)}`, { cause: error });
  }
  return {
    pid,
    startMs: performance.now() - began,
    stop: async () => {
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      if (child.exitCode === null) child.kill('SIGTERM');
      const late = setTimeout(kill, longestStopMs);
      if (child.exitCode === null && child.signalCode === null) await gone;
      clearTimeout(late);
      kill();
      process.removeListener('exit', kill);
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function reachable(port: number, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + longestStartMs;
  let failure: Error | undefined;
  child.once('error', (error) => {
    failure = error;
  });
  while (performance.now() < deadline) {
    if (failure !== undefined) throw failure;
    if (child.exitCode !== null) throw new Error(`it exited with ${child.exitCode}`);
    if (await takesConnections(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`nothing listens on ${port} after ${longestStartMs / 1000} s`);
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/** What the processes of a session have used so far: user and system seconds, and resident bytes. */
export function usageOf(session: number): { readonly cpuSeconds: number; readonly residentBytes: number } {
  const ticks = 100;
  const page = 4096;
  const all = processesOf(session);
  return {
    cpuSeconds: all.reduce((sum, { utime, stime }) => sum + (utime + stime) / ticks, 0),
    residentBytes: all.reduce((sum, { rss }) => sum + rss * page, 0),
  };
}

function killSession(session: number, signal: NodeJS.Signals): void {
  for (const { pid } of processesOf(session)) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has gone by itself.
    }
  }
}

interface ProcessStat {
  readonly pid: number;
  readonly utime: number;
  readonly stime: number;
  readonly rss: number;
}

/** Linux alone: `/proc` as proc(5) says. */
function processesOf(session: number): ProcessStat[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const stat = statOf(name);
    // Behind the name in brackets: state ppid pgrp session … utime is the 14th field, stime the 15th, rss the 24th.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(fields[3]) !== session) return [];
    return [
      { pid: Number(name), utime: Number(fields[11]), stime: Number(fields[12]), rss: Number(fields[21]) },
    ];
  });
}

function statOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return '';
  }
}
