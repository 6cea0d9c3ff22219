/** What a terminal shows of bytes that take lines back: as much of one as this project uses. */
export class Screen {
  /** From the first row that was written to the last. */
  readonly rows: string[] = [''];
  private row = 0;
  private column = 0;

  constructor(public columns: number) {}

  /** @throws Error where a control sequence is none of those, or a row is as wide as the terminal. */
  write(text: string): this {
    for (const [part, , count, command] of text.matchAll(/(\x1b\[(\d*)([A-Z]))|[\r\n]|[^\x1b\r\n]+|\x1b/g)) {
      if (command !== undefined) this.control(command, Number(count || 1));
      else if (part === '\r') this.column = 0;
      else if (part === '\n') this.down();
      else this.print(part);
    }
    return this;
  }

  get text(): string {
    return this.rows.join('\n').trimEnd();
  }

  private control(command: string, count: number): void {
    const rest = this.rows[this.row].slice(0, this.column);
    if (command === 'A') this.row = Math.max(0, this.row - count);
    else if (command === 'K') this.rows[this.row] = rest;
    else if (command === 'J') this.rows.splice(this.row, Infinity, rest);
    else throw new Error(`no terminal of this project gets ESC [ ${command}`);
  }

  private down(): void {
    this.row++;
    if (this.row === this.rows.length) this.rows.push('');
  }

  private print(text: string): void {
    if (/\p{Cc}/u.test(text)) throw new Error(`control characters: ${JSON.stringify(text)}`);
    const before = this.rows[this.row].padEnd(this.column);
    this.rows[this.row] = before.slice(0, this.column) + text + before.slice(this.column + text.length);
    this.column += text.length;
    if (this.column >= this.columns) throw new Error(`wider than the terminal: ${this.rows[this.row]}`);
  }
}
