import type { RequestOf, ResponseOf } from '@millrace/protocol';
import { type Failure, failureFrom } from '../errors.ts';
import type { Topics } from '../topics.ts';

type Resource = RequestOf<'alterConfigs'>['resources'][number];

/** Each topic is one compare-and-set; brokers apply it to the open logs when they see it. */
export function alterConfigsHandler(topics: Topics) {
  return async ({
    resources,
    validateOnly,
  }: RequestOf<'alterConfigs'>): Promise<ResponseOf<'alterConfigs'>> => ({
    resources: await Promise.all(
      resources.map(async (resource) => ({
        type: resource.type,
        name: resource.name,
        ...(await alter(topics, resource, validateOnly === true)),
      })),
    ),
  });
}

async function alter(
  topics: Topics,
  { type, name, changes }: Resource,
  validateOnly: boolean,
): Promise<Failure | { error: 'NONE' }> {
  if (type === 'broker') {
    return { error: 'INVALID_REQUEST', message: 'the configuration of a broker is given when it starts' };
  }
  try {
    await topics.configure(name, changes, { validateOnly });
    return { error: 'NONE' };
  } catch (error) {
    return failureFrom(error);
  }
}
