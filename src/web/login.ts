import { ConfigurationError } from '../errors/configuration.ts'
import { encodeBase64url } from '../lib/base64url.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { redirect } from './answers.ts'
import { chooseIssuer, type LoginChoice } from './choose-issuer.ts'
import { during, readMetadata } from './failures.ts'
import { showLogin } from './pages.ts'
import { ownPage, retryPathOf } from './return-to.ts'
import type { WebContext } from './web-context.ts'

/** What the handler keeps with a transaction, beside what the application gave. */
export interface LoginData {
  /** Among the logins of its browser. */
  readonly login: string
  readonly returnTo: string | undefined
  /** The session group that the browser had, for a callback that comes without the session cookie. */
  readonly group: string | undefined
  readonly application?: unknown
}

/** `GET /login`: remembers which browser it is, and sends it to the issuer. */
export async function beginLogin(context: WebContext, request: Request, url: URL): Promise<Response> {
  const returnTo = ownPage(context, url.searchParams.get('return_to'))
  const choice = await chooseIssuer(context, request, url)
  if (choice === undefined) return await showLogin(context, request, { status: 200, returnTo })
  const browser = (await context.cookies.browser.read(request)) ?? encodeBase64url(context.runtime.randomBytes(16))
  const target = await authorizationUrl(context, request, { choice, browser, returnTo })
  return redirect(target, [await context.cookies.browser.write(browser)])
}

async function authorizationUrl(
  context: WebContext,
  request: Request,
  { choice, browser, returnTo }: { choice: LoginChoice; browser: string; returnTo: string | undefined },
): Promise<URL> {
  const { client } = choice.sessions
  const retryPath = retryPathOf(context, { issuer: client.issuer, returnTo })
  const metadata = await readMetadata(client, retryPath)
  const { data: application, ...wishes } = (await context.options.login?.(request)) ?? {}
  const message = `the login at ${client.issuer} could not be begun`
  return await during({ reason: 'authorization_url_failed', message, retryPath }, async () => {
    assertAnswersAreTold(context, choice.sessions, metadata)
    const data: LoginData = {
      login: await context.browsers.begin(browser),
      returnTo,
      group: await context.cookies.session.read(request),
      ...(application !== undefined && { application }),
    }
    const { prompt } = choice
    return await client.createAuthorizationUrl({
      ...wishes,
      ...(choice.loginHint !== undefined && { loginHint: choice.loginHint }),
      ...(prompt !== undefined && { prompt: promptFor(prompt, metadata) }),
      data,
      browserBinding: browser,
    })
  })
}

/** A server that does not say that it can let the user choose among accounts lets them log in anew, which all can. */
function promptFor(wanted: string, metadata: { readonly prompt_values_supported?: readonly string[] }): string {
  return metadata.prompt_values_supported?.includes(wanted) ? wanted : 'login'
}

/**
 * RFC 9700 4.4.2: where a server does not say in its answer who it is, only a redirect URI of its own tells its
 * answers from those of another.
 *
 * @throws ConfigurationError
 */
function assertAnswersAreTold(
  { all }: WebContext,
  { client }: Sessions,
  metadata: { readonly authorization_response_iss_parameter_supported?: boolean },
): void {
  const sharing = all.filter((other) => other.client.redirectUri === client.redirectUri)
  if (sharing.length < 2 || metadata.authorization_response_iss_parameter_supported === true) return
  throw new ConfigurationError(
    'unsupported_by_server',
    `${client.issuer} does not send "iss" with its answers (RFC 9207), so its client needs a redirect URI that no other issuer's has`,
    { field: 'redirectUri', clause: 'RFC 9700 4.4.2', expected: 'one of its own', actual: client.redirectUri },
  )
}
