import { randomInt, randomUUID } from 'node:crypto';

/** Chance as an argument. Production uses `systemRandom`; tests use `seededRandom(seed)`. */
export interface Random {
  /** A whole number in [0, below). */
  int(below: number): number;
  /** A version 4 UUID in lower case. */
  uuid(): string;
}

export const systemRandom: Random = {
  int: (below) => randomInt(below),
  uuid: () => randomUUID(),
};
