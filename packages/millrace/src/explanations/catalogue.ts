import { errorCodes, isErrorCode } from '@millrace/protocol';
import { clusterExplanations } from './cluster.ts';
import { commandLineExplanations } from './command-line.ts';
import { connectionExplanations } from './connection.ts';
import type { ExplainedCode } from './error-codes.ts';
import type { Explanation } from './explanation.ts';
import { groupExplanations } from './groups.ts';
import { logToolExplanations } from './log-tools.ts';
import { recordExplanations } from './records.ts';
import { registryExplanations } from './registry.ts';
import { startingExplanations } from './starting.ts';
import { storageExplanations } from './storage.ts';
import { systemExplanations } from './system.ts';
import { topicExplanations } from './topics.ts';

/** The catalogue by area, in the order in which a page shows it. */
export const areas: readonly {
  readonly title: string;
  readonly explanations: Partial<typeof explanations>;
}[] = Object.freeze([
  { title: 'Reaching a broker', explanations: connectionExplanations },
  { title: 'Starting a broker', explanations: startingExplanations },
  { title: 'Topics and partitions', explanations: topicExplanations },
  { title: 'Records', explanations: recordExplanations },
  { title: 'Groups and consumers', explanations: groupExplanations },
  { title: 'Leaders and replicas', explanations: clusterExplanations },
  { title: 'Files and disks', explanations: storageExplanations },
  { title: 'Looking at logs on a disk', explanations: logToolExplanations },
  { title: 'The registry', explanations: registryExplanations },
  { title: 'The command line and tests', explanations: commandLineExplanations },
  { title: 'What the system says', explanations: systemExplanations },
]);

/** Every code with its explanation: that none is missing is a matter of types, that none is there twice one of a test. */
export const explanations: { readonly [Code in ExplainedCode]: Explanation } = {
  ...connectionExplanations,
  ...startingExplanations,
  ...topicExplanations,
  ...recordExplanations,
  ...groupExplanations,
  ...clusterExplanations,
  ...storageExplanations,
  ...logToolExplanations,
  ...registryExplanations,
  ...commandLineExplanations,
  ...systemExplanations,
};

/** Whether `millrace explain` knows more of it. */
export function isExplained(code: string | undefined): code is ExplainedCode {
  return code !== undefined && Object.hasOwn(explanations, code);
}

/** Whether a code is the system's own, whose messages are terse. */
export function isSystemCode(code: string | undefined): code is keyof typeof systemExplanations {
  return code !== undefined && Object.hasOwn(systemExplanations, code);
}

/** Kafka's number for a code, where it has one. */
export function kafkaNumberOf(code: ExplainedCode): number | undefined {
  return isErrorCode(code) ? errorCodes[code].id : undefined;
}
