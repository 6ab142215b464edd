import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** How the file system treats data and its journal. */
export type MountOptions = 'data=ordered' | 'data=writeback,nodelalloc';

/**
 * An ext4 file system in a file, and the power switch of its disk. Root alone may have one. It is mounted in the mount
 * namespace of this process, so that nothing of it outlives the process; the loop device goes with the mount.
 */
export class LoopDisk {
  readonly mountPoint: string;
  readonly #image: string;
  readonly #cutPower: string;
  #isMounted = false;

  /** `workshop`: a directory of its own, outside of the disk; `sources`: where cut-power.c lies. */
  constructor(workshop: string, sources: string) {
    this.mountPoint = join(workshop, 'disk');
    this.#image = join(workshop, 'disk.img');
    this.#cutPower = join(workshop, 'cut-power');
    mkdirSync(this.mountPoint);
    run('cc', ['-O1', '-o', this.#cutPower, join(sources, 'cut-power.c')]);
  }

  /** Makes the disk new and empty. */
  format(bytes: number): void {
    this.unmount();
    rmSync(this.#image, { force: true });
    writeFileSync(this.#image, '');
    truncateSync(this.#image, bytes);
    run('mkfs.ext4', ['-q', '-F', this.#image]);
  }

  mount(options: MountOptions): void {
    run('mount', ['-o', `loop,${options}`, this.#image, this.mountPoint]);
    this.#isMounted = true;
  }

  /**
   * From here on every call on the disk fails, and what did not reach it is lost. Answers when it began, in ns of the
   * machine's monotonic clock.
   */
  cut(flags: 1 | 2, pages: readonly { file: string; from: number; count: number }[]): bigint {
    const ranges = pages.flatMap(({ file, from, count }) => [file, String(from), String(count)]);
    return BigInt(run(this.#cutPower, [this.mountPoint, String(flags), ...ranges]));
  }

  /** Idempotent. */
  unmount(): void {
    if (!this.#isMounted) return;
    run('umount', [this.mountPoint]);
    this.#isMounted = false;
  }
}

/** Why there can be no such disk here; undefined when there can. */
export function whyNoLoopDisk(): string | undefined {
  if (process.platform !== 'linux') return `this is ${process.platform}; it takes Linux`;
  if (process.getuid?.() !== 0) return 'it takes root, to mount a file system';
  for (const [tool, args] of [
    ['cc', ['--version']],
    ['mkfs.ext4', ['-V']],
    ['unshare', ['-m', 'true']],
    ['losetup', ['-f']],
  ] as const) {
    try {
      execFileSync(tool, args, { stdio: 'pipe' });
    } catch (error) {
      return `\`${[tool, ...args].join(' ')}\` does not work here: ${reasonOf(error)}`;
    }
  }
  return undefined;
}

function run(program: string, args: readonly string[]): string {
  try {
    return execFileSync(program, args, { stdio: 'pipe' }).toString().trim();
  } catch (error) {
    throw new Error(`${[program, ...args].join(' ')}: ${reasonOf(error)}`, { cause: error });
  }
}

function reasonOf(error: unknown): string {
  const said =
    typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr).trim() : '';
  return said === '' ? String(error) : said;
}
