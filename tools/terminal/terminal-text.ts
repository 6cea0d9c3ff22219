/**
 * Text from files (category and file names) made safe for a terminal: control characters, which could start escape
 * sequences, and characters that reorder text are shown as their escapes. New lines stay.
 */
export function terminalText(text: string): string {
  return text.replace(/[\p{Cc}\u202a-\u202e\u2028\u2029\u2066-\u2069]/gu, (character) =>
    character === '\n' ? character : escape(character.codePointAt(0)!),
  );
}

/** The same for text that has to stay on one line. */
export function terminalLine(text: string): string {
  return terminalText(text).replaceAll('\n', '\\n');
}

/** A word of a command that a user may type: quoted where a shell would take it apart. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function escape(code: number): string {
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}
