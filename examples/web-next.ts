// The web handler in Next's App Router. In an application these are two files: app/auth/[...route]/route.ts with
// `export const { GET, POST } = nextRoutes(web)`, and any page, which asks with what `headers()` of next/headers gives.
import type { WebHandler } from 'authentype/web'
import { type NextRouteHandler, nextRoutes, toRequest } from 'authentype/web/next'

export function createRoutes(web: WebHandler): { readonly GET: NextRouteHandler; readonly POST: NextRouteHandler } {
  return nextRoutes(web)
}

export async function whoIs(web: WebHandler, headers: Promise<Headers>): Promise<{ subject: string | null }> {
  const user = await web.fromRequest(toRequest(await headers))
  return { subject: user.ok ? (user.client.subject ?? null) : null }
}
