import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pause } from './millrace-process.ts';

const root = join(__dirname, '../../..');
const example = join(root, 'packages/millrace/examples/embed/embed.ts');

describe('the embedded example', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'millrace-embed-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  /** Sends an order and bills all that were not billed; killed so long after it has billed its own. Its order numbers. */
  const killedAfter = async (own: number, ms: number): Promise<number[]> => {
    const child: ChildProcess = spawn(
      process.execPath,
      ['--import', 'tsx', '--conditions=@millrace/source', example, directory],
      { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const billed: number[] = [];
    if (child.stdout === null) throw new Error('it has no stdout');
    for await (const line of createInterface({ input: child.stdout })) {
      billed.push(Number(/^order (\d+): 9$/.exec(line)?.[1]));
      if (billed.at(-1) !== own) continue;
      await pause(ms);
      child.kill('SIGKILL');
    }
    if (child.signalCode === null && child.exitCode === null) await once(child, 'exit');
    return billed;
  };

  it('survives kill -9 and goes on where it was: no order is lost, at most the last is billed again', async () => {
    let last = -1;
    for (const [own, ms] of [0, 1, 3, 10, 50, 0].entries()) {
      const billed = await killedAfter(own, ms);

      const first = billed[0] ?? -1;
      expect([last, last + 1]).toContain(first);
      expect(billed).toEqual(Array.from({ length: own - first + 1 }, (_, index) => first + index));
      last = own;
    }
  }, 60_000);
});
