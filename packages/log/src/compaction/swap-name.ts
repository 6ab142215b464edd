import type { Offset } from '@millrace/record';

const cleanedPattern = /^\d{20}\.log\.cleaned$/;
const swapPattern = /^(\d{20})-(\d{20})\.log\.swap$/;

/** A segment that compaction is writing: worth nothing until it is whole. */
export function cleanedFileName(baseOffset: Offset): string {
  return `${digits(baseOffset)}.log.cleaned`;
}

/** A whole segment that stands for everything in `[baseOffset, nextOffset)`. */
export function swapFileName(baseOffset: Offset, nextOffset: Offset): string {
  return `${digits(baseOffset)}-${digits(nextOffset)}.log.swap`;
}

export function isCleanedFileName(name: string): boolean {
  return cleanedPattern.test(name);
}

/** undefined for any other name. */
export function parseSwapFileName(
  name: string,
): { readonly baseOffset: Offset; readonly nextOffset: Offset } | undefined {
  const [, base, next] = swapPattern.exec(name) ?? [];
  if (base === undefined || next === undefined) return undefined;
  const baseOffset = Number(base);
  const nextOffset = Number(next);
  if (!Number.isSafeInteger(nextOffset) || baseOffset >= nextOffset) return undefined;
  return { baseOffset, nextOffset };
}

function digits(offset: Offset): string {
  return String(offset).padStart(20, '0');
}
