import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { openLog } from '@millrace/log';
import { makeLog } from './log-batches.ts';

/** Peak resident bytes of a process that opens a log of so many bytes and reads all of it. */
export async function residentWith(directory: string, logBytes: number): Promise<number> {
  const path = join(directory, `memory-${logBytes}`);
  await makeLog(path, logBytes);
  const said = execFileSync(
    process.execPath,
    ['--conditions=@millrace/source', '--import', 'tsx', import.meta.filename, path],
    { cwd: join(import.meta.dirname, '../..') },
  );
  return Number(said.toString());
}

const [, script, path] = process.argv;
if (script === import.meta.filename && path !== undefined) {
  const log = await openLog(path);
  for (let from = 0; from < log.endOffset; ) {
    const slice = await log.read(from, { maxBytes: 1024 * 1024 });
    const bytes = await slice.read(0, slice.byteLength);
    slice.release();
    // Batches of one size: as many offsets as there are records in them.
    from = slice.baseOffset + (bytes.readInt32BE(23) + 1) * (bytes.length / (bytes.readInt32BE(8) + 12));
  }
  await log.close();
  console.log(process.resourceUsage().maxRSS * 1024);
}
