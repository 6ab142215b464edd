import * as fs from 'node:fs';
import { hostname, uptime } from 'node:os';
import { hasCode } from '../coded-error.ts';
import type { Host } from '../world.ts';
import { called } from './callback.ts';

/** Rounds the moment of boot where the kernel has no name for a boot: clocks are corrected by less. */
const bootRoundingMs = 60_000;

export const nodeHost: Host = {
  get name() {
    return hostname();
  },
  pid: process.pid,
  get bootId() {
    return kernelBootId() ?? `booted-${Math.round((Date.now() - uptime() * 1000) / bootRoundingMs)}`;
  },
  processAlive,
  freeBytes: async (path) => {
    const { bavail, bsize } = await called<fs.StatsFs>((done) => fs.statfs(path, done));
    return bavail * bsize;
  },
};

/** The kernel's name for this boot; Linux alone has one. */
export function kernelBootId(): string | undefined {
  return readKernelFile('/proc/sys/kernel/random/boot_id')?.trim();
}

/** When a process began, in the kernel's ticks since boot; tells it from a later one with its pid. Linux alone. */
export function processStartTicks(pid: number): number | undefined {
  const ticks = processStatus(pid)?.[19];
  return ticks === undefined ? undefined : Number(ticks);
}

export function processAlive(pid: number): boolean {
  // One that was killed and never waited for, as in a container without an init, holds nothing any more.
  if (processStatus(pid)?.[0] === 'Z') return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}

/** The fields of proc(5) from the third on: the second, the program's name, may itself hold spaces and parentheses. */
function processStatus(pid: number): string[] | undefined {
  const line = readKernelFile(`/proc/${pid}/stat`);
  return line?.slice(line.lastIndexOf(')') + 2).split(' ');
}

function readKernelFile(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
