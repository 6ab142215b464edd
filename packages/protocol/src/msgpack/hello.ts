import { apiError } from '../errors.ts';
import { printable } from '../printable.ts';
import { version } from '../version.ts';
import type { EnvelopeReader } from './envelope-reader.ts';
import type { EnvelopeLimits } from './envelope-scan.ts';
import type { EnvelopeWriter } from './envelope-writer.ts';

// A connection opens with hello [magic, oldest revision, newest revision, clientId]; the answer is [magic, revision,
// who answers], or [magic, 0, why not] and the end.

const magic = 'millrace';
/** Of the wire's rules. New APIs and appended optional fields need no new one. */
const revision = 1;
const maxClientIdLength = 256;

/** A first frame is small, whoever sends it. */
export const maxHelloBytes = 64 * 1024;
const helloLimits: EnvelopeLimits = { maxBytes: maxHelloBytes, maxLists: 4, maxItems: 64 };

export type HelloAnswer =
  | { readonly clientId: string; readonly chunks: Uint8Array[] }
  | { readonly refusal: string; readonly chunks?: Uint8Array[] };

export function writeHello(writer: EnvelopeWriter, clientId: string): Uint8Array {
  return writeFrame(writer, [magic, revision, revision, clientId.slice(0, maxClientIdLength)]);
}

/** The broker's side: agrees on a revision or says why not. */
export function answerHello(reader: EnvelopeReader, writer: EnvelopeWriter, frame: Buffer): HelloAnswer {
  const open = reader.read(frame, helloLimits);
  if (typeof open === 'string') return { refusal: `no Millrace hello: ${open}` };
  const [said, oldest, newest, clientId] = open.envelope;
  if (said !== magic) return { refusal: 'no Millrace hello: the magic word is missing' };
  if (!isRevision(oldest) || !isRevision(newest) || typeof clientId !== 'string')
    return refused(writer, 'a hello is [magic, oldest revision, newest revision, client id]');
  if (oldest > revision || newest < revision)
    return refused(
      writer,
      `the client speaks revisions ${oldest} to ${newest} of the protocol, this broker ${revision}`,
    );
  const chunks = [writeFrame(writer, [magic, revision, `millrace ${version}`])];
  return { clientId: clientId.slice(0, maxClientIdLength), chunks };
}

/** The client's side. UNSUPPORTED_VERSION when nobody is there who speaks this protocol in a revision of ours. */
export function checkHelloAnswer(reader: EnvelopeReader, frame: Buffer): void {
  const open = reader.read(frame, helloLimits);
  if (typeof open === 'string') throw noBroker(open);
  const [said, chosen, words] = open.envelope;
  if (said !== magic) throw noBroker('what came lacks the word that a broker begins with');
  if (chosen === revision && typeof words !== 'string') throw noBroker('what was sent came back');
  if (chosen === revision) return;
  const reason = typeof words === 'string' ? printable(words) : 'no reason given';
  throw apiError('UNSUPPORTED_VERSION', `the broker refuses the connection: ${reason}`);
}

function noBroker(why: string): Error {
  return apiError('UNSUPPORTED_VERSION', `no Millrace broker answers: ${why}`, {
    hint: 'another program seems to serve this address; name that of a Millrace broker',
  });
}

function refused(writer: EnvelopeWriter, refusal: string): HelloAnswer {
  return { refusal, chunks: [writeFrame(writer, [magic, 0, refusal])] };
}

function isRevision(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}

function writeFrame(writer: EnvelopeWriter, items: readonly (string | number)[]): Uint8Array {
  writer.begin();
  writer.list(items.length);
  for (const item of items) {
    if (typeof item === 'number') writer.integer(item);
    else writer.text(item);
  }
  return writer.finishEnvelope();
}
