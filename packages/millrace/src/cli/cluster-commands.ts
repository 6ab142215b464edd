import type { Command } from 'commander';
import type { ShowClusterOptions } from './cluster.ts';
import { brokerOption, debugOption, zookeeperOption } from './options.ts';
import type { Finish, VerbContext } from './verb-context.ts';

/** `millrace cluster` */
export function addCluster(program: Command, context: VerbContext, finish: Finish): void {
  program
    .command('cluster')
    .description('brokers, controller, partitions, what is offline and why')
    .option('--json', 'one JSON object; so it is when piped')
    .addOption(brokerOption())
    .addOption(zookeeperOption())
    .addOption(debugOption())
    .action(async (options: ShowClusterOptions) => {
      const { showCluster } = await import('./cluster.ts');
      finish(await showCluster(options, context));
    });
}
