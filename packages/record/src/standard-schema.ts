import { recordError } from './errors.ts';

/**
 * What schema libraries have agreed on (standardschema.dev, version 1): zod, valibot, arktype and others fit without
 * an import of theirs. `Input` is what a writer gives, `Output` what a reader gets.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    /** For the compiler alone. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What the schema makes of the value. INVALID_RECORD names each thing that does not fit, and where. */
export function checkedBy<Output>(schema: StandardSchema<unknown, Output>, value: unknown): Output {
  const result = schema['~standard'].validate(value);
  if ('then' in result) {
    result.then(undefined, () => {}); // Its answer comes too late to matter.
    throw recordError('INVALID_RECORD', `the ${schema['~standard'].vendor} schema answers with a promise`, {
      hint: 'records are encoded and decoded at once: use a schema without asynchronous checks',
    });
  }
  if (result.issues === undefined) return result.value;
  const hint =
    value === null
      ? 'null is a tombstone; a schema for a topic that holds some must allow null'
      : 'change the value, or the schema';
  throw recordError('INVALID_RECORD', `the value does not fit its schema: ${told(result.issues)}`, { hint });
}

const mostTold = 5;

/** `total: expected number; items.0.sku: too short` */
function told(issues: readonly SchemaIssue[]): string {
  const all = issues.slice(0, mostTold).map(({ path = [], message }) => {
    const place = path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
    return place === '' ? message : `${place}: ${message}`;
  });
  if (issues.length > mostTold) all.push(`and ${issues.length - mostTold} more`);
  return all.join('; ');
}
