// kcat for the tests: the command line of librdkafka, on which most of Kafka's clients outside Java are built.
import { installCommand, installFromDebian, onPath } from './debian.mjs';
import { Failure } from './failure.mjs';

const packages = ['kcat'];

/** Installs Debian's if `mayInstall` and this is root on a Debian. Rejects with a `Failure` when there is none. */
export async function findKcat({ mayInstall }) {
  if (!onPath('kcat') && mayInstall) await installFromDebian(packages, 'tests run another Kafka client');
  if (!onPath('kcat')) throw new Failure('there is no kcat here', { hint: installCommand(packages) });
}
