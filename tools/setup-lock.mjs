import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stateDirectory } from './workspace.mjs';

const lockFile = join(stateDirectory, 'setup.lock');

/** Runs `work` while no other set-up of this clone runs; waits for one that does. */
export async function withSetupLock(work) {
  mkdirSync(stateDirectory, { recursive: true });
  let told = false;
  while (!take()) {
    const pid = holder();
    if (pid === undefined || !isAlive(pid)) {
      rmSync(lockFile, { force: true });
      continue;
    }
    if (!told) console.error(`millrace: another set-up (pid ${pid}) is at work here; waiting for it`);
    told = true;
    await sleep(200);
  }
  const release = () => rmSync(lockFile, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

function take() {
  try {
    writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function holder() {
  try {
    return Number(readFileSync(lockFile, 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
