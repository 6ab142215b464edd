/** The middle of the figures; of an even number, the lower middle. */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

/** Runs every kind of work once a round, in turn, so that what disturbs the machine disturbs all; medians by name. */
export async function alternate(
  rounds: number,
  work: { readonly [name: string]: () => Promise<number> | number },
): Promise<{ readonly [name: string]: number }> {
  const figures = new Map<string, number[]>(Object.keys(work).map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1)
    for (const [name, run] of Object.entries(work)) figures.get(name)?.push(await run());
  return Object.fromEntries([...figures].map(([name, values]) => [name, median(values)]));
}

/** 1234567 → `1.23 M`. */
export function human(figure: number): string {
  if (figure >= 1e9) return `${(figure / 1e9).toFixed(2)} G`;
  if (figure >= 1e6) return `${(figure / 1e6).toFixed(2)} M`;
  if (figure >= 1e3) return `${(figure / 1e3).toFixed(1)} k`;
  return figure.toFixed(1);
}
