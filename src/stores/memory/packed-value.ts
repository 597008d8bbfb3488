import { decodeByteString, encodeByteString } from '../../lib/base64url.ts'
import { type CommonTexts, createCommonTexts } from './common-texts.ts'

/**
 * Plain data as one string of bytes, a character each, and back. As objects, the parts of a session with an id_token
 * weigh twice their text: each text, number and table of members has a head of its own, and base64url a third too much.
 */
export interface Packing {
  /** `undefined` for what is not plain data. */
  pack(value: unknown): string | undefined
  /** The value anew, frozen all the way down. */
  unpack(packed: string): unknown
}

/** The first byte of a value says what follows; a length or a number is seven bits a byte, the lowest first. */
const tag = { null: 0, true: 1, false: 2, undefined: 3, integer: 4, number: 5, array: 6, object: 7 } as const
/** And of a text, as which a name of a member is written too. */
const textTag = { narrow: 8, wide: 9, base64url: 10, jwt: 11, common: 12 } as const
/** Most texts are common, and most of these are among the first so many: from here on the byte is the number too. */
const firstCommon = 128

/** Shorter ones gain nothing, and may well be common: a name, an algorithm. */
const shortestBase64url = 16

export function createPacking(): Packing {
  const common = createCommonTexts()
  return {
    pack(value) {
      const writer = new Writer(common)
      return writer.value(value) ? writer.finish() : undefined
    },
    unpack: (packed) => new Reader(packed, common).value(),
  }
}

class Writer {
  readonly #common: CommonTexts
  readonly #parts: string[] = []

  constructor(common: CommonTexts) {
    this.#common = common
  }

  finish(): string {
    return this.#parts.join('')
  }

  /** False for what is not plain data. */
  value(value: unknown): boolean {
    if (typeof value === 'string') this.#text(value)
    else if (typeof value === 'number') this.#number(value)
    else if (value === null) this.#byte(tag.null)
    else if (typeof value === 'boolean') this.#byte(value ? tag.true : tag.false)
    else if (value === undefined) this.#byte(tag.undefined)
    else if (Array.isArray(value)) return this.#array(value)
    else if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) return this.#object(value)
    else return false
    return true
  }

  #array(members: readonly unknown[]): boolean {
    this.#byte(tag.array)
    this.#integer(members.length)
    return members.every((member) => this.value(member))
  }

  #object(value: object): boolean {
    const names = Object.keys(value)
    this.#byte(tag.object)
    this.#integer(names.length)
    return names.every((name) => {
      this.#text(name)
      return this.value((value as Record<string, unknown>)[name])
    })
  }

  #number(value: number): void {
    if (Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0)) {
      this.#byte(tag.integer)
      this.#integer(value)
    } else {
      this.#byte(tag.number)
      this.#bytes(Object.is(value, -0) ? '-0' : String(value))
    }
  }

  #text(text: string): void {
    if (text.length >= shortestBase64url && (this.#base64url(text) || this.#jwt(text))) return
    const number = this.#common.number(text)
    if (number !== undefined && number < firstCommon) this.#byte(firstCommon + number)
    else if (number !== undefined) {
      this.#byte(textTag.common)
      this.#integer(number)
    } else {
      const isWide = /[^\x00-\xff]/.test(text)
      this.#byte(isWide ? textTag.wide : textTag.narrow)
      this.#bytes(isWide ? halves(text) : text)
    }
  }

  #base64url(text: string): boolean {
    const bytes = decodeByteString(text)
    if (bytes === undefined) return false
    this.#byte(textTag.base64url)
    this.#bytes(bytes)
    return true
  }

  /** The compact form of RFC 7515 7.1 and RFC 7516 7.1: parts between dots. */
  #jwt(text: string): boolean {
    if (!text.includes('.')) return false
    const parts = text.split('.').map(decodeByteString)
    if (!parts.every((part) => part !== undefined)) return false
    this.#byte(textTag.jwt)
    this.#integer(parts.length)
    for (const part of parts) this.#bytes(part)
    return true
  }

  #bytes(bytes: string): void {
    this.#integer(bytes.length)
    this.#parts.push(bytes)
  }

  #integer(value: number): void {
    let rest = value
    for (; rest > 127; rest = Math.floor(rest / 128)) this.#byte((rest % 128) + 128)
    this.#byte(rest)
  }

  #byte(byte: number): void {
    this.#parts.push(String.fromCharCode(byte))
  }
}

class Reader {
  readonly #common: CommonTexts
  readonly #from: string
  #at = 0

  constructor(from: string, common: CommonTexts) {
    this.#from = from
    this.#common = common
  }

  value(): unknown {
    const kind = this.#byte()
    switch (kind) {
      case tag.null:
        return null
      case tag.true:
        return true
      case tag.false:
        return false
      case tag.undefined:
        return undefined
      case tag.integer:
        return this.#integer()
      case tag.number:
        return Number(this.#bytes())
      case tag.array:
        return Object.freeze(Array.from({ length: this.#integer() }, () => this.value()))
      case tag.object:
        return this.#object()
      default:
        return this.#text(kind)
    }
  }

  #object(): object {
    const members: Record<string, unknown> = {}
    for (let left = this.#integer(); left > 0; left--) {
      const name = this.#text(this.#byte())
      const value = this.value()
      // Assigning to a member of the name `__proto__` would set the prototype; here it is data like any other.
      if (name === '__proto__') Object.defineProperty(members, name, { value, enumerable: true })
      else members[name] = value
    }
    return Object.freeze(members)
  }

  #text(kind: number): string {
    if (kind >= firstCommon) return this.#common.text(kind - firstCommon)
    switch (kind) {
      case textTag.common:
        return this.#common.text(this.#integer())
      case textTag.wide:
        return joinHalves(this.#bytes())
      case textTag.base64url:
        return encodeByteString(this.#bytes())
      case textTag.jwt:
        return Array.from({ length: this.#integer() }, () => encodeByteString(this.#bytes())).join('.')
      default:
        return this.#bytes()
    }
  }

  #byte(): number {
    return this.#from.charCodeAt(this.#at++)
  }

  #integer(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#byte()
      if (byte < 128) return value + byte * scale
      value += (byte - 128) * scale
    }
  }

  #bytes(): string {
    const length = this.#integer()
    this.#at += length
    return this.#from.slice(this.#at - length, this.#at)
  }
}

/** Each character as two bytes, so that it may be any, half of a pair included. */
function halves(text: string): string {
  let bytes = ''
  for (let i = 0; i < text.length; i++) {
    bytes += String.fromCharCode(text.charCodeAt(i) >> 8, text.charCodeAt(i) & 255)
  }
  return bytes
}

function joinHalves(bytes: string): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 2) {
    text += String.fromCharCode(bytes.charCodeAt(i) * 256 + bytes.charCodeAt(i + 1))
  }
  return text
}
