const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
/** Characters: keys have fewer than 100, and decoding takes time by the square of the length. */
const longest = 256

/** Base58 as Bitcoin writes it, which is what multibase calls `z`. */
export function encodeBase58(bytes: Uint8Array): string {
  const zeros = countLeading(bytes, 0)
  let number = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
  let text = ''
  for (; number > 0n; number /= 58n) text = alphabet[Number(number % 58n)]! + text
  return alphabet[0]!.repeat(zeros) + text
}

/** The bytes, or `undefined` for other characters and for more than 256 of them. */
export function decodeBase58(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length > longest) return undefined
  const digits = Array.from(text, (character) => alphabet.indexOf(character))
  if (digits.includes(-1)) return undefined
  let number = digits.reduce((sum, digit) => sum * 58n + BigInt(digit), 0n)
  const bytes: number[] = []
  for (; number > 0n; number /= 256n) bytes.unshift(Number(number % 256n))
  return Uint8Array.from([...Array<number>(countLeading(digits, 0)).fill(0), ...bytes])
}

function countLeading(values: ArrayLike<number>, wanted: number): number {
  let count = 0
  while (count < values.length && values[count] === wanted) count++
  return count
}
