import { CommanderError } from 'commander';
import { ancestors } from './ancestry.ts';
import { cliError } from './errors.ts';
import { exitCodes } from './exit-code.ts';
import { type Io, processIo } from './io.ts';
import { createProgram } from './program.ts';
import { reportError } from './report-error.ts';

export type { Io, StopSignal } from './io.ts';

/**
 * The command line: `argv` without node and script. Resolves to the exit code once everything is closed and said;
 * rejects never. What `io` does not give is this process's.
 */
export async function run(argv: readonly string[], io: Partial<Io> = {}): Promise<number> {
  const whole: Io = { ...processIo(), ancestors, ...io };
  const isDebug = argv.includes('--debug') || Boolean(whole.env['MILLRACE_DEBUG']);
  let code: number = exitCodes.fine;
  const program = createProgram(whole, isDebug, (result) => {
    code = result;
  });
  try {
    await program.parseAsync(withVerb(argv), { from: 'user' });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(error, whole.stderr, isDebug);
    if (error.exitCode === 0) return exitCodes.fine;
    return reportError(usageError(error, argv), whole.stderr, isDebug);
  }
}

/** `start` is what is meant when no verb is named. */
function withVerb(argv: readonly string[]): string[] {
  const [first] = argv;
  const asksAboutAll = first !== undefined && ['-h', '--help', '-V', '--version'].includes(first);
  const namesNoVerb = first === undefined || first.startsWith('-');
  return namesNoVerb && !asksAboutAll ? ['start', ...argv] : [...argv];
}

/** commander writes `error: …` and, on a second line, `(Did you mean …?)`. */
function usageError(error: CommanderError, argv: readonly string[]): Error {
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  const meant = suggestion?.replace(/^\(Did/, 'did').replace(/\)$/, '');
  const words = error.code === 'commander.unknownCommand' ? [] : verbIn(withVerb(argv));
  return cliError('USAGE', message, {
    hint: meant ?? `\`${['millrace', ...words, '--help'].join(' ')}\` lists what there is`,
    cause: error,
  });
}

function verbIn(argv: readonly string[]): readonly string[] {
  const [verb = '', second = '-'] = argv;
  return ['topic', 'log'].includes(verb) && !second.startsWith('-') ? [verb, second] : [verb];
}
