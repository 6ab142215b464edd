/** Other versions of Node that `npm test` could install, as `[name, path of its executable]`. */
export function otherNodes(): [string, string][] {
  const given: { [name: string]: string } = JSON.parse(process.env['MILLRACE_OTHER_NODES'] ?? '{}');
  return Object.entries(given);
}
