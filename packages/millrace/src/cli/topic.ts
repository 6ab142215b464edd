import { createInterface } from 'node:readline/promises';
import type { Cluster } from '@millrace/client';
import { createTopic, deleteTopic, throwFailure } from '../topic-admin.ts';
import { cliError } from './errors.ts';
import { exitCodes } from './exit-code.ts';
import { counted } from './figures.ts';
import { print } from './print.ts';
import { type BrokerOptions, partitionsOf, withCluster } from './session.ts';
import { table } from './table.ts';
import { describeTopic, type TopicDescription } from './topic-description.ts';
import type { VerbContext } from './verb-context.ts';

export interface CreateOptions extends BrokerOptions {
  readonly partitions?: number;
  readonly config?: { readonly [name: string]: string };
}

export interface ListOptions extends BrokerOptions {
  readonly json?: boolean;
}

export interface AlterOptions extends BrokerOptions {
  readonly config?: { readonly [name: string]: string };
  /** Names that go back to what the broker says. */
  readonly deleteConfig?: readonly string[];
}

export interface RemoveOptions extends BrokerOptions {
  readonly yes?: boolean;
}

export function createTopicVerb(name: string, options: CreateOptions, context: VerbContext): Promise<number> {
  return withCluster(options, context, async (cluster) => {
    const { partitions, config } = options;
    const created = await createTopic(cluster, name, {
      ...(partitions === undefined ? {} : { partitions }),
      ...(config === undefined ? {} : { config }),
    });
    context.io.stderr.write(`made topic ${name} with ${counted(created.partitions, 'partition')}\n`);
    return exitCodes.fine;
  });
}

export function listTopicsVerb(options: ListOptions, context: VerbContext): Promise<number> {
  return withCluster(options, context, async (cluster) => {
    const names = [...(await cluster.topics())].sort();
    const topics = await Promise.all(
      names.map(async (name) => ({ name, partitions: await cluster.partitionsOf(name) })),
    );
    if (topics.length > 0)
      await print(wantsJson(options, context) ? jsonLines(topics) : listing(topics), context.io);
    else if (!wantsJson(options, context)) context.io.stderr.write('there are no topics yet\n');
    return exitCodes.fine;
  });
}

export function describeTopicVerb(name: string, options: ListOptions, context: VerbContext): Promise<number> {
  return withCluster(options, context, async (cluster) => {
    await partitionsOf(cluster, name);
    const description = await describeTopic(cluster, name);
    await print(wantsJson(options, context) ? jsonLines([description]) : described(description), context.io);
    return exitCodes.fine;
  });
}

export function alterTopicVerb(name: string, options: AlterOptions, context: VerbContext): Promise<number> {
  const changes = [
    ...Object.entries(options.config ?? {}).map(([key, value]) => ({ name: key, value })),
    ...(options.deleteConfig ?? []).map((key) => ({ name: key })),
  ];
  if (changes.length === 0)
    throw cliError('USAGE', `nothing is to change in ${name}`, {
      hint: 'for example --config retention.ms=86400000, or --delete-config retention.ms',
    });
  return withCluster(options, context, async (cluster) => {
    await partitionsOf(cluster, name);
    const answer = await cluster.call('alterConfigs', { resources: [{ type: 'topic', name, changes }] });
    throwFailure(answer.resources[0], `topic '${name}' was not changed`);
    context.io.stderr.write(`changed ${changes.map((change) => change.name).join(', ')} of topic ${name}\n`);
    return exitCodes.fine;
  });
}

export function removeTopicVerb(name: string, options: RemoveOptions, context: VerbContext): Promise<number> {
  return withCluster(options, context, async (cluster) => {
    await partitionsOf(cluster, name);
    if (
      options.yes !== true &&
      context.io.stdin.isTTY === true &&
      !(await isConfirmed(cluster, name, context))
    ) {
      context.io.stderr.write(`topic ${name} stays\n`);
      return exitCodes.failed;
    }
    await deleteTopic(cluster, name);
    context.io.stderr.write(`removed topic ${name}\n`);
    return exitCodes.fine;
  });
}

async function isConfirmed(cluster: Cluster, name: string, { io }: VerbContext): Promise<boolean> {
  const { partitions } = await describeTopic(cluster, name);
  const records = partitions.reduce((sum, { end, start }) => sum + (end ?? 0) - (start ?? 0), 0);
  const prompt = createInterface({ input: io.stdin, output: io.stderr });
  try {
    const plan = `${counted(partitions.length, 'partition')}, ${counted(records, 'record')}`;
    const answer = await prompt.question(`remove topic ${name} (${plan}) for ever? [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    prompt.close();
  }
}

function wantsJson({ json }: ListOptions, { io }: VerbContext): boolean {
  return json === true || io.stdout.isTTY !== true;
}

function jsonLines(items: readonly object[]): string {
  return items.map((item) => JSON.stringify(item)).join('\n');
}

function listing(topics: readonly { readonly name: string; readonly partitions: number }[]): string {
  return table(
    ['TOPIC', 'PARTITIONS'],
    topics.map(({ name, partitions }) => [name, partitions]),
  );
}

function described({ partitions, config }: TopicDescription): string {
  const ofPartitions = table(
    ['PARTITION', 'LEADER', 'START', 'END', 'IN SYNC'],
    partitions.map(({ partition, leader, start, end, inSyncReplicas }) => [
      partition,
      leader ?? 'none',
      start ?? '-',
      end ?? '-',
      inSyncReplicas.join(' '),
    ]),
  );
  const ofConfig = table(
    ['CONFIGURATION', 'VALUE', 'FROM'],
    config.map(({ name, value, source }) => [name, value, source]),
  );
  return `${ofPartitions}\n\n${ofConfig}`;
}
