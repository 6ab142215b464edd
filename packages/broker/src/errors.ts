import type { BrokerCoreErrorCode } from '@millrace/broker-core';
import { CodedError, type CodedErrorOptions } from '@millrace/runtime';

/**
 * INVALID_CONFIG: an option that is not known, or makes no sense. INSECURE_LISTENER: an address that others can reach,
 * without `insecure`. REGISTRY_DAMAGED: the embedded registry's own log cannot be read. LOCKED: another process has the
 * data directory. What a listener (ADDRESS_IN_USE) and the core (NODE_ID_TAKEN) say passes through.
 */
export type BrokerErrorCode =
  | 'INVALID_CONFIG'
  | 'INSECURE_LISTENER'
  | 'REGISTRY_DAMAGED'
  | 'LOCKED'
  | BrokerCoreErrorCode;

export function brokerError(
  code: BrokerErrorCode,
  message: string,
  options?: CodedErrorOptions,
): CodedError<BrokerErrorCode> {
  return new CodedError(code, message, options);
}
