// The endpoints as functions from Request to Response. The core takes and gives data; this is all the HTTP there is.
import {
  buildDiscoveryDocument,
  type EndpointError,
  type EndpointRequest,
  errorBody,
  handleIntrospectionRequest,
  handlePushedAuthorizationRequest,
  handleRevocationRequest,
  handleTokenRequest,
  handleUserInfoRequest,
  type ServerEvent,
  type TokenEndpointConfig,
} from 'authentype/server'

export type Endpoint = (request: Request) => Promise<Response>
/** Where the audit events go: a table, a log. They hold no token and no secret. */
export type Audit = (event: ServerEvent) => void

const formType = 'application/x-www-form-urlencoded'

export function createEndpoints(config: TokenEndpointConfig, audit: Audit) {
  const { issuer } = config
  const endpoint =
    <Answer>(
      handle: (config: TokenEndpointConfig, request: EndpointRequest) => Promise<Outcome<Answer>>,
      write: (answer: Answer) => [body: unknown, status: number],
    ): Endpoint =>
    async (request) => {
      const read = await readRequest(issuer, request)
      if (!read) return json({ error: 'invalid_request' }, 400, { 'cache-control': 'no-store' })
      const outcome = await handle(config, read)
      for (const event of outcome.events) audit(event)
      if (!outcome.ok) return json(errorBody(outcome.error), outcome.error.status, outcome.error.headers)
      return json(...write(outcome.response), outcome.headers)
    }
  const at = (path: string) => issuer + path
  const endpoints = {
    authorization: at('/authorize'),
    token: at('/token'),
    jwks: at('/jwks'),
    pushedAuthorizationRequest: at('/par'),
    introspection: at('/introspect'),
    revocation: at('/revoke'),
    userinfo: at('/userinfo'),
  }
  return {
    metadata: async () => json(buildDiscoveryDocument(config, { endpoints }), 200),
    jwks: async () => json(config.keys.jwks(), 200, { 'cache-control': 'public, max-age=300' }),
    token: endpoint(handleTokenRequest, (tokens) => [tokens, 200]),
    par: endpoint(handlePushedAuthorizationRequest, (pushed) => [pushed, 201]),
    introspect: endpoint(handleIntrospectionRequest, ({ claims }) => [claims, 200]),
    revoke: endpoint(handleRevocationRequest, () => [undefined, 200]),
    userinfo: endpoint(handleUserInfoRequest, ({ claims }) => [claims, 200]),
  }
}

type Outcome<Answer> = { readonly events: readonly ServerEvent[] } & (
  | { readonly ok: true; readonly response: Answer; readonly headers: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly error: EndpointError }
)

/** `undefined` for what is no form. The URL is the one that clients know, whatever proxy stands before the server. */
async function readRequest(issuer: string, request: Request): Promise<EndpointRequest | undefined> {
  const { pathname, search } = new URL(request.url)
  const type = request.headers.get('content-type')?.split(';')[0]?.trim()
  const text = request.method === 'POST' ? await request.text() : ''
  if (text !== '' && type !== formType) return undefined
  return {
    method: request.method,
    url: issuer + pathname + search,
    params: new URLSearchParams(text),
    headers: { authorization: fields(request, 'authorization'), dpop: fields(request, 'dpop') },
  }
}

/** Two fields of one name arrive joined by a comma, and are refused by the core. */
function fields({ headers }: Request, name: string): readonly string[] {
  return headers.get(name)?.split(', ') ?? []
}

function json(body: unknown, status: number, headers: Readonly<Record<string, string>> = {}): Response {
  const text = body === undefined ? null : JSON.stringify(body)
  return new Response(text, { status, headers: { 'content-type': 'application/json', ...headers } })
}
