import { BinaryArrays } from './binary-arrays.js';

const header = (elementType: number, length: number): Buffer => {
  const words = length === 0 ? [0, 0, elementType] : [1, 0, elementType, length, 1];
  return Buffer.concat(words.map(int4));
};
const int4 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const int8 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
};
const element = (bytes: Buffer): Buffer => Buffer.concat([int4(bytes.length), bytes]);

describe('binary arrays', () => {
  it('write text as its UTF-8 bytes', () => {
    const values = ['', 'plain', 'ä€𝄞', '"{},\\NULL'];
    expect(new BinaryArrays().texts(values)).toEqual(Buffer.concat([header(25, 4), ...values.map((value) => element(Buffer.from(value)))]));
  });

  it('write whole numbers of every size that a number holds exactly', () => {
    const values = [0, -1, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, -(2 ** 33) - 5, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
    expect(new BinaryArrays().int8s(values)).toEqual(Buffer.concat([header(20, 9), ...values.map((value) => element(int8(BigInt(value))))]));
    expect(new BinaryArrays().int4s([0, -1, 2 ** 31 - 1])).toEqual(Buffer.concat([header(23, 3), ...[0, -1, 2 ** 31 - 1].map((value) => element(int4(value)))]));
  });

  it('write an empty array', () => {
    expect(new BinaryArrays().texts([])).toEqual(header(25, 0));
  });

  it('keep what is written while the buffer grows, until it is rewound', () => {
    const arrays = new BinaryArrays();
    for (let round = 0; round < 3; round += 1) {
      arrays.rewind();
      const [small, large, last] = [arrays.int4s([round]), arrays.texts(['x'.repeat(5_000), 'é'.repeat(20_000)]), arrays.int8s([round])];
      expect(small).toEqual(Buffer.concat([header(23, 1), element(int4(round))]));
      expect(large).toEqual(Buffer.concat([header(25, 2), element(Buffer.from('x'.repeat(5_000))), element(Buffer.from('é'.repeat(20_000)))]));
      expect(last).toEqual(Buffer.concat([header(20, 1), element(int8(BigInt(round)))]));
    }
  });
});
