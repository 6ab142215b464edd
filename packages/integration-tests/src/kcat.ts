import { spawn, spawnSync } from 'node:child_process';

const missing = spawnSync('kcat', ['-V']).error !== undefined;

/** Where there is no kcat, `npm test` says above its last line what is not run, and why. */
export const describeWithKcat = missing ? describe.skip : describe;

/** Longer than any of them takes on a busy machine. */
const limitMs = 60_000;

/** Runs kcat to its end, with `input` on its stdin, and gives what it wrote. Rejects when it fails, with what it said. */
export function kcat(args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('kcat', args, { timeout: limitMs });
    const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    child.stdout.on('data', (chunk: Buffer) => chunks.stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.stderr.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(Buffer.concat(chunks.stdout).toString());
      else
        reject(
          new Error(`kcat ${args.join(' ')} ended with ${code}: ${String(Buffer.concat(chunks.stderr))}`),
        );
    });
    child.stdin.end(input);
  });
}
