/**
 * Loads an optional dependency; rejects where it is not installed, or not for this platform. Its name is a value here and
 * no literal in an `import()`, so that bundlers, ours and those of users, neither look for it nor pull it in: it finds
 * its native part beside itself only where npm put it.
 */
export async function loadOptionalPackage<Module>(name: string): Promise<Module> {
  return (await import(name)) as Module;
}
