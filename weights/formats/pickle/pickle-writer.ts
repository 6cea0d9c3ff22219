/** Writes pickles of protocol 2, which every Python reads, operation by operation. */
export class PickleWriter {
  private readonly parts: Buffer[] = [Buffer.of(0x80, 2)];

  /** One character an operation, in pickletools' notation: `(`, `t`, `R`, ... */
  operations(codes: string): this {
    this.parts.push(Buffer.from(codes, 'latin1'));
    return this;
  }

  global(module: string, name: string): this {
    return this.operations(`c${module}\n${name}\n`);
  }

  text(value: string): this {
    const bytes = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    this.parts.push(Buffer.from('X'), length, bytes);
    return this;
  }

  /** A whole number that a double holds exactly. */
  integer(value: number): this {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    if (value >= 0 && value <= 0xff) this.parts.push(Buffer.from('K'), bytes.subarray(0, 1));
    else if (value >= -(2 ** 31) && value < 2 ** 31) this.parts.push(Buffer.from('J'), bytes.subarray(0, 4));
    else this.parts.push(Buffer.of(0x8a, 8), bytes);
    return this;
  }

  tuple(values: readonly number[]): this {
    this.operations('(');
    for (const value of values) this.integer(value);
    return this.operations('t');
  }

  /** The pickle, ended. */
  finish(): Buffer {
    return Buffer.concat([...this.parts, Buffer.from('.')]);
  }
}
