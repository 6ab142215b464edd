import type { LogInspection } from '@millrace/log';

/** What is wrong with a log's segments, a line each. */
export function damageLines({ segments }: LogInspection): string[] {
  return segments.flatMap(({ path, damage, torn }) => [
    ...damage.map(
      ({ position, end, firstOffset, nextOffset }) =>
        `damaged: ${path}, bytes ${position} to ${end}: offsets ${firstOffset} to ${nextOffset - 1} cannot be read`,
    ),
    ...(torn === undefined
      ? []
      : [
          `torn: ${path}, ${torn.bytes} bytes from byte ${torn.position}: half an append; the next opening cuts it, unless it is just being written`,
        ]),
  ]);
}

/** Whether something is lost that a crash does not explain: damage, or a tear with segments behind it. */
export function isDamaged({ segments, recoveryPoint, endOffset }: LogInspection): boolean {
  const isTornInside = segments.slice(0, -1).some(({ torn }) => torn !== undefined);
  return isTornInside || endOffset < (recoveryPoint ?? 0) || segments.some(({ damage }) => damage.length > 0);
}
