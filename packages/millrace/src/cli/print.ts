import type { Io } from './io.ts';
import { Output } from './output.ts';

/** Writes text to stdout, and a newline. Resolves once it is the system's, or nobody reads any more (`| head`). */
export async function print(text: string, { stdout, world }: Pick<Io, 'stdout' | 'world'>): Promise<void> {
  const output = new Output(stdout, world.clock);
  try {
    await output.write([Buffer.from(`${text}\n`)]);
  } finally {
    await output.end();
  }
}
