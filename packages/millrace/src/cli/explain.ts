import { explanations, isExplained, kafkaNumberOf } from '../explanations/catalogue.ts';
import type { ExplainedCode } from '../explanations/error-codes.ts';
import { closestNames } from './closest-names.ts';
import { cliError } from './errors.ts';
import { exitCodes } from './exit-code.ts';
import { print } from './print.ts';
import { table } from './table.ts';
import type { VerbContext } from './verb-context.ts';

export interface ExplainOptions {
  readonly json?: boolean;
}

const codes = Object.keys(explanations).sort() as readonly ExplainedCode[];

/** Says what a code means, in whatever case it was typed; without one, all codes with a line each. USAGE names the closest. */
export async function explain(
  typed: string | undefined,
  options: ExplainOptions,
  { io }: VerbContext,
): Promise<number> {
  const text = typed === undefined ? list(options, io.stdout.isTTY === true) : one(knownCode(typed), options);
  await print(text, io);
  return exitCodes.fine;
}

function one(code: ExplainedCode, { json }: ExplainOptions): string {
  const { meaning, why, cure, retry, from } = explanations[code];
  const kafka = kafkaNumberOf(code);
  if (json === true) return JSON.stringify({ code, meaning, why, cure, retry, from, kafka });
  const title = kafka === undefined ? code : `${code} (Kafka’s error ${kafka})`;
  return [
    title,
    meaning,
    `  why    ${why}`,
    `  do     ${cure}`,
    `  retry  ${retry}`,
    `  from   ${from}`,
  ].join('\n');
}

function list({ json }: ExplainOptions, isTerminal: boolean): string {
  if (json !== true && isTerminal)
    return table(
      ['CODE', 'MEANS'],
      codes.map((code) => [code, explanations[code].meaning]),
    );
  return codes
    .map((code) => JSON.stringify({ code, meaning: explanations[code].meaning, kafka: kafkaNumberOf(code) }))
    .join('\n');
}

function knownCode(typed: string): ExplainedCode {
  const code = typed.trim().toUpperCase();
  if (isExplained(code)) return code;
  const closest = closestNames(code, codes);
  throw cliError('USAGE', `there is no error code '${typed}'`, {
    hint: closest.length > 0 ? `did you mean ${closest.join(' or ')}?` : '`millrace explain` lists all codes',
  });
}
