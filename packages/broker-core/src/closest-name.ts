/**
 * The name among `known` that was probably meant: the fewest edits away, if these are few, or one that begins like it
 * (an abbreviation).
 */
export function closestName(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestEdits = Math.max(1, Math.floor(name.length / 2)) + 1;
  for (const candidate of known) {
    const edits = isAbbreviation(name, candidate) ? 1 : editDistance(name, candidate);
    if (edits < bestEdits) {
      best = candidate;
      bestEdits = edits;
    }
  }
  return best;
}

function isAbbreviation(name: string, candidate: string): boolean {
  return name.length >= 3 && candidate.toLowerCase().startsWith(name.toLowerCase());
}

/** Levenshtein's distance, one row of the table at a time. */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[to.length] ?? 0;
}
