import { once } from 'node:events';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import type { ByteRange, OpenFile } from '@millrace/runtime';
import { nodeFileSystem, nodeWorld } from '@millrace/runtime/node';
import { testWorld } from '@millrace/runtime/testing';
import { duplexPair } from './duplex-pair.ts';
import { type KernelCopy, KernelCopyFinder, loadKernelCopy, plainSocketOf } from './kernel-copy.ts';
import { Outgoing } from './outgoing.ts';
import { deferred } from './testing/deferred.ts';

/** More than the buffers of a connection on this machine take. */
const bytes = Buffer.from(
  Uint32Array.from({ length: 4_000_000 }, (_, i) => Math.imul(i, 2_654_435_761)).buffer,
);

let directory: string;
let path: string;
let file: OpenFile;
let server: Server;
let near: Socket;
let far: Socket;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-ranges-'));
  path = join(directory, 'segment');
  writeFileSync(path, bytes);
  file = await nodeFileSystem.open(path, 'read');
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  far = connect((server.address() as AddressInfo).port, '127.0.0.1');
  [near] = (await once(server, 'connection')) as [Socket];
  for (const socket of [near, far]) socket.on('error', () => {});
  far.pause();
});

afterEach(async () => {
  near.destroy();
  far.destroy();
  await Promise.all([near, far].map(closed));
  await new Promise((resolve) => server.close(resolve));
  await file.close();
  rmSync(directory, { recursive: true });
});

/** Unlike `once`, whatever error comes before. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}

interface CountedRange extends ByteRange {
  released: number;
}

function rangeIn(position: number, byteLength: number): CountedRange {
  const { descriptor } = file;
  return {
    byteLength,
    released: 0,
    ...(descriptor === undefined ? {} : { file: { descriptor, position } }),
    read: (from, length) => file.read(position + from, length),
    release() {
      this.released += 1;
    },
  };
}

/** What it did, beside doing it. */
interface WatchedKernel extends KernelCopy {
  copied: number;
  full: number;
  opened: number;
  /** Called before each copy; what it returns, if anything, is done instead. */
  before: (length: number) => 'refused' | number;
}

async function watchedKernel(): Promise<WatchedKernel> {
  const kernel = await loadKernelCopy();
  if (kernel === undefined) throw new Error('no sendfile on this platform');
  const watched: WatchedKernel = {
    copied: 0,
    full: 0,
    opened: 0,
    before: (length) => length,
    open(socket) {
      watched.opened += 1;
      return kernel.open(socket);
    },
    async copy(socket, descriptor, position, length) {
      const allowed = watched.before(length);
      if (allowed === 'refused') return 'refused';
      const copied = await kernel.copy(socket, descriptor, position, allowed);
      if (copied === 'full') watched.full += 1;
      else if (copied !== 'refused') watched.copied += copied;
      return copied;
    },
    close(socket) {
      watched.opened -= 1;
      kernel.close(socket);
    },
  };
  return watched;
}

async function finderOf(kernel: KernelCopy | undefined): Promise<KernelCopyFinder> {
  const finder = new KernelCopyFinder(nodeWorld, async () => kernel);
  expect(finder.found).toBeUndefined();
  await Promise.resolve();
  expect(finder.found).toBe(kernel);
  return finder;
}

interface Sending {
  readonly outgoing: Outgoing;
  readonly failure: Promise<unknown>;
}

function sendingOver(socket: Socket, kernelCopy: KernelCopyFinder | undefined): Sending {
  const failure = deferred<unknown>();
  const events = {
    sent: () => {},
    failed: (error: unknown) => {
      failure.resolve(error);
      socket.destroy();
    },
  };
  const outgoing = new Outgoing(socket, nodeWorld.clock, events, { kernelCopy });
  socket.once('close', () => outgoing.drop());
  return { outgoing, failure: failure.promise };
}

async function received(length: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let got = 0;
  far.resume();
  for await (const chunk of far) {
    chunks.push(chunk as Buffer);
    got += (chunk as Buffer).length;
    if (got >= length) break;
  }
  return Buffer.concat(chunks);
}

/** Once nothing has left for some turns: the peer is stuck. */
async function stuck(outgoing: Outgoing): Promise<void> {
  for (let before = -1; before !== outgoing.unsentBytes; ) {
    before = outgoing.unsentBytes;
    await nodeWorld.clock.sleep(50);
  }
}

const kernelOnLinux = process.platform === 'linux' ? (['kernel', 'reads'] as const) : (['reads'] as const);

describe.each(kernelOnLinux)('a range sent by %s', (by) => {
  let kernel: WatchedKernel | undefined;
  let sending: Sending;

  beforeEach(async () => {
    kernel = by === 'kernel' ? await watchedKernel() : undefined;
    sending = sendingOver(near, kernel === undefined ? undefined : await finderOf(kernel));
  });

  it('arrives whole between what was added before and after it', async () => {
    const ranges = [rangeIn(100, 3_000_001), rangeIn(7, 40_000), rangeIn(0, 10)];
    const parts = [
      Buffer.from('before'),
      ...ranges.slice(0, 2),
      Buffer.from('between'),
      ranges[2] as ByteRange,
    ];
    sending.outgoing.add(parts);
    sending.outgoing.add([Buffer.from('after')]);

    const expected = Buffer.concat([
      Buffer.from('before'),
      bytes.subarray(100, 3_000_101),
      bytes.subarray(7, 40_007),
      Buffer.from('between'),
      bytes.subarray(0, 10),
      Buffer.from('after'),
    ]);
    expect((await received(expected.length)).equals(expected)).toBe(true);
    expect(ranges.map(({ released }) => released)).toEqual([1, 1, 1]);
    expect(sending.outgoing.unsentBytes).toBe(0);
    // Where the socket is full for a moment, the stream takes a little itself.
    expect(kernel?.copied ?? 3_040_001).toBeGreaterThan(2_000_000);
    expect(kernel?.opened ?? 0).toBe(0);
  });

  it('waits for a peer that reads nothing, holds little, and goes on when it reads', async () => {
    const range = rangeIn(0, bytes.length);
    sending.outgoing.add([range, Buffer.from('end')]);
    await stuck(sending.outgoing);
    expect(sending.outgoing.unsentBytes).toBeGreaterThan(0);
    expect(near.writableLength).toBeLessThanOrEqual(kernel === undefined ? 256 * 1024 : 16 * 1024);

    const got = await received(bytes.length + 3);

    expect(got.equals(Buffer.concat([bytes, Buffer.from('end')]))).toBe(true);
    expect(kernel?.full ?? 1).toBeGreaterThan(0);
    expect(kernel?.copied ?? bytes.length).toBeGreaterThan(bytes.length / 2);
  });

  it('is released when the peer hangs up in the middle', async () => {
    const ranges = [rangeIn(0, bytes.length), rangeIn(0, bytes.length)];
    sending.outgoing.add(ranges);
    await stuck(sending.outgoing);

    far.destroy();
    await closed(near);
    await nodeWorld.clock.sleep(50);

    expect(ranges.map(({ released }) => released)).toEqual([1, 1]);
    expect(kernel?.opened ?? 0).toBe(0);
  });

  it('that became shorter ends the stream with a coded error', async () => {
    const range = rangeIn(0, bytes.length);
    sending.outgoing.add([range]);
    await stuck(sending.outgoing);
    truncateSync(path, 1_000_000);
    far.resume();

    expect(await sending.failure).toMatchObject({ code: 'CORRUPT_MESSAGE' });
    expect(near.destroyed).toBe(true);
    expect(range.released).toBe(1);
    expect(kernel?.opened ?? 0).toBe(0);
  });

  it('is sent before the stream ends', async () => {
    sending.outgoing.add([rangeIn(0, 500_000)]);
    sending.outgoing.end();

    const got = await received(Number.POSITIVE_INFINITY);

    expect(got.equals(bytes.subarray(0, 500_000))).toBe(true);
  });

  if (by === 'reads') return;

  it('goes on after partial copies, and by reads once the kernel refuses', async () => {
    const lengths = [1, 4_095, 70_000];
    if (kernel !== undefined) kernel.before = () => lengths.shift() ?? 'refused';
    const range = rangeIn(3, 1_000_000);
    sending.outgoing.add([range, Buffer.from('end')]);

    const got = await received(1_000_003);

    expect(got.equals(Buffer.concat([bytes.subarray(3, 1_000_003), Buffer.from('end')]))).toBe(true);
    expect(kernel).toMatchObject({ copied: 74_096, opened: 0 });
    expect(range.released).toBe(1);
  });

  it('never goes to the connection that has got the number of a closed socket', async () => {
    const mayCopy = deferred<void>();
    const asked = deferred<void>();
    const copy = kernel?.copy.bind(kernel);
    if (kernel !== undefined && copy !== undefined)
      kernel.copy = async (...what) => {
        asked.resolve();
        await mayCopy.promise;
        return copy(...what);
      };
    const number = plainSocketOf(near);
    sending.outgoing.add([rangeIn(0, 100_000)]);
    await asked.promise;
    near.destroy();
    await closed(near);

    // Descriptors are given out lowest first: one of these has the number.
    const accepted: Socket[] = [];
    const dialled: Socket[] = [];
    while (![...accepted, ...dialled].some((socket) => plainSocketOf(socket) === number)) {
      dialled.push(connect((server.address() as AddressInfo).port, '127.0.0.1'));
      accepted.push(...((await once(server, 'connection')) as [Socket]));
    }
    let strayed = 0;
    for (const socket of [...accepted, ...dialled]) socket.on('data', (chunk) => (strayed += chunk.length));
    mayCopy.resolve();
    await nodeWorld.clock.sleep(50);

    expect(strayed).toBe(0);
    expect(kernel?.opened).toBe(0);
    for (const socket of [...accepted, ...dialled]) socket.destroy();
  });
});

describe('where the kernel is not asked', () => {
  it('is under TLS, on a stream that is no socket, and on a closed one', () => {
    const [pair] = duplexPair();
    const encrypted = new TLSSocket(near);
    expect(plainSocketOf(pair)).toBeUndefined();
    expect(plainSocketOf(encrypted)).toBeUndefined();
    encrypted.destroy();
    far.destroy();
    expect(plainSocketOf(far)).toBeUndefined();
  });

  it('is where koffi cannot be loaded, which is said once', async () => {
    const logged: object[] = [];
    const world = testWorld();
    const logger = { ...world.logger, debug: (fields: object) => logged.push(fields) };
    const finder = new KernelCopyFinder({ ...world, logger }, () =>
      Promise.reject(new Error('not installed')),
    );
    for (let i = 0; i < 3; i += 1) {
      expect(finder.found).toBeUndefined();
      await Promise.resolve();
    }
    expect(logged).toEqual([{ reason: 'not installed' }]);
  });
});
