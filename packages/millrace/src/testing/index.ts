export { startTestBroker, type TestBroker, type TestBrokerOptions } from './test-broker.ts';
