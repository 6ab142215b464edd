import type { Offset } from '@millrace/record';

/** What lies beside each other under one base offset: batches, offset index, time index, producer state. */
export type SegmentFileKind = 'log' | 'index' | 'timeindex' | 'snapshot';

const pattern = /^(\d{20})\.(log|index|timeindex|snapshot)$/;

/** Kafka's: the base offset in twenty digits, so that names sort as offsets do. */
export function segmentFileName(baseOffset: Offset, kind: SegmentFileKind): string {
  return `${String(baseOffset).padStart(20, '0')}.${kind}`;
}

/** undefined for a name that is not ours: foreign files are left alone. */
export function parseSegmentFileName(
  name: string,
): { readonly baseOffset: Offset; readonly kind: SegmentFileKind } | undefined {
  const parts = pattern.exec(name);
  if (parts?.[1] === undefined) return undefined;
  const baseOffset = Number(parts[1]);
  if (!Number.isSafeInteger(baseOffset)) return undefined;
  return { baseOffset, kind: parts[2] as SegmentFileKind };
}
