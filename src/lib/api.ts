/**
 * The seam between generated code and everything that can send a request.
 *
 * Generated functions are `(api, input, init) => api.send(operation, input, init)`. They know the types
 * of this file and nothing else: no transport, no token, no clock.
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

export type HttpMethod = 'GET' | 'PUT' | 'POST' | 'DELETE' | 'OPTIONS' | 'HEAD' | 'PATCH' | 'TRACE'

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

/** A media type's validator, `null` where the document gives no schema (or validators are off). */
export type ResponseContent = Readonly<Record<string, Validator | null>>

/**
 * One operation of an OpenAPI document, as data.
 *
 * @typeParam Success what `send` resolves to
 * @typeParam Result the union by status that `result` resolves to
 */
export interface Operation<Success = unknown, Result = unknown> {
  /** The operationId, or the name given to an operation without one. */
  readonly id: string
  readonly method: HttpMethod
  /** The path template, for example `/register/{client_id}`; relative to the base URL. */
  readonly path: string
  /** The first server URL that the document gives for this operation; absent when it names none. */
  readonly server?: string
  /** The authorization server metadata field that holds this operation's URL (`x-oauth-metadata-field`). */
  readonly metadataField?: string
  /** Whether the document asks for an access token; absent: none may be sent (`security: []`). */
  readonly accessToken?: 'required' | 'optional'
  /** The client authenticates itself here (`x-oauth-client-auth`); absent: it must not. */
  readonly clientAuth?: 'required' | 'optional'
  /** Departures from the default encodings, by place and name. */
  readonly encodings?: Readonly<
    Partial<Record<'path' | 'query' | 'headers' | 'cookies' | 'body', Readonly<Record<string, ValueEncoding>>>>
  >
  /** The media types that the request body may have, the first being the default. */
  readonly body?: readonly string[]
  /**
   * By status (`200`, `4XX`, `default`), then by media type; an empty object is an answer without a body. The
   * empty media type says that the body may be missing: it is then undefined.
   * `default` stands for a success only where no status of 2XX is listed: no error is ever taken for a success.
   */
  readonly responses: Readonly<Record<string, ResponseContent>>
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
  readonly ok: Ok
  readonly status: Status
  readonly body: Body
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
