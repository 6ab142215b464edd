import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, connect } from 'millrace';
import { ended, until } from './cluster-process.ts';
import { freeAddress, type MillraceProcess, startBrokerProcess } from './millrace-process.ts';

const mebibyte = 1024 * 1024;

/** A disk of its own, of so many MiB; undefined where this process may not mount one. */
function mountedDisk(size: number): string | undefined {
  const place = mkdtempSync(join(tmpdir(), 'millrace-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}m`, 'tmpfs', place], { stdio: 'ignore' });
    return place;
  } catch {
    rmdirSync(place);
    return undefined;
  }
}

const disk = mountedDisk(48);
if (disk === undefined)
  process.stderr.write(
    '  not run: a disk that gets full: only root may mount one (sudo npm test -- disk-full)\n',
  );
const describeWithDisk = disk === undefined ? describe.skip : describe;

describeWithDisk('a broker on a disk that gets full', () => {
  const place = disk ?? '';
  let address: string;
  let broker: MillraceProcess;
  let client: Client;

  beforeAll(async () => {
    address = await freeAddress();
    const leave = ['--min-free-disk', String(8 * mebibyte), '--no-kafka'];
    broker = await startBrokerProcess(['--dir', join(place, 'data'), ...leave], address);
    client = connect(address);
  }, 60_000);
  afterAll(async () => {
    await client?.close();
    broker?.process.kill('SIGTERM');
    await broker?.ended;
    execFileSync('umount', [place]);
    rmdirSync(place);
  });

  it('refuses records, serves those that it has, and takes records again within 5 s of room, nothing lost', async () => {
    await client.createTopic('orders');
    const producer = client.producer({ deliveryTimeoutMs: 60_000 });
    const acknowledged: string[] = [];
    const send = async (value: string): Promise<void> => {
      await producer.send({ topic: 'orders', value });
      acknowledged.push(value);
    };
    for (let number = 0; number < 50; number += 1) await send(`before ${number}`);

    // Somebody else fills the disk.
    const ballast = join(place, 'ballast');
    const { bavail, bsize } = statfsSync(place);
    writeFileSync(ballast, Buffer.alloc(bavail * bsize - 4 * mebibyte));
    await until('it says so', () => broker.stderr().includes('no records are taken until there is room'));
    const waiting = send('while there was no room');
    const hasty = client.producer({ deliveryTimeoutMs: 500 });
    await expect(hasty.send({ topic: 'orders', value: 'refused' })).rejects.toThrow(/has \d MB left/);
    const read = await ended('consume', 'orders', '--to-end', '--broker', address);

    expect(read.stdout.trimEnd().split('\n')).toEqual(acknowledged);
    const freedAt = performance.now();
    rmSync(ballast);
    await waiting;
    expect(performance.now() - freedAt).toBeLessThan(5_000);

    await send('after');
    const whole = await ended('consume', 'orders', '--to-end', '--broker', address);
    expect(whole.stdout.trimEnd().split('\n')).toEqual(acknowledged);
  }, 90_000);
});
