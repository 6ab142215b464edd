/** A pattern means what people wrote, not what brokers keep for themselves (`__consumer_offsets`). It must be neither global nor sticky. */
export function topicsLike(pattern: RegExp, existing: readonly string[]): readonly string[] {
  return existing.filter((name) => !name.startsWith('__') && pattern.test(name));
}
