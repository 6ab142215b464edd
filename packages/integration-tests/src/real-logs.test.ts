import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { numberedLines, realLogLines } from './log-lines.ts';
import {
  freeAddress,
  type MillraceProcess,
  millrace,
  pause,
  startBrokerProcess,
} from './millrace-process.ts';

describe('real logs through a broker', () => {
  let directory: string;
  let address: string;
  let broker: MillraceProcess;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'millrace-logs-'));
    address = await freeAddress();
    broker = await startBrokerProcess(['--dir', directory], address);
  });

  afterEach(async () => {
    broker.process.kill('SIGKILL');
    await broker.ended;
    await rm(directory, { recursive: true, force: true });
  });

  const consumeAll = async (topic: string): Promise<string> => {
    const consume = millrace(['consume', topic, '--from', 'earliest', '--to-end', '--broker', address]);
    expect(await consume.ended).toBe(0);
    return consume.stdout();
  };

  it('come back as the same bytes in the same order', async () => {
    const log = Buffer.from(`${realLogLines().join('\n')}\r\n\n\xff\xfe not UTF-8 \0\nlast line`, 'latin1');

    const produce = millrace(['produce', 'packages', '--broker', address], log);

    expect(await produce.ended).toBe(0);
    expect(await consumeAll('packages')).toBe(`${log.toString('latin1')}\n`);
  });

  it('come out once and in order when the broker is killed in mid-stream and restarted', async () => {
    const lines = numberedLines(200_000);
    const produce = millrace(['produce', 'lines', '--broker', address]);
    feedSlowly(produce, lines);

    while (!existsSync(join(directory, 'lines-0'))) await pause(5);
    for (let kill = 0; kill < 3; kill += 1) {
      await pause(300);
      broker.process.kill('SIGKILL');
      await broker.ended;
      broker = await startBrokerProcess(['--dir', directory], address);
    }

    expect([await produce.ended, produce.stderr()]).toEqual([0, expect.stringContaining('200000')]);
    const consumed = (await consumeAll('lines')).trimEnd().split('\n');
    expect(consumed).toHaveLength(lines.length);
    expect(consumed.findIndex((line, i) => line !== lines[i])).toBe(-1);
  }, 60_000);
});

/** In pieces over about three seconds, so that the kills fall into the stream. */
function feedSlowly(produce: MillraceProcess, lines: readonly string[]): void {
  const pieces = 60;
  const perPiece = Math.ceil(lines.length / pieces);
  let piece = 0;
  const timer = setInterval(() => {
    produce.process.stdin.write(`${lines.slice(piece * perPiece, (piece + 1) * perPiece).join('\n')}\n`);
    piece += 1;
    if (piece < pieces) return;
    clearInterval(timer);
    produce.process.stdin.end();
  }, 50);
}
