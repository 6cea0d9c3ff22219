type Field = [number: number, value: bigint | number | Buffer];

/** The fields of a protocol buffers message in their order: varints, floats and doubles, bytes. */
export function readMessage(bytes: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Buffer => {
    at += length;
    if (at > bytes.length) throw new Error(`${at - bytes.length} bytes are missing`);
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const number = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0:
        fields.push([number, varint()]);
        break;
      case 1:
        fields.push([number, take(8).readDoubleLE()]);
        break;
      case 2:
        fields.push([number, take(Number(varint()))]);
        break;
      case 5:
        fields.push([number, take(4).readFloatLE()]);
        break;
      default:
        throw new Error(`field ${number} has the wire type ${tag % 8}`);
    }
  }
  return fields;
}
