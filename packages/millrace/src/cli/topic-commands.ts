import type { Command } from 'commander';
import { brokerOption, configOption, debugOption, naturalNumber } from './options.ts';
import type { AlterOptions, CreateOptions, ListOptions, RemoveOptions } from './topic.ts';
import type { Finish, VerbContext } from './verb-context.ts';

/** `millrace topic …` */
export function addTopicCommands(topic: Command, context: VerbContext, finish: Finish): void {
  const verb = (name: string, description: string): Command =>
    topic.command(name).description(description).addOption(brokerOption()).addOption(debugOption());

  verb('create', 'make a topic')
    .argument('<name>')
    .option('--partitions <number>', 'how many; for ever', naturalNumber)
    .addOption(configOption())
    .action(async (name: string, options: CreateOptions) => {
      finish(await (await import('./topic.ts')).createTopicVerb(name, options, context));
    });
  verb('ls', 'list the topics')
    .option('--json', 'one JSON object a line; so it is when piped')
    .action(async (options: ListOptions) => {
      finish(await (await import('./topic.ts')).listTopicsVerb(options, context));
    });
  verb('describe', 'partitions, offsets, leaders and configuration of a topic')
    .argument('<name>')
    .option('--json', 'one JSON object; so it is when piped')
    .action(async (name: string, options: ListOptions) => {
      finish(await (await import('./topic.ts')).describeTopicVerb(name, options, context));
    });
  verb('alter', 'change the configuration of a topic')
    .argument('<name>')
    .addOption(configOption())
    .option('--delete-config <name...>', 'back to what the broker says')
    .action(async (name: string, options: AlterOptions) => {
      finish(await (await import('./topic.ts')).alterTopicVerb(name, options, context));
    });
  verb('rm', 'remove a topic and its records')
    .argument('<name>')
    .option('--yes', 'without asking (on a terminal it asks)')
    .action(async (name: string, options: RemoveOptions) => {
      finish(await (await import('./topic.ts')).removeTopicVerb(name, options, context));
    });
}
