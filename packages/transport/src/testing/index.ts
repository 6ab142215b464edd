// What a connector must do, whatever way it leads to a broker.
export { type ConnectorConformance, connectorConformance, rangeOf } from './connector-conformance.ts';
