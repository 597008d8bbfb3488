/** A value of a query parameter; an array is sent as the parameter repeated. `undefined` is left out. */
export type XrpcParam = string | number | boolean | readonly (string | number | boolean)[] | undefined

/** What a body may be that is sent as it is; anything else is sent as JSON. */
export type XrpcRawInput = Blob | ArrayBuffer | ArrayBufferView<ArrayBuffer> | ReadableStream | string

/** What a lexicon says of a method, as a type: whatever is left out is unknown. */
export interface XrpcMethod {
  readonly params?: object
  readonly input?: unknown
  readonly output?: unknown
}

/** Methods by their NSID, for an interface or a type that lists them. */
export type XrpcMethods = object

/** A client's default: any method, nothing known of it. */
// biome-ignore lint/complexity/noBannedTypes: no method is known, and an index signature would know all of them.
export type AnyXrpcMethods = {}

/** The known names are proposed, and every other one is taken. */
export type XrpcName<Methods> = (keyof Methods & string) | (string & Record<never, never>)

type MethodOf<Methods, Name> = Name extends keyof Methods ? Methods[Name] : XrpcMethod

type ParamsOf<Method> = Method extends { readonly params: infer Params }
  ? Params
  : Readonly<Record<string, XrpcParam>> | undefined

type InputOf<Method> = Method extends { readonly input: infer Input } ? Input : unknown

type OutputOf<Method> = Method extends { readonly output: infer Output } ? Output : unknown

/** Options may be left out where nothing in them is required. */
type Optional<Options> = Record<never, never> extends Options ? [options?: Options] : [options: Options]

/** `{ params }`, required where the lexicon has a parameter that is. */
type WithParams<Params> =
  Record<never, never> extends Params
    ? { readonly params?: Params | undefined }
    : undefined extends Params
      ? { readonly params?: Params }
      : { readonly params: Params }

/** `{ input }`, required where the lexicon has a body. */
type WithInput<Input> = undefined extends Input
  ? { readonly input?: Input }
  : unknown extends Input
    ? { readonly input?: Input }
    : { readonly input: Input }

/** What every call takes. */
export interface XrpcCallOptions {
  /** A service that the PDS is to pass the request on to: `did:web:api.example#bsky_appview`. @default the client's */
  readonly proxy?: string | undefined
  /** DIDs of the labelers whose labels are wanted, each with `;redact` where that is. @default the client's */
  readonly labelers?: readonly string[] | undefined
  /** Further header fields. */
  readonly headers?: HeadersInit | undefined
  readonly signal?: AbortSignal | undefined
}

/** What a query takes; parameters are required where its types demand one. */
export type XrpcGetOptions<Params = Readonly<Record<string, XrpcParam>> | undefined> = XrpcCallOptions &
  WithParams<Params>

/** What a procedure takes; input and parameters are required where its types demand them. */
export type XrpcPostOptions<
  Input = unknown,
  Params = Readonly<Record<string, XrpcParam>> | undefined,
> = XrpcCallOptions &
  WithParams<Params> &
  WithInput<Input> & {
    /** The media type of `input`. @default application/json; a Blob's own; raw input has none */
    readonly contentType?: string | undefined
  }

/** A successful answer: any 2xx status. */
export interface XrpcResponse<Data = unknown> {
  readonly status: number
  readonly headers: Headers
  /** JSON parsed, text as a string, anything else as bytes (`Uint8Array`); `undefined` where there was no body. */
  readonly data: Data
}

/**
 * Calls of one server, or of one account's PDS. `Methods` says what lexicons say, so that params, input and data have
 * types: `XrpcClient<{ 'com.example.get': { params: { id: string }; output: { name: string } } }>`.
 */
export interface XrpcClient<Methods extends XrpcMethods = AnyXrpcMethods> {
  /**
   * A query.
   *
   * @throws XrpcError for an error answer
   * @throws ResponseError for an answer that is none of XRPC; NetworkError, TimeoutError; RequestError
   * @throws TypeError for what cannot be sent
   */
  get<Name extends XrpcName<Methods>>(
    nsid: Name,
    ...options: Optional<XrpcGetOptions<ParamsOf<MethodOf<Methods, Name>>>>
  ): Promise<XrpcResponse<OutputOf<MethodOf<Methods, Name>>>>
  /** A procedure. Throws as `get` does. */
  post<Name extends XrpcName<Methods>>(
    nsid: Name,
    ...options: Optional<XrpcPostOptions<InputOf<MethodOf<Methods, Name>>, ParamsOf<MethodOf<Methods, Name>>>>
  ): Promise<XrpcResponse<OutputOf<MethodOf<Methods, Name>>>>
}

/** Calls that are made for an account. */
export interface AccountXrpcClient<Methods extends XrpcMethods = AnyXrpcMethods> extends XrpcClient<Methods> {
  readonly did: string
  /** Renews the access token now, whatever its age; calls do so by themselves when it is due or refused. */
  refresh(options?: { readonly signal?: AbortSignal }): Promise<void>
}

/** What all XRPC clients take. */
export interface XrpcClientOptions {
  /** For every call. */
  readonly proxy?: string
  /** For every call. */
  readonly labelers?: readonly string[]
  /** For every call. */
  readonly headers?: HeadersInit
  /** The `User-Agent` field. @default 'authentype/<version>' */
  readonly userAgent?: string
  /** Milliseconds for connection, headers and body together. @default 30_000 */
  readonly timeout?: number
  /** Bytes of an answer's body. @default 33_554_432, 32 MiB */
  readonly maxBytes?: number
}
