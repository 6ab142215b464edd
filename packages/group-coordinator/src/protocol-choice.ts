import type { Protocol } from './member.ts';

/** Who supports what, what each likes best first. */
interface Supporter {
  readonly protocols: readonly Protocol[];
}

/** What all of them support, in the order of the first. */
export function commonProtocols(members: readonly Supporter[]): string[] {
  const [first, ...others] = members;
  const names = (first?.protocols ?? []).map(({ name }) => name);
  return names.filter((name) => others.every(({ protocols }) => protocols.some((one) => one.name === name)));
}

/** Of what all support, what most like best; the first that was liked where it is even. */
export function chosenProtocol(members: readonly Supporter[]): string {
  const common = new Set(commonProtocols(members));
  const votes = new Map<string, number>();
  for (const { protocols } of members) {
    const best = protocols.find(({ name }) => common.has(name))?.name;
    if (best !== undefined) votes.set(best, (votes.get(best) ?? 0) + 1);
  }
  let chosen = '';
  for (const [name, count] of votes) if (count > (votes.get(chosen) ?? 0)) chosen = name;
  return chosen;
}
