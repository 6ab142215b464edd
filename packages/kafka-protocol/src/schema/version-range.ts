/** Versions of an API as Kafka's documents write them: `3-13`, `5+`, `4`. */
export type VersionRange = `${number}` | `${number}+` | `${number}-${number}`;

export interface Versions {
  readonly least: number;
  /** Infinity: all that follow. */
  readonly most: number;
}

/** TypeError for a text that is no range. */
export function parseVersions(range: VersionRange): Versions {
  const [, least, plus, most] = /^(\d+)(?:(\+)|-(\d+))?$/.exec(range) ?? [];
  if (least === undefined) throw new TypeError(`'${range}' is no range of versions`);
  if (plus !== undefined) return { least: Number(least), most: Number.POSITIVE_INFINITY };
  return { least: Number(least), most: Number(most ?? least) };
}

export function includes({ least, most }: Versions, version: number): boolean {
  return version >= least && version <= most;
}
