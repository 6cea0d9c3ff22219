/** Tells whoever runs the process, where a caller of the library does not say whom to tell. */
export function emitProcessWarning(line: string): void {
  process.emitWarning(line);
}
