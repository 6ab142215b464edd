/** What became of a request. */
export type Reply<Result> =
  | { readonly code: 'OK'; readonly result: Result }
  | { readonly code: Refusal; readonly message: string };

/**
 * `LOST`: the connection broke; whether the request had its effect is not known. `OVER`: the session or the client is
 * at its end, the request may still have had its effect; `UNSENT`: so it was before the request was made.
 */
export type Refusal =
  | 'NODE_MISSING'
  | 'NODE_EXISTS'
  | 'VERSION_MISMATCH'
  | 'NOT_EMPTY'
  | 'BELOW_EPHEMERAL'
  | 'BAD_PATH'
  | 'LOST'
  | 'OVER'
  | 'UNSENT'
  | 'REFUSED';

/** The numbers of zookeeper.h. */
const codes: { readonly [code: number]: Refusal } = {
  [-4]: 'LOST',
  [-5]: 'LOST',
  [-7]: 'LOST',
  [-8]: 'BAD_PATH',
  [-9]: 'LOST',
  [-101]: 'NODE_MISSING',
  [-103]: 'VERSION_MISMATCH',
  [-108]: 'BELOW_EPHEMERAL',
  [-110]: 'NODE_EXISTS',
  [-111]: 'NOT_EMPTY',
  [-112]: 'LOST',
  [-116]: 'LOST',
  [-118]: 'LOST',
  [-127]: 'LOST',
};
const answered: ReadonlySet<number> = new Set([0, -101, -103, -108, -110, -111]);

/** Whether the server said this, so that the session lived when it was asked. */
export function isAnswer(code: number): boolean {
  return answered.has(code);
}

export function refusalOf(code: number): Refusal {
  return codes[code] ?? 'REFUSED';
}
