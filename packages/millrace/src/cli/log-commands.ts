import type { Command } from 'commander';
import type { InspectVerbOptions } from './log-inspect.ts';
import type { VerifyVerbOptions } from './log-verify.ts';
import { debugOption } from './options.ts';
import type { Finish, VerbContext } from './verb-context.ts';

/** `millrace log …`: logs on a disk, without a broker. */
export function addLogCommands(program: Command, context: VerbContext, finish: Finish): void {
  const log = program
    .command('log')
    .description('look at, verify, export and import logs on a disk, without a broker');
  const verb = (name: string, description: string): Command =>
    log.command(name).description(description).addOption(debugOption());

  verb('inspect', 'segments, offsets, checkpoints and damage; changes nothing, also while a broker runs')
    .argument('<directory>', 'a data directory, or one log in it')
    .option('--batches', 'every batch')
    .option('--json', 'one JSON object a line; so it is when piped')
    .action(async (directory: string, options: InspectVerbOptions) => {
      finish(await (await import('./log-inspect.ts')).inspectVerb(directory, options, context));
    });
  verb('verify', 'read every batch and compare its checksum; exit code 5 when something is damaged')
    .argument('<directory>', 'a data directory, or one log in it')
    .option('--json', 'one JSON object a line; so it is when piped')
    .action(async (directory: string, options: VerifyVerbOptions) => {
      finish(await (await import('./log-verify.ts')).verifyVerb(directory, options, context));
    });
  verb('export', 'write a snapshot as a plain tar; of what a running broker has flushed')
    .argument('<directory>', 'a data directory, or one log in it')
    .argument('<file>', 'a new file; - for stdout')
    .action(async (directory: string, file: string) => {
      finish(await (await import('./log-snapshot.ts')).exportVerb(directory, file, context));
    });
  verb('import', 'make a directory from a snapshot, verified while it is read')
    .argument('<file>', 'what export wrote; - for stdin')
    .argument('<directory>', 'new or empty')
    .action(async (file: string, directory: string) => {
      finish(await (await import('./log-snapshot.ts')).importVerb(file, directory, context));
    });
}
