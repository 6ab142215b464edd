import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32c } from '@millrace/record';

/** What the machine itself can do, from Node, in one process: what no broker on it can pass. */
export interface Limits {
  /** Bytes per second. */
  readonly loopback: number;
  readonly pageCacheWrite: number;
  readonly crc32c: number;
  /** Flushes per second of 10 KiB each, one after the other. */
  readonly fdatasync: number;
}

const mebibyte = Buffer.alloc(1024 * 1024, 'x');

export async function limitsOfMachine(): Promise<Limits> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-limits-'));
  try {
    return {
      loopback: await loopback(1024),
      pageCacheWrite: await pageCacheWrite(join(directory, 'write'), 1024),
      crc32c: checksums(2048),
      fdatasync: await flushes(join(directory, 'flush'), 200),
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function loopback(mebibytes: number): Promise<number> {
  const server = createServer((socket) => {
    const send = (left: number): void => {
      if (left === 0) socket.end();
      else socket.write(mebibyte, () => send(left - 1));
    };
    send(mebibytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const began = performance.now();
  await new Promise<void>((resolve, reject) => {
    connect(address.port, '127.0.0.1').on('error', reject).on('end', resolve).resume();
  });
  const perSecond = perSecondSince(began, mebibytes * mebibyte.length);
  await new Promise((resolve) => server.close(resolve));
  return perSecond;
}

async function pageCacheWrite(path: string, mebibytes: number): Promise<number> {
  const file = await open(path, 'w');
  const began = performance.now();
  for (let written = 0; written < mebibytes; written += 1) await file.write(mebibyte);
  const perSecond = perSecondSince(began, mebibytes * mebibyte.length);
  await file.close();
  return perSecond;
}

function checksums(mebibytes: number): number {
  const began = performance.now();
  for (let done = 0; done < mebibytes; done += 1) crc32c(mebibyte);
  return perSecondSince(began, mebibytes * mebibyte.length);
}

async function flushes(path: string, count: number): Promise<number> {
  const file = await open(path, 'w');
  const piece = mebibyte.subarray(0, 10 * 1024);
  const began = performance.now();
  for (let done = 0; done < count; done += 1) {
    await file.write(piece);
    await file.datasync();
  }
  const perSecond = perSecondSince(began, count);
  await file.close();
  return perSecond;
}

function perSecondSince(began: number, amount: number): number {
  return amount / ((performance.now() - began) / 1000);
}
