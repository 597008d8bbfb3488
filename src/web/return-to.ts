import type { WebPaths } from './web-context.ts'

/** Longer is no page that anybody wants to come back to. */
const maxLength = 2048

/**
 * A page of this origin to come back to, as path, query and fragment; `undefined` for anything else. It is judged after
 * it was resolved, as a browser would: `/\t/evil.example`, `/\evil.example` and `//evil.example` look like paths and
 * lead elsewhere.
 *
 * @param origin of the application
 */
export function parseReturnTo(value: string | null | undefined, origin: string): string | undefined {
  if (!value || value.length > maxLength) return undefined
  // Browsers drop tabs and line breaks, and take a backslash for a slash: nothing honest has them.
  if (/[\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]/u.test(value) || !URL.canParse(value, origin)) return undefined
  const url = new URL(value, origin)
  // The origin alone would let `blob:https://app.example/x` pass.
  if (url.origin !== origin || url.protocol !== new URL(origin).protocol) return undefined
  // `/.//evil.example` is of this origin; its path, alone, is another host.
  return url.pathname.startsWith('//') ? undefined : url.pathname + url.search + url.hash
}

/** As `parseReturnTo`, but none of the handler's own addresses: coming back to /login would log in for ever. */
export function ownPage({ origin, paths }: PageContext, value: string | null | undefined): string | undefined {
  const page = parseReturnTo(value, origin)
  if (page === undefined) return undefined
  const { pathname } = new URL(page, origin)
  const { accounts, ...others } = paths
  return Object.values(others).flat().includes(pathname) ? undefined : page
}

type PageContext = { readonly origin: string; readonly paths: WebPaths }

/** Where to begin a login again that failed, as a path. */
export function retryPathOf(
  { paths }: Pick<PageContext, 'paths'>,
  { issuer, returnTo }: { readonly issuer?: string | undefined; readonly returnTo?: string | undefined },
): string {
  const query = new URLSearchParams()
  if (issuer !== undefined) query.set('issuer', issuer)
  if (returnTo !== undefined) query.set('return_to', returnTo)
  return query.size > 0 ? `${paths.login}?${query.toString()}` : paths.login
}
