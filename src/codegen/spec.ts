import type { HttpMethod, ValueEncoding } from '../lib/api.ts'

/**
 * The internal form: what every later stage works on, whatever version the document was. Schemas have the
 * meaning of JSON Schema 2020-12; references are keys into `Spec.schemas`; media types are lower case and
 * without parameters; parameters of path and operation are merged.
 */
export interface Spec {
  readonly title: string
  /** By key: `#/components/schemas/Name`, or for other targets of references their file and pointer. */
  readonly schemas: ReadonlyMap<string, NamedSchema>
  readonly operations: readonly OperationSpec[]
  /** The first absolute server URL of the whole document. */
  readonly server: string | undefined
  /** By metadata field, the URLs of the document's OAuth security schemes. */
  readonly schemeUrls: ReadonlyMap<string, readonly string[]>
}

export interface NamedSchema {
  readonly key: string
  /** What the document calls it, before it is made an identifier. */
  readonly title: string
  readonly schema: Schema
}

export type JsonType = 'string' | 'number' | 'integer' | 'boolean' | 'null' | 'array' | 'object'

/** A JSON Schema with every keyword that types or validators express; absent keywords say nothing. */
export interface Schema extends SchemaKeywords {
  /** The part of the document that it came from, for warnings. */
  readonly node: unknown
  /** A key of `Spec.schemas`. Besides annotations, a schema with `ref` has nothing else. */
  readonly ref?: string
  /** Nothing fits: the schema `false`. */
  readonly never?: true
  readonly types?: readonly JsonType[]
  readonly enum?: readonly unknown[]
  /** Strings that are known, of a set that stays open (`x-known-values`). */
  readonly knownValues?: readonly string[]
}

export interface SchemaKeywords extends ObjectKeywords, ArrayKeywords, ScalarKeywords, Annotations {
  readonly allOf?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly not?: Schema
  readonly if?: Schema
  readonly then?: Schema
  readonly else?: Schema
  readonly discriminator?: Discriminator
}

export interface ObjectKeywords {
  readonly properties?: ReadonlyMap<string, Schema>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema
  readonly unevaluatedProperties?: Schema
  readonly patternProperties?: ReadonlyMap<string, Schema>
  readonly propertyNames?: Schema
  readonly dependentRequired?: ReadonlyMap<string, readonly string[]>
  readonly dependentSchemas?: ReadonlyMap<string, Schema>
  readonly minProperties?: number
  readonly maxProperties?: number
}

export interface ArrayKeywords {
  readonly items?: Schema
  readonly prefixItems?: readonly Schema[]
  readonly contains?: Schema
  readonly minContains?: number
  readonly maxContains?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly uniqueItems?: true
}

export interface ScalarKeywords {
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly format?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly multipleOf?: number
}

export interface Annotations {
  readonly title?: string
  readonly description?: string
  readonly deprecated?: true
  readonly readOnly?: true
  readonly writeOnly?: true
  readonly default?: unknown
  readonly examples?: readonly unknown[]
}

export interface Discriminator {
  readonly propertyName: string
  /** Value to key of `Spec.schemas`. */
  readonly mapping: ReadonlyMap<string, string>
}

export type ParameterPlace = 'path' | 'query' | 'headers' | 'cookies'

export interface ParameterSpec {
  readonly place: ParameterPlace
  readonly name: string
  readonly required: boolean
  readonly schema: Schema
  readonly encoding: ValueEncoding
  readonly description?: string
  readonly deprecated?: true
}

export interface MediaSpec {
  /** Lower case, without parameters. */
  readonly mediaType: string
  readonly schema?: Schema
  /** Of form fields and multipart parts, where they depart from the default. */
  readonly encodings: ReadonlyMap<string, ValueEncoding>
}

export interface BodySpec {
  readonly required: boolean
  readonly description?: string
  readonly content: readonly MediaSpec[]
}

export interface ResponseSpec {
  /** `200`, `4XX` or `default`. */
  readonly status: string
  readonly description?: string
  /** Names of documented headers. */
  readonly headers: readonly string[]
  readonly content: readonly MediaSpec[]
}

export interface OperationSpec {
  readonly node: unknown
  /** `POST /token`: unique in a document. */
  readonly key: string
  readonly operationId?: string
  /** Upper case, but for methods of other names (3.2). */
  readonly method: HttpMethod | (string & {})
  readonly path: string
  readonly tags: readonly string[]
  readonly summary?: string
  readonly description?: string
  readonly deprecated?: true
  readonly parameters: readonly ParameterSpec[]
  readonly body?: BodySpec
  readonly responses: readonly ResponseSpec[]
  /** Where it differs from the document's. */
  readonly server?: string
  readonly accessToken?: 'required' | 'optional'
  readonly clientAuth?: 'required' | 'optional'
  /** Security schemes without which it is not to be called, and for which nothing is sent: keys, passwords. */
  readonly otherCredentials?: readonly { readonly name: string; readonly node: unknown }[]
  readonly metadataField?: string
  /** Where a specification says what the answer is. */
  readonly clause?: string
  /** The document's path is good too: the server's metadata need not have the field. */
  readonly metadataFallback?: true
  /** A browser sends this request: only its URL can be built. */
  readonly userAgent?: 'redirect' | 'form-post'
}
