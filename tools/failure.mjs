/** Something a person can act on: one line, a hint, perhaps the end of a log. Never a stack trace. */
export class Failure extends Error {
  constructor(message, { hint, tail } = {}) {
    super(message);
    this.hint = hint;
    this.tail = tail;
  }
}

/** Runs a program's `main`; what it throws becomes lines on stderr and an exit code. */
export async function runMain(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(`error: ${error.message}`);
    if (error.tail) console.error(error.tail.map((line) => `  | ${line}`).join('\n'));
    if (error.hint) console.error(`hint:  ${error.hint}`);
    process.exitCode = 1;
  }
}
