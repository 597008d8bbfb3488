import { withoutTrailingSlashes } from '../normalise/servers.ts'
import type { OAuthBinding } from '../oauth/recognise.ts'
import type { Spec } from '../spec.ts'
import { type EmittedFile, type FileStyle, joinFile } from './file.ts'
import { propertyKey, stringLiteral, valueKey } from './text.ts'

/**
 * `oauth.ts`: the endpoints of the document's authorization server, in the form of its metadata, for servers that
 * publish none. Nothing where the document has no such operation with a path of its own.
 */
export function emitOAuth(spec: Spec, bindings: readonly OAuthBinding[], style: FileStyle): EmittedFile[] {
  const paths = new Map<string, string>()
  for (const { operation, field } of bindings) {
    const found = spec.operations.find(({ key }) => key === operation)
    if (!found || paths.has(field) || found.path.includes('{')) continue
    const { server, path } = found
    const isElsewhere = server !== undefined && server !== spec.server
    paths.set(
      field,
      isElsewhere ? stringLiteral(withoutTrailingSlashes(server) + path) : `base + ${stringLiteral(path)}`,
    )
  }
  // A document with the extension is of a server with metadata.
  if (paths.size === 0 || bindings.every(({ by }) => by === 'extension')) return []
  const fields = [...paths].sort(([a], [b]) => (a < b ? -1 : 1))
  const fallback = spec.server === undefined ? 'issuer' : stringLiteral(spec.server)
  const text = `/** The metadata of the document's authorization server (RFC 8414 2), as far as the document shows it. */
export type ServerMetadata = {
  readonly issuer: string
${fields.map(([field]) => `  readonly ${propertyKey(field)}: string\n`).join('')}}

/**
 * Metadata for a server that publishes none, or too little: \`createOAuthClient({ metadata: serverMetadata(issuer) })\`.
 *
 * @param issuer the issuer identifier, exactly as the server writes it
 * @param baseUrl where the paths of the document begin
 */
export function serverMetadata(issuer: string, baseUrl: string = ${fallback}): ServerMetadata {
  const base = baseUrl.replace(/\\/+$/, '')
  return {
    issuer,
${fields.map(([field, path]) => `    ${valueKey(field)}: ${path},\n`).join('')}  }
}
`
  return [{ name: 'oauth.ts', text: joinFile(style.header, [], [text]) }]
}
