import { codeOf } from '@millrace/runtime';

/** The code of what `run` throws, or the thing itself as text when it has none; undefined when it throws nothing. */
export function thrownCode(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return codeOf(error) ?? String(error);
  }
}
