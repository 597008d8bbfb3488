import { createEvent, type ServerEvent } from '../server/index.ts'
import { empty, publicJson, shareWithAnyOrigin } from './answers.ts'
import { authorize } from './authorize-routes.ts'
import { backchannelAuthentication, inbox } from './backchannel-routes.ts'
import type { DevContext } from './context.ts'
import { device } from './device-routes.ts'
import { metadataOf, paths, resourceMetadataOf } from './endpoints.ts'
import { type Answerer, type DevAnswer, type DevRequest, toResponse } from './exchange.ts'
import { front } from './front-route.ts'
import { interact } from './interaction-routes.ts'
import { endSession, logout } from './logout-routes.ts'
import { offer } from './offer-routes.ts'
import { refusalPage } from './pages/message-pages.ts'
import { Refused, type RequestInfo } from './read-request.ts'
import { manageClient, register } from './registration-routes.ts'
import { deviceAuthorization, introspect, par, type Route, revoke, token, userinfo } from './token-routes.ts'
import { webFinger } from './web-finger-route.ts'

/**
 * The whole server as one function of the platform's types. An answer that is to be lost is `Response.error()`:
 * whoever sends it breaks the connection instead.
 */
export type DevHandler = (request: Request, info?: RequestInfo) => Promise<Response>

type Methods = Readonly<Partial<Record<'GET' | 'POST' | 'PUT' | 'DELETE', Route>>>

/** Seconds that clients may keep the key set and the metadata. */
const keysMaxAge = 300

const metadata: Route = async (context) => publicJson(metadataOf(context), keysMaxAge)
const jwks: Route = async ({ keys }) => publicJson(keys.jwks(), keysMaxAge)

const routes: Readonly<Record<string, Methods>> = {
  [paths.oauthMetadata]: { GET: metadata },
  [paths.openIdConfiguration]: { GET: metadata },
  [paths.webFinger]: { GET: webFinger },
  [paths.jwks]: { GET: jwks },
  [paths.authorize]: { GET: authorize, POST: authorize },
  [paths.par]: { POST: par },
  [paths.token]: { POST: token },
  [paths.introspect]: { POST: introspect },
  [paths.revoke]: { POST: revoke },
  [paths.userinfo]: { GET: userinfo, POST: userinfo },
  [paths.register]: { POST: register },
  [paths.deviceAuthorization]: { POST: deviceAuthorization },
  [paths.backchannelAuthentication]: { POST: backchannelAuthentication },
  [paths.front]: { GET: front },
  [paths.device]: { GET: device, POST: device },
  [paths.inbox]: { GET: inbox, POST: inbox },
  [paths.offer]: { GET: offer, POST: offer },
  [paths.endSession]: { GET: endSession, POST: endSession },
  [paths.logout]: { POST: logout },
}

const pages: readonly string[] = [
  paths.authorize,
  paths.front,
  paths.device,
  paths.inbox,
  paths.offer,
  paths.endSession,
  paths.logout,
  paths.interaction,
]
/** Their answers are those of openapi/oauth.yaml, to browsers too. */
const describedPaths: readonly string[] = Object.keys(routes).filter(
  (path) => !pages.includes(path) || path === paths.authorize || path === paths.endSession,
)
/** Of the fault `slow-responses`. */
const slowBy = 3_000

/** The whole server, before it is a platform's. */
export function createAnswerer(context: DevContext): Answerer {
  const hosts = allowedHosts(context)
  return async (request, info) => {
    const { pathname, host } = placeOf(request.url)
    // A page of another name that resolves to this machine is turned away (DNS rebinding).
    if (!hosts.includes(host)) return empty(421)
    const answered = await answerAt(context, pathname, request, info)
    const answer = isBlank(answered, pathname, request) ? await fillBlank(answered) : answered
    const isForeign = request.headers.get('origin') !== null && !isPage(pathname)
    const shared = isForeign ? shareWithAnyOrigin(answer) : answer
    if (pathname !== paths.token) return shared
    if (context.faults.has('slow-responses')) await context.wait(slowBy)
    return context.faults.has('lost-responses') && context.isNextTurn('lost-responses') ? undefined : shared
  }
}

/** An empty refusal leaves a user before a page of the browser's own. What the document describes stays as it says. */
function isBlank({ status, body }: DevAnswer, pathname: string, { headers }: DevRequest): boolean {
  const isEmpty = status >= 400 && body === undefined
  return isEmpty && headers.get('accept')?.includes('text/html') === true && !describedPaths.includes(pathname)
}

async function fillBlank({ status, headers }: DevAnswer): Promise<DevAnswer> {
  const page = await refusalPage(status)
  return { ...page, headers: { ...headers, ...page.headers } }
}

/** By hand where there is nothing to normalise, which is the rule. */
function placeOf(url: string): { readonly host: string; readonly pathname: string } {
  const plain = /^https?:\/\/([a-z\d.-]+(?::\d+)?)(\/[\w/-]*)$/.exec(url)
  return plain ? { host: plain[1]!, pathname: plain[2]! } : new URL(url)
}

async function answerAt(
  context: DevContext,
  pathname: string,
  request: DevRequest,
  info: RequestInfo,
): Promise<DevAnswer> {
  const methods = methodsOf(context, pathname)
  if (!methods) return empty(404)
  const { method } = request
  if (method === 'OPTIONS' && !isPage(pathname)) return preflight(methods)
  // RFC 9110 9.1: HEAD wherever there is GET; but a page's GET may go on to the client, which HEAD must not.
  const asked = method === 'HEAD' && !isPage(pathname) ? 'GET' : method
  const route = Object.hasOwn(methods, asked) ? methods[asked as keyof Methods] : undefined
  try {
    if (!route) throw new Refused(empty(405, { allow: allowedOf(pathname, methods) }), 'another method')
    return await route(context, request, info)
  } catch (error) {
    if (error instanceof Refused) {
      context.emit([refusedEvent(pathname, error, info)])
      return error.answer
    }
    // Nothing of the cause goes on the wire.
    context.report(error)
    return empty(500)
  }
}

function allowedOf(pathname: string, methods: Methods): string {
  return [...Object.keys(methods), ...(methods.GET && !isPage(pathname) ? ['HEAD'] : [])].join(', ')
}

/** What the core never saw, told like what it refuses: one event for a request. */
function refusedEvent(pathname: string, { reason, answer }: Refused, { clientIp }: RequestInfo): ServerEvent {
  const metadata = { clientIp, reason, httpStatus: answer.status }
  switch (pathname.startsWith(`${paths.interaction}/`) ? paths.interaction : pathname) {
    case paths.token:
      return createEvent('token_denied', { metadata })
    case paths.authorize:
    case paths.interaction:
      return createEvent('authorization_failed', { metadata })
    default:
      return createEvent('auth_denied', { metadata })
  }
}

/** For any runtime that has the platform's types. */
export function toHandler(answerer: Answerer): DevHandler {
  return async (request, info = {}) => toResponse(await answerer(request, info), request.method)
}

function methodsOf({ config, issuer }: DevContext, pathname: string): Methods | undefined {
  if (Object.hasOwn(routes, pathname)) return routes[pathname]
  const [, first, id, ...rest] = pathname.split('/')
  if (rest.length === 0 && id !== undefined && /^[\w%.~-]{1,200}$/.test(id)) {
    if (`/${first}` === paths.interaction) return { GET: interact(id), POST: interact(id) }
    if (`/${first}` === paths.register) {
      const manage = manageClient(decode(id))
      return { GET: manage, PUT: manage, DELETE: manage }
    }
  }
  if (pathname !== paths.resourceMetadata && !pathname.startsWith(`${paths.resourceMetadata}/`)) return undefined
  // RFC 9728 3.1: the well-known part stands between host and path.
  const document = resourceMetadataOf(config, issuer + pathname.slice(paths.resourceMetadata.length))
  return document && { GET: async () => publicJson(document, keysMaxAge) }
}

/** CORS, for programs in other origins. */
function preflight(methods: Methods): DevAnswer {
  const fields = {
    'access-control-allow-methods': Object.keys(methods).join(', '),
    'access-control-allow-headers': 'Authorization, Content-Type, DPoP',
    'access-control-max-age': '600',
  }
  return shareWithAnyOrigin(empty(204, fields))
}

/** Pages are for the browser alone; programs in other origins may call the rest. */
function isPage(pathname: string): boolean {
  return pages.some((path) => pathname === path || pathname.startsWith(`${path}/`))
}

/** The server's own, and this machine's names at the same ports. */
function allowedHosts({ issuer, mtlsOrigin }: DevContext): readonly string[] {
  return [issuer, mtlsOrigin].flatMap((origin) => {
    if (origin === undefined) return []
    const { host, port } = new URL(origin)
    const suffix = port === '' ? '' : `:${port}`
    return [host, `127.0.0.1${suffix}`, `localhost${suffix}`, `[::1]${suffix}`]
  })
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    // Stray percent signs are in no id.
    return segment
  }
}
