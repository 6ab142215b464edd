// What `tools/bench/transfer.ts` starts: one server in a process of its own. Says its port, then its CPU time when asked.
import { createReadStream, openSync, readdirSync, statSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { startBroker } from 'millrace';
import { type KernelCopy, loadKernelCopy, plainSocketOf } from '../../packages/transport/src/kernel-copy.ts';

const [, , kind, directory = '.'] = process.argv;

function segmentIn(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  const sizes = files
    .filter((name) => name.endsWith('.log'))
    .map((name) => ({ name, size: statSync(name).size }));
  const largest = sizes.toSorted((a, b) => b.size - a.size)[0];
  if (largest === undefined) throw new Error(`no segment in ${folder}`);
  return largest.name;
}

/** The least that sendfile from Node takes: 1 MiB a call, a write of 16 KiB when the socket is full. */
async function sendBare(socket: Socket, file: number, size: number, kernel: KernelCopy): Promise<void> {
  const probe = Buffer.alloc(16 * 1024);
  for (let sent = 0; sent < size; ) {
    const number = plainSocketOf(socket);
    if (number === undefined) return;
    const copied = await kernel.copy(number, file, sent, Math.min(1024 * 1024, size - sent));
    if (copied === 'refused') return;
    if (copied !== 'full') {
      sent += copied;
      continue;
    }
    await new Promise((resolve) => socket.write(probe, resolve));
    sent += probe.length;
  }
  socket.end();
}

async function bare(serve: (socket: Socket) => void): Promise<number> {
  const server = createServer({ noDelay: true }, serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function start(): Promise<number> {
  if (kind === 'sendfile') {
    const path = segmentIn(directory);
    const kernel = await loadKernelCopy();
    if (kernel === undefined) throw new Error('no sendfile on this platform');
    const file = openSync(path, 'r');
    return bare((socket) => {
      socket.on('error', () => {});
      void sendBare(socket, file, statSync(path).size, kernel);
    });
  }
  if (kind === 'stream') {
    const path = segmentIn(directory);
    return bare((socket) => {
      socket.on('error', () => {});
      createReadStream(path).pipe(socket);
    });
  }
  const broker = await startBroker({ dataDirectory: directory, listeners: [{ port: 0 }] });
  // The broker looks for sendfile with its first answer: on another platform it would read and write.
  if (kind === 'reads') Object.defineProperty(process, 'platform', { value: 'other' });
  const port = broker.endpoints['native']?.port;
  if (port === undefined) throw new Error('no port');
  process.once('SIGTERM', () => {
    void broker.stop().then(() => process.exit(0));
  });
  return port;
}

const port = await start();
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuSeconds: (user + system) / 1e6 });
});
process.send?.({ port });
