/** A kind of value that a configuration takes: how it is written in text, and what that means. */
export interface ConfigValue<Value> {
  /** For people: `a whole number from 1 to 5`. */
  readonly takes: string;
  /** undefined for a text that it does not take. */
  readonly read: (text: string) => Value | undefined;
  /** The one way in which it is written. */
  readonly write: (value: Value) => string;
}

/** Digits alone, so that `1e3`, ` 7` and `0x10` are slips and no numbers. */
const digits = /^\d{1,16}$/;
const decimal = /^(\d+\.?\d*|\.\d+)$/;

export function wholeNumber(minimum: number, maximum: number): ConfigValue<number> {
  return {
    takes: `a whole number from ${minimum} to ${maximum}`,
    read: (text) => {
      const value = digits.test(text) ? Number(text) : Number.NaN;
      return value >= minimum && value <= maximum ? value : undefined;
    },
    write: String,
  };
}

/** An amount, or -1: as much as there is. */
export function amountOrUnlimited(maximum: number): ConfigValue<number> {
  const amount = wholeNumber(0, maximum);
  return {
    takes: `${amount.takes}, or -1 for no limit`,
    read: (text) => (text === '-1' ? -1 : amount.read(text)),
    write: amount.write,
  };
}

/** From 0 to 1. */
export const ratio: ConfigValue<number> = {
  takes: 'a number from 0 to 1',
  read: (text) => {
    const value = decimal.test(text) ? Number(text) : Number.NaN;
    return value >= 0 && value <= 1 ? value : undefined;
  },
  write: String,
};

/** One of these lists, whose names may come in any order, more than once and with spaces, as Kafka takes them. */
export function listAmong<List extends string>(lists: readonly List[]): ConfigValue<List> {
  const last = lists.at(-1) ?? '';
  return {
    takes: `${lists.slice(0, -1).join(', ')} or ${last}`,
    read: (text) => lists.find((list) => inOrder(list) === inOrder(text)),
    write: (list) => list,
  };
}

function inOrder(list: string): string {
  const names = new Set(list.split(',').map((name) => name.trim()));
  return [...names].sort().join(',');
}
