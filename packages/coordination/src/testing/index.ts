// For those who implement a registry or an assignor.
export { assignorLaws } from './assignor-laws.ts';
export {
  type RegistryConformance,
  type RegistrySubject,
  registryConformance,
} from './registry-conformance.ts';
