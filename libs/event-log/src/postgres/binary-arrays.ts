/** Type ids of PostgreSQL's catalogue, the same in every version. */
const OID = { int8: 20, int4: 23, text: 25 } as const;

/**
 * Array parameters in PostgreSQL's binary format. As text, every quote in a JSON body would be escaped here and unescaped
 * there; like this a body is copied once. The arrays are views of one buffer that grows as needed and is used again after
 * {@link rewind}, which may be called once the query has been written to its connection.
 */
export class BinaryArrays {
  private buffer = Buffer.allocUnsafe(4_096);
  private start = 0;
  private offset = 0;

  rewind(): this {
    this.offset = 0;
    return this;
  }

  texts(values: readonly string[]): Buffer {
    this.header(OID.text, values.length);
    for (const value of values) {
      this.reserve(4 + value.length * 3); // a UTF-16 unit takes at most three bytes
      const bytes = this.buffer.write(value, this.offset + 4);
      this.buffer.writeInt32BE(bytes, this.offset);
      this.offset += 4 + bytes;
    }
    return this.array();
  }

  int4s(values: readonly number[]): Buffer {
    this.header(OID.int4, values.length);
    this.reserve(values.length * 8);
    for (const value of values) {
      this.buffer.writeInt32BE(4, this.offset);
      this.buffer.writeInt32BE(value, this.offset + 4);
      this.offset += 8;
    }
    return this.array();
  }

  int8s(values: readonly number[]): Buffer {
    this.header(OID.int8, values.length);
    this.reserve(values.length * 12);
    for (const value of values) {
      this.buffer.writeInt32BE(8, this.offset);
      this.buffer.writeInt32BE(Math.floor(value / 0x1_0000_0000), this.offset + 4);
      this.buffer.writeInt32BE(value | 0, this.offset + 8);
      this.offset += 12;
    }
    return this.array();
  }

  /** Dimensions, null flag, element type; then length and lower bound of the one dimension, which an empty array lacks. */
  private header(elementType: number, length: number): void {
    this.reserve(20);
    this.start = this.offset;
    const words = length === 0 ? [0, 0, elementType] : [1, 0, elementType, length, 1];
    for (const word of words) this.offset = this.buffer.writeInt32BE(word, this.offset);
  }

  private array(): Buffer {
    return this.buffer.subarray(this.start, this.offset);
  }

  private reserve(bytes: number): void {
    if (this.offset + bytes <= this.buffer.length) return;
    const { buffer, start, offset } = this;
    // Arrays that are done stay where they are; only the one being written moves.
    this.buffer = Buffer.allocUnsafe(Math.max(buffer.length * 2, offset - start + bytes));
    this.offset = buffer.copy(this.buffer, 0, start, offset);
    this.start = 0;
  }
}
