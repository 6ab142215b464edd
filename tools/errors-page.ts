import { areas, kafkaNumberOf } from '../packages/millrace/src/explanations/catalogue.ts';
import type { ExplainedCode } from '../packages/millrace/src/explanations/error-codes.ts';
import type { Explanation } from '../packages/millrace/src/explanations/explanation.ts';

/** Where the page lies, below the clone. */
export const errorsPagePath = 'docs/errors.md';
/** What makes it anew. */
export const errorsPageCommand =
  'npx tsx --conditions=@millrace/source tools/errors-page.ts > docs/errors.md';

/** `docs/errors.md`: all that `millrace explain` knows, on one page. */
export function errorsPage(): string {
  return `# Errors

Every error of Millrace has a \`code\` that stays the same from version to version; compare it, never the text. \`retriable\` says
whether the same call may succeed later. On the command line \`millrace explain CODE\` shows the same as this page.

This page is made by \`${errorsPageCommand}\` from
\`packages/millrace/src/explanations\`. Numbers are those of Kafka's protocol.

${areas.map(({ title, explanations }) => section(title, explanations)).join('\n')}`;
}

function section(title: string, explanations: { readonly [code: string]: Explanation }): string {
  return `## ${title}\n\n${Object.entries(explanations).map(entry).join('\n')}`;
}

function entry([code, { meaning, why, cure, retry, from }]: [string, Explanation]): string {
  const kafka = kafkaNumberOf(code as ExplainedCode);
  return `### ${code}

${meaning}

- Why: ${why}
- What to do: ${cure}
- Does retrying help? ${retry}
- From: ${from}
${kafka === undefined ? '' : `- Kafka's number: ${kafka}\n`}`;
}

if (process.argv[1]?.endsWith('errors-page.ts')) process.stdout.write(errorsPage());
