import type { Cluster } from '@millrace/client';
import {
  describeGroup,
  type GroupDescription,
  listGroups,
  type Position,
  type Registry,
  seekGroup,
} from '@millrace/coordination';
import { offsetsAt } from '../offsets.ts';
import { planReading } from '../reading-plan.ts';
import { type ClassicGroup, classicGroups } from './classic-groups.ts';
import { closestNames } from './closest-names.ts';
import { cliError } from './errors.ts';
import { exitCodes } from './exit-code.ts';
import { counted, seconds } from './figures.ts';
import { type LaggingPartition, lagOf } from './group-lag.ts';
import { localTime } from './local-time.ts';
import { type BrokerOptions, partitionsOf, withCluster, withRegistrySession } from './session.ts';
import { parseStartPosition } from './start-position.ts';
import { table } from './table.ts';
import type { VerbContext } from './verb-context.ts';

export interface GroupOptions extends BrokerOptions {
  readonly json?: boolean;
}

export interface SeekOptions extends BrokerOptions {
  readonly topic: string;
  readonly partition?: readonly number[];
  readonly to: string;
  readonly yes?: boolean;
}

export function listGroupsVerb(options: GroupOptions, context: VerbContext): Promise<number> {
  return withRegistry(options, context, async (cluster, registry) => {
    const own = await Promise.all(
      (await listGroups(registry)).map(async (name) => {
        const { members, generation, partitions } = await describeGroup(registry, name);
        return { group: name, kind: 'millrace', members: members.length, generation, partitions };
      }),
    );
    const classic = (await classicGroups(cluster)).map(({ group, members, partitions }) => {
      return { group, kind: 'classic', members: members.length, generation: undefined, partitions };
    });
    const groups = await Promise.all(
      [...own, ...classic].map(async (group) => {
        const lags = await lagOf(cluster, group.partitions, context.io.world);
        const lag = lags.reduce((sum, partition) => sum + partition.lag, 0);
        return { ...group, partitions: group.partitions.length, lag };
      }),
    );
    if (wantsJson(options, context)) writeJson(context, groups);
    else if (groups.length === 0) context.io.stderr.write('there are no groups yet\n');
    else
      writeTable(
        context,
        ['GROUP', 'KIND', 'MEMBERS', 'GENERATION', 'PARTITIONS', 'LAG'],
        groups.map((group) => [
          group.group,
          group.kind,
          group.members,
          group.generation ?? '-',
          group.partitions,
          group.lag,
        ]),
      );
  });
}

export function describeGroupVerb(
  name: string,
  options: GroupOptions,
  context: VerbContext,
): Promise<number> {
  return withRegistry(options, context, async (cluster, registry) => {
    const classic = (await classicGroups(cluster)).find(({ group }) => group === name);
    const group = classic ?? (await knownGroup(registry, name));
    const partitions = await lagOf(cluster, group.partitions, context.io.world);
    if (wantsJson(options, context)) writeJson(context, [{ ...group, partitions }]);
    else if ('state' in group) writeClassic(context, group, partitions);
    else writeDescription(context, group, partitions);
  });
}

export function whyGroupVerb(name: string, options: GroupOptions, context: VerbContext): Promise<number> {
  return withRegistry(options, context, async (_, registry) => {
    const { history } = await knownGroup(registry, name);
    if (wantsJson(options, context)) writeJson(context, history);
    else
      writeTable(
        context,
        ['GENERATION', 'WHEN', 'CAUSE', 'ASSIGNED BY'],
        history.map(({ generation, at, cause, by }) => [
          generation,
          at === undefined ? '-' : localTime(at),
          cause,
          by,
        ]),
      );
  });
}

/** Shows what would happen; with `yes` it happens. */
export function seekGroupVerb(name: string, options: SeekOptions, context: VerbContext): Promise<number> {
  return withRegistry(options, context, async (cluster, registry) => {
    const to = parseStartPosition(options.to, context.io.world.clock.now(), '--to');
    const named = await partitionsNamed(cluster, options);
    const targets = await planReading(cluster, named, to, false);
    const group = await describeGroup(registry, name);
    const plan = await planOf(cluster, group, targets);
    writeTable(
      context,
      ['TOPIC', 'PARTITION', 'FROM', 'TO', 'READ AGAIN', 'SKIPPED'],
      plan.map((step) => [
        step.topic,
        step.partition,
        step.from ?? 'nothing',
        step.to,
        step.again,
        step.skipped,
      ]),
    );
    if (options.yes !== true) {
      context.io.stderr.write('nothing was changed; --yes does it\n');
      return;
    }
    const positions: Position[] = plan.map(({ topic, partition, to: offset }) => ({
      topic,
      partition,
      offset,
    }));
    await seekGroup(registry, name, positions, `millrace group seek, pid ${context.io.world.host.pid}`);
    context.io.stderr.write(`moved ${counted(plan.length, 'partition')} of group ${name}\n`);
  });
}

interface Step {
  readonly topic: string;
  readonly partition: number;
  readonly from: number | undefined;
  readonly to: number;
  readonly again: number;
  readonly skipped: number;
}

async function planOf(
  cluster: Cluster,
  { partitions }: GroupDescription,
  targets: readonly { topic: string; partition: number; from: number }[],
): Promise<Step[]> {
  const starts = await offsetsAt(cluster, targets, 'earliest');
  return targets.map(({ topic, partition, from: to }, index) => {
    const known = partitions.find((one) => one.topic === topic && one.partition === partition);
    const from = known?.committed;
    const before = from ?? starts[index]?.offset ?? 0;
    return { topic, partition, from, to, again: Math.max(0, before - to), skipped: Math.max(0, to - before) };
  });
}

async function partitionsNamed(
  cluster: Cluster,
  { topic, partition }: SeekOptions,
): Promise<{ topic: string; partition: number }[]> {
  const count = await partitionsOf(cluster, topic);
  const wanted = partition ?? Array.from({ length: count }, (_, number) => number);
  const missing = wanted.find((number) => number >= count);
  if (missing === undefined) return wanted.map((number) => ({ topic, partition: number }));
  throw cliError('PARTITION_NOT_FOUND', `there is no partition ${missing} of topic '${topic}'`, {
    hint: `it has ${counted(count, 'partition')}, counted from 0`,
  });
}

function writeDescription(
  context: VerbContext,
  { generation, isAssigned, members }: GroupDescription,
  partitions: readonly LaggingPartition[],
): void {
  const state = members.length === 0 ? 'nobody reads' : isAssigned ? 'assigned' : 'being assigned';
  context.io.stdout.write(
    `${counted(members.length, 'member')}, generation ${generation}, ${state}\n${members.map((id) => `  ${id}\n`).join('')}\n`,
  );
  writeTable(
    context,
    ['TOPIC', 'PARTITION', 'COMMITTED', 'END', 'LAG', 'BEHIND', 'MEMBER'],
    partitions.map(({ topic, partition, committed, end, lag, behindMs, member, owner }) => [
      topic,
      partition,
      committed ?? '-',
      end,
      lag,
      behindMs === undefined ? '-' : seconds(behindMs),
      owner ?? `${member} (takes over)`,
    ]),
  );
}

function writeClassic(
  context: VerbContext,
  { state, protocolName, members }: ClassicGroup,
  partitions: readonly LaggingPartition[],
): void {
  const agreed = protocolName === '' ? '' : `, ${protocolName}`;
  const who = members.map(
    ({ memberId, clientId, clientHost }) => `  ${memberId} (${clientId} at ${clientHost})\n`,
  );
  context.io.stdout.write(
    `a group of Kafka's clients, ${counted(members.length, 'member')}, ${state}${agreed}\n${who.join('')}\n`,
  );
  writeTable(
    context,
    ['TOPIC', 'PARTITION', 'COMMITTED', 'END', 'LAG', 'BEHIND'],
    partitions.map(({ topic, partition, committed, end, lag, behindMs }) => [
      topic,
      partition,
      committed ?? '-',
      end,
      lag,
      behindMs === undefined ? '-' : seconds(behindMs),
    ]),
  );
}

/** GROUP_NOT_FOUND names the closest. */
async function knownGroup(registry: Registry, name: string): Promise<GroupDescription> {
  const groups = await listGroups(registry);
  if (groups.includes(name)) return describeGroup(registry, name);
  const closest = closestNames(name, groups);
  throw cliError('GROUP_NOT_FOUND', `there is no group '${name}'`, {
    hint:
      closest.length > 0
        ? `did you mean ${closest.join(' or ')}?`
        : '`millrace group ls` lists what is there',
  });
}

function withRegistry(
  options: BrokerOptions,
  context: VerbContext,
  work: (cluster: Cluster, registry: Registry) => Promise<void>,
): Promise<number> {
  return withCluster(options, context, async (cluster) => {
    await withRegistrySession(cluster.registry, (registry) => work(cluster, registry));
    return exitCodes.fine;
  });
}

function wantsJson({ json }: GroupOptions, { io }: VerbContext): boolean {
  return json === true || io.stdout.isTTY !== true;
}

function writeJson({ io }: VerbContext, items: readonly object[]): void {
  for (const item of items) io.stdout.write(`${JSON.stringify(item)}\n`);
}

function writeTable({ io }: VerbContext, ...[headings, rows]: Parameters<typeof table>): void {
  io.stdout.write(`${table(headings, rows)}\n`);
}
