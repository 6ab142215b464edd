import type { Command } from 'commander';
import { brokerOption, debugOption, positiveNumber, zookeeperOption } from './options.ts';
import type { TopOptions } from './top.ts';
import type { Finish, VerbContext } from './verb-context.ts';

const defaultMetricsAddress = '127.0.0.1:9464';

/** `millrace top` */
export function addTop(program: Command, context: VerbContext, finish: Finish): void {
  program
    .command('top')
    .description('what goes in and out, who is behind, and how the broker fares; until ctrl-c')
    .option('--every <seconds>', 'how often to look', positiveNumber, 2)
    .option('--count <number>', 'how often in all (default: until ctrl-c)', positiveNumber)
    .option('--metrics <host:port>', 'where the broker tells its metrics', defaultMetricsAddress)
    .option('--json', 'one JSON object a look; so it is when piped')
    .addOption(brokerOption())
    .addOption(zookeeperOption())
    .addOption(debugOption())
    .action(async (options: TopOptions) => {
      const { top } = await import('./top.ts');
      finish(await top(options, context));
    });
}
