import { spawn } from 'node:child_process';
import { createReadStream, createWriteStream, readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { peakResidentBytes } from './broker-process.ts';

const bin = fileURLToPath(new URL('../../packages/millrace/bin/millrace.js', import.meta.url));

/** Real lines where the machine has them, repeated with running numbers until the file is large enough. */
export async function makeLogLines(path: string, bytes: number): Promise<void> {
  const lines = realLines();
  const file = createWriteStream(path);
  let written = 0;
  for (let number = 0; written < bytes; ) {
    let block = '';
    while (block.length < 1 << 20) {
      block += `${number} ${lines[number % lines.length]}\n`;
      number += 1;
    }
    written += block.length;
    if (!file.write(block)) await new Promise<void>((resolve) => file.once('drain', () => resolve()));
  }
  await new Promise<void>((resolve) => file.end(() => resolve()));
}

function realLines(): readonly string[] {
  try {
    const lines = readFileSync('/var/log/dpkg.log', 'latin1')
      .split('\n')
      .filter((line) => line !== '');
    if (lines.length > 0) return lines;
  } catch {
    // Not a Debian machine: lines like a web server's will do.
  }
  return ['127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET /index.html HTTP/1.1" 200 2326 "-" "Mozilla/5.0"'];
}

export interface PipeFigures {
  readonly bytesPerSecond: number;
  /** The command's own, not the broker's. */
  readonly peakResidentBytes: number;
}

/** `millrace VERB … < input > output`. */
export async function pipe(
  verb: readonly string[],
  input: string | undefined,
  output: string,
): Promise<PipeFigures> {
  const started = performance.now();
  const child = spawn(process.execPath, [bin, ...verb], { stdio: ['pipe', 'pipe', 'inherit'] });
  if (input === undefined) child.stdin.end();
  else createReadStream(input, { highWaterMark: 1 << 20 }).pipe(child.stdin);
  const file = createWriteStream(output);
  child.stdout.pipe(file);
  let peak = 0;
  const watch = setInterval(() => {
    if (child.exitCode === null && child.pid !== undefined)
      peak = Math.max(peak, peakResidentBytes(child.pid));
  }, 50);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(`millrace ${verb.join(' ')} exited with ${code}`);
  const seconds = (performance.now() - started) / 1000;
  const { size } = await stat(input ?? output);
  return { bytesPerSecond: size / seconds, peakResidentBytes: peak };
}
