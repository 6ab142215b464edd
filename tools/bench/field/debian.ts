import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What is missing of a Debian package's program, after an attempt to install it where that is allowed: root on Debian. */
export async function debianProgram(program: string, ...packages: string[]): Promise<string | undefined> {
  if (isThere(program)) return undefined;
  const install = ['install', '-y', '--no-install-recommends', ...packages];
  if (process.getuid?.() === 0 && isThere('apt-get')) {
    console.error(`bench: installing Debian's ${packages.join(' and ')}`);
    try {
      const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
      execFileSync('apt-get', install, { stdio: 'ignore', env });
    } catch {
      // The answer below says what to do.
    }
  }
  return isThere(program) ? undefined : `sudo apt-get ${install.join(' ')}`;
}

/** A program on the path, or a file. */
export function isThere(program: string): boolean {
  if (program.startsWith('/')) return existsSync(program);
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => existsSync(join(folder, program)));
}

/** The first thing that looks like a version in what a command says. */
export function versionSaid(program: string, ...args: string[]): string {
  const said = execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  return /\d+\.\d+(\.\d+)?/.exec(said)?.[0] ?? 'unknown';
}

/** The version of a Debian package without what Debian adds. */
export function packageVersion(name: string): string {
  const said = execFileSync('dpkg-query', ['-W', name], { encoding: 'utf8' });
  // `name<tab>epoch:version-revision`
  return /\t(?:\d+:)?(\d+(?:\.\d+)+)/.exec(said)?.[1] ?? said;
}
