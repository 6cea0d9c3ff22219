/**
 * `describe` for tests that need another program: where it is not installed they are skipped, and their title says so, in CI too:
 * .ci/run installs all of them, and fails where it cannot.
 */
export function describeWith(
  program: string,
  isInstalled: boolean,
): (title: string, body: () => void) => void {
  if (isInstalled) return describe;
  return (title, body) => describe.skip(`${title} (skipped: ${program} is not installed)`, body);
}
