import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeAddress, type MillraceProcess, millrace, startBrokerProcess } from './millrace-process.ts';

describe('millrace start', () => {
  let directory: string;
  const running: MillraceProcess[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'millrace-start-'));
  });

  afterEach(async () => {
    for (const { process, ended } of running.splice(0)) {
      process.kill('SIGKILL');
      await ended;
    }
    await rm(directory, { recursive: true, force: true });
  });

  const start = async (address: string): Promise<MillraceProcess> => {
    const broker = await startBrokerProcess(['--dir', directory], address);
    running.push(broker);
    return broker;
  };

  it('says in one screen where it is, what an acknowledgement means and what to type next', async () => {
    const address = await freeAddress();

    const broker = await start(address);

    const banner = broker.stdout() + broker.stderr();
    expect(banner.split('\n').length).toBeLessThan(24);
    for (const said of [address, directory, 'power cut', 'npx millrace produce', 'ms'])
      expect(banner).toContain(said);
  });

  it.each([
    ['SIGTERM', 0],
    ['SIGINT', 130],
  ] as const)('stops cleanly on %s with exit code %i', async (signal, code) => {
    const broker = await start(await freeAddress());

    broker.process.kill(signal);

    expect(await broker.ended).toBe(code);
    const again = await start(await freeAddress());
    again.process.kill('SIGTERM');
    expect(await again.ended).toBe(0);
  });

  it('refuses a second start in the same directory and says who runs there', async () => {
    const address = await freeAddress();
    const first = await start(address);

    const second = millrace(['start', '--dir', directory, '--listen', await freeAddress()]);

    expect(await second.ended).toBe(1);
    expect(second.stderr()).toContain(`already running here, pid ${first.process.pid}, since `);
    expect(second.stderr()).toContain(address);
    expect(second.stderr()).not.toContain('    at ');
  });

  it('names the port that is in use and a free one', async () => {
    const holder = createServer();
    const address = await freeAddress();
    const port = Number(address.split(':')[1]);
    await new Promise<void>((resolve) => holder.listen(port, '127.0.0.1', resolve));

    const broker = millrace(['start', '--dir', directory, '--listen', address]);

    expect(await broker.ended).toBe(1);
    expect(broker.stderr()).toContain(String(port));
    expect(broker.stderr()).toMatch(/--listen 127\.0\.0\.1:\d+/);
    await new Promise((resolve) => holder.close(resolve));
  });

  it('refuses a directory that holds something else', async () => {
    await writeFile(join(directory, 'thesis.tex'), 'precious');

    const broker = millrace(['start', '--dir', directory, '--listen', await freeAddress()]);

    expect(await broker.ended).toBe(1);
    expect(broker.stderr()).toContain(directory);
  });

  it('listens beyond loopback only when told that this is insecure', async () => {
    const port = (await freeAddress()).split(':')[1];

    const broker = millrace(['start', '--dir', directory, '--listen', `0.0.0.0:${port}`]);

    expect(await broker.ended).not.toBe(0);
    expect(broker.stderr()).toContain('--insecure');
  });
});
