import { GenerateError } from '../../errors/generate.ts'
import type { LoadedDocument } from '../load/load.ts'
import type { EmittedFile } from './file.ts'

/**
 * `schema.ts`, by openapi-typescript: the types that openapi-fetch is typed by. An optional peer, loaded only
 * here and only when asked for, since it brings a compiler along.
 */
export async function emitSchema(document: LoadedDocument, header: string): Promise<EmittedFile> {
  const { default: openapiTypescript, astToString } = await loadPeer()
  let ast: Awaited<ReturnType<typeof openapiTypescript>>
  try {
    // It would change what it is given; the other emitters work on the same object.
    ast = await openapiTypescript(structuredClone(document.root.root) as never, {
      immutable: true,
      // Absent is absent, whatever a server takes for it; and an object without properties holds anything.
      defaultNonNullable: false,
      emptyObjectsUnknown: true,
      silent: true,
    })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    const file = document.root.name
    throw new GenerateError(
      'document_unsupported',
      `openapi-typescript cannot read ${file}: ${reason}; leave --schema out, or correct the document`,
      { file, cause },
    )
  }
  return { name: 'schema.ts', text: `${header}\n${astToString(ast).trimEnd()}\n` }
}

async function loadPeer(): Promise<typeof import('openapi-typescript')> {
  try {
    return await import('openapi-typescript')
  } catch (cause) {
    throw new GenerateError(
      'missing_peer',
      '--schema needs openapi-typescript; install it with: npm install --save-dev openapi-typescript@7.13.0',
      { cause },
    )
  }
}
