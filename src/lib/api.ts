import type { ResponseErrorCode } from '../errors/response.ts'
import type { Fetch } from './fetch.ts'
import type { Runtime } from './runtime.ts'

/**
 * The seam between generated code and everything that can send a request.
 *
 * Generated functions are `(api, input, init) => api.send(operation, input, init)`. An operation is data, and beside
 * it the functions that its own request and answers need (`src/lib/wire`): what no operation names, no application
 * has to load. None of them knows a transport, a token or a clock.
 */

/** The first thing in a value that does not fit its schema. Never holds the value itself, which may be a token. */
export interface ValidationFailure {
  /** Where, as a JSON Pointer; the empty string is the whole value. */
  readonly path: string
  /** What the schema asks for, in words: `string`, `array of string`, `https URL`. */
  readonly expected: string
  /** The JSON type that came: `string`, `number`, `boolean`, `null`, `array`, `object`, `absent`. */
  readonly actualType: string
}

/** Judges a parsed body. Returns nothing when it fits. */
export type Validator = (value: unknown) => ValidationFailure | undefined

/** In upper case, as it is sent. */
export type HttpMethod = 'GET' | 'PUT' | 'POST' | 'DELETE' | 'OPTIONS' | 'HEAD' | 'PATCH' | 'TRACE' | 'QUERY'

/** How one parameter or form field is written, where the document departs from the default of its place. */
export interface ValueEncoding {
  /** @default form for query and cookies and form fields, simple for path and headers */
  readonly style?: 'form' | 'simple' | 'label' | 'matrix' | 'spaceDelimited' | 'pipeDelimited' | 'deepObject' | 'json'
  /** @default true for style form, else false */
  readonly explode?: boolean
  /** Leave the reserved characters of RFC 3986 2.2 as they are. @default false */
  readonly allowReserved?: boolean
  /** The content type of this part of a multipart body. */
  readonly contentType?: string
}

/** By name of parameter or field. */
export type Encodings = Readonly<Record<string, ValueEncoding>>

/**
 * How an answer of one media type is read. A validator judges what is parsed as JSON, `null` lets any JSON pass
 * (no schema, or validators are off).
 */
export type ContentReader = Validator | null | 'text' | 'blob'

/** By media type. */
export type ResponseContent = Readonly<Record<string, ContentReader>>

export interface EncodedBody {
  readonly body: BodyInit
  /** Absent where the body brings its own: a boundary, a Blob's type. */
  readonly contentType?: string
}

/** The path with its parameters. @throws TypeError for one that is missing or would leave its segment */
export type PathWriter = (operation: Operation, input: OperationInput) => string
/** Adds the parameters to the query of a URL. */
export type QueryWriter = (url: URL, operation: Operation, input: OperationInput) => void
/** @throws TypeError for a value that has no form in this media type */
export type BodyWriter = (body: unknown, mediaType: string, encodings?: Encodings) => EncodedBody

/** Adds a part of the input to a request that is being made. @throws TypeError for what cannot be written */
export type PartWriter = (operation: Operation, input: OperationInput, request: RequestParts) => void

/** A request while it is made. */
export interface RequestParts {
  readonly headers: Headers
  body?: BodyInit
  /** A stream as the body is sent while it is read. */
  duplex?: 'half'
}

/** What `createApi` was given, as far as it decides who proves what to whom. */
export interface Credentials {
  readonly authenticatedFetch?: Fetch | undefined
  readonly clientFetch?: Fetch | undefined
  readonly clientId?: string | undefined
  readonly clientAuth?: ClientAuthenticator | undefined
  readonly issuer?: string | undefined
  readonly metadata?: object | undefined
  readonly runtime?: Runtime | undefined
}

/** How a client proves itself, as far as a request needs to know: `protocol/client-auth.ts` makes such values. */
export interface ClientAuthenticator {
  readonly method: string
  readonly signingAlg?: string
  readonly authenticate: (context: {
    readonly clientId: string
    readonly issuer: string
    readonly runtime: Runtime
  }) => ClientProof | Promise<ClientProof>
}

/** Header fields and form parameters that a client's authentication adds. */
export interface ClientProof {
  readonly headers?: Readonly<Record<string, string>>
  readonly parameters?: Readonly<Record<string, string>>
}

/**
 * What sends an operation that asks for credentials; undefined where it may go without and there are none.
 *
 * @throws TypeError where they are required and missing
 */
export type Authorizer = (
  operation: Operation,
  request: Request,
  plain: Fetch,
  credentials: Credentials,
  init: RequestOptions,
) => Fetch | undefined

/** An answer as the document describes it. Success is a matter of the status alone. */
export type Answer = ApiResult<number, boolean, unknown>

/**
 * What an error is in a convention of its own, such as OAuth's: another error, or the one that it was. `bytes` are the
 * body of an answer whose `body` says nothing, because the document does not describe it.
 */
export type ErrorReader = (
  error: Error,
  operation: Operation,
  answer: Answer,
  bytes?: ArrayBuffer,
  runtime?: Runtime,
) => Error

/** Makes the error of an answer that is not as described. */
export type Refuse = (code: ResponseErrorCode, expected: string, actual?: string) => Error

/**
 * Reads a body by its content type; undefined for one that the document does not have.
 *
 * @throws what `refuse` makes of a body that does not fit
 */
export type BodyReader = (content: ResponseContent, answer: Answer, bytes: ArrayBuffer, refuse: Refuse) => unknown

/** The URL that the server's metadata has for an operation; undefined where the path will do. */
export type Discoverer = (operation: Operation, metadata: object | undefined) => string | undefined

/**
 * One operation of an OpenAPI document: data, and the functions that it needs. A function that is absent is not
 * needed: an operation without `writeQuery` has no query parameters.
 *
 * @typeParam Success what `send` resolves to
 * @typeParam Result the union by status that `result` resolves to
 */
export interface Operation<Success = unknown, Result = unknown> {
  /** The operationId, or the name given to an operation without one. */
  readonly id: string
  /** One of `HttpMethod`, or another that the document names (OpenAPI 3.2 `additionalOperations`). */
  readonly method: HttpMethod | (string & {})
  /** The path template, for example `/register/{client_id}`; relative to the base URL. */
  readonly path: string
  readonly fillPath?: PathWriter
  /** The first server URL that the document gives for this operation; absent when it names none. */
  readonly server?: string
  /** The authorization server metadata field that holds this operation's URL (`x-oauth-metadata-field`). */
  readonly metadataField?: string
  readonly discover?: Discoverer
  /**
   * Where a specification says what the answer is (`x-oauth-clause`), for the errors of an answer that is another. Such
   * an answer has the media type that the specification demands, by name: `read` is `readTypedJson` or the like.
   */
  readonly clause?: string
  /** Whether the document asks for an access token; absent: none may be sent (`security: []`). */
  readonly accessToken?: 'required' | 'optional'
  /** The client authenticates itself here (`x-oauth-client-auth`); absent: it must not. */
  readonly clientAuth?: 'required' | 'optional'
  /** Present where `accessToken` or `clientAuth` is. */
  readonly authorize?: Authorizer
  /** Present where a redirect may be followed: a GET or HEAD without credentials. */
  readonly follow?: (fetch: Fetch) => Fetch
  readonly writeQuery?: QueryWriter
  /** What writes header parameters, cookies and the body, where there are such. */
  readonly parts?: readonly PartWriter[]
  /** Departures from the default encodings, by place and name. */
  readonly encodings?: Readonly<Partial<Record<'path' | 'query' | 'headers' | 'cookies' | 'body', Encodings>>>
  /** By media type, what writes the request body; the first is the default. */
  readonly body?: Readonly<Record<string, BodyWriter>>
  /** The media types of a success. @default application/json */
  readonly accept?: string
  /**
   * By status (`200`, `4XX`, `default`), then by media type; an empty object is an answer without a body. The
   * empty media type says that the body may be missing: it is then undefined.
   * `default` stands for no success: a document whose default does is given as `2XX` too, so that no error is ever
   * taken for one. A range of successes has a 204, which has no body (RFC 9110 15.3.5), beside it.
   */
  readonly responses: Readonly<Record<string, ResponseContent>>
  /** Present where an answer has a body. */
  readonly read?: BodyReader
  /** Present where errors may be OAuth's. */
  readonly readError?: ErrorReader
  /** Never present at run time: carries the types from the description to `send` and `result`. */
  readonly '~types'?: { readonly success: Success; readonly result: Result }
}

/** The parts of a request, by their wire names. */
export interface OperationInput {
  readonly path?: object
  readonly query?: object
  readonly headers?: object
  readonly cookies?: object
  readonly body?: unknown
  /** One of the operation's body media types. @default the first that the document lists */
  readonly contentType?: string
}

/** What can be set for one call, last argument of every generated function. */
export interface RequestOptions {
  readonly signal?: AbortSignal
  /** Sent as given, over the operation's own. */
  readonly headers?: HeadersInit
  /** Milliseconds for connection, headers and body together. */
  readonly timeout?: number
  /** Takes the place of the API's base URL. */
  readonly baseUrl?: string | URL
  /** The whole URL of the operation: over the discovered one and the document's path. */
  readonly url?: string | URL
  /** Takes the place of the API's fetch, for operations without credentials. */
  readonly fetch?: (request: Request) => Promise<Response>
  /** Takes the place of the API's authenticated fetch. */
  readonly authenticatedFetch?: (request: Request) => Promise<Response>
}

type Digit = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9

type NumberOf<Text extends string> = Text extends `${infer Value extends number}` ? Value : never

/** All statuses of a class, as `StatusIn<4>` is 400 to 499: so that `status` discriminates ranges and `default` too. */
export type StatusIn<Class extends 1 | 2 | 3 | 4 | 5> = NumberOf<`${Class}${Digit}${Digit}`>

/** What every member of a result union has, beside its status, body and `ok`. */
export interface ApiResult<Status extends number, Ok extends boolean, Body> {
  /** Whether the status is one of success. */
  readonly ok: Ok
  /** The status of the answer. */
  readonly status: Status
  /** What the document describes for this status, validated. */
  readonly body: Body
  /** The fields of the answer. */
  readonly headers: Headers
  /** The media type of the answer, without parameters, lower case; empty where there was no body. */
  readonly contentType: string
}

/** Sends described operations. `createApi` makes one. */
export interface Api {
  /**
   * Resolves to the validated body of a success.
   *
   * @throws ApiError for a documented error status (OAuthResponseError where it is an OAuth error)
   * @throws ResponseError for an answer that the document does not describe
   * @throws NetworkError | TimeoutError when no answer came
   */
  send<Success>(operation: Operation<Success>, input?: OperationInput, init?: RequestOptions): Promise<Success>
  /** Resolves to the documented answer, error statuses included; throws only for what is not documented. */
  result<Result>(operation: Operation<unknown, Result>, input?: OperationInput, init?: RequestOptions): Promise<Result>
  /** The operation's URL with its parameters, for those that a browser is sent to. Sends nothing. */
  url(operation: Operation, input?: OperationInput, init?: Pick<RequestOptions, 'baseUrl' | 'url'>): URL
}
