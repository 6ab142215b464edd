import { type Command, InvalidArgumentError } from 'commander';
import type { GroupOptions, SeekOptions } from './group.ts';
import { brokerOption, debugOption, naturalNumber, zookeeperOption } from './options.ts';
import type { Finish, VerbContext } from './verb-context.ts';

/** `millrace group …` */
export function addGroupCommands(group: Command, context: VerbContext, finish: Finish): void {
  const verb = (name: string, description: string): Command =>
    group
      .command(name)
      .description(description)
      .addOption(brokerOption())
      .addOption(zookeeperOption())
      .addOption(debugOption());

  verb('ls', 'list the groups and how far behind they are')
    .option('--json', 'one JSON object a line; so it is when piped')
    .action(async (options: GroupOptions) => {
      finish(await (await import('./group.ts')).listGroupsVerb(options, context));
    });
  verb('describe', 'members of a group, who reads what, and how far behind')
    .argument('<group>')
    .option('--json', 'one JSON object; so it is when piped')
    .action(async (name: string, options: GroupOptions) => {
      finish(await (await import('./group.ts')).describeGroupVerb(name, options, context));
    });
  verb('why', 'the last rebalances of a group and what caused each')
    .argument('<group>')
    .option('--json', 'one JSON object a line; so it is when piped')
    .action(async (name: string, options: GroupOptions) => {
      finish(await (await import('./group.ts')).whyGroupVerb(name, options, context));
    });
  verb('seek', 'put a group elsewhere; shows what would happen, and with --yes does it')
    .argument('<group>')
    .requiredOption('--topic <name>', 'of which topic')
    .option('--partition <number...>', 'these alone; else all', naturalNumbers)
    .requiredOption('--to <place>', 'earliest, latest, an offset, or @ and a time (@-15m, @2026-11-20T10:00)')
    .option('--yes', 'do it')
    .action(async (name: string, options: SeekOptions) => {
      finish(await (await import('./group.ts')).seekGroupVerb(name, options, context));
    });
}

function naturalNumbers(text: string, previous: readonly number[] | undefined): readonly number[] {
  if (text === '') throw new InvalidArgumentError('It takes a whole number.');
  return [...(previous ?? []), naturalNumber(text)];
}
