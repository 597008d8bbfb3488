import { intersection } from '../normalise/lift-required.ts'
import type { MediaSpec, NamedSchema, OperationSpec, Schema } from '../spec.ts'
import type { OAuthRole } from './roles.ts'

type Schemas = ReadonlyMap<string, NamedSchema>

/**
 * How well an operation fits a role: more is better, 0 is not at all. A path alone is enough only where the document
 * says nothing of what is sent and answered there; what it says must not contradict.
 */
export function evidenceFor(
  role: OAuthRole,
  operation: OperationSpec,
  schemas: Schemas,
  schemeUrls: readonly string[],
): number {
  const { method, path } = operation
  if (!role.methods.includes(method)) return 0
  if (schemeUrls.some((url) => pathOf(url).endsWith(path) && path.length > 1)) return 100
  const pattern = role.paths.findIndex((each) => each.test(path))
  if (pattern === -1) return 0
  if (role.request && !operation.body && !operation.parameters.some(({ place }) => place === 'query')) return 0
  const request = fits(role.request, requestNames(operation, schemas))
  const response = fits(role.response, responseNames(operation, schemas))
  if (request === false || response === false) return 0
  // A path with parameters is more often a thing's own than a server's one endpoint.
  const oneOfMany = path.includes('{') ? 3 : 0
  return 10 - pattern - oneOfMany + (request ? 4 : 0) + (response ? 4 : 0)
}

/** Undefined where there is nothing to judge by. */
function fits(
  wanted: readonly (readonly string[])[] | undefined,
  names: ReadonlySet<string> | undefined,
): boolean | undefined {
  if (!wanted || !names || names.size === 0) return undefined
  return wanted.every((some) => some.some((name) => names.has(name)))
}

function requestNames({ parameters, body }: OperationSpec, schemas: Schemas): ReadonlySet<string> {
  const query = parameters.filter(({ place }) => place === 'query').map(({ name }) => name)
  return new Set([...query, ...(body?.content ?? []).flatMap((media) => namesOf(media, schemas))])
}

function responseNames({ responses }: OperationSpec, schemas: Schemas): ReadonlySet<string> {
  const successes = responses.filter(({ status }) => status.startsWith('2'))
  return new Set(successes.flatMap(({ content }) => content.flatMap((media) => namesOf(media, schemas))))
}

const namesOf = ({ schema }: MediaSpec, schemas: Schemas): string[] => (schema ? propertyNames(schema, schemas, 0) : [])

function propertyNames(schema: Schema, schemas: Schemas, depth: number): string[] {
  // A union of unions of unions is no form of OAuth's.
  if (depth > 3) return []
  return [...intersection(schemas, schema)].flatMap((part) => [
    ...(part.properties?.keys() ?? []),
    ...[...(part.oneOf ?? []), ...(part.anyOf ?? [])].flatMap((branch) => propertyNames(branch, schemas, depth + 1)),
  ])
}

/** A scheme's URL may be relative to the server's. */
function pathOf(url: string): string {
  return URL.canParse(url, 'https://relative.invalid') ? new URL(url, 'https://relative.invalid').pathname : ''
}
