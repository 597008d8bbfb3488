import { isJson, isMultipart, isText, isUrlEncoded } from '../media-types.ts'
import { findProperty } from '../normalise/lift-required.ts'
import type { MediaSpec, NamedSchema, OperationSpec, ParameterPlace } from '../spec.ts'

/** A slot of the described operation, and the function of the runtime that fills it. */
export type Feature = readonly [slot: string, name: string]

/**
 * The functions that an operation's requests and answers need, and none that they do not: what is not imported here
 * is in no application's bundle.
 *
 * @param isJudged whether a validator holds any of the answers to its schema
 */
export function featuresOf(
  operation: OperationSpec,
  schemas: ReadonlyMap<string, NamedSchema>,
  isJudged: boolean,
): Feature[] {
  const { accessToken, clientAuth, metadataField, responses } = operation
  const media = operation.method === 'HEAD' ? [] : responses.flatMap(({ content }) => content)
  const isOAuth = accessToken || clientAuth || metadataField !== undefined
  const builders: (Feature | undefined)[] = [
    /\{[^{}]+\}/.test(operation.path)
      ? ['fillPath', isStyled(operation, 'path') || hasLists(operation, schemas) ? 'fillStyledPath' : 'fillPath']
      : undefined,
    metadataField === undefined
      ? undefined
      : ['discover', operation.metadataFallback ? 'preferDiscovered' : 'discover'],
    has(operation, 'query')
      ? ['writeQuery', isStyled(operation, 'query') ? 'writeStyledQuery' : 'writeQuery']
      : undefined,
  ]
  const others: (Feature | undefined)[] = [
    clientAuth || accessToken ? ['authorize', clientAuth ? 'authorizeClient' : 'authorizeToken'] : undefined,
    mayFollow(operation) ? ['follow', 'followRedirects'] : undefined,
    media.length > 0 ? ['read', bodyReader(operation, media, isJudged)] : undefined,
    ...(isOAuth
      ? [['readError', 'readOAuthError'] as const]
      : mayRefuseLikeOAuth(operation, schemas)
        ? [['readError', 'readOAuthBody'] as const]
        : []),
  ]
  // Of a request that a browser sends, only the URL is built.
  return (operation.userAgent === undefined ? [...builders, ...others] : builders).filter(
    (feature) => feature !== undefined,
  )
}

/** What reads an answer's body; where a specification has said what comes, it comes by its type. */
function bodyReader(operation: OperationSpec, media: readonly MediaSpec[], isJudged: boolean): string {
  const typed = operation.clause === undefined ? '' : 'Typed'
  if (!media.every(isPlainJson) || !isAlone(operation)) return `read${typed}Content`
  return isJudged ? `read${typed}Json` : `readAny${typed}Json`
}

/** What writes the parts of a request beside its URL. */
export function partWriters(operation: OperationSpec): string[] {
  if (operation.userAgent !== undefined) return []
  return [
    ...(has(operation, 'headers') ? ['writeHeaders'] : []),
    ...(has(operation, 'cookies') ? ['writeCookies'] : []),
    ...(operation.body ? ['writeBody'] : []),
  ]
}

/** What is asked for, in the document's order; undefined where it is JSON, as nearly always. */
export function acceptOf({ responses, userAgent, method }: OperationSpec): string | undefined {
  if (userAgent !== undefined) return undefined
  const successes = responses.filter(({ status }) => status.startsWith('2') || status === 'default')
  const types = [...new Set(successes.flatMap(({ content }) => content.map(({ mediaType }) => mediaType)))].filter(
    Boolean,
  )
  const [first = '*/*', ...others] = types
  const accept = [first, ...others.map((type) => `${type};q=0.9`)].join(', ')
  return accept === 'application/json' || (types.length === 0 && method !== 'GET') ? undefined : accept
}

/** What writes a request body of one media type. */
export function bodyWriter({ mediaType, encodings }: MediaSpec): string {
  if (mediaType.includes('*')) return 'writeAny'
  if (isJson(mediaType)) return 'writeJson'
  if (isUrlEncoded(mediaType)) return encodings.size > 0 ? 'writeStyledForm' : 'writeForm'
  return isMultipart(mediaType) ? 'writeMultipart' : 'writeRaw'
}

/** How an answer of one media type is read: by a validator, `null` for any JSON, or by name. */
export function contentReader({ mediaType }: MediaSpec, validator: string | undefined): string {
  if (mediaType === '' || isJson(mediaType)) return validator ?? 'null'
  return isText(mediaType) ? "'text'" : "'blob'"
}

const has = ({ parameters }: OperationSpec, place: ParameterPlace): boolean =>
  parameters.some((parameter) => parameter.place === place)

/** Path parameters that may be more than one value. */
const hasLists = ({ parameters }: OperationSpec, schemas: ReadonlyMap<string, NamedSchema>): boolean =>
  parameters.some(({ place, schema }) => {
    if (place !== 'path') return false
    const { types = [] } = (schema.ref === undefined ? schema : schemas.get(schema.ref)?.schema) ?? schema
    return types.includes('array') || types.includes('object')
  })

const isStyled = ({ parameters }: OperationSpec, place: ParameterPlace): boolean =>
  parameters.some((parameter) => parameter.place === place && Object.keys(parameter.encoding).length > 0)

/**
 * Where the document or the protocol knows of redirects; anywhere else one is an answer that nobody described. What is
 * sent with a credential, or sent to change something, goes where it was meant to go.
 */
const mayFollow = ({ method, path, accessToken, clientAuth, metadataField, responses }: OperationSpec): boolean =>
  (method === 'GET' || method === 'HEAD') &&
  accessToken !== 'required' &&
  clientAuth !== 'required' &&
  (metadataField !== undefined || path.includes('/.well-known/') || responses.some(({ status }) => /^3/.test(status)))

const isPlainJson = ({ mediaType }: MediaSpec): boolean =>
  mediaType === '' || (isJson(mediaType) && !mediaType.includes('*'))

/** No answer has two media types with validators of their own. */
const isAlone = ({ responses }: OperationSpec): boolean =>
  responses.every(
    ({ content }) =>
      new Set(content.filter(({ mediaType }) => mediaType !== '').map(({ schema }) => schema?.ref)).size < 2,
  )

/** An error answer has the members of RFC 6749 5.2. */
function mayRefuseLikeOAuth({ responses }: OperationSpec, schemas: ReadonlyMap<string, NamedSchema>): boolean {
  return responses.some(
    ({ status, content }) =>
      !status.startsWith('2') &&
      content.some(
        ({ schema }) =>
          schema &&
          findProperty(schemas, schema, 'error')?.types?.includes('string') &&
          findProperty(schemas, schema, 'error_description'),
      ),
  )
}
