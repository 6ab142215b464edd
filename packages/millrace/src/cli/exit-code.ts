import { codeOf } from '@millrace/runtime';

/** What scripts can rely on. */
export const exitCodes = Object.freeze({
  fine: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  unreachable: 4,
  /** What was looked at is damaged. */
  checkFailed: 5,
  interrupted: 130,
});

const byErrorCode: ReadonlyMap<string, number> = new Map([
  ['USAGE', exitCodes.usage],
  ['INSECURE_LISTENER', exitCodes.usage],
  ['INVALID_ADDRESS', exitCodes.usage],
  ['INVALID_TOPIC_EXCEPTION', exitCodes.usage],
  ['INVALID_PARTITIONS', exitCodes.usage],
  ['INVALID_REPLICATION_FACTOR', exitCodes.usage],
  ['INVALID_CONFIG', exitCodes.usage],
  ['TOPIC_NOT_FOUND', exitCodes.notFound],
  ['PARTITION_NOT_FOUND', exitCodes.notFound],
  ['GROUP_NOT_FOUND', exitCodes.notFound],
  ['UNKNOWN_TOPIC_OR_PARTITION', exitCodes.notFound],
  ['UNKNOWN_TOPIC_ID', exitCodes.notFound],
  ['LOG_NOT_FOUND', exitCodes.notFound],
  ['BROKER_UNREACHABLE', exitCodes.unreachable],
  ['REGISTRY_UNREACHABLE', exitCodes.unreachable],
  ['NO_BROKER', exitCodes.unreachable],
  ['CORRUPT_MESSAGE', exitCodes.checkFailed],
  ['NOT_A_SNAPSHOT', exitCodes.checkFailed],
  ['REACHED_OTHER_ADDRESS', exitCodes.unreachable],
]);

/** The exit code for something thrown. */
export function exitCodeFor(error: unknown): number {
  return byErrorCode.get(codeOf(error) ?? '') ?? exitCodes.failed;
}
