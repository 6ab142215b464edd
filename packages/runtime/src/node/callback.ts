/** What callback `fs.*` calls: an error, or null and a result. */
export type Callback<Result> = (error: Error | null, result?: Result) => void;

/** Awaits one call of callback `fs.*`, which costs less than `node:fs/promises`. */
export function called<Result>(start: (done: Callback<Result>) => void): Promise<Result> {
  return new Promise((resolve, reject) => {
    start((error, result) => {
      if (error) reject(error);
      else resolve(result as Result);
    });
  });
}
