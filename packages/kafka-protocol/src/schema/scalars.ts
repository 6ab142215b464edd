import type { ByteRange } from '@millrace/runtime';
import { MalformedMessage, type Reader } from './reader.ts';
import type { Form, Type } from './type.ts';
import type { Writer } from './writer.ts';

/** A type whose form is the same at every version. */
function fixed<Value>(none: Value, form: Form<Value>): Type<Value> {
  return { none, form: () => form };
}

export const flag: Type<boolean> = fixed<boolean>(false, {
  read: (from) => from.int8() !== 0,
  write: (to, value) => to.int8(value ? 1 : 0),
});

export const int8: Type<number> = fixed(0, {
  read: (from) => from.int8(),
  write: (to, value) => to.int8(value),
});

export const int16: Type<number> = fixed(0, {
  read: (from) => from.int16(),
  write: (to, value) => to.int16(value),
});

export const int32: Type<number> = fixed(0, {
  read: (from) => from.int32(),
  write: (to, value) => to.int32(value),
});

export const int64: Type<number> = fixed(0, {
  read: (from) => from.int64(),
  write: (to, value) => to.int64(value),
});

const noUuid = '00000000-0000-0000-0000-000000000000';

/** In the usual form with dashes; empty for the one that is all zeros, Kafka's "none". */
export const uuid: Type<string> = fixed('', {
  read: (from) => {
    const hex = from.view(16).toString('hex');
    const text = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
    return text === noUuid ? '' : text;
  },
  write: (to, value) => to.bytes(Buffer.from((value === '' ? noUuid : value).replaceAll('-', ''), 'hex')),
});

const noBytes = Buffer.alloc(0);

export const text: Type<string> = {
  none: '',
  form: (_version, flexible) => ({
    read: (from) => from.text(present(readTextLength(from, flexible), 'a text')),
    write: (to, value) => writeText(to, value, flexible),
  }),
};

/** A text that may be null from a version on; before it, null is written as the empty text. */
export function textOrNull(since = 0): Type<string | null> {
  return {
    none: null,
    form: (version, flexible) => ({
      read: (from) => {
        const length = readTextLength(from, flexible);
        if (length >= 0) return from.text(length);
        return version >= since ? null : ('' as never);
      },
      write: (to, value) => {
        if (value !== null || version < since) writeText(to, value ?? '', flexible);
        else if (flexible) to.uvarint(0);
        else to.int16(-1);
      },
    }),
  };
}

/** Bytes whose meaning is the clients' own. */
export const bytes: Type<Buffer, Uint8Array> = {
  none: noBytes,
  form: (_version, flexible) => ({
    read: (from) => from.view(present(readLength(from, flexible), 'bytes')),
    write: (to, value) => {
      writeLength(to, value.byteLength, flexible);
      to.bytes(value);
    },
  }),
};

/** Record batches: a view of the frame on the way in, handed through on the way out. */
export const records: Type<Buffer | null, Uint8Array | ByteRange | null> = {
  none: null,
  form: (_version, flexible) => ({
    read: (from) => {
      const length = readLength(from, flexible);
      return length < 0 ? null : from.view(length);
    },
    write: (to, value) => {
      writeLength(to, value?.byteLength ?? -1, flexible);
      if (value !== null) to.records(value);
    },
  }),
};

/** -1 for null. */
export function readLength(from: Reader, flexible: boolean): number {
  return flexible ? from.uvarint() - 1 : atLeastNull(from.int32());
}

export function writeLength(to: Writer, length: number, flexible: boolean): void {
  if (flexible) to.uvarint(length + 1);
  else to.int32(length);
}

export function present(length: number, what: string): number {
  if (length < 0) throw new MalformedMessage(`${what} is null where it must not be`);
  return length;
}

function readTextLength(from: Reader, flexible: boolean): number {
  return flexible ? from.uvarint() - 1 : atLeastNull(from.int16());
}

function atLeastNull(length: number): number {
  if (length < -1) throw new MalformedMessage(`a length is ${length}`);
  return length;
}

const longestText = 0x7fff;

function writeText(to: Writer, value: string, flexible: boolean): void {
  const length = Buffer.byteLength(value);
  if (length > longestText) throw new RangeError(`a text of ${length} bytes is too long to be sent`);
  if (flexible) to.uvarint(length + 1);
  else to.int16(length);
  to.text(value, length);
}
