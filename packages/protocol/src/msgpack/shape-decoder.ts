import { errorCodeOf } from '../error-codes.ts';
import type { FieldShape, ObjectShape, Shape } from './shape.ts';

/** A value that is not of its shape: where it lies, what was wanted and what kind of thing was there; none of its bytes. */
export class ShapeMismatch extends Error {
  override readonly name: string = 'ShapeMismatch';
  #path = '';
  readonly #what: string;

  constructor(what: string) {
    super();
    this.#what = what;
  }

  override get message(): string {
    return `${this.#path.replace(/^\./, '') || 'the message'}: ${this.#what}`;
  }

  /** Called on the way up, from the innermost place outwards. */
  inside(place: string): this {
    this.#path = place + this.#path;
    return this;
  }
}

/** The bytes beside an envelope, handed out in the order in which the envelope names their lengths. */
export class BytesBeside {
  readonly #frame: Buffer;
  #at: number;

  constructor(frame: Buffer, at: number) {
    this.#frame = frame;
    this.#at = at;
  }

  take(length: number): Buffer {
    const left = this.#frame.length - this.#at;
    if (length > left) throw new ShapeMismatch(`${length} bytes of batches are named, ${left} are there`);
    this.#at += length;
    return this.#frame.subarray(this.#at - length, this.#at);
  }

  end(): void {
    const left = this.#frame.length - this.#at;
    if (left > 0) throw new ShapeMismatch(`${left} bytes beside the envelope belong to nothing`);
  }
}

/** Checks one unpacked value and gives the contract's form of it. Throws ShapeMismatch. */
type Decoder = (value: unknown, beside: BytesBeside) => unknown;

/** Reads a message's fields from the items of an envelope, from place 2 on. Throws ShapeMismatch. */
export type MessageDecoder = (envelope: readonly unknown[], beside: BytesBeside) => object;

/** Compiles a message's shape once. What the shape does not know is ignored; optional fields may be nil or missing. */
export function messageDecoder({ fields }: ObjectShape): MessageDecoder {
  const read = fieldsDecoder(fields, 2);
  return (envelope, beside) => {
    const message = read(envelope, beside);
    beside.end();
    return message;
  };
}

function decoderOf(shape: Shape): Decoder {
  switch (shape.kind) {
    case 'integer':
      return integerDecoder(shape.least);
    case 'text':
      return textDecoder(shape.maxLength);
    case 'flag':
      return (value) => {
        if (typeof value !== 'boolean') throw mismatch('true or false', value);
        return value;
      };
    case 'choice':
      return choiceDecoder(shape.names);
    case 'errorCode':
      return (value) => {
        if (!Number.isSafeInteger(value)) throw mismatch('an error number', value);
        return errorCodeOf(value as number);
      };
    case 'batches':
      return (value, beside) => {
        if (!Number.isSafeInteger(value) || (value as number) < 0) throw mismatch('a length', value);
        return beside.take(value as number);
      };
    case 'list':
      return listDecoder(decoderOf(shape.item), shape.maxLength);
    case 'object':
      return objectDecoder(shape);
  }
}

function integerDecoder(least: number): Decoder {
  return (value) => {
    if (!Number.isSafeInteger(value)) throw mismatch('a whole number within 2^53', value);
    if ((value as number) < least) throw new ShapeMismatch(`${String(value)} is below ${least}`);
    return value;
  };
}

function textDecoder(maxLength: number): Decoder {
  return (value) => {
    if (typeof value !== 'string') throw mismatch('a text', value);
    if (value.length > maxLength)
      throw new ShapeMismatch(`${value.length} characters are more than ${maxLength}`);
    return value;
  };
}

function choiceDecoder(names: readonly string[]): Decoder {
  return (value) => {
    const name = typeof value === 'number' ? names[value] : undefined;
    if (name === undefined) throw mismatch(`the number of one of ${names.join(', ')}`, value);
    return name;
  };
}

function listDecoder(item: Decoder, maxLength: number): Decoder {
  return (value, beside) => {
    if (!Array.isArray(value)) throw mismatch('a list', value);
    if (value.length > maxLength) throw new ShapeMismatch(`${value.length} items are more than ${maxLength}`);
    let i = 0;
    try {
      const items: unknown[] = [];
      for (; i < value.length; i++) items.push(item(value[i], beside));
      return items;
    } catch (error) {
      throw error instanceof ShapeMismatch ? error.inside(`[${i}]`) : error;
    }
  };
}

function objectDecoder({ fields }: ObjectShape): Decoder {
  const read = fieldsDecoder(fields, 0);
  return (value, beside) => {
    if (!Array.isArray(value)) throw mismatch('a list of fields', value);
    return read(value, beside);
  };
}

function fieldsDecoder(fields: readonly FieldShape[], from: number): MessageDecoder {
  const names = fields.map((field) => field.name);
  const decoders = fields.map((field) => decoderOf(field.shape));
  const optional = fields.map((field) => field.optional);
  return (values, beside) => {
    const object: Record<string, unknown> = {};
    let i = 0;
    try {
      for (; i < names.length; i++) {
        const value = values[from + i];
        if ((value === undefined || value === null) && optional[i] === true) continue;
        object[names[i] as string] = (decoders[i] as Decoder)(value, beside);
      }
    } catch (error) {
      throw error instanceof ShapeMismatch ? error.inside(`.${names[i]}`) : error;
    }
    return object;
  };
}

function mismatch(wanted: string, value: unknown): ShapeMismatch {
  if (value === undefined || value === null) return new ShapeMismatch(`${wanted} is missing`);
  const kind = Array.isArray(value) ? 'a list' : `a ${typeof value}`;
  return new ShapeMismatch(`${wanted} is wanted, there is ${kind}`);
}
