/** How a field's value is written: a number, or bytes with their length in front. */
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

const varintSize = (value: number): number => {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size += 1;
  return size;
};

/**
 * Writes one protobuf message from its end to its start, so that the length of a nested message is known when it is
 * written in front of it. Fields are therefore written last first.
 */
export class MessageWriter {
  private readonly bytes: Buffer;
  private start: number;

  /** @param most bytes that will be written, at most. */
  constructor(most: number) {
    this.bytes = Buffer.allocUnsafe(most);
    this.start = most;
  }

  finish(): Buffer {
    return this.bytes.subarray(this.start);
  }

  /** A number up to 2^53, or a flag. */
  number(field: number, value: number): void {
    this.varint(value);
    this.varint(field * 8 + VARINT);
  }

  text(field: number, value: string): void {
    const size = Buffer.byteLength(value);
    this.start -= size;
    this.bytes.write(value, this.start);
    this.varint(size);
    this.varint(field * 8 + BYTES);
  }

  /** A field as it was written before. */
  copy(written: Buffer): void {
    this.start -= written.length;
    written.copy(this.bytes, this.start);
  }

  message(field: number, write: () => void): void {
    const end = this.start;
    write();
    this.varint(end - this.start);
    this.varint(field * 8 + BYTES);
  }

  private varint(value: number): void {
    const size = varintSize(value);
    this.start -= size;
    let rest = value;
    for (let at = this.start; at < this.start + size - 1; at += 1) {
      this.bytes[at] = (rest % 0x80) + 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.start + size - 1] = rest;
  }
}

/** Reads one protobuf message field by field; what is not asked for is skipped. */
export class MessageReader {
  /** Of the field that {@link next} came to. */
  field = 0;
  private kind = 0;
  private isTaken = true;

  constructor(private readonly bytes: Buffer, private at = 0, private readonly end = bytes.length) {}

  /** False at the end. */
  next(): boolean {
    if (!this.isTaken) this.skip();
    if (this.at >= this.end) return false;
    const tag = this.varint();
    this.field = tag >>> 3;
    this.kind = tag & 7;
    this.isTaken = false;
    return true;
  }

  /** A number up to 2^53. */
  number(): number {
    this.isTaken = true;
    return this.varint();
  }

  /** All 64 bits of a number. */
  bits(): bigint {
    this.isTaken = true;
    let value = 0n;
    for (let shift = 0n; this.at < this.end; shift += 7n) {
      const byte = this.bytes[this.at] as number;
      this.at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new Error('no protobuf message: cut off');
  }

  text(): string {
    const end = this.enter();
    const value = this.bytes.toString('utf8', this.at, end);
    this.at = end;
    return value;
  }

  message(): MessageReader {
    const end = this.enter();
    const nested = new MessageReader(this.bytes, this.at, end);
    this.at = end;
    return nested;
  }

  private enter(): number {
    this.isTaken = true;
    const size = this.varint();
    return this.at + size;
  }

  private skip(): void {
    if (this.kind === VARINT) this.varint();
    else if (this.kind === BYTES) this.at = this.enter();
    else if (this.kind === FIXED64) this.at += 8;
    else if (this.kind === FIXED32) this.at += 4;
    else throw new Error(`no protobuf message: a field of kind ${this.kind}`);
    this.isTaken = true;
  }

  private varint(): number {
    let value = 0;
    for (let unit = 1; this.at < this.end; unit *= 0x80) {
      const byte = this.bytes[this.at] as number;
      this.at += 1;
      if (byte < 0x80) return value + byte * unit;
      value += (byte - 0x80) * unit;
    }
    throw new Error('no protobuf message: cut off');
  }
}
