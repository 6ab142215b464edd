import { readFileSync } from 'node:fs';

/** How far up is looked: npm starts a shell, which may stay between it and us. */
const generations = 2;

/** The process that started this one and the one that started that. Linux knows both, other systems the first. */
export function ancestors(): readonly number[] {
  const found: number[] = [];
  for (
    let pid: number | undefined = process.ppid;
    pid !== undefined && pid > 1 && found.length < generations;
  ) {
    found.push(pid);
    pid = parentOf(pid);
  }
  return found;
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // Field 4; the name of the program, in parentheses before, may hold anything.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}
