/**
 * `describe` for tests that need another program: where it is not installed they are skipped, and a line says so, in CI too:
 * .ci/run installs all of them, and fails where it cannot.
 */
export function describeWith(
  program: string,
  isInstalled: boolean,
): (title: string, body: () => void) => void {
  if (isInstalled) return describe;
  return (title, body) => {
    // Of a file without other tests, jest prints no title.
    process.stderr.write(`skipped: ${title} (${program} is not installed)\n`);
    describe.skip(title, body);
  };
}
