import { createReadStream } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { GenerateError } from '../../errors/generate.ts'

/** Far above the largest published document (13 MB). */
const maxBytes = 64 * 1024 * 1024
const fetchTimeout = 30_000
const unreadableTexts: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder; name the document in it',
  EACCES: 'this user may not read it',
}

/** The text behind a location: a file, an http(s) URL, or `stdin:`. */
export async function readText(
  location: string,
  name: string,
  options: { redirect: 'follow' | 'error' },
): Promise<string> {
  const protocol = new URL(location).protocol
  const text =
    protocol === 'stdin:'
      ? decode(await readLimited(process.stdin, name))
      : protocol === 'file:'
        ? await readLocal(location, name)
        : await readRemote(location, name, options.redirect)
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}

async function readLocal(location: string, name: string): Promise<string> {
  try {
    // A device or a pipe has no size to ask for beforehand.
    return decode(await readLimited(createReadStream(fileURLToPath(location)), name))
  } catch (cause) {
    if (cause instanceof GenerateError) throw cause
    throw unreadable(name, unreadableTexts[(cause as { code?: string }).code ?? ''] ?? String(cause), cause)
  }
}

/** YAML 1.2 5.2: a byte order mark tells UTF-16; all else is UTF-8. */
function decode(bytes: Uint8Array): string {
  const [first, second] = bytes
  const encoding =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8'
  return new TextDecoder(encoding, { ignoreBOM: true }).decode(bytes)
}

async function readRemote(location: string, name: string, redirect: 'follow' | 'error'): Promise<string> {
  let response: Response
  try {
    response = await fetch(location, { redirect, signal: AbortSignal.timeout(fetchTimeout) })
  } catch (cause) {
    throw unreadable(name, reasonOf(cause), cause)
  }
  if (!response.ok) throw unreadable(name, `the server answered ${response.status}`)
  return new TextDecoder().decode(await readLimited(response.body ?? [], name))
}

/** Reads no more than a document may have. */
async function readLimited(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  name: string,
): Promise<Uint8Array> {
  const read: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.byteLength
    if (bytes > maxBytes)
      throw new GenerateError('document_too_complex', `${name} is larger than ${maxBytes} bytes`, { file: name })
    read.push(chunk)
  }
  return Buffer.concat(read)
}

/** Fetch says no more than that it failed; the reason is in its cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as { message?: unknown; cause?: unknown }
  const { code, message: inner } = (cause ?? {}) as { code?: unknown; message?: unknown }
  const detail = typeof code === 'string' ? code : inner
  return `${String(message ?? error)}${typeof detail === 'string' ? ` (${detail})` : ''}`
}

function unreadable(name: string, reason: string, cause?: unknown): GenerateError {
  return new GenerateError('document_unreadable', `${name} cannot be read: ${reason}`, { file: name, cause })
}
