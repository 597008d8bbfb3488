/** What a route handler of the App Router is: of the platform's types alone. */
export type NextRouteHandler = (request: Request) => Promise<Response>

/**
 * Route handlers for Next's App Router, for a file such as `app/auth/[...route]/route.ts`. They must not be cached,
 * so they belong in a route without `dynamic = 'force-static'`.
 *
 * @example
 * export const { GET, POST } = nextRoutes(web)
 */
export function nextRoutes(handler: (request: Request) => Promise<Response | null>): {
  readonly GET: NextRouteHandler
  readonly POST: NextRouteHandler
} {
  const route: NextRouteHandler = async (request) => (await handler(request)) ?? new Response(null, { status: 404 })
  return { GET: route, POST: route }
}

/**
 * The request of a server component or action, for `fromRequest`: Next gives its headers alone.
 *
 * @example
 * const user = await web.fromRequest(toRequest(await headers()))
 */
export function toRequest(fields: { forEach(each: (value: string, name: string) => void): void }): Request {
  const headers = new Headers()
  fields.forEach((value, name) => {
    headers.append(name, value)
  })
  return new Request('http://host.invalid/', { headers })
}
